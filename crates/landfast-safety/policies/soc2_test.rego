package landfast.soc2_test

import data.landfast.soc2
import rego.v1

resource(type, values) := {
	"address": sprintf("%s.x", [type]),
	"mode": "managed",
	"type": type,
	"values": values,
}

# The ids of what refuses.
refused(resources) := ids if {
	findings := soc2.deny with input as {"resources": resources}
	ids := {finding.id | some finding in findings}
}

test_encryption_at_rest_aws_db_instance_refused if "lf-soc2-encryption-at-rest" in refused([resource("aws_db_instance", {})])

test_encryption_at_rest_aws_db_instance_passes if not "lf-soc2-encryption-at-rest" in refused([resource("aws_db_instance", {"storage_encrypted": true})])

test_encryption_at_rest_aws_ebs_volume_refused if "lf-soc2-encryption-at-rest" in refused([resource("aws_ebs_volume", {"encrypted": false})])

test_encryption_at_rest_aws_ebs_volume_passes if not "lf-soc2-encryption-at-rest" in refused([resource("aws_ebs_volume", {"encrypted": true})])

test_encryption_at_rest_aws_efs_file_system_refused if "lf-soc2-encryption-at-rest" in refused([resource("aws_efs_file_system", {})])

test_encryption_at_rest_aws_efs_file_system_passes if not "lf-soc2-encryption-at-rest" in refused([resource("aws_efs_file_system", {"encrypted": true})])

test_encryption_at_rest_aws_rds_cluster_refused if "lf-soc2-encryption-at-rest" in refused([resource("aws_rds_cluster", {})])

test_encryption_at_rest_aws_rds_cluster_passes if not "lf-soc2-encryption-at-rest" in refused([resource("aws_rds_cluster", {"storage_encrypted": true})])

test_encryption_at_rest_azurerm_storage_account_refused if "lf-soc2-encryption-at-rest" in refused([resource("azurerm_storage_account", {})])

test_encryption_at_rest_azurerm_storage_account_passes if not "lf-soc2-encryption-at-rest" in refused([resource("azurerm_storage_account", {"infrastructure_encryption_enabled": true})])

test_encryption_at_rest_aws_sns_topic_refused if "lf-soc2-encryption-at-rest" in refused([resource("aws_sns_topic", {"kms_master_key_id": null})])

test_encryption_at_rest_aws_sns_topic_passes if not "lf-soc2-encryption-at-rest" in refused([resource("aws_sns_topic", {"kms_master_key_id": "alias/ours"})])

test_encryption_at_rest_azurerm_managed_disk_refused if "lf-soc2-encryption-at-rest" in refused([resource("azurerm_managed_disk", {"disk_encryption_set_id": null})])

test_encryption_at_rest_azurerm_managed_disk_passes if not "lf-soc2-encryption-at-rest" in refused([resource("azurerm_managed_disk", {"disk_encryption_set_id": "/sets/ours"})])

test_encryption_at_rest_google_compute_disk_refused if "lf-soc2-encryption-at-rest" in refused([resource("google_compute_disk", {"disk_encryption_key": []})])

test_encryption_at_rest_google_compute_disk_passes if not "lf-soc2-encryption-at-rest" in refused([resource("google_compute_disk", {"disk_encryption_key": [{"kms_key_self_link": "ours"}]})])

test_encryption_at_rest_google_storage_bucket_refused if "lf-soc2-encryption-at-rest" in refused([resource("google_storage_bucket", {"encryption": []})])

test_encryption_at_rest_google_storage_bucket_passes if not "lf-soc2-encryption-at-rest" in refused([resource("google_storage_bucket", {"encryption": [{"default_kms_key_name": "ours"}]})])

test_encryption_at_rest_google_sql_database_instance_refused if "lf-soc2-encryption-at-rest" in refused([resource("google_sql_database_instance", {"encryption_key_name": null})])

test_encryption_at_rest_google_sql_database_instance_passes if not "lf-soc2-encryption-at-rest" in refused([resource("google_sql_database_instance", {"encryption_key_name": "(known after apply)"})])

test_public_access_aws_db_instance_refused if "lf-soc2-public-access" in refused([resource("aws_db_instance", {"publicly_accessible": true})])

