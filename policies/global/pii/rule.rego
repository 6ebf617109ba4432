# METADATA
# title: No unprotected personal data across domains
# description: >-
#   A field with personal data is encrypted, tokenized or masked before its product is offered
#   company-wide, and is neither read nor contracted across domains otherwise.
package mesh.global.pii

import data.mesh.lib.access
import data.mesh.lib.fields

deny contains {
	"code": "pii.unencrypted",
	"message": sprintf("field `%s` of port `%s` holds personal data (%s) without protection", [
		entry.field.name,
		entry.port.name,
		entry.field.pii.category,
	]),
	"path": entry.path,
	"remedy": sprintf("protect `%s` (encrypted, tokenized or masked), drop it, or offer the product inside its domain only", [entry.field.name]),
} if {
	access.crosses_domains
	some entry in fields.personal
	not entry.field.pii.protection in {"encrypted", "tokenized", "masked"}
}
