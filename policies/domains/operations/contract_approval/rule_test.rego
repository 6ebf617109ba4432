# Tests of data.mesh.domains.operations.contract_approval.
package mesh.domains.operations.contract_approval_test

import data.mesh.domains.operations.contract_approval
import data.mesh.lib.fixture

roles contains approval.role if some approval in contract_approval.require_approval

test_other_domains_need_a_steward if {
	roles == {"steward"} with input as fixture.contract({})
	roles == {"steward"} with input as fixture.read({})
}

test_the_own_domain_does_not if {
	roles == set() with input as fixture.read({"same_domain": true})
	roles == set() with input as fixture.publish({})
}

test_public_data_does_not if {
	roles == set() with input as fixture.contract({"product": {"classification": "public"}})
}
