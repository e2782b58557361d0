//! What rules know to be a secret is one, though no document marks it.

use landfast_drift::{CompareOptions, DriftStatus, Impact, Normaliser, RuleSet};
use landfast_state::{ResourceObject, Snapshot};

use crate::world::{bare, changes, compared, normalised, object, snapshot, with_rules};

/// The attributes as they are shown once the embedded rules have marked them.
fn shown(address: &str, attributes: &str) -> String {
    let marked = RuleSet::embedded().mark_secrets(snapshot(vec![object(address, attributes)]));
    marked.objects()[0].value().to_string()
}

/// A document with `value` at `path`; `*` is the first element of a list.
fn at(path: &str, value: &str) -> String {
    path.rsplit('.').fold(format!("\"{value}\""), |inner, step| match step {
        "*" => format!("[{inner}]"),
        name => format!("{{\"{name}\":{inner}}}"),
    })
}

#[test]
fn everything_that_the_aws_schema_marks_is_known() {
    let table = include_str!("../data/aws-3.39.0-sensitive.tsv");
    let mut seen = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [mode, type_name, path] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let address = format!("{}{type_name}.x", if mode == "data" { "data." } else { "" });
        let shown = shown(&address, &at(path, "CANARY-of-the-schema"));
        assert!(!shown.contains("CANARY"), "{line}: {shown}");
        seen += 1;
    }
    assert_eq!(seen, 104);
}

#[test]
fn well_known_secrets_of_every_provider() {
    for (type_name, path) in [
        ("random_password", "result"),
        ("random_password", "bcrypt_hash"),
        ("random_bytes", "hex"),
        ("tls_private_key", "private_key_pem"),
        ("tls_locally_signed_cert", "ca_private_key_pem"),
        ("local_sensitive_file", "content"),
        ("vault_kv_secret_v2", "data_json"),
        ("vault_approle_auth_backend_role_secret_id", "secret_id"),
        ("github_actions_secret", "plaintext_value"),
        ("kubernetes_secret", "data.username"),
        ("kubernetes_secret_v1", "binary_data.file"),
        ("kubernetes_manifest", "manifest.stringData.user"),
        ("aws_iam_access_key", "secret"),
        ("aws_db_instance", "password"),
        ("aws_cognito_identity_provider", "provider_details.client_secret"),
        ("aws_opensearch_domain", "advanced_security_options.*.master_user_options.*.master_user_password"),
        (
            "aws_appflow_connector_profile",
            "connector_profile_config.*.connector_profile_credentials.*.datadog.*.application_key",
        ),
        ("google_service_account_key", "private_key"),
        ("google_compute_instance", "boot_disk.*.disk_encryption_key_raw"),
        ("google_container_cluster", "master_auth.*.client_key"),
        ("google_secret_manager_secret_version", "secret_data"),
        ("google_sql_user", "password"),
        ("azurerm_storage_account", "primary_access_key"),
        ("azurerm_storage_account", "primary_connection_string"),
        ("azurerm_linux_virtual_machine", "admin_password"),
        ("azurerm_kubernetes_cluster", "kube_config_raw"),
        ("azurerm_kubernetes_cluster", "kube_config.*.client_key"),
        ("azurerm_redis_cache", "primary_access_key"),
        ("azurerm_linux_web_app", "connection_string.*.value"),
        ("azurerm_key_vault_secret", "value"),
        ("azuread_application_password", "value"),
        ("some_unknown_thing", "settings.*.deep.client_secret"),
        ("aws_lambda_function", "environment.*.variables.DB_PASSWORD"),
        ("aws_lambda_function", "environment.*.variables.AWS_SECRET_ACCESS_KEY"),
        ("aws_lambda_function", "environment.*.variables.PASSWORD"),
        ("aws_lambda_function", "environment.*.variables.dbPassword"),
        ("aws_lambda_function", "environment.*.variables.POSTGRES_PASSWORD"),
        ("google_cloudfunctions_function", "environment_variables.api-key"),
        ("kubernetes_config_map", "data.Db-Password"),
        ("azurerm_linux_web_app", "app_settings.ClientSecret"),
    ] {
        let shown = shown(&format!("{type_name}.x"), &at(path, "CANARY"));
        assert!(!shown.contains("CANARY"), "{type_name} {path}: {shown}");
    }
}

