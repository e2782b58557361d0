# What is known about types of AWS, Azure and Google, and what is found by it. Packs make controls of it.
package landfast.kinds

import rego.v1

# What will be there and is managed. What is deleted is not among it.
managed contains resource if {
	some resource in input.resources
	resource.mode == "managed"
}

# Attributes that must be true for data at rest to be encrypted.
encryption_flags := {
	"aws_db_instance": "storage_encrypted",
	"aws_docdb_cluster": "storage_encrypted",
	"aws_ebs_volume": "encrypted",
	"aws_efs_file_system": "encrypted",
	"aws_elasticache_replication_group": "at_rest_encryption_enabled",
	"aws_neptune_cluster": "storage_encrypted",
	"aws_rds_cluster": "storage_encrypted",
	"aws_redshift_cluster": "encrypted",
	"azurerm_storage_account": "infrastructure_encryption_enabled",
}

# Attributes that must name a key of one's own.
encryption_keys := {
	"aws_cloudwatch_log_group": "kms_key_id",
	"aws_sns_topic": "kms_master_key_id",
	"azurerm_managed_disk": "disk_encryption_set_id",
	"google_bigquery_dataset": "default_encryption_configuration",
	"google_compute_disk": "disk_encryption_key",
	"google_sql_database_instance": "encryption_key_name",
	"google_storage_bucket": "encryption",
}

# Attributes that must not be true.
public_flags := {
	"aws_db_instance": "publicly_accessible",
	"aws_dms_replication_instance": "publicly_accessible",
	"aws_redshift_cluster": "publicly_accessible",
	"azurerm_mssql_server": "public_network_access_enabled",
	"azurerm_mysql_flexible_server": "public_network_access_enabled",
	"azurerm_postgresql_flexible_server": "public_network_access_enabled",
	"azurerm_storage_account": "allow_nested_items_to_be_public",
}

public_block_flags := {"block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"}

# Ports of administration and databases.
guarded_ports := {22, 1433, 1521, 3306, 3389, 5432, 6379, 9200, 27017}

everyone := {"0.0.0.0/0", "::/0", "*", "Internet", "Any", "any"}

# Attributes that must be true for connections to be encrypted.
transit_flags := {
	"aws_elasticache_replication_group": "transit_encryption_enabled",
	"azurerm_storage_account": "https_traffic_only_enabled",
}

# Attributes that must hold something for a log to be kept.
log_settings := {
	"aws_eks_cluster": "enabled_cluster_log_types",
	"aws_lb": "access_logs",
	"google_compute_subnetwork": "log_config",
	"google_storage_bucket": "logging",
}

# Attributes that must be true for a log to be kept.
log_flags := {
	"aws_cloudtrail": "enable_logging",
	"azurerm_mssql_server_extended_auditing_policy": "enabled",
}

# Attributes that hold days of backups.
backup_days := {
	"aws_db_instance": "backup_retention_period",
	"aws_rds_cluster": "backup_retention_period",
	"azurerm_mysql_flexible_server": "backup_retention_days",
	"azurerm_postgresql_flexible_server": "backup_retention_days",
}

# Types that carry tags, and what they call them.
tag_names := {
	"aws_db_instance": "tags",
	"aws_ebs_volume": "tags",
	"aws_instance": "tags",
	"aws_s3_bucket": "tags",
	"azurerm_linux_virtual_machine": "tags",
	"azurerm_mssql_server": "tags",
	"azurerm_storage_account": "tags",
	"google_compute_disk": "labels",
	"google_compute_instance": "labels",
	"google_storage_bucket": "labels",
}

value(resource, key) := object.get(resource.values, key, null)

# The elements of an attribute; none where it is null or not there.
items(thing, key) := list if {
	list := object.get(thing, key, null)
	is_array(list)
}

items(thing, key) := [] if not is_array(object.get(thing, key, null))

# The blocks of an attribute. In a configuration an expression may stand where one is.
blocks(thing, key) := [block | some block in items(thing, key); is_object(block)]

# Null, false, an empty text or an empty collection, which is how a block that is not there is written.
empty(thing) if thing in {null, false, "", []}

empty(thing) if thing == {}

unencrypted[resource.address] := why if {
	some resource in managed
	flag := encryption_flags[resource.type]
	value(resource, flag) != true
	why := sprintf("%s is not true", [flag])
}

unencrypted[resource.address] := why if {
	some resource in managed
	key := encryption_keys[resource.type]
	empty(value(resource, key))
	why := sprintf("%s names no key", [key])
}

public[resource.address] contains why if {
	some resource in managed
	flag := public_flags[resource.type]
	value(resource, flag) == true
	why := sprintf("%s is true", [flag])
}

public[resource.address] contains why if {
	some resource in managed
	resource.type in {"aws_s3_bucket", "aws_s3_bucket_acl"}
	acl := value(resource, "acl")
	acl in {"public-read", "public-read-write", "website"}
	why := sprintf("acl is %s", [acl])
}

public[resource.address] contains why if {
	some resource in managed
	resource.type in {"aws_s3_account_public_access_block", "aws_s3_bucket_public_access_block"}
	some flag in public_block_flags
	value(resource, flag) != true
	why := sprintf("%s is not true", [flag])
}

public[resource.address] contains why if {
	some resource in managed
	resource.type in {"google_project_iam_member", "google_storage_bucket_iam_member"}
	member := value(resource, "member")
	member in {"allUsers", "allAuthenticatedUsers"}
	why := sprintf("member is %s", [member])
}

