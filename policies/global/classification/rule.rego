# METADATA
# title: Classification bounds visibility
# description: >-
#   Restricted data is never offered company-wide; confidential data crosses domains only with a
#   steward's approval; both are read in short sessions, because vended credentials cannot be revoked.
package mesh.global.classification

import data.mesh.lib.access

known := {"public", "internal", "confidential", "restricted"}

deny contains {
	"code": "classification.unknown",
	"message": sprintf("`%s` is no classification", [input.product.classification]),
	"path": "/classification",
	"remedy": "use public, internal, confidential or restricted",
} if {
	not input.product.classification in known
}

deny contains {
	"code": "classification.restricted_across_domains",
	"message": "restricted data may not leave its domain",
	"path": "/access/visibility",
	"remedy": "set `access.visibility` to `domain` or `hidden`, or publish a less sensitive product of it",
} if {
	input.product.classification == "restricted"
	access.crosses_domains
}

require_approval contains {
	"role": "steward",
	"reason": "confidential data crosses domains",
} if {
	input.product.classification == "confidential"
	access.crosses_domains
}

obligation contains {
	"kind": "session_minutes",
	"detail": "15",
} if {
	input.action in {"read", "write"}
	input.product.classification in {"confidential", "restricted"}
}
