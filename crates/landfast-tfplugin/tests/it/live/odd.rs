//! The provider in `tests/providers`, which does as it is told: version 6, always through TLS.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use landfast_state::Value;
use landfast_tfplugin::{
    CallError, DataOutcome, Ending, ImportId, ImportOutcome, ProtocolVersion, ProviderReader, ProviderSchemas,
    ReadOutcome, ResourceSchema, ResourceState, SchemaScope, StartError, StartOptions, StoredState, Tls,
};

use super::tools::{members, provider_tools};

pub(super) fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/providers/terraform-provider-odd")
}

pub(super) fn options() -> StartOptions {
    let mut options = StartOptions::default();
    let path = std::env::var_os("PATH").unwrap();
    let folders = std::iter::once(provider_tools().join("venv/bin")).chain(std::env::split_paths(&path));
    options.environment.push(("PATH".into(), std::env::join_paths(folders).unwrap()));
    options
}

/// The provider, and the folder with its objects.
struct Odd {
    reader: ProviderReader,
    schemas: ProviderSchemas,
    folder: tempfile::TempDir,
}

impl Odd {
    async fn start(options: &StartOptions) -> Self {
        let reader = ProviderReader::start(&program(), options).await.unwrap();
        assert!(reader.is_encrypted());
        assert_eq!(reader.protocol(), ProtocolVersion::V6);
        let schemas = reader.schemas(&SchemaScope::Everything).await.unwrap().value;
        let folder = tempfile::tempdir().unwrap();
        let config = serde_json::json!({ "folder": folder.path(), "password": "hunter2-hunter2" });
        reader.configure(&schemas.provider, members(&config.to_string())).await.unwrap();
        Self { reader, schemas, folder }
    }

    fn thing(&self) -> &ResourceSchema {
        &self.schemas.resources["odd_thing"]
    }

    /// Puts an object there.
    fn put(&self, id: &str, text: &str) {
        std::fs::write(self.folder.path().join(format!("{id}.json")), text).unwrap();
    }

