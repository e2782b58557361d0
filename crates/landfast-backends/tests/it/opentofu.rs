//! States that OpenTofu encrypted.

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use landfast_backends::change::{ChangeOptions, begin};
use landfast_backends::conformance::{Options, Subject};
use landfast_backends::encrypt::Passphrase;
use landfast_backends::opentofu::{
    HashFunction, OpenTofuEncrypted, OpenTofuError, Parameters, is_encrypted, open, seal,
};
use landfast_backends::{ErrorClass, Expected, LockInfo, MemoryStore, StateKey, StateStore, StateWrite, WriteNote};
use proptest::prelude::*;

const PASSPHRASE: &str = "correct horse battery staple";

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE).unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/opentofu").join(name)).unwrap()
}

fn quick() -> Parameters {
    Parameters::default().with_iterations(200_000)
}

fn store(inner: &MemoryStore) -> OpenTofuEncrypted {
    OpenTofuEncrypted::new(Arc::new(inner.clone()), passphrase(), quick())
}

#[test]
fn what_another_implementation_encrypted_is_read() {
    let plain = fixture("plain.tfstate");
    for (name, provider, iterations, hash_function, salt_length) in [
        ("default.encrypted", "key_provider.pbkdf2.default", 600_000, HashFunction::Sha512, 32),
        ("sha256-short-salt.encrypted", "key_provider.pbkdf2.migration_key", 200_000, HashFunction::Sha256, 16),
        ("alias.encrypted", "my-alias", 250_000, HashFunction::Sha512, 32),
        ("first-alpha.encrypted", "key_provider.pbkdf2.default", 200_000, HashFunction::Sha512, 32),
    ] {
        let sealed = fixture(name);
        assert!(is_encrypted(&sealed));
        let opened = open(&sealed, &passphrase(), name).unwrap();
        assert_eq!(opened.plain, plain, "{name}");
        let of = &opened.parameters;
        assert_eq!((of.provider.as_str(), of.iterations), (provider, iterations));
        assert_eq!((of.hash_function, of.salt_length), (hash_function, salt_length));
        // Sealed again in the same way, and under another salt and nonce.
        let again = seal(&plain, of, &passphrase(), name).unwrap();
        assert_ne!(again, sealed);
        let reopened = open(&again, &passphrase(), name).unwrap();
        assert_eq!((&reopened.plain, &reopened.parameters), (&opened.plain, of));
    }
    assert!(!is_encrypted(&plain));
}

/// The reader of this is another implementation: `fixtures/make/make_opentofu.py` has the writer of the same.
#[test]
fn what_is_written_has_the_members_of_the_format() {
    let sealed = seal(&fixture("plain.tfstate"), &quick().with_name("mine"), &passphrase(), "it").unwrap();
    let json: serde_json::Value = serde_json::from_slice(&sealed).unwrap();
    let members: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = vec!["serial", "lineage", "meta", "encrypted_data", "encryption_version"];
    expected.sort_unstable();
    let mut sorted = members.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(json["serial"], 3);
    assert_eq!(json["lineage"], "8a2c6a3e-5f0e-4a53-9d2e-0d6f7a1b2c3d");
    assert_eq!(json["encryption_version"], "v0");
    assert!(json["meta"]["key_provider.pbkdf2.mine"].is_string());
    assert!(!String::from_utf8(sealed).unwrap().contains("greeting"));
}

#[test]
fn other_key_providers_are_refused_by_name() {
    for (name, what) in
        [("aws-kms.encrypted", "the key provider aws_kms"), ("openbao.encrypted", "the key provider openbao")]
    {
        let error = open(&fixture(name), &passphrase(), name).unwrap_err();
        assert_eq!(error.to_string(), format!("{name}: the encryption uses {what}, which Landfast does not support"));
    }
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(fixture("default.encrypted")).unwrap();
        assert!(text.contains(from));
        open(text.replace(from, to).as_bytes(), &passphrase(), "it").unwrap_err().to_string()
    };
    let unsupported = |what: &str| format!("it: the encryption uses {what}, which Landfast does not support");
    assert_eq!(replaced("\"v0\"", "\"v1\""), unsupported("the version v1 of the format"));
    assert_eq!(replaced("key_provider.pbkdf2.", "key_provider.xor."), unsupported("the key provider xor"));
    let error = open(&fixture("plain.tfstate"), &passphrase(), "it").unwrap_err();
    assert!(matches!(error, OpenTofuError::NotEncrypted { .. }), "{error}");
}

