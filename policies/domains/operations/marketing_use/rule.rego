# METADATA
# title: Flight operations decide about marketing
# description: Any use of flight data for marketing needs a flight-ops approver, and confidential flight data is not used for it at all.
package mesh.domains.operations.marketing_use

require_approval contains {
	"role": "flight-ops-approver",
	"reason": "flight data is used for marketing",
} if {
	marketing
}

deny contains {
	"code": "marketing_use.confidential",
	"message": sprintf("`%s` is %s and not for marketing", [input.product.id, input.product.classification]),
	"path": "",
	"remedy": "ask for another purpose, or use a public or internal product",
} if {
	marketing
	not input.product.classification in {"public", "internal"}
}

marketing if {
	input.action in {"read", "contract"}
	input.purpose == "marketing"
}
