# Starting points in the manner of HIPAA's technical safeguards.
# Nothing here is an audit: who answers for one decides which controls apply, and adds what is missing.
package landfast.hipaa

import data.landfast.kinds
import rego.v1

controls := {
	"lf-hipaa-encryption-at-rest": {
		"title": "Stored data is encrypted",
		"severity": "critical",
		"remediation": "Turn encryption on, with a key of your own where the type asks for one; some types must be made anew for it",
	},
	"lf-hipaa-encryption-in-transit": {
		"title": "Connections are encrypted",
		"severity": "high",
		"remediation": "Ask for TLS on every connection, and redirect what comes without",
	},
	"lf-hipaa-access": {
		"title": "Nothing that holds data is open to everyone",
		"severity": "critical",
		"remediation": "Close the access, and let those in who need it by name",
	},
	"lf-hipaa-open-ports": {
		"title": "Ports of administration and databases are not open to everyone",
		"severity": "critical",
		"remediation": "Narrow the source to networks that are yours, or go through a bastion or a VPN",
	},
	"lf-hipaa-audit": {
		"title": "Who did what is recorded",
		"severity": "high",
		"remediation": "Turn the log on and send it where it is kept",
	},
	"lf-hipaa-backups": {
		"title": "Data can be restored",
		"severity": "high",
		"remediation": "Keep backups for as many days as the settings of the packs ask for, seven where they say nothing",
	},
	"lf-hipaa-key-rotation": {
		"title": "Keys are rotated",
		"severity": "medium",
		"remediation": "Let the service rotate the key by itself",
	},
}

finding(id, address, why) := object.union(controls[id], {
	"id": id,
	"address": address,
	"msg": sprintf("%s: %s", [controls[id].title, why]),
})

deny contains finding("lf-hipaa-encryption-at-rest", address, why) if some address, why in kinds.unencrypted

deny contains finding("lf-hipaa-encryption-in-transit", address, why) if {
	some address, reasons in kinds.unencrypted_transit
	some why in reasons
}

deny contains finding("lf-hipaa-access", address, why) if {
	some address, reasons in kinds.public
	some why in reasons
}

deny contains finding("lf-hipaa-open-ports", address, why) if {
	some address, ports in kinds.exposed
	why := sprintf("everyone reaches the ports %v", [sort(ports)])
}

deny contains finding("lf-hipaa-audit", address, why) if some address, why in kinds.unlogged

default least_backup_days := 7

least_backup_days := data.pack_settings.backup_days

deny contains finding("lf-hipaa-backups", address, why) if {
	some address, days in kinds.backups
	days < least_backup_days
	why := sprintf("backups are kept for %d days", [days])
}

deny contains finding("lf-hipaa-key-rotation", resource.address, why) if {
	some resource in kinds.managed
	resource.type == "aws_kms_key"
	object.get(resource.values, "key_usage", "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT"
	kinds.value(resource, "enable_key_rotation") != true
	why := "enable_key_rotation is not true"
}

deny contains finding("lf-hipaa-key-rotation", resource.address, why) if {
	some resource in kinds.managed
	resource.type == "google_kms_crypto_key"
	kinds.empty(kinds.value(resource, "rotation_period"))
	why := "rotation_period is not set"
}
