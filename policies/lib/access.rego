# METADATA
# title: Who reaches whose data
# description: Whether a request takes data across domains, and whom a product's owner lets in.
package mesh.lib.access

# Whether data leaves, or would be offered outside, its domain.
crosses_domains if {
	input.action == "publish"
	input.product.access.visibility == "company"
}

crosses_domains if {
	input.action in {"read", "contract"}
	not input.same_domain
}

# Whether the owner lets the acting domain see the product.
visible if input.product.access.visibility == "company"

visible if {
	input.product.access.visibility == "domain"
	input.same_domain
}

# Whether the owner accepts the stated purpose; an owner who names none accepts any.
purpose_accepted if count(input.product.access.purposes) == 0

purpose_accepted if input.purpose in input.product.access.purposes
