# METADATA
# title: Fields of a product's ports
# description: Every field with its port and its place in the manifest.
package mesh.lib.fields

# Fields that hold personal data, as {"port", "field", "path"}.
personal contains {"port": port, "field": field, "path": path} if {
	some i, port in input.ports
	some j, field in port.fields
	is_object(field.pii)
	path := pointer(i, j)
}

# The place of a field's `pii` in the manifest. Other actions than `publish` carry one port only,
# whose number says nothing about the manifest.
pointer(i, j) := sprintf("/outputPorts/%d/schema/fields/%d/pii", [i, j]) if input.action == "publish"

pointer(_, _) := "" if input.action != "publish"