test_public_access_aws_db_instance_passes if not "lf-soc2-public-access" in refused([resource("aws_db_instance", {"publicly_accessible": false})])

test_public_access_azurerm_mssql_server_refused if "lf-soc2-public-access" in refused([resource("azurerm_mssql_server", {"public_network_access_enabled": true})])

test_public_access_azurerm_mssql_server_passes if not "lf-soc2-public-access" in refused([resource("azurerm_mssql_server", {"public_network_access_enabled": false})])

test_public_access_azurerm_storage_account_refused if "lf-soc2-public-access" in refused([resource("azurerm_storage_account", {"allow_nested_items_to_be_public": true})])

test_public_access_azurerm_storage_account_passes if not "lf-soc2-public-access" in refused([resource("azurerm_storage_account", {"allow_nested_items_to_be_public": false})])

test_public_access_aws_s3_bucket_acl_refused if "lf-soc2-public-access" in refused([resource("aws_s3_bucket_acl", {"acl": "public-read"})])

test_public_access_aws_s3_bucket_acl_passes if not "lf-soc2-public-access" in refused([resource("aws_s3_bucket_acl", {"acl": "private"})])

test_public_access_aws_s3_bucket_public_access_block_refused if "lf-soc2-public-access" in refused([resource("aws_s3_bucket_public_access_block", {"block_public_acls": true})])