#[test]
fn names_that_only_look_like_secrets_stay_visible() {
    for (type_name, path) in [
        ("aws_iam_account_password_policy", "password_policy"),
        ("aws_iam_account_password_policy", "max_password_age"),
        ("aws_secretsmanager_secret_version", "secret_id"),
        ("aws_secretsmanager_secret_version", "version_id"),
        ("aws_instance", "key_name"),
        ("aws_instance", "password_data_wanted"),
        ("aws_iam_access_key", "id"),
        ("aws_db_instance", "master_user_secret_kms_key_id"),
        ("aws_api_gateway_usage_plan_key", "key_id"),
        ("aws_ssm_parameter", "insecure_value"),
        ("aws_cognito_user_pool_client", "access_token_validity"),
        ("google_service_account_key", "private_key_type"),
        ("google_secret_manager_secret_version", "secret"),
        ("google_cloud_run_service", "template.*.spec.*.env.*.value_from.*.secret_key_ref.*.key"),
        ("azurerm_key_vault_key", "key_type"),
        ("azurerm_linux_web_app", "connection_string.*.name"),
        ("kubernetes_config_map", "data.settings"),
        ("kubernetes_service_account", "automount_service_account_token"),
        ("kubernetes_secret", "metadata.*.name"),
        ("random_string", "result"),
        ("random_id", "hex"),
        ("tls_private_key", "public_key_pem"),
        ("local_file", "content"),
        ("vault_approle_auth_backend_role", "token_ttl"),
        ("any_thing", "private_key_id"),
        ("any_thing", "tags.password_rotation"),
        ("aws_lambda_function", "environment.*.variables.PASSWORD_FILE"),
        ("aws_lambda_function", "environment.*.variables.TOKENIZER"),
        ("aws_lambda_function", "environment.*.variables.PASS"),
    ] {
        let shown = shown(&format!("{type_name}.x"), &at(path, "visible-text"));
        assert!(shown.contains("visible-text"), "{type_name} {path}: {shown}");
    }
    // Nothing is no secret, and a switch neither.
    assert_eq!(shown("a_b.x", r#"{"password":null,"token":true}"#), r#"{"password": null, "token": true}"#);
}

#[test]
fn pairs_of_a_name_and_a_value_are_known_by_the_name() {
    for name in ["DB_PASSWORD", "dbPassword", "auth.rootPassword", "/prod/db/password", "SecretKey"] {
        for member in ["name", "key"] {
            let pairs = format!(r#"{{"env":[{{"{member}":"{name}","value":"CANARY","value_from":[]}}]}}"#);
            for type_name in ["kubernetes_deployment", "helm_release", "aws_codebuild_project"] {
                let shown = shown(&format!("{type_name}.x"), &pairs);
                assert!(!shown.contains("CANARY") && shown.contains(name), "{type_name}: {shown}");
            }
        }
    }
    for pairs in [
        r#"{"env":[{"name":"STAGE","value":"visible-text"}]}"#,
        r#"{"env":[{"name":"password.policy","value":"visible-text"}]}"#,
        r#"{"env":[{"label":"password","value":"visible-text"}]}"#,
        r#"{"env":[{"name":"password","values":"visible-text"}]}"#,
        r#"{"name":"password","env":[{"value":"visible-text"}]}"#,
        r#"{"env":[{"name":["password"],"value":"visible-text"}]}"#,
    ] {
        assert!(shown("kubernetes_deployment.x", pairs).contains("visible-text"), "{pairs}");
    }
}

#[test]
fn streams_know_pairs_and_other_spellings_too() {
    use landfast_drift::{InSync, compare_streams};
    use landfast_state::{Limits, StateStream};
    let state = |variable: &str, pair: &str| {
        let text = format!(
            r#"{{"version":4,"serial":1,"lineage":"a","outputs":{{}},"resources":[{{"mode":"managed","type":"test_thing","name":"x",
            "provider":"provider[\"registry.terraform.io/a/b\"]","instances":[{{"schema_version":0,"attributes":
            {{"vars":{{"DB_PASSWORD":"{variable}"}},"env":[{{"name":"API-KEY","value":"{pair}"}}]}}}}]}}]}}"#
        );
        StateStream::open(std::io::Cursor::new(text), "s", &Limits::default()).unwrap()
    };
    let mut options = CompareOptions::default();
    options.in_sync = InSync::Count;
    let (report, _) =
        compare_streams(&mut state("CANARY-1", "CANARY-2"), &mut state("CANARY-3", "CANARY-4"), &options).unwrap();
    assert_eq!(report.resources[0].changes.len(), 2);
    assert!(!format!("{report:?}").contains("CANARY"), "{report:?}");
}

