//! The settings of a bucket: terraform's attributes and variables of the backend `gcs`.

use std::fmt;

use http::{HeaderMap, HeaderValue, Uri};
use reqsign_core::hash::{base64_decode, base64_encode};
use reqsign_google::{
    Credential, DefaultCredentialProvider, RequestSigner, ServiceAccountImpersonationCredentialProvider,
    ServiceAccountImpersonationGrant, StaticCredentialProvider, TokenCredentialProvider,
};

use crate::address::StateAddress;
use crate::attributes::Attributes;
use crate::error::StoreError;
use crate::open::Environment;
use crate::signing::SignedWire;
use crate::wire::Wire;

/// Where Google's JSON API is.
const GOOGLE: &str = "https://storage.googleapis.com/storage/v1/";
/// What access is asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";

const KNOWN: &[&str] = &[
    "bucket",
    "prefix",
    "credentials",
    "access_token",
    "impersonate_service_account",
    "impersonate_service_account_delegates",
    "storage_custom_endpoint",
    "encryption_key",
    "kms_encryption_key",
];

/// The settings of a bucket.
pub(super) struct Settings {
    pub(super) bucket: String,
    /// Where the JSON API is, with a slash at the end.
    pub(super) base: String,
    /// Where objects are uploaded, without a slash at the end.
    pub(super) upload_base: String,
    pub(super) kms_key: Option<String>,
    /// The headers with the key that states are encrypted with, empty where the caller has none.
    pub(super) own_key: HeaderMap,
    pub(super) wire: SignedWire<Credential>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("bucket", &self.bucket).field("base", &self.base).finish_non_exhaustive()
    }
}

impl Settings {
    pub(super) fn of(address: &StateAddress, environment: &Environment) -> Result<Self, StoreError> {
        let attributes = Attributes::new(address, environment);
        attributes.only(KNOWN)?;
        let bucket = attributes.required("bucket", &[])?;
        let emulator = environment.get("STORAGE_EMULATOR_HOST");
        let endpoint = attributes.text(
            "storage_custom_endpoint",
            &["GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT", "GOOGLE_STORAGE_CUSTOM_ENDPOINT"],
        )?;
        let base = match (endpoint, emulator) {
            (Some(endpoint), _) => endpoint,
            (None, Some(host)) => {
                let host = host.trim_end_matches('/');
                let scheme = if host.contains("://") { "" } else { "http://" };
                format!("{scheme}{host}/storage/v1/")
            }
            (None, None) => GOOGLE.to_owned(),
        };
        let base = format!("{}/", base.trim_end_matches('/'));
        let upload_base = upload_base(&base)
            .ok_or_else(|| attributes.wrong("the attribute storage_custom_endpoint is no http or https URL"))?;

        let key = attributes.text("encryption_key", &["GOOGLE_ENCRYPTION_KEY"])?;
        let kms_key = attributes.text("kms_encryption_key", &["GOOGLE_KMS_ENCRYPTION_KEY"])?;
        let own_key = match (key, &kms_key) {
            (Some(_), Some(_)) => {
                return Err(attributes.wrong("encryption_key and kms_encryption_key cannot both be set"));
            }
            (Some(key), None) => {
                let key = attributes.path_or_contents("encryption key", &key)?;
                key_headers(key.trim())
                    .ok_or_else(|| attributes.wrong("the encryption key is not 32 bytes in Base64"))?
            }
            (None, _) => HeaderMap::new(),
        };
        let wire = Wire::new("backend gcs", |builder| builder)?;
        let wire = sign(&attributes, environment, wire)?;
        Ok(Self { bucket, base, upload_base, kms_key, own_key, wire })
    }
}

/// Where uploads go: beside the API, under `/upload`, as Google's own clients have it.
fn upload_base(base: &str) -> Option<String> {
    let uri: Uri = base.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    Some(format!("{scheme}://{}/upload/storage/v1", uri.authority()?))
}

/// The headers that hand a key over: the key, and its digest for the server to check.
fn key_headers(key: &str) -> Option<HeaderMap> {
    let bytes = base64_decode(key).ok().filter(|bytes| bytes.len() == 32)?;
    let digest = reqsign_core::hash::hex_sha256(&bytes);
    let digest: Vec<u8> = (0..digest.len() / 2)
        .filter_map(|index| u8::from_str_radix(digest.get(2 * index..2 * index + 2)?, 16).ok())
        .collect();
    let mut key = HeaderValue::from_str(key).ok()?;
    key.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert("x-goog-encryption-algorithm", HeaderValue::from_static("AES256"));
    headers.insert("x-goog-encryption-key", key);
    headers.insert("x-goog-encryption-key-sha256", HeaderValue::from_str(&base64_encode(&digest)).ok()?);
    Some(headers)
}

