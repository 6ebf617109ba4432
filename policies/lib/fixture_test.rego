# Questions that the tests of all rules start from; never published.
package mesh.lib.fixture

port := {
	"name": "daily",
	"major": 1,
	"format": "iceberg",
	"sla": {"freshness_minutes": 60},
	"fields": [{"name": "flight", "type": "string", "required": true, "pii": null}],
}

product := {
	"id": "operations.flights",
	"domain": "operations",
	"name": "flights",
	"version": "1.0.0",
	"owner": {"team": "Flight Operations", "contact": "flight-ops@example.org"},
	"classification": "internal",
	"retention_days": 730,
	"mutability": "append-only",
	"access": {"visibility": "company", "purposes": ["operations", "analytics"]},
}

# The owner publishes.
publish(changes) := object.union(
	{
		"action": "publish",
		"principal": {"id": "issuer|ops", "domain": "operations", "roles": ["producer"]},
		"product": product,
		"ports": [port],
		"port": null,
		"contract": null,
		"purpose": null,
		"same_domain": true,
	},
	changes,
)

# Another domain reads, without a contract.
read(changes) := object.union(
	{
		"action": "read",
		"principal": {"id": "issuer|ann", "domain": "insights", "roles": ["consumer"]},
		"product": product,
		"ports": [port],
		"port": port,
		"contract": null,
		"purpose": "analytics",
		"same_domain": false,
	},
	changes,
)

# Another domain asks for a contract.
contract(changes) := object.union(read({"action": "contract"}), changes)
