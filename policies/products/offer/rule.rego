# METADATA
# title: What a product offers
# description: >-
#   The template for every product. Its own domain reads it; other domains read public data that is
#   visible to them, and may ask for a contract on the rest for a purpose that the owner accepts.
package mesh.product

import data.mesh.lib.access

offer contains {"reason": "the product is open inside its own domain"} if {
	input.action == "read"
	input.same_domain
	input.product.classification in {"public", "internal"}
}

offer contains {"reason": "those who answer for the product read it"} if {
	input.action == "read"
	input.same_domain
	some role in input.principal.roles
	role in {"owner", "steward", "producer"}
}

offer contains {"reason": "the product is public in the company"} if {
	input.action == "read"
	input.product.classification == "public"
	input.product.access.visibility == "company"
	public_purpose
}

offer contains {"reason": "the owner accepts contracts for this purpose"} if {
	input.action == "contract"
	access.visible
	access.purpose_accepted
}

# Whoever states no purpose reads public data for any.
public_purpose if input.purpose == null

public_purpose if access.purpose_accepted