/// Chooses where credentials come from, in terraform's order.
fn sign(
    attributes: &Attributes<'_>,
    environment: &Environment,
    wire: Wire,
) -> Result<SignedWire<Credential>, StoreError> {
    let impersonated = attributes.text(
        "impersonate_service_account",
        &["GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"],
    )?;
    let delegates = attributes.texts("impersonate_service_account_delegates")?;
    let signs = || RequestSigner::new("storage").with_scope(SCOPE);
    let grant =
        impersonated.map(|account| ServiceAccountImpersonationGrant::new(account, [SCOPE]).with_delegates(delegates));
    macro_rules! signed {
        ($source:expr, $provider:expr) => {
            match grant {
                None => SignedWire::new(wire, environment, $source, $provider, signs()),
                Some(grant) => {
                    let provider = ServiceAccountImpersonationCredentialProvider::new($provider, grant);
                    SignedWire::new(wire, environment, $source, provider, signs())
                }
            }
        };
    }
    if let Some(token) = attributes.text("access_token", &["GOOGLE_OAUTH_ACCESS_TOKEN"])? {
        return Ok(signed!("the access token", TokenCredentialProvider::new(token)));
    }
    if let Some(given) = attributes.text("credentials", &["GOOGLE_BACKEND_CREDENTIALS", "GOOGLE_CREDENTIALS"])? {
        let contents = attributes.path_or_contents("credentials", &given)?;
        if serde_json::from_str::<serde::de::IgnoredAny>(&contents).is_err() {
            return Err(attributes.wrong("the credentials are neither JSON nor the path of a file with it"));
        }
        return Ok(signed!("the attribute or variable with credentials", StaticCredentialProvider::new(contents)));
    }
    if environment.get("STORAGE_EMULATOR_HOST").is_some() {
        return Ok(SignedWire::unsigned(wire));
    }
    Ok(signed!(
        "GOOGLE_APPLICATION_CREDENTIALS, gcloud's own file, or the metadata server of the machine",
        DefaultCredentialProvider::new()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorClass;

    fn settings(attributes: serde_json::Value, variables: &[(&str, &str)]) -> Result<Settings, StoreError> {
        let serde_json::Value::Object(attributes) = attributes else { panic!("an object") };
        let address = StateAddress::from_backend("gcs", &attributes, "default").unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::of(&address, &variables.collect())
    }

    #[test]
    fn endpoints_are_terraforms() {
        let google = settings(serde_json::json!({"bucket": "b"}), &[]).unwrap();
        assert_eq!(google.base, "https://storage.googleapis.com/storage/v1/");
        assert_eq!(google.upload_base, "https://storage.googleapis.com/upload/storage/v1");
        let custom = serde_json::json!({"bucket": "b", "storage_custom_endpoint": "http://127.0.0.1:4443/storage/v1/"});
        assert_eq!(settings(custom, &[]).unwrap().upload_base, "http://127.0.0.1:4443/upload/storage/v1");
        let emulator = settings(serde_json::json!({"bucket": "b"}), &[("STORAGE_EMULATOR_HOST", "localhost:9")]);
        assert_eq!(emulator.unwrap().base, "http://localhost:9/storage/v1/");
    }

    #[test]
    fn keys_are_handed_over_with_their_digest() {
        // The key and the digest of Google's documentation of customer-supplied keys.
        let headers = key_headers("CTaQf1Z9rrw+qr2hvsT9q1D4L+Cg9ko6ZmJv8kCwKLY=");
        let headers = headers.unwrap();
        let digest = headers.get("x-goog-encryption-key-sha256").unwrap().to_str().unwrap();
        assert_eq!(base64_decode(digest).unwrap().len(), 32);
        assert!(headers.get("x-goog-encryption-key").unwrap().is_sensitive());
        assert!(key_headers("aHVudGVyMg==").is_none());
    }

    #[test]
    fn what_is_wrong_is_said_without_values() {
        for (attributes, message) in [
            (serde_json::json!({"bucket": "b", "credentials": "hunter2"}), "the credentials are neither JSON nor"),
            (serde_json::json!({"bucket": "b", "encryption_key": "hunter2"}), "the encryption key is not 32 bytes"),
            (serde_json::json!({"bucket": "b", "storage_custom_endpoint": "hunter2"}), "is no http or https URL"),
            (serde_json::json!({"bucket": "b", "hunter": "hunter2"}), "the attribute hunter is not supported"),
            (serde_json::json!({"bucket": "b", "encryption_key": "x", "kms_encryption_key": "hunter2"}), "both"),
            (serde_json::json!({"prefix": "p"}), "the attribute bucket is missing"),
        ] {
            let error = settings(attributes, &[]).unwrap_err();
            assert_eq!(error.class, ErrorClass::Configuration);
            assert!(error.to_string().contains(message), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
