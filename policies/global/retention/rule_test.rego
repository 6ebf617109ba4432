# Tests of data.mesh.global.retention.
package mesh.global.retention_test

import data.mesh.global.retention
import data.mesh.lib.fixture

codes contains finding.code if some finding in retention.deny

kept(days, classification) := fixture.publish({"product": {"retention_days": days, "classification": classification}})

test_bounds if {
	codes == {"retention.too_short"} with input as kept(0, "internal")
	codes == set() with input as kept(1, "internal")
	codes == set() with input as kept(3650, "internal")
	codes == {"retention.too_long"} with input as kept(3651, "internal")
}

test_restricted_is_kept_shorter if {
	codes == set() with input as kept(730, "restricted")
	codes == {"retention.too_long"} with input as kept(731, "restricted")
}

test_reading_does_not_ask if {
	codes == set() with input as fixture.read({"product": {"retention_days": 9999}})
}
