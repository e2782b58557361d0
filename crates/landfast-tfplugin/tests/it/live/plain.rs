//! The provider in Rust of `tests/providers/plain`: version 6, over TCP, with TLS or without, with nested attributes, values of any type,
//! and data that it keeps for itself.

use landfast_state::Value;
use landfast_tfplugin::{
    CallError, Ending, ImportId, ImportOutcome, ProtocolVersion, ProviderReader, ReadOutcome, ResourceState,
    SchemaScope, StartOptions, StoredState, Tls,
};

use super::tools::{members, provider_tools};

async fn reads(tls: Tls) {
    let folder = tempfile::tempdir().unwrap();
    let put = |id: &str, text: &str| std::fs::write(folder.path().join(format!("{id}.json")), text).unwrap();
    let mut options = StartOptions::default();
    options.tls = tls;
    options.environment.push(("PLAIN_FOLDER".into(), folder.path().into()));
    // Its library adds them to its errors.
    options.environment.push(("RUST_BACKTRACE".into(), "0".into()));
    let reader = ProviderReader::start(&provider_tools().join("terraform-provider-plain"), &options).await.unwrap();
    assert_eq!((reader.protocol(), reader.is_encrypted()), (ProtocolVersion::V6, tls == Tls::Automatic));
    let schemas = reader.schemas(&SchemaScope::Everything).await.unwrap().value;
    assert!(schemas.unusable.is_empty(), "{:?}", schemas.unusable);
    reader.configure(&schemas.provider, members("{}")).await.unwrap();
    let thing = &schemas.resources["plain_thing"];
    assert_eq!(
        thing.value_type().expression(),
        r#"["object",{"any":"dynamic","disk":["list",["object",{"size":"number"}]],"hosts":["map",["object",{"password":"string","port":"number"}]],"id":"string"}]"#
    );

    put(
        "a",
        r#"{"any": "text", "hosts": {"one": {"port": 1, "password": "secret-one"}, "two": {"port": 2, "password": null}},
            "disks": [10, 9007199254740993]}"#,
    );
    // It gives back what it was given, as JSON, and wants MessagePack.
    let stored = r#"{"id": "a", "any": {"value": "old", "type": "string"}, "disk": [], "hosts": null}"#;
    let upgraded = reader.upgrade(thing, &StoredState::json(2, stored.into())).await.unwrap().value;
    let older = reader.upgrade(thing, &StoredState::json(1, stored.into())).await.unwrap_err();
    assert!(older.to_string().contains("Upgrade is not supported"), "{older}");
    let read = async |state: ResourceState| reader.read(thing, &state).await.map(|answer| answer.value);
    let ReadOutcome::Found(a) = read(upgraded).await.unwrap() else { panic!("not found") };
    assert_eq!(
        Value::Object(a.members().clone()).to_string(),
        r#"{"any": {"type": "string", "value": "text"}, "disk": [{"size": 10}, {"size": 9007199254740993}], "#
            .to_owned()
            + r#""hosts": {"one": {"password": (sensitive value), "port": 1}, "two": {"password": null, "port": 2}}, "id": "a"}"#
    );
    // What it keeps for itself goes there and comes back.
    let once = a.private().clone();
    let ReadOutcome::Found(again) = read((*a).clone()).await.unwrap() else { panic!("not found") };
    assert!(!once.is_empty() && once != again.private(), "{once:?}");
    assert_eq!(a.members(), again.members());

    let none = ResourceState::new(thing, members(r#"{"id": "none", "hosts": {}}"#)).unwrap();
    assert!(matches!(read(none).await.unwrap(), ReadOutcome::Gone));
    put("bad", r#"{"fail": "no access"}"#);
    let bad = ResourceState::new(thing, members(r#"{"id": "bad", "hosts": {}}"#)).unwrap();
    let error = read(bad).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "terraform-provider-plain: ReadResource of plain_thing was answered with an error: hosts.a.port: cannot read: no access"
    );

    let imported = reader.import(&schemas, "plain_thing", &ImportId::Text("a".to_owned())).await.unwrap().value;
    let ImportOutcome::Found(imported) = imported else { panic!("{imported:?}") };
    assert_eq!(imported[0].state.members(), a.members());
    let missing = reader.import(&schemas, "plain_thing", &ImportId::Text("none".to_owned())).await;
    assert!(matches!(missing, Err(CallError::Refused { .. })), "{missing:?}");
    let by_identity = reader.import(&schemas, "plain_thing", &ImportId::Identity(members(r#"{"id": "a"}"#))).await;
    assert!(matches!(by_identity, Err(CallError::Unsupported { .. })), "{by_identity:?}");
    assert_eq!(reader.close().await, Ending::Itself);
}

#[tokio::test]
async fn everything_through_tls() {
    reads(Tls::Automatic).await;
}

#[tokio::test]
async fn everything_without_tls() {
    reads(Tls::Off).await;
}
