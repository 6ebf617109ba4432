# Tests of data.mesh.domains.operations.marketing_use.
package mesh.domains.operations.marketing_use_test

import data.mesh.domains.operations.marketing_use
import data.mesh.lib.fixture

roles contains approval.role if some approval in marketing_use.require_approval

codes contains finding.code if some finding in marketing_use.deny

test_marketing_needs_an_approver if {
	roles == {"flight-ops-approver"} with input as fixture.contract({"purpose": "marketing"})
	roles == {"flight-ops-approver"} with input as fixture.read({"purpose": "marketing", "same_domain": true})
}

test_other_purposes_do_not if {
	roles == set() with input as fixture.contract({"purpose": "analytics"})
	roles == set() with input as fixture.read({"purpose": null})
}

test_confidential_is_not_for_marketing if {
	codes == {"marketing_use.confidential"} with input as fixture.contract({
		"purpose": "marketing",
		"product": {"classification": "confidential"},
	})
	codes == set() with input as fixture.contract({"purpose": "marketing"})
}