#[test]
fn what_was_changed_or_cut_or_is_under_another_passphrase_is_refused() {
    let sealed = fixture("sha256-short-salt.encrypted");
    let wrong = Passphrase::new("correct horse battery stable").unwrap();
    let error = open(&sealed, &wrong, "it").unwrap_err();
    assert!(matches!(error, OpenTofuError::NotOpened { .. }), "{error}");
    assert!(!error.to_string().contains("horse"));
    for length in 0..sealed.len() {
        assert!(open(&sealed[..length], &passphrase(), "it").is_err(), "{length}");
    }
    let text = String::from_utf8(sealed).unwrap();
    // Serial and lineage beside it are not authenticated by the format.
    for (from, to, member) in [("\"serial\":3", "\"serial\":4", "serial"), ("8a2c6a3e", "9a2c6a3e", "lineage")] {
        let error = open(text.replace(from, to).as_bytes(), &passphrase(), "it").unwrap_err();
        assert!(matches!(error, OpenTofuError::Swapped { member: found, .. } if found == member), "{error}");
    }
    // Each letter of the encrypted state.
    let start = text.find("\"encrypted_data\":\"").unwrap() + 18;
    let end = start + text[start..].find('"').unwrap();
    for at in (start..end).step_by(41) {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(open(&changed, &passphrase(), "it").is_err(), "{at}");
    }
}

#[test]
fn what_opentofu_would_refuse_is_not_written() {
    let plain = fixture("plain.tfstate");
    let short = Passphrase::new("fifteen letters").unwrap();
    let error = seal(&plain, &quick(), &short, "it").unwrap_err();
    assert!(matches!(error, OpenTofuError::ShortPassphrase { .. }), "{error}");
    for iterations in [0, 199_999, u32::MAX] {
        let error = seal(&plain, &quick().with_iterations(iterations), &passphrase(), "it").unwrap_err();
        assert!(matches!(error, OpenTofuError::Unsupported { .. }), "{error}");
    }
    for plain in ["{}", "[]", "", "{\"version\": 4}"] {
        let error = seal(plain.as_bytes(), &quick(), &passphrase(), "it").unwrap_err();
        assert!(matches!(error, OpenTofuError::NoState { .. }), "{error}");
    }
}

