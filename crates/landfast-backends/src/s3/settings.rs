//! What the attributes of terraform's s3 backend and its environment variables say.

use reqwest::header::HeaderValue;

use super::attributes::{Attributes, Flag, wrong};
use super::credentials::{self, CredentialSettings};
use super::endpoint::{self, Endpoints};
use super::network::Network;
use super::profile::Profiles;
use crate::address::StateAddress;
use crate::error::{ErrorClass, StoreError};
use crate::open::Environment;

/// Everything that is needed to open the store.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) bucket: String,
    /// The key that the configuration names.
    pub(super) key: String,
    /// What stands before the workspace in the name of an object; possibly empty.
    pub(super) workspace_prefix: String,
    pub(super) region: String,
    pub(super) endpoints: Endpoints,
    pub(super) encryption: Encryption,
    pub(super) acl: Option<HeaderValue>,
    /// Whether locks are objects beside the state.
    pub(super) lockfile: Flag,
    /// The DynamoDB table that holds locks and digests.
    pub(super) table: Option<String>,
    pub(super) credentials: CredentialSettings,
    pub(super) network: Network,
}

/// How objects are encrypted by the server.
#[derive(Clone)]
pub(super) enum Encryption {
    /// As the bucket has it.
    OfTheBucket,
    /// With a key of S3.
    Managed,
    /// With this key of the key management service.
    Kms(HeaderValue),
    /// With a key that comes along with each request.
    Customer { key: HeaderValue, md5: HeaderValue },
}

impl std::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OfTheBucket => "OfTheBucket",
            Self::Managed => "Managed",
            Self::Kms(_) => "Kms",
            Self::Customer { .. } => "Customer",
        })
    }
}

/// Every attribute of the backend that is read here, or that changes nothing about where and how states are written:
/// `skip_…` and `retry_mode` only change what terraform checks on its own, retries are made around the store, and endpoints of
/// `iam` are for a check that is not made here.
const KNOWN: &[&str] = &[
    "access_key",
    "acl",
    "allowed_account_ids",
    "assume_role",
    "assume_role_duration_seconds",
    "assume_role_policy",
    "assume_role_policy_arns",
    "assume_role_tags",
    "assume_role_transitive_tag_keys",
    "assume_role_with_web_identity",
    "bucket",
    "custom_ca_bundle",
    "dynamodb_endpoint",
    "dynamodb_table",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "encrypt",
    "endpoint",
    "endpoints",
    "external_id",
    "forbidden_account_ids",
    "force_path_style",
    "http_proxy",
    "https_proxy",
    "iam_endpoint",
    "insecure",
    "key",
    "kms_key_id",
    "max_retries",
    "no_proxy",
    "profile",
    "region",
    "retry_mode",
    "role_arn",
    "secret_key",
    "session_name",
    "shared_config_files",
    "shared_credentials_file",
    "shared_credentials_files",
    "skip_credentials_validation",
    "skip_metadata_api_check",
    "skip_region_validation",
    "skip_requesting_account_id",
    "skip_s3_checksum",
    "sse_customer_key",
    "sts_endpoint",
    "sts_region",
    "token",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "use_lockfile",
    "use_path_style",
    "workspace_key_prefix",
];

