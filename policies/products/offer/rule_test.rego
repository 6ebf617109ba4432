# Tests of data.mesh.product.
package mesh.product_test

import data.mesh.lib.fixture
import data.mesh.product

offered if count(product.offer) > 0

test_another_domain_does_not_read_internal_data_without_a_contract if {
	not offered with input as fixture.read({})
}

test_another_domain_reads_public_data if {
	offered with input as fixture.read({"product": {"classification": "public"}})
	offered with input as fixture.read({"purpose": null, "product": {"classification": "public"}})
}

test_public_data_is_read_for_accepted_purposes if {
	not offered with input as fixture.read({"purpose": "marketing", "product": {"classification": "public"}})
}

test_public_data_is_read_where_it_is_visible if {
	not offered with input as fixture.read({"product": {"classification": "public", "access": {"visibility": "domain"}}})
}

test_the_own_domain_reads if {
	offered with input as fixture.read({"same_domain": true})
}

test_the_own_domain_reads_confidential_data_by_those_who_answer_for_it if {
	confidential := {"same_domain": true, "product": {"classification": "confidential"}}
	not offered with input as fixture.read(confidential)
	offered with input as fixture.read(object.union(confidential, {"principal": {"roles": ["producer"]}}))
}

test_contracts_are_offered_for_accepted_purposes if {
	offered with input as fixture.contract({})
	not offered with input as fixture.contract({"purpose": "marketing"})
	not offered with input as fixture.contract({"purpose": null})
}

test_contracts_are_offered_where_the_product_is_visible if {
	not offered with input as fixture.contract({"product": {"access": {"visibility": "domain"}}})
	not offered with input as fixture.contract({"product": {"access": {"visibility": "hidden"}}})
}

test_publishing_is_no_matter_of_offers if {
	not offered with input as fixture.publish({})
}
