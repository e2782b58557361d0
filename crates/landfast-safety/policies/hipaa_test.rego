package landfast.hipaa_test

import data.landfast.hipaa
import rego.v1

resource(type, values) := {
	"address": sprintf("%s.x", [type]),
	"mode": "managed",
	"type": type,
	"values": values,
}

# The ids of what refuses.
refused(resources) := ids if {
	findings := hipaa.deny with input as {"resources": resources}
	ids := {finding.id | some finding in findings}
}

test_encryption_at_rest_aws_db_instance_refused if "lf-hipaa-encryption-at-rest" in refused([resource("aws_db_instance", {})])

test_encryption_at_rest_aws_db_instance_passes if not "lf-hipaa-encryption-at-rest" in refused([resource("aws_db_instance", {"storage_encrypted": true})])

test_encryption_at_rest_aws_ebs_volume_refused if "lf-hipaa-encryption-at-rest" in refused([resource("aws_ebs_volume", {"encrypted": false})])

test_encryption_at_rest_aws_ebs_volume_passes if not "lf-hipaa-encryption-at-rest" in refused([resource("aws_ebs_volume", {"encrypted": true})])

test_encryption_at_rest_aws_efs_file_system_refused if "lf-hipaa-encryption-at-rest" in refused([resource("aws_efs_file_system", {})])

test_encryption_at_rest_aws_efs_file_system_passes if not "lf-hipaa-encryption-at-rest" in refused([resource("aws_efs_file_system", {"encrypted": true})])

test_encryption_at_rest_aws_rds_cluster_refused if "lf-hipaa-encryption-at-rest" in refused([resource("aws_rds_cluster", {})])

test_encryption_at_rest_aws_rds_cluster_passes if not "lf-hipaa-encryption-at-rest" in refused([resource("aws_rds_cluster", {"storage_encrypted": true})])

test_encryption_at_rest_azurerm_storage_account_refused if "lf-hipaa-encryption-at-rest" in refused([resource("azurerm_storage_account", {})])

test_encryption_at_rest_azurerm_storage_account_passes if not "lf-hipaa-encryption-at-rest" in refused([resource("azurerm_storage_account", {"infrastructure_encryption_enabled": true})])

test_encryption_at_rest_aws_sns_topic_refused if "lf-hipaa-encryption-at-rest" in refused([resource("aws_sns_topic", {"kms_master_key_id": null})])

test_encryption_at_rest_aws_sns_topic_passes if not "lf-hipaa-encryption-at-rest" in refused([resource("aws_sns_topic", {"kms_master_key_id": "alias/ours"})])

test_encryption_at_rest_azurerm_managed_disk_refused if "lf-hipaa-encryption-at-rest" in refused([resource("azurerm_managed_disk", {"disk_encryption_set_id": null})])

test_encryption_at_rest_azurerm_managed_disk_passes if not "lf-hipaa-encryption-at-rest" in refused([resource("azurerm_managed_disk", {"disk_encryption_set_id": "/sets/ours"})])

test_encryption_at_rest_google_compute_disk_refused if "lf-hipaa-encryption-at-rest" in refused([resource("google_compute_disk", {"disk_encryption_key": []})])

test_encryption_at_rest_google_compute_disk_passes if not "lf-hipaa-encryption-at-rest" in refused([resource("google_compute_disk", {"disk_encryption_key": [{"kms_key_self_link": "ours"}]})])

test_encryption_at_rest_google_storage_bucket_refused if "lf-hipaa-encryption-at-rest" in refused([resource("google_storage_bucket", {"encryption": []})])

test_encryption_at_rest_google_storage_bucket_passes if not "lf-hipaa-encryption-at-rest" in refused([resource("google_storage_bucket", {"encryption": [{"default_kms_key_name": "ours"}]})])

test_encryption_at_rest_google_sql_database_instance_refused if "lf-hipaa-encryption-at-rest" in refused([resource("google_sql_database_instance", {"encryption_key_name": null})])

test_encryption_at_rest_google_sql_database_instance_passes if not "lf-hipaa-encryption-at-rest" in refused([resource("google_sql_database_instance", {"encryption_key_name": "(known after apply)"})])

test_access_aws_db_instance_refused if "lf-hipaa-access" in refused([resource("aws_db_instance", {"publicly_accessible": true})])

test_access_aws_db_instance_passes if not "lf-hipaa-access" in refused([resource("aws_db_instance", {"publicly_accessible": false})])

test_access_azurerm_mssql_server_refused if "lf-hipaa-access" in refused([resource("azurerm_mssql_server", {"public_network_access_enabled": true})])

test_access_azurerm_mssql_server_passes if not "lf-hipaa-access" in refused([resource("azurerm_mssql_server", {"public_network_access_enabled": false})])

test_access_azurerm_storage_account_refused if "lf-hipaa-access" in refused([resource("azurerm_storage_account", {"allow_nested_items_to_be_public": true})])

