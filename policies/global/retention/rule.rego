# METADATA
# title: Data is kept for a bounded time
# description: Published data is kept from 1 to 3650 days, and restricted data for 730 days at most.
package mesh.global.retention

deny contains {
	"code": "retention.too_short",
	"message": sprintf("data is kept for %d days", [input.product.retention_days]),
	"path": "/retention",
	"remedy": "keep data for a day at least",
} if {
	input.action == "publish"
	input.product.retention_days < 1
}

deny contains {
	"code": "retention.too_long",
	"message": sprintf("%s data is kept for %d days, more than %d", [
		input.product.classification,
		input.product.retention_days,
		longest,
	]),
	"path": "/retention",
	"remedy": sprintf("keep it for %d days at most", [longest]),
} if {
	input.action == "publish"
	input.product.retention_days > longest
}

longest := 730 if input.product.classification == "restricted"

longest := 3650 if input.product.classification != "restricted"
