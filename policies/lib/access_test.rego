# Tests of data.mesh.lib.access.
package mesh.lib.access_test

import data.mesh.lib.access
import data.mesh.lib.fixture

test_publishing_company_wide_crosses_domains if {
	access.crosses_domains with input as fixture.publish({})
}

test_publishing_inside_the_domain_does_not_cross if {
	not access.crosses_domains with input as fixture.publish({"product": {"access": {"visibility": "domain"}}})
}

test_reading_crosses_domains_unless_it_is_the_same if {
	access.crosses_domains with input as fixture.read({})
	not access.crosses_domains with input as fixture.read({"same_domain": true})
}

test_writing_never_crosses if {
	not access.crosses_domains with input as fixture.read({"action": "write"})
}

test_visible_by_visibility if {
	access.visible with input as fixture.read({})
	access.visible with input as fixture.read({"same_domain": true, "product": {"access": {"visibility": "domain"}}})
	not access.visible with input as fixture.read({"product": {"access": {"visibility": "domain"}}})
	not access.visible with input as fixture.read({"product": {"access": {"visibility": "hidden"}}})
}

test_purposes if {
	access.purpose_accepted with input as fixture.read({"purpose": "analytics"})
	not access.purpose_accepted with input as fixture.read({"purpose": "marketing"})
	not access.purpose_accepted with input as fixture.read({"purpose": null})
	access.purpose_accepted with input as fixture.read({"purpose": null, "product": {"access": {"purposes": []}}})
}
