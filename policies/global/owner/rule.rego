# METADATA
# title: Every product has an owner who can be reached
# description: A published product names the team that answers for it and where to reach that team.
package mesh.global.owner

deny contains {
	"code": "owner.team_missing",
	"message": "no team answers for the product",
	"path": "/owner/team",
	"remedy": "name the owning team in `owner.team`",
} if {
	input.action == "publish"
	trim_space(input.product.owner.team) == ""
}

deny contains {
	"code": "owner.contact_missing",
	"message": "nobody can be reached about the product",
	"path": "/owner/contact",
	"remedy": "give a mail address or a link in `owner.contact`",
} if {
	input.action == "publish"
	trim_space(input.product.owner.contact) == ""
}

warn contains {
	"code": "owner.contact_unclear",
	"message": sprintf("`%s` is neither a mail address nor a link", [input.product.owner.contact]),
	"path": "/owner/contact",
	"remedy": "give a mail address or an https link in `owner.contact`",
} if {
	input.action == "publish"
	trim_space(input.product.owner.contact) != ""
	not regex.match(`^([^@\s]+@[^@\s]+\.[^@\s]+|https://\S+)$`, input.product.owner.contact)
}