#[test]
fn names_written_with_escapes_are_known_too() {
    assert!(!shown("a_b.x", r#"{"\u0070assword":"CANARY"}"#).contains("CANARY"));
    assert!(shown("a_b.x", r#"{"user":"\u0070assword"}"#).contains("password"));
}

#[test]
fn a_comparison_hides_them_and_their_copies() {
    let side = |secret: &str| {
        object("random_password.x", &format!(r#"{{"result":"{secret}","length":20,"url":"db://u:{secret}@h"}}"#))
    };
    for options in [CompareOptions::default(), bare(), with_rules("")] {
        let found = compared(side("CANARY-before-1"), side("CANARY-after-22"), &options);
        assert_eq!(found.status, DriftStatus::Drifted);
        assert_eq!(
            changes(&found),
            [
                r#"result changed "(sensitive value)" -> "(sensitive value)""#,
                r#"url changed "(sensitive value)" -> "(sensitive value)""#
            ]
        );
        assert!(!format!("{found:?}").contains("CANARY"));
    }
}

#[test]
fn copies_in_other_resources_are_hidden() {
    let world = |secret: &str, n: u32| {
        vec![
            object("random_password.x", &format!(r#"{{"result":"{secret}"}}"#)),
            object("test_thing.y", &format!(r#"{{"command":"login {secret} {n}"}}"#)),
        ]
    };
    let report = crate::world::report(world("CANARY-one", 1), world("CANARY-one", 2), &bare());
    assert!(!format!("{report:?}").contains("CANARY"), "{report:?}");
    assert_eq!(report.resources[1].changes.len(), 1);
}

#[test]
fn packs_of_others_add_theirs() {
    let options = with_rules(
        "[[sensitive]]\nid = \"ours\"\ndescription = \"x\"\nresource_types = [\"test_*\"]\nattributes = [\"plan\"]\n",
    );
    let side = |n: u32| object("test_thing.x", &format!(r#"{{"plan":"secret-plan-{n}","password":"hunter2{n}"}}"#));
    let found = compared(side(1), side(2), &options);
    assert_eq!(found.changes.len(), 2);
    assert!(found.changes.iter().all(|change| change.sensitive), "{found:?}");
    assert!(compared(side(1), side(2), &bare()).changes.iter().any(|change| !change.sensitive));
}

#[test]
fn what_is_marked_by_rules_on_one_side_and_kept_as_a_fingerprint_on_the_other_compares() {
    use landfast_state::{FingerprintKey, Limits, read_snapshot, write_snapshot};
    let key = FingerprintKey::from_bytes([7; 32]);
    let state = |secret: &str| {
        snapshot(vec![object(
            "kubernetes_secret.x",
            &format!(r#"{{"data":{{"user":"admin","pass":"{secret}"}},"id":"a"}}"#),
        )])
    };
    // As an older snapshot may have it: only a part of the data was known to be a secret, and the rest is in clear.
    let mut part = object("kubernetes_secret.x", r#"{"data":{"user":"admin","pass":"CANARY-1"},"id":"a"}"#);
    part.sensitive = crate::world::paths(&["data.pass"]);
    let whole = RuleSet::embedded().mark_secrets(state("CANARY-1"));
    for kept in [snapshot(vec![part]), whole] {
        let text = write_snapshot(&kept, &key);
        assert!(!text.contains("CANARY"));
        let kept: Snapshot = read_snapshot(text.into(), "kept", &Limits::default()).unwrap();
        let mut options = CompareOptions::default();
        options.fingerprint_key = Some(key.clone());
        let drift = |secret: &str| {
            let now: Vec<ResourceObject> = state(secret).objects().to_vec();
            crate::world::report(kept.objects().to_vec(), now, &options).resources.remove(0)
        };
        assert_eq!(drift("CANARY-1").status, DriftStatus::InSync, "{:?}", drift("CANARY-1"));
        assert_eq!(drift("CANARY-2").status, DriftStatus::Drifted);
    }
}

#[test]
fn what_changes_by_itself_is_listed_and_counts_nothing() {
    let db = |time: &str, size: u32| {
        let attributes =
            format!(r#"{{"latest_restorable_time":"{time}","allocated_storage":{size},"latest":"{time}"}}"#);
        object("aws_db_instance.x", &attributes)
    };
    let found = compared(db("a", 1), db("b", 1), &CompareOptions::default());
    assert_eq!(normalised(&found), ["latest_restorable_time volatile by aws-db-restorable-time"]);
    assert_eq!(changes(&found), [r#"latest changed "a" -> "b""#], "no other attribute");
    let found = compared(db("a", 1), db("a", 2), &CompareOptions::default());
    assert_eq!(changes(&found), ["allocated_storage changed 1 -> 2"]);
    // Presence counts, whatever the object holds.
    let gone = crate::world::report(vec![db("a", 1)], Vec::new(), &CompareOptions::default());
    assert_eq!(gone.resources[0].status, DriftStatus::Missing);
    // And the rule can be switched off.
    let mut options = CompareOptions::default();
    options.disabled_normalisers.insert(Normaliser::Volatile);
    assert_eq!(compared(db("a", 1), db("b", 1), &options).changes.len(), 2);
}

#[test]
fn every_volatile_rule_swallows_what_it_names_and_nothing_that_decides_about_access() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut counting = CompareOptions::default();
    counting.disabled_normalisers.insert(Normaliser::Volatile);
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let pack: toml::Table = std::fs::read_to_string(entry.unwrap().path()).unwrap().parse().unwrap();
        for rule in pack.get("volatile").and_then(toml::Value::as_array).into_iter().flatten() {
            let words = |name: &str| {
                let words = rule[name].as_array().unwrap().iter();
                words.map(|word| word.as_str().unwrap().to_owned()).collect::<Vec<_>>()
            };
            for type_name in words("resource_types") {
                let address = format!("{}.x", type_name.replace('*', "deployment"));
                for path in words("attributes") {
                    let differ = |path: &str, options: &CompareOptions| {
                        let side = |value: &str| object(&address, &at(path, value));
                        compared(side("a"), side("b"), options)
                    };
                    let swallowed = differ(&path, &CompareOptions::default());
                    assert_eq!((swallowed.status, swallowed.normalised.len()), (DriftStatus::InSync, 1), "{path}");
                    let beside = differ(&format!("{path}_of_another"), &CompareOptions::default());
                    assert_eq!((beside.status, beside.changes.len()), (DriftStatus::Drifted, 1), "{path}");
                    let counted = differ(&path, &counting);
                    assert!(!counted.impacts.contains(&Impact::Security), "{address} {path}: {:?}", counted.rules);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 40, "{seen}");
}
