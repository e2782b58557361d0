//! What is wrong with the settings of an s3 backend, said before anybody is asked.

use landfast_backends::{Environment, ErrorClass, Locking, S3Store, StateAddress, StateStore as _};
use serde_json::{Value, json};

fn open(more: &Value, environment: &[(&str, &str)]) -> Result<S3Store, String> {
    let mut attributes = json!({"bucket": "states", "key": "a/b.tfstate", "region": "eu-west-1"});
    attributes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let address = StateAddress::from_backend("s3", attributes.as_object().unwrap(), "default").unwrap();
    let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    S3Store::from_address(&address, &pairs.collect::<Environment>()).map_err(|error| {
        assert_eq!(error.class, ErrorClass::Configuration, "{error}");
        error.to_string()
    })
}

#[test]
fn what_is_wrong_is_named_and_never_shown() {
    for (more, message) in [
        (json!({"bucket": ""}), "backend s3: the attribute bucket is missing"),
        (
            json!({"region": ""}),
            "backend s3: the attribute region is missing, and neither AWS_REGION nor a profile names one",
        ),
        (json!({"key": "/a"}), "backend s3: the attribute key must not be empty, and must not begin or end with '/'"),
        (
            json!({"key": "a/../b"}),
            "backend s3: the attribute key must not hold '//', and no part of it may be '.' or '..'",
        ),
        (json!({"encrypt": "CANARY"}), "backend s3: the attribute encrypt must be true or false"),
        (
            json!({"sse_customer_key": "CANARY"}),
            "backend s3: the attribute sse_customer_key must be the base64 text of 32 bytes",
        ),
        (json!({"server_side_magic": true}), "backend s3: the attribute server_side_magic is not supported"),
        (json!({"assume_role": {"session_name": "x"}}), "backend s3: the attribute assume_role.role_arn is missing"),
        (
            json!({"assume_role": {"role_arn": "x", "duration": "an hour"}}),
            "backend s3: the attribute assume_role.duration must be a duration in hours, minutes and seconds, such as 1h30m",
        ),
        (
            json!({"assume_role": {"role_arn": "x", "magic": "y"}}),
            "backend s3: the attribute assume_role.magic is not supported",
        ),
        (json!({"access_key": "CANARY"}), "backend s3: the attribute secret_key is missing beside access_key"),
        (
            json!({"endpoints": {"s3": "http://me:CANARY@host"}}),
            "backend s3: the attribute endpoints.s3 must be a URL that begins with http:// or https:// and holds no \
             credentials or query",
        ),
        (json!({"profile": "nobody"}), "AWS profiles: there is no profile nobody"),
        (
            json!({"bucket": "arn:aws:s3:eu-west-1:1:accesspoint/x"}),
            "backend s3: the attribute bucket names an access point by its ARN, which is not supported: use its alias",
        ),
        (json!({"custom_ca_bundle": "/nowhere/ca.pem"}), "/nowhere/ca.pem: the CA bundle cannot be read"),
    ] {
        let error = open(&more, &[]).unwrap_err();
        assert_eq!(error, message, "{more}");
        assert!(!error.contains("CANARY"));
    }
}

#[test]
fn every_attribute_of_an_initialised_directory_is_taken() {
    // As terraform 1.11 records it, with what was not set.
    let nulls = r#"{
        "access_key": null, "acl": null, "allowed_account_ids": null, "assume_role": null,
        "assume_role_with_web_identity": null, "custom_ca_bundle": null, "dynamodb_endpoint": null,
        "dynamodb_table": "locks", "ec2_metadata_service_endpoint": null, "ec2_metadata_service_endpoint_mode": null,
        "encrypt": true, "endpoint": null, "endpoints": null, "forbidden_account_ids": null, "force_path_style": null,
        "http_proxy": null, "https_proxy": null, "iam_endpoint": null, "insecure": null, "kms_key_id": "alias/x",
        "max_retries": 3, "no_proxy": null, "profile": null, "retry_mode": "standard", "secret_key": null,
        "shared_config_files": null, "shared_credentials_file": null, "shared_credentials_files": null,
        "skip_credentials_validation": true, "skip_metadata_api_check": true, "skip_region_validation": true,
        "skip_requesting_account_id": true, "skip_s3_checksum": true, "sse_customer_key": null, "sts_endpoint": null,
        "sts_region": null, "token": null, "use_dualstack_endpoint": null, "use_fips_endpoint": null,
        "use_lockfile": null, "use_path_style": null, "workspace_key_prefix": null
    }"#;
    let nulls: Value = serde_json::from_str(nulls).unwrap();
    let store = open(&nulls, &[]).unwrap();
    assert_eq!(store.capabilities().locking, Locking::Record);
}

#[test]
fn what_locks_is_said() {
    for (more, locking) in [
        (json!({}), Locking::Record),
        (json!({"use_lockfile": true}), Locking::Record),
        (json!({"use_lockfile": false, "dynamodb_table": "locks"}), Locking::Record),
        (json!({"use_lockfile": false}), Locking::None),
    ] {
        assert_eq!(open(&more, &[]).unwrap().capabilities().locking, locking, "{more}");
    }
}

#[test]
fn the_region_may_come_from_the_environment() {
    assert!(open(&json!({"region": null}), &[("AWS_DEFAULT_REGION", "eu-west-1")]).is_ok());
}
