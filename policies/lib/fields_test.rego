# Tests of data.mesh.lib.fields.
package mesh.lib.fields_test

import data.mesh.lib.fields
import data.mesh.lib.fixture

ports := [object.union(fixture.port, {"fields": [
	{"name": "flight", "type": "string", "required": true, "pii": null},
	{"name": "pilot", "type": "string", "required": true, "pii": {"category": "name", "protection": "none"}},
]})]

test_only_personal_fields_with_their_place if {
	found := fields.personal with input as fixture.publish({"ports": ports})
	{[entry.field.name, entry.path] | some entry in found} == {["pilot", "/outputPorts/0/schema/fields/1/pii"]}
}

test_no_place_in_the_manifest_when_reading if {
	found := fields.personal with input as fixture.read({"ports": ports})
	{entry.path | some entry in found} == {""}
}