public[resource.address] contains why if {
	some resource in managed
	resource.type == "google_sql_database_instance"
	some settings in blocks(resource.values, "settings")
	some network in blocks(settings, "ip_configuration")
	some authorised in blocks(network, "authorized_networks")
	authorised.value in everyone
	why := "everyone may connect to it"
}

# Rules of firewalls, in one shape.
opening contains {"address": resource.address, "from": rule.from_port, "to": rule.to_port, "source": source} if {
	some resource in managed
	resource.type in {"aws_default_security_group", "aws_security_group"}
	some rule in blocks(resource.values, "ingress")
	some key in ["cidr_blocks", "ipv6_cidr_blocks"]
	some source in items(rule, key)
}

opening contains {"address": resource.address, "from": resource.values.from_port, "to": resource.values.to_port, "source": source} if {
	some resource in managed
	resource.type == "aws_security_group_rule"
	resource.values.type == "ingress"
	some key in ["cidr_blocks", "ipv6_cidr_blocks"]
	some source in items(resource.values, key)
}

opening contains {"address": resource.address, "from": from, "to": to, "source": source} if {
	some resource in managed
	resource.type == "aws_vpc_security_group_ingress_rule"
	some key in ["cidr_ipv4", "cidr_ipv6"]
	source := value(resource, key)
	from := object.get(resource.values, "from_port", -1)
	to := object.get(resource.values, "to_port", -1)
}

opening contains {"address": resource.address, "from": ports[0], "to": ports[1], "source": source} if {
	some resource in managed
	resource.type == "azurerm_network_security_rule"
	value(resource, "access") in {"Allow", "allow"}
	value(resource, "direction") in {"Inbound", "inbound"}
	source := value(resource, "source_address_prefix")
	ports := port_range(value(resource, "destination_port_range"))
}

opening contains {"address": resource.address, "from": ports[0], "to": ports[1], "source": source} if {
	some resource in managed
	resource.type == "google_compute_firewall"
	object.get(resource.values, "direction", "INGRESS") != "EGRESS"
	some source in items(resource.values, "source_ranges")
	some allowed in blocks(resource.values, "allow")
	some text in ports_of(allowed)
	ports := port_range(text)
}

# No ports are all ports.
ports_of(allowed) := ["*"] if count(items(allowed, "ports")) == 0

ports_of(allowed) := items(allowed, "ports") if count(items(allowed, "ports")) > 0

port_range("*") := [0, 65535]

port_range(text) := [to_number(text), to_number(text)] if {
	is_string(text)
	regex.match(`^[0-9]+$`, text)
}

port_range(text) := [to_number(ends[0]), to_number(ends[1])] if {
	is_string(text)
	regex.match(`^[0-9]+-[0-9]+$`, text)
	ends := split(text, "-")
}

# -1 and 0 to 0 of AWS mean every port.
covers(opened, _) if opened.from in {-1, null}

covers(opened, _) if {
	opened.from == 0
	opened.to == 0
}

covers(opened, port) if {
	opened.from <= port
	port <= opened.to
}

exposed[opened.address] contains port if {
	some opened in opening
	opened.source in everyone
	some port in guarded_ports
	covers(opened, port)
}

unencrypted_transit[resource.address] contains why if {
	some resource in managed
	flag := transit_flags[resource.type]
	value(resource, flag) != true
	why := sprintf("%s is not true", [flag])
}

unencrypted_transit[resource.address] contains why if {
	some resource in managed
	resource.type in {"aws_alb_listener", "aws_lb_listener"}
	value(resource, "protocol") == "HTTP"
	not redirects(resource)
	why := "it serves HTTP and does not redirect to HTTPS"
}

unencrypted_transit[resource.address] contains why if {
	some resource in managed
	resource.type == "google_sql_database_instance"
	some settings in blocks(resource.values, "settings")
	some network in blocks(settings, "ip_configuration")
	not object.get(network, "ssl_mode", "") in {"ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"}
	why := "it takes connections without TLS"
}

redirects(resource) if {
	some action in blocks(resource.values, "default_action")
	some redirect in blocks(action, "redirect")
	redirect.protocol == "HTTPS"
}

unlogged[resource.address] := why if {
	some resource in managed
	setting := log_settings[resource.type]
	empty(value(resource, setting))
	why := sprintf("%s is empty", [setting])
}

unlogged[resource.address] := why if {
	some resource in managed
	flag := log_flags[resource.type]
	# True is the default of both.
	value(resource, flag) == false
	why := sprintf("%s is false", [flag])
}

backups[resource.address] := days if {
	some resource in managed
	key := backup_days[resource.type]
	days := object.get(resource.values, key, 0)
	is_number(days)
}

missing_tags(required) := {address: missing |
	some resource in managed
	name := tag_names[resource.type]
	address := resource.address
	tags := labels(resource, name)
	missing := {tag | some tag in required; not tags[tag]}
	count(missing) > 0
}

labels(resource, name) := tags if {
	tags := value(resource, name)
	is_object(tags)
}

labels(resource, name) := {} if not is_object(value(resource, name))

# Where resources are, as far as they say so themselves.
places[resource.address] := place if {
	some resource in managed
	keys := [key | some key in ["region", "location"]; is_string(value(resource, key))]
	place := value(resource, keys[0])
}
