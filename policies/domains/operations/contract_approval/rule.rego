# METADATA
# title: A steward of operations approves what other domains use
# description: Flight data that is not public goes to another domain only under a contract that a steward of operations has approved.
package mesh.domains.operations.contract_approval

require_approval contains {
	"role": "steward",
	"reason": "another domain uses flight data",
} if {
	input.action in {"read", "contract"}
	not input.same_domain
	input.product.classification != "public"
}