#[test]
fn a_hostile_state_does_not_keep_anyone_busy() {
    let text = String::from_utf8(seal(&fixture("plain.tfstate"), &quick(), &passphrase(), "it").unwrap()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let meta = json["meta"]["key_provider.pbkdf2.default"].as_str().unwrap();
    // `{"salt":"", …` with as many iterations as fit, in Base64.
    let hostile =
        "eyJzYWx0IjoiQUFBQSIsIml0ZXJhdGlvbnMiOjQyOTQ5NjcyOTUsImhhc2hfZnVuY3Rpb24iOiJzaGE1MTIiLCJrZXlfbGVuZ3RoIjozMn0=";
    let error = open(text.replace(meta, hostile).as_bytes(), &passphrase(), "it").unwrap_err().to_string();
    assert_eq!(error, "it: the encryption uses 4294967295 iterations of PBKDF2, which Landfast does not support");
}

#[derive(Debug, Default)]
struct Encrypted(MemoryStore);

impl Subject for Encrypted {
    fn client(&self) -> Arc<dyn StateStore> {
        Arc::new(store(&self.0))
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::new(name)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_passes_the_suite() {
    let mut options = Options::default();
    // Each client derives a key of its own.
    options.rounds = 2;
    options.time_limit = Duration::from_secs(300);
    // Derives, seals and reads JSON without optimisation; 100 MB passes as well, in two minutes.
    options.large = 16 << 20;
    super::suite::check("opentofu over memory", &Encrypted::default(), &options).await;
}

async fn put(inner: &MemoryStore, key: &StateKey, bytes: Vec<u8>) {
    let mut lock = inner.lock(key, LockInfo::new("test", "a@b", SystemTime::now())).await.unwrap();
    let expected = Expected::of(lock.read().await.unwrap().as_ref());
    lock.write(StateWrite::new(expected, bytes.into(), WriteNote::new("a@b", "test"))).await.unwrap();
    lock.release().await.unwrap();
}

#[tokio::test]
async fn a_state_stays_encrypted_as_it_was_while_it_is_changed() {
    let (inner, key) = (MemoryStore::new(), StateKey::new("k"));
    put(&inner, &key, fixture("sha256-short-salt.encrypted")).await;
    let store = store(&inner);
    let options = ChangeOptions::new("alice@laptop", "test", SystemTime::now());
    let changing = begin(&store, &key, &options).await.unwrap();
    let state = changing.state().unwrap().refactor().finish(changing.next_serial(), &options.limits).unwrap();
    changing.commit(state.clone()).await.unwrap();
    let below = inner.read(&key).await.unwrap().unwrap();
    let opened = open(&below.bytes, &passphrase(), "it").unwrap();
    assert_eq!(opened.plain, state.as_bytes());
    assert_eq!(opened.parameters.provider, "key_provider.pbkdf2.migration_key");
    assert_eq!((opened.parameters.hash_function, opened.parameters.iterations), (HashFunction::Sha256, 200_000));
    assert_eq!(store.read(&key).await.unwrap().unwrap().bytes, state.as_bytes());
    let versions = store.versions(&key).await.unwrap();
    assert_eq!(store.read_version(&key, &versions[1].id).await.unwrap().bytes, fixture("plain.tfstate"));
}

#[tokio::test]
async fn what_is_there_in_plain_text_or_cannot_be_opened_is_left_alone() {
    let (inner, key) = (MemoryStore::new(), StateKey::new("k"));
    let options = ChangeOptions::new("alice@laptop", "test", SystemTime::now());
    for (bytes, class, message) in [
        (fixture("plain.tfstate"), ErrorClass::Configuration, "memory:k: it is no state that OpenTofu encrypted"),
        (
            fixture("aws-kms.encrypted"),
            ErrorClass::Unsupported,
            "memory:k: the encryption uses the key provider aws_kms, which Landfast does not support",
        ),
    ] {
        put(&inner, &key, bytes.clone()).await;
        let store = store(&inner);
        let error = store.read(&key).await.unwrap_err();
        assert_eq!((error.class, error.source().unwrap().to_string().as_str()), (class, message));
        assert!(begin(&store, &key, &options).await.is_err());
        let mut lock = store.lock(&key, LockInfo::new("test", "a@b", SystemTime::now())).await.unwrap();
        let there = inner.read(&key).await.unwrap().unwrap();
        let write = StateWrite::new(there.expected(), fixture("plain.tfstate").into(), WriteNote::new("a@b", "test"));
        assert!(lock.write(write).await.is_err());
        lock.release().await.unwrap();
        assert_eq!(inner.read(&key).await.unwrap().unwrap().bytes, bytes);
    }
    // And what is encrypted is not encrypted again.
    let (store, key) = (store(&inner), StateKey::new("new"));
    let mut lock = store.lock(&key, LockInfo::new("test", "a@b", SystemTime::now())).await.unwrap();
    let twice = StateWrite::new(Expected::Absent, fixture("default.encrypted").into(), WriteNote::new("a@b", "test"));
    assert_eq!(lock.write(twice).await.unwrap_err().class, ErrorClass::Configuration);
    lock.release().await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_was_sealed_opens_to_the_same(lineage in "[a-z0-9-]{1,30}", serial: u64, text in "\\PC{0,200}") {
        let plain = serde_json::json!({
            "version": 4, "serial": serial, "lineage": lineage, "terraform_version": "1.10.0", "outputs": {"o": text},
        });
        let plain = serde_json::to_vec(&plain).unwrap();
        let sealed = seal(&plain, &quick(), &passphrase(), "it").unwrap();
        let opened = open(&sealed, &passphrase(), "it").unwrap();
        prop_assert_eq!(&opened.plain[..], &plain[..]);
    }
}