test_access_azurerm_storage_account_passes if not "lf-hipaa-access" in refused([resource("azurerm_storage_account", {"allow_nested_items_to_be_public": false})])

test_access_aws_s3_bucket_acl_refused if "lf-hipaa-access" in refused([resource("aws_s3_bucket_acl", {"acl": "public-read"})])

test_access_aws_s3_bucket_acl_passes if not "lf-hipaa-access" in refused([resource("aws_s3_bucket_acl", {"acl": "private"})])

test_access_aws_s3_bucket_public_access_block_refused if "lf-hipaa-access" in refused([resource("aws_s3_bucket_public_access_block", {"block_public_acls": true})])

test_access_aws_s3_bucket_public_access_block_passes if not "lf-hipaa-access" in refused([resource("aws_s3_bucket_public_access_block", {"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true})])

test_access_google_storage_bucket_iam_member_refused if "lf-hipaa-access" in refused([resource("google_storage_bucket_iam_member", {"member": "allUsers"})])

test_access_google_storage_bucket_iam_member_passes if not "lf-hipaa-access" in refused([resource("google_storage_bucket_iam_member", {"member": "user:a@example.org"})])

test_access_google_sql_database_instance_refused if "lf-hipaa-access" in refused([resource("google_sql_database_instance", {"settings": [{"ip_configuration": [{"authorized_networks": [{"value": "0.0.0.0/0"}]}]}]})])

test_access_google_sql_database_instance_passes if not "lf-hipaa-access" in refused([resource("google_sql_database_instance", {"settings": [{"ip_configuration": [{"authorized_networks": [{"value": "10.0.0.0/8"}]}]}]})])

test_open_ports_aws_security_group_refused if "lf-hipaa-open-ports" in refused([resource("aws_security_group", {"ingress": [{"from_port": 20, "to_port": 30, "cidr_blocks": ["0.0.0.0/0"]}]})])

test_open_ports_aws_security_group_passes if not "lf-hipaa-open-ports" in refused([resource("aws_security_group", {"ingress": [{"from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}, {"from_port": 22, "to_port": 22, "cidr_blocks": ["10.0.0.0/8"]}]})])

test_open_ports_aws_security_group_2_refused if "lf-hipaa-open-ports" in refused([resource("aws_security_group", {"ingress": [{"from_port": 0, "to_port": 0, "protocol": "-1", "ipv6_cidr_blocks": ["::/0"]}]})])

test_open_ports_aws_security_group_2_passes if not "lf-hipaa-open-ports" in refused([resource("aws_security_group", {"ingress": []})])

test_open_ports_aws_security_group_rule_refused if "lf-hipaa-open-ports" in refused([resource("aws_security_group_rule", {"type": "ingress", "from_port": 3389, "to_port": 3389, "cidr_blocks": ["0.0.0.0/0"]})])

test_open_ports_aws_security_group_rule_passes if not "lf-hipaa-open-ports" in refused([resource("aws_security_group_rule", {"type": "egress", "from_port": 3389, "to_port": 3389, "cidr_blocks": ["0.0.0.0/0"]})])

test_open_ports_aws_vpc_security_group_ingress_rule_refused if "lf-hipaa-open-ports" in refused([resource("aws_vpc_security_group_ingress_rule", {"cidr_ipv4": "0.0.0.0/0", "from_port": 5432, "to_port": 5432})])

test_open_ports_aws_vpc_security_group_ingress_rule_passes if not "lf-hipaa-open-ports" in refused([resource("aws_vpc_security_group_ingress_rule", {"cidr_ipv4": "10.0.0.0/8", "from_port": 5432, "to_port": 5432})])

test_open_ports_azurerm_network_security_rule_refused if "lf-hipaa-open-ports" in refused([resource("azurerm_network_security_rule", {"access": "Allow", "direction": "Inbound", "source_address_prefix": "*", "destination_port_range": "20-25"})])

test_open_ports_azurerm_network_security_rule_passes if not "lf-hipaa-open-ports" in refused([resource("azurerm_network_security_rule", {"access": "Deny", "direction": "Inbound", "source_address_prefix": "*", "destination_port_range": "20-25"})])

test_open_ports_google_compute_firewall_refused if "lf-hipaa-open-ports" in refused([resource("google_compute_firewall", {"source_ranges": ["0.0.0.0/0"], "allow": [{"protocol": "tcp", "ports": ["22"]}]})])

test_open_ports_google_compute_firewall_passes if not "lf-hipaa-open-ports" in refused([resource("google_compute_firewall", {"source_ranges": ["0.0.0.0/0"], "allow": [{"protocol": "tcp", "ports": ["443"]}]})])

test_audit_aws_cloudtrail_refused if "lf-hipaa-audit" in refused([resource("aws_cloudtrail", {"enable_logging": false})])

test_audit_aws_cloudtrail_passes if not "lf-hipaa-audit" in refused([resource("aws_cloudtrail", {"enable_logging": true})])

test_audit_aws_lb_refused if "lf-hipaa-audit" in refused([resource("aws_lb", {"access_logs": []})])

test_audit_aws_lb_passes if not "lf-hipaa-audit" in refused([resource("aws_lb", {"access_logs": [{"bucket": "logs", "enabled": true}]})])

test_audit_azurerm_mssql_server_extended_auditing_policy_refused if "lf-hipaa-audit" in refused([resource("azurerm_mssql_server_extended_auditing_policy", {"enabled": false})])

test_audit_azurerm_mssql_server_extended_auditing_policy_passes if not "lf-hipaa-audit" in refused([resource("azurerm_mssql_server_extended_auditing_policy", {})])

test_audit_google_compute_subnetwork_refused if "lf-hipaa-audit" in refused([resource("google_compute_subnetwork", {"log_config": []})])

test_audit_google_compute_subnetwork_passes if not "lf-hipaa-audit" in refused([resource("google_compute_subnetwork", {"log_config": [{"metadata": "INCLUDE_ALL_METADATA"}]})])

test_encryption_in_transit_aws_lb_listener_refused if "lf-hipaa-encryption-in-transit" in refused([resource("aws_lb_listener", {"protocol": "HTTP", "default_action": [{"type": "forward"}]})])

test_encryption_in_transit_aws_lb_listener_passes if not "lf-hipaa-encryption-in-transit" in refused([resource("aws_lb_listener", {"protocol": "HTTP", "default_action": [{"type": "redirect", "redirect": [{"protocol": "HTTPS"}]}]})])

test_encryption_in_transit_aws_elasticache_replication_group_refused if "lf-hipaa-encryption-in-transit" in refused([resource("aws_elasticache_replication_group", {})])

test_encryption_in_transit_aws_elasticache_replication_group_passes if not "lf-hipaa-encryption-in-transit" in refused([resource("aws_elasticache_replication_group", {"transit_encryption_enabled": true})])

test_encryption_in_transit_azurerm_storage_account_refused if "lf-hipaa-encryption-in-transit" in refused([resource("azurerm_storage_account", {"https_traffic_only_enabled": false})])

test_encryption_in_transit_azurerm_storage_account_passes if not "lf-hipaa-encryption-in-transit" in refused([resource("azurerm_storage_account", {"https_traffic_only_enabled": true})])

test_encryption_in_transit_google_sql_database_instance_refused if "lf-hipaa-encryption-in-transit" in refused([resource("google_sql_database_instance", {"settings": [{"ip_configuration": [{"ssl_mode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"}]}]})])

test_encryption_in_transit_google_sql_database_instance_passes if not "lf-hipaa-encryption-in-transit" in refused([resource("google_sql_database_instance", {"settings": [{"ip_configuration": [{"ssl_mode": "ENCRYPTED_ONLY"}]}]})])

test_backups_aws_db_instance_refused if "lf-hipaa-backups" in refused([resource("aws_db_instance", {"backup_retention_period": 1})])

test_backups_aws_db_instance_passes if not "lf-hipaa-backups" in refused([resource("aws_db_instance", {"backup_retention_period": 14})])

test_backups_azurerm_postgresql_flexible_server_refused if "lf-hipaa-backups" in refused([resource("azurerm_postgresql_flexible_server", {})])

test_backups_azurerm_postgresql_flexible_server_passes if not "lf-hipaa-backups" in refused([resource("azurerm_postgresql_flexible_server", {"backup_retention_days": 7})])

test_key_rotation_aws_kms_key_refused if "lf-hipaa-key-rotation" in refused([resource("aws_kms_key", {})])

test_key_rotation_aws_kms_key_passes if not "lf-hipaa-key-rotation" in refused([resource("aws_kms_key", {"enable_key_rotation": true})])

test_key_rotation_aws_kms_key_2_refused if "lf-hipaa-key-rotation" in refused([resource("aws_kms_key", {"enable_key_rotation": false})])

test_key_rotation_aws_kms_key_2_passes if not "lf-hipaa-key-rotation" in refused([resource("aws_kms_key", {"key_usage": "SIGN_VERIFY"})])

test_key_rotation_google_kms_crypto_key_refused if "lf-hipaa-key-rotation" in refused([resource("google_kms_crypto_key", {"rotation_period": null})])

test_key_rotation_google_kms_crypto_key_passes if not "lf-hipaa-key-rotation" in refused([resource("google_kms_crypto_key", {"rotation_period": "7776000s"})])

test_days_of_backups_that_settings_name if {
	kept := [resource("aws_rds_cluster", {"storage_encrypted": true, "backup_retention_period": 14})]
	refused(kept) == set()
	refused(kept) == {"lf-hipaa-backups"} with data.pack_settings as {"backup_days": 30}
}