    fn state(&self, id: &str) -> ResourceState {
        let text = format!(r#"{{"id": "{id}", "name": "{id}"}}"#);
        ResourceState::new(self.thing(), members(&text)).unwrap()
    }

    async fn read(&self, id: &str) -> Result<ReadOutcome, CallError> {
        self.reader.read(self.thing(), &self.state(id)).await.map(|answer| answer.value)
    }

    async fn found(&self, id: &str) -> ResourceState {
        match self.read(id).await.unwrap() {
            ReadOutcome::Found(state) => *state,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn objects_with_sets_blocks_and_secrets_are_read_gone_imported_and_listed() {
    let odd = Odd::start(&options()).await;
    let exact = "123456789012345678901234567890";
    odd.put(
        "a",
        r#"{"name": "a", "size": 12, "labels": ["x", "y"], "limits": {"cpu": 0.5, "memory": 9007199254740993},
            "token": "secret-of-the-state", "rule": [{"port": 80}, {"port": 443, "key": "secret-of-the-rule"}]}"#,
    );
    let a = odd.found("a").await;
    assert_eq!(
        Value::Object(a.members().clone()).to_string(),
        r#"{"id": "a", "labels": ["x", "y"], "limits": {"cpu": 0.5, "memory": 9007199254740993}, "name": "a", "note": null, "#
            .to_owned()
            + r#""rule": [{"key": null, "port": 80}, {"key": (sensitive value), "port": 443}], "size": 12, "token": (sensitive value)}"#
    );
    assert!(!format!("{a:?}").contains("secret-of-the"), "{a:?}");
    assert!(matches!(odd.read("b").await.unwrap(), ReadOutcome::Gone));

    let imported = odd.reader.import(&odd.schemas, "odd_thing", &ImportId::Text("a".to_owned())).await.unwrap();
    let ImportOutcome::Found(imported) = imported.value else { panic!("{imported:?}") };
    assert_eq!(imported[0].state.members(), a.members());
    let Err(CallError::Refused { diagnostics, .. }) =
        odd.reader.import(&odd.schemas, "odd_thing", &ImportId::Text("b".to_owned())).await
    else {
        panic!("imported")
    };
    assert_eq!(diagnostics[0].to_string(), "no such thing: b is not there");

    let things = odd.reader.read_data(&odd.schemas.data_sources["odd_things"], members("{}")).await.unwrap();
    let DataOutcome::Found(things) = things.value else { panic!("{things:?}") };
    assert_eq!(things["ids"].to_string(), r#"["a"]"#);

    // A number that no float holds goes there and comes back.
    let text = format!(r#"{{"id": "a", "name": "a", "size": {exact}}}"#);
    let large = ResourceState::new(odd.thing(), members(&text)).unwrap();
    assert_eq!(large.members()["size"].to_string(), exact);
    assert_eq!(odd.reader.close().await, Ending::Itself);
}

#[tokio::test]
async fn a_state_of_an_older_schema_is_upgraded() {
    let odd = Odd::start(&options()).await;
    let text = r#"{"id": "a", "name": "a", "size": null, "label": "x", "limits": null, "token": null, "note": null, "rule": []}"#;
    let upgraded = odd.reader.upgrade(odd.thing(), &StoredState::json(0, text.into())).await.unwrap();
    assert_eq!(upgraded.value.members()["labels"].to_string(), r#"["x"]"#);
    // What does not fit the schema names the attribute.
    let short = StoredState::json(1, r#"{"id": "a", "name": ["b"], "rule": []}"#.into());
    let error = odd.reader.upgrade(odd.thing(), &short).await.unwrap_err();
    assert!(matches!(error, CallError::Value { .. }), "{error}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "name: a string is expected, and a list is there");
    odd.reader.close().await;
}

#[tokio::test]
async fn failures_say_what_failed_and_show_no_secret() {
    let odd = Odd::start(&options()).await;
    odd.put("bad", r#"{"name": "bad", "behaviour": {"fail": "no access with hunter2-hunter2", "path": ["token"]}}"#);
    let error = odd.read("bad").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "terraform-provider-odd: ReadResource of odd_thing was answered with an error: token: cannot read: no access with \
         (sensitive value)"
    );
    odd.put("odd", r#"{"name": "odd", "behaviour": {"warn": "is odd"}}"#);
    let answer = odd.reader.read(odd.thing(), &odd.state("odd")).await.unwrap();
    assert_eq!(answer.warnings[0].to_string(), "is odd");
    odd.put("busy", r#"{"name": "busy", "behaviour": {"throttle": 1}}"#);
    assert!(odd.read("busy").await.unwrap_err().to_string().contains("Throttling: Rate exceeded: slow down"));
    odd.found("busy").await;

    let config = r#"{"folder": "/no/such/folder", "password": "hunter3-hunter3"}"#;
    let error = odd.reader.configure(&odd.schemas.provider, members(config)).await.unwrap_err();
    assert!(
        error.to_string().ends_with("folder: no such folder: password (sensitive value) does not help")
            || error.to_string().contains("folder: no such folder"),
        "{error}"
    );
    assert!(!error.to_string().contains("hunter3"), "{error}");
    odd.reader.close().await;
}

#[tokio::test]
async fn reads_go_on_at_the_same_time_and_none_is_waited_for_longer_than_it_may() {
    let mut limited = options();
    limited.call_timeout = Duration::from_secs(4);
    let odd = Odd::start(&limited).await;
    for id in ["a", "b", "c", "d"] {
        odd.put(id, r#"{"name": "x", "behaviour": {"delay": 1}}"#);
    }
    odd.put("slow", r#"{"name": "slow", "behaviour": {"delay": 60}}"#);
    let start = Instant::now();
    let (a, b, c, d) = tokio::join!(odd.read("a"), odd.read("b"), odd.read("c"), odd.read("d"));
    assert!([a, b, c, d].iter().all(Result::is_ok));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    let error = odd.read("slow").await.unwrap_err();
    assert_eq!(error.to_string(), "terraform-provider-odd did not answer ReadResource of odd_thing within 4 s");
    // It still sleeps, and does not end when it is asked to.
    let start = Instant::now();
    odd.reader.close().await;
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_message_of_60_mb_is_read_and_one_of_100_mb_is_refused() {
    let odd = Odd::start(&options()).await;
    odd.put("large", r#"{"name": "large", "behaviour": {"giant": 60000000}}"#);
    let large = odd.found("large").await;
    assert!(matches!(&large.members()["note"], Value::String(text) if text.len() == 60_000_000));
    odd.put("larger", r#"{"name": "larger", "behaviour": {"giant": 100000000}}"#);
    let error = odd.read("larger").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "terraform-provider-odd answered ReadResource of odd_thing with a message of more than 67108864 bytes"
    );
    // The connection is as good as before.
    odd.put("small", r#"{"name": "small"}"#);
    odd.found("small").await;
    odd.reader.close().await;
}

#[tokio::test]
async fn a_crash_in_a_call_is_told_with_the_last_words() {
    let odd = Odd::start(&options()).await;
    odd.put("bad", r#"{"name": "bad", "behaviour": {"crash": true}}"#);
    let error = odd.read("bad").await.unwrap_err().to_string();
    let says = "terraform-provider-odd ended before it answered ReadResource of odd_thing (exit status: 11)";
    assert!(error.starts_with(says) && error.contains("panic: told to crash"), "{error}");
    assert!(odd.reader.has_ended());
}

#[tokio::test]
async fn without_an_offer_it_is_spoken_to_through_tls_all_the_same() {
    let mut off = options();
    off.tls = Tls::Off;
    let odd = Odd::start(&off).await;
    odd.put("a", r#"{"name": "a"}"#);
    odd.found("a").await;
    odd.reader.close().await;
}

#[tokio::test]
async fn a_key_that_is_too_weak_is_refused() {
    let mut weak = options();
    weak.environment.push(("ODD_KEY_BITS".into(), "1024".into()));
    let error = ProviderReader::start(&program(), &weak).await.unwrap_err();
    assert!(matches!(error, StartError::Unreachable { .. }), "{error}");
}
