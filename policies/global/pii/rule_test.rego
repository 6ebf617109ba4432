# Tests of data.mesh.global.pii.
package mesh.global.pii_test

import data.mesh.global.pii
import data.mesh.lib.fixture

ports(protection) := [object.union(fixture.port, {"fields": [{
	"name": "passenger_email",
	"type": "string",
	"required": false,
	"pii": {"category": "email", "protection": protection},
}]})]

codes contains finding.code if some finding in pii.deny

test_unprotected_is_not_offered_company_wide if {
	found := pii.deny with input as fixture.publish({"ports": ports("none")})
	{[finding.code, finding.path] | some finding in found} == {["pii.unencrypted", "/outputPorts/0/schema/fields/0/pii"]}
}

test_unprotected_may_stay_in_its_domain if {
	count(pii.deny) == 0 with input as fixture.publish({
		"ports": ports("none"),
		"product": {"access": {"visibility": "domain"}},
	})
}

test_protected_may_be_offered if {
	every protection in ["encrypted", "tokenized", "masked"] {
		count(pii.deny) == 0 with input as fixture.publish({"ports": ports(protection)})
	}
}

test_unknown_protection_is_none if {
	codes == {"pii.unencrypted"} with input as fixture.publish({"ports": ports("rot13")})
}

test_unprotected_is_neither_read_nor_contracted_across_domains if {
	codes == {"pii.unencrypted"} with input as fixture.read({"ports": ports("none")})
	codes == {"pii.unencrypted"} with input as fixture.contract({"ports": ports("none")})
}

test_unprotected_may_be_read_by_its_domain if {
	count(pii.deny) == 0 with input as fixture.read({"ports": ports("none"), "same_domain": true})
}
