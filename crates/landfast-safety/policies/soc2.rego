# Starting points in the manner of SOC 2's common criteria.
# Nothing here is an audit: who answers for one decides which controls apply, and adds what is missing.
package landfast.soc2

import data.landfast.kinds
import rego.v1

controls := {
	"lf-soc2-encryption-at-rest": {
		"title": "Stored data is encrypted",
		"severity": "high",
		"remediation": "Turn encryption on, with a key of your own where the type asks for one; some types must be made anew for it",
	},
	"lf-soc2-public-access": {
		"title": "Nothing that holds data is open to everyone",
		"severity": "critical",
		"remediation": "Close the access, and let those in who need it by name",
	},
	"lf-soc2-open-ports": {
		"title": "Ports of administration and databases are not open to everyone",
		"severity": "critical",
		"remediation": "Narrow the source to networks that are yours, or go through a bastion or a VPN",
	},
	"lf-soc2-logging": {
		"title": "What happens is logged",
		"severity": "medium",
		"remediation": "Turn the log on and send it where it is kept",
	},
	"lf-soc2-tags": {
		"title": "Resources say whose they are",
		"severity": "low",
		"remediation": "Add the missing tags",
	},
	"lf-soc2-regions": {
		"title": "Resources are where they may be",
		"severity": "high",
		"remediation": "Move it to a region that is allowed, or allow its region in the settings of the packs",
	},
}

finding(id, address, why) := object.union(controls[id], {
	"id": id,
	"address": address,
	"msg": sprintf("%s: %s", [controls[id].title, why]),
})

deny contains finding("lf-soc2-encryption-at-rest", address, why) if some address, why in kinds.unencrypted

deny contains finding("lf-soc2-public-access", address, why) if {
	some address, reasons in kinds.public
	some why in reasons
}

deny contains finding("lf-soc2-open-ports", address, why) if {
	some address, ports in kinds.exposed
	why := sprintf("everyone reaches the ports %v", [sort(ports)])
}

deny contains finding("lf-soc2-logging", address, why) if some address, why in kinds.unlogged

default required_tags := ["owner"]

required_tags := data.pack_settings.required_tags

warn contains finding("lf-soc2-tags", address, why) if {
	some address, missing in kinds.missing_tags(required_tags)
	why := sprintf("it lacks %s", [concat(", ", sort(missing))])
}

# Judged only where regions are listed in the settings.
deny contains finding("lf-soc2-regions", address, why) if {
	allowed := data.pack_settings.regions
	some address, place in kinds.places
	not place in allowed
	why := sprintf("it is in %s", [place])
}