impl Settings {
    pub(super) fn read(address: &StateAddress, environment: &Environment) -> Result<Self, StoreError> {
        let attributes = Attributes::new(&address.attributes);
        attributes.only(KNOWN)?;
        let bucket = attributes.text("bucket")?.ok_or_else(|| wrong("bucket", "is missing"))?;
        endpoint::check_bucket(&bucket)?;
        let key = address.key.key.clone();
        check_key("key", &key)?;
        let workspace_prefix = attributes.any_text("workspace_key_prefix")?.unwrap_or_else(|| "env:".to_owned());
        if !workspace_prefix.is_empty() {
            check_key("workspace_key_prefix", &workspace_prefix)?;
        }
        let profiles = Profiles::read(&attributes, environment)?;
        let region = attributes
            .text("region")?
            .or_else(|| environment.get("AWS_REGION").map(str::to_owned))
            .or_else(|| environment.get("AWS_DEFAULT_REGION").map(str::to_owned))
            .or_else(|| profiles.region())
            .ok_or_else(|| wrong("region", "is missing, and neither AWS_REGION nor a profile names one"))?;
        if !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(wrong("region", "must hold letters, digits and '-' only"));
        }
        let table = attributes.text("dynamodb_table")?;
        let lockfile = attributes.flag("use_lockfile")?;
        Ok(Self {
            endpoints: Endpoints::read(&attributes, environment, &region)?,
            encryption: encryption(&attributes, environment)?,
            acl: attributes.text("acl")?.map(|acl| header("acl", &acl)).transpose()?,
            // Where the configuration asks for no lock at all, terraform takes none; we do not write without one.
            lockfile: lockfile.unwrap_or(if table.is_some() { Flag::Off } else { Flag::On }),
            credentials: credentials::settings(&attributes, environment, &profiles)?,
            network: Network::read(&attributes, environment)?,
            bucket,
            key,
            workspace_prefix,
            region,
            table,
        })
    }
}

fn encryption(attributes: &Attributes<'_>, environment: &Environment) -> Result<Encryption, StoreError> {
    let kms = attributes.text("kms_key_id")?;
    let customer =
        attributes.text("sse_customer_key")?.or_else(|| environment.get("AWS_SSE_CUSTOMER_KEY").map(str::to_owned));
    if kms.is_some() && customer.is_some() {
        return Err(wrong(
            "kms_key_id",
            "and a customer key (sse_customer_key, AWS_SSE_CUSTOMER_KEY) exclude each other",
        ));
    }
    let customer = customer.map(|key| customer_key(&key)).transpose()?;
    // terraform sends none of them without `encrypt`; a state that it wrote could not be read with a key that it did not use.
    if attributes.flag("encrypt")? != Some(Flag::On) {
        return Ok(Encryption::OfTheBucket);
    }
    match (kms, customer) {
        (Some(kms), _) => Ok(Encryption::Kms(header("kms_key_id", &kms)?)),
        (None, Some(customer)) => Ok(customer),
        (None, None) => Ok(Encryption::Managed),
    }
}

fn customer_key(key: &str) -> Result<Encryption, StoreError> {
    let must = "must be the base64 text of 32 bytes";
    let bytes = reqsign_core::hash::base64_decode(key).map_err(|_| wrong("sse_customer_key", must))?;
    if bytes.len() != 32 {
        return Err(wrong("sse_customer_key", must));
    }
    let mut key = header("sse_customer_key", key)?;
    key.set_sensitive(true);
    let md5 = header("sse_customer_key", &reqsign_core::hash::base64_encode(&super::md5(&bytes)))?;
    Ok(Encryption::Customer { key, md5 })
}

fn header(name: &str, value: &str) -> Result<HeaderValue, StoreError> {
    HeaderValue::from_str(value).map_err(|_| wrong(name, "holds characters that cannot be sent"))
}

/// Names of objects that terraform refuses, or that no HTTP client can send as they are.
pub(super) fn check_key(name: &str, key: &str) -> Result<(), StoreError> {
    if key.is_empty() || key.starts_with('/') || key.ends_with('/') {
        return Err(wrong(name, "must not be empty, and must not begin or end with '/'"));
    }
    if key.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Err(wrong(name, "must not hold '//', and no part of it may be '.' or '..'"));
    }
    if key.chars().any(char::is_control) {
        return Err(wrong(name, "must not hold control characters"));
    }
    if key.len() > 1000 {
        return Err(StoreError::new(ErrorClass::Configuration, "backend s3", format!("the {name} is too long")));
    }
    Ok(())
}
