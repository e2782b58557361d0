//! A real provider that lies about itself, or prints what nobody asked for: `null` behind a program that changes what it prints.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use landfast_tfplugin::{CallError, Ending, ProviderReader, ReadOutcome, SchemaScope, StartOptions, StoredState, Tls};

use super::tools::{members, null};

/// The provider behind this filter of what it prints.
struct Behind {
    folder: tempfile::TempDir,
}

impl Behind {
    fn new(filter: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("terraform-provider-null");
        std::fs::write(&program, format!("#!/bin/sh\n{} | {filter}\n", null().display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// Starts it and asks for its schemas; both must be over soon.
    async fn schemas(&self, tls: Tls) -> Result<ProviderReader, String> {
        let mut options = StartOptions::default();
        options.tls = tls;
        options.start_timeout = Duration::from_secs(10);
        options.call_timeout = Duration::from_secs(10);
        let start = Instant::now();
        let started = ProviderReader::start(&self.folder.path().join("terraform-provider-null"), &options).await;
        let asked = match started {
            Ok(reader) => match reader.schemas(&SchemaScope::Everything).await {
                Ok(_) => Ok(reader),
                Err(error) => {
                    assert!(!matches!(error, CallError::TimedOut { .. }), "{error}");
                    reader.close().await;
                    Err(error.to_string())
                }
            },
            Err(error) => {
                let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
                Err(format!("{error}{}", source.unwrap_or_default()))
            }
        };
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        asked
    }
}

/// A certificate that nobody has the key of any more, as a handshake has it.
fn certificate() -> String {
    use base64::Engine as _;
    let key = rcgen::KeyPair::generate().unwrap();
    let made = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(made.der())
}

#[tokio::test]
async fn another_version_than_the_one_that_it_speaks() {
    let said = Behind::new("sed -u 's/^1|5|/1|6|/'").schemas(Tls::Automatic).await.unwrap_err();
    assert!(said.starts_with("terraform-provider-null") && said.contains("GetProviderSchema"), "{said}");
}

#[tokio::test]
async fn no_certificate_where_it_has_one_another_one_and_one_where_it_has_none() {
    let said = Behind::new("sed -u 's/|grpc|.*/|grpc/'").schemas(Tls::Automatic).await.unwrap_err();
    assert!(said.contains("terraform-provider-null"), "{said}");
    let other = format!("sed -u 's#|grpc|.*#|grpc|{}#'", certificate());
    let said = Behind::new(&other).schemas(Tls::Automatic).await.unwrap_err();
    assert!(said.contains("no connection where it says that it listens: invalid peer certificate"), "{said}");
    let added = format!("sed -u 's#|grpc.*#|grpc|{}#'", certificate());
    let said = Behind::new(&added).schemas(Tls::Off).await.unwrap_err();
    assert!(said.contains("no connection where it says that it listens"), "{said}");
}

#[tokio::test]
async fn noise_after_the_handshake_and_beside_it_changes_nothing() {
    // Megabytes without an end of line, and bytes that are no text, on both outputs.
    let noise = "{ IFS= read -r line; echo \"$line\"; head -c 5000000 /dev/zero | tr '\\0' x; \
                 head -c 3000000 /dev/urandom; head -c 3000000 /dev/urandom >&2; cat; }";
    for tls in [Tls::Automatic, Tls::Off] {
        let reader = Behind::new(noise).schemas(tls).await.unwrap();
        let schemas = reader.schemas(&SchemaScope::Everything).await.unwrap().value;
        reader.configure(&schemas.provider, members("{}")).await.unwrap();
        let resource = &schemas.resources["null_resource"];
        let stored = StoredState::json(0, br#"{"id": "1", "triggers": {"a": "b"}}"#[..].into());
        let state = reader.upgrade(resource, &stored).await.unwrap().value;
        let ReadOutcome::Found(found) = reader.read(resource, &state).await.unwrap().value else { panic!("not found") };
        assert_eq!(found.members(), state.members());
        assert_eq!(reader.close().await, Ending::Itself);
    }
}