test_public_access_aws_s3_bucket_public_access_block_passes if not "lf-soc2-public-access" in refused([resource("aws_s3_bucket_public_access_block", {"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true})])

test_public_access_google_storage_bucket_iam_member_refused if "lf-soc2-public-access" in refused([resource("google_storage_bucket_iam_member", {"member": "allUsers"})])

test_public_access_google_storage_bucket_iam_member_passes if not "lf-soc2-public-access" in refused([resource("google_storage_bucket_iam_member", {"member": "user:a@example.org"})])

test_public_access_google_sql_database_instance_refused if "lf-soc2-public-access" in refused([resource("google_sql_database_instance", {"settings": [{"ip_configuration": [{"authorized_networks": [{"value": "0.0.0.0/0"}]}]}]})])

test_public_access_google_sql_database_instance_passes if not "lf-soc2-public-access" in refused([resource("google_sql_database_instance", {"settings": [{"ip_configuration": [{"authorized_networks": [{"value": "10.0.0.0/8"}]}]}]})])

test_open_ports_aws_security_group_refused if "lf-soc2-open-ports" in refused([resource("aws_security_group", {"ingress": [{"from_port": 20, "to_port": 30, "cidr_blocks": ["0.0.0.0/0"]}]})])

test_open_ports_aws_security_group_passes if not "lf-soc2-open-ports" in refused([resource("aws_security_group", {"ingress": [{"from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}, {"from_port": 22, "to_port": 22, "cidr_blocks": ["10.0.0.0/8"]}]})])

test_open_ports_aws_security_group_2_refused if "lf-soc2-open-ports" in refused([resource("aws_security_group", {"ingress": [{"from_port": 0, "to_port": 0, "protocol": "-1", "ipv6_cidr_blocks": ["::/0"]}]})])

test_open_ports_aws_security_group_2_passes if not "lf-soc2-open-ports" in refused([resource("aws_security_group", {"ingress": []})])

test_open_ports_aws_security_group_rule_refused if "lf-soc2-open-ports" in refused([resource("aws_security_group_rule", {"type": "ingress", "from_port": 3389, "to_port": 3389, "cidr_blocks": ["0.0.0.0/0"]})])

test_open_ports_aws_security_group_rule_passes if not "lf-soc2-open-ports" in refused([resource("aws_security_group_rule", {"type": "egress", "from_port": 3389, "to_port": 3389, "cidr_blocks": ["0.0.0.0/0"]})])

test_open_ports_aws_vpc_security_group_ingress_rule_refused if "lf-soc2-open-ports" in refused([resource("aws_vpc_security_group_ingress_rule", {"cidr_ipv4": "0.0.0.0/0", "from_port": 5432, "to_port": 5432})])

test_open_ports_aws_vpc_security_group_ingress_rule_passes if not "lf-soc2-open-ports" in refused([resource("aws_vpc_security_group_ingress_rule", {"cidr_ipv4": "10.0.0.0/8", "from_port": 5432, "to_port": 5432})])

test_open_ports_azurerm_network_security_rule_refused if "lf-soc2-open-ports" in refused([resource("azurerm_network_security_rule", {"access": "Allow", "direction": "Inbound", "source_address_prefix": "*", "destination_port_range": "20-25"})])

test_open_ports_azurerm_network_security_rule_passes if not "lf-soc2-open-ports" in refused([resource("azurerm_network_security_rule", {"access": "Deny", "direction": "Inbound", "source_address_prefix": "*", "destination_port_range": "20-25"})])

test_open_ports_google_compute_firewall_refused if "lf-soc2-open-ports" in refused([resource("google_compute_firewall", {"source_ranges": ["0.0.0.0/0"], "allow": [{"protocol": "tcp", "ports": ["22"]}]})])

test_open_ports_google_compute_firewall_passes if not "lf-soc2-open-ports" in refused([resource("google_compute_firewall", {"source_ranges": ["0.0.0.0/0"], "allow": [{"protocol": "tcp", "ports": ["443"]}]})])

test_logging_aws_cloudtrail_refused if "lf-soc2-logging" in refused([resource("aws_cloudtrail", {"enable_logging": false})])

test_logging_aws_cloudtrail_passes if not "lf-soc2-logging" in refused([resource("aws_cloudtrail", {"enable_logging": true})])

test_logging_aws_lb_refused if "lf-soc2-logging" in refused([resource("aws_lb", {"access_logs": []})])

test_logging_aws_lb_passes if not "lf-soc2-logging" in refused([resource("aws_lb", {"access_logs": [{"bucket": "logs", "enabled": true}]})])

test_logging_azurerm_mssql_server_extended_auditing_policy_refused if "lf-soc2-logging" in refused([resource("azurerm_mssql_server_extended_auditing_policy", {"enabled": false})])

test_logging_azurerm_mssql_server_extended_auditing_policy_passes if not "lf-soc2-logging" in refused([resource("azurerm_mssql_server_extended_auditing_policy", {})])

test_logging_google_compute_subnetwork_refused if "lf-soc2-logging" in refused([resource("google_compute_subnetwork", {"log_config": []})])

test_logging_google_compute_subnetwork_passes if not "lf-soc2-logging" in refused([resource("google_compute_subnetwork", {"log_config": [{"metadata": "INCLUDE_ALL_METADATA"}]})])

warned(resources) := ids if {
	findings := soc2.warn with input as {"resources": resources}
	ids := {finding.id | some finding in findings}
}

test_tags_of_aws if {
	warned([resource("aws_instance", {"tags": null})]) == {"lf-soc2-tags"}
	warned([resource("aws_instance", {"tags": {"owner": "us"}})]) == set()
}

test_tags_of_azure_and_google if {
	warned([resource("azurerm_storage_account", {})]) == {"lf-soc2-tags"}
	warned([resource("google_storage_bucket", {"labels": {"owner": "us"}})]) == set()
}

test_tags_that_settings_name if {
	settings := {"required_tags": ["owner", "cost-centre"]}
	result := warned([resource("aws_instance", {"tags": {"owner": "us"}})]) with data.pack_settings as settings
	result == {"lf-soc2-tags"}
}

test_regions_only_where_settings_list_them if {
	there := [resource("azurerm_virtual_network", {"location": "westus"}), resource("google_compute_network", {})]
	not "lf-soc2-regions" in refused(there)
	refused(there) == {"lf-soc2-regions"} with data.pack_settings as {"regions": ["westeurope"]}
	refused(there) == set() with data.pack_settings as {"regions": ["westus"]}
}

test_what_is_read_only_is_not_judged if {
	data_source := object.union(resource("aws_db_instance", {}), {"mode": "data"})
	refused([data_source]) == set()
}

test_a_finding_says_what_to_do if {
	findings := soc2.deny with input as {"resources": [resource("aws_ebs_volume", {"encrypted": false})]}
	some finding in findings
	finding.address == "aws_ebs_volume.x"
	finding.severity == "high"
	finding.remediation != ""
	finding.msg == "Stored data is encrypted: encrypted is not true"
}
