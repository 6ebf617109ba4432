# Tests of data.mesh.global.classification.
package mesh.global.classification_test

import data.mesh.global.classification
import data.mesh.lib.fixture

codes contains finding.code if some finding in classification.deny

roles contains approval.role if some approval in classification.require_approval

classified(name) := {"product": {"classification": name}}

test_public_and_internal_are_free if {
	every name in ["public", "internal"] {
		count(classification.deny) == 0 with input as fixture.publish(classified(name))
		count(classification.require_approval) == 0 with input as fixture.publish(classified(name))
		count(classification.obligation) == 0 with input as fixture.read(classified(name))
	}
}

test_an_unknown_classification_is_denied_for_every_action if {
	codes == {"classification.unknown"} with input as fixture.publish(classified("secret"))
	codes == {"classification.unknown"} with input as fixture.read(classified("secret"))
}

test_restricted_stays_in_its_domain if {
	codes == {"classification.restricted_across_domains"} with input as fixture.publish(classified("restricted"))
	codes == {"classification.restricted_across_domains"} with input as fixture.contract(classified("restricted"))
	count(classification.deny) == 0 with input as fixture.publish({"product": {
		"classification": "restricted",
		"access": {"visibility": "domain"},
	}})
}

test_confidential_crosses_with_a_stewards_approval if {
	roles == {"steward"} with input as fixture.publish(classified("confidential"))
	roles == {"steward"} with input as fixture.contract(classified("confidential"))
	count(classification.require_approval) == 0 with input as fixture.read(object.union(
		classified("confidential"),
		{"same_domain": true},
	))
}

test_confidential_and_above_in_short_sessions if {
	every name in ["confidential", "restricted"] {
		classification.obligation == {{"kind": "session_minutes", "detail": "15"}} with input as fixture.read(classified(name))
	}
}
