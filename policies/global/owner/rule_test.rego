# Tests of data.mesh.global.owner.
package mesh.global.owner_test

import data.mesh.global.owner
import data.mesh.lib.fixture

codes(findings) := {finding.code | some finding in findings}

test_team_and_contact_are_enough if {
	count(owner.deny) == 0 with input as fixture.publish({})
	count(owner.warn) == 0 with input as fixture.publish({})
}

test_a_blank_team_is_missing if {
	codes(owner.deny) == {"owner.team_missing"} with input as fixture.publish({"product": {"owner": {"team": " "}}})
}

test_a_blank_contact_is_missing if {
	codes(owner.deny) == {"owner.contact_missing"} with input as fixture.publish({"product": {"owner": {"contact": ""}}})
	count(owner.warn) == 0 with input as fixture.publish({"product": {"owner": {"contact": ""}}})
}

test_an_unclear_contact_is_warned_of if {
	codes(owner.warn) == {"owner.contact_unclear"} with input as fixture.publish({"product": {"owner": {"contact": "ask Ann"}}})
	count(owner.deny) == 0 with input as fixture.publish({"product": {"owner": {"contact": "ask Ann"}}})
}

test_a_link_is_clear if {
	count(owner.warn) == 0 with input as fixture.publish({"product": {"owner": {"contact": "https://example.org/flight-ops"}}})
}

test_reading_asks_nothing_of_the_owner if {
	count(owner.deny) == 0 with input as fixture.read({"product": {"owner": {"team": "", "contact": ""}}})
}
