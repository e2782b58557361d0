//! Scans through real providers: a state and a program are enough.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use landfast_observe::scan::{
    NotRead, ObjectReader, ProviderKey, RecordedObject, Scan, ScanOptions, ScanOutcome, ScannedObject, SinkFn,
    UnreadableClass,
};
use landfast_state::schema::Schema;
use landfast_state::{Limits, Members, StateFile, Value};
use landfast_tfplugin::StartOptions;
use landfast_tfplugin::live::{LiveReader, ProviderProgram, ProviderSetup, SetupFuture, WantedTypes};

use super::tools::{Moto, aws, members};
use super::{aws::Deployment, odd};

/// One program with one configuration for everything.
#[derive(Debug)]
pub(super) struct One {
    pub(super) path: PathBuf,
    pub(super) start: StartOptions,
    pub(super) config: Members,
}

impl ProviderSetup for One {
    fn program<'a>(&'a self, _: &'a ProviderKey) -> SetupFuture<'a, ProviderProgram> {
        Box::pin(async { Ok(ProviderProgram { path: self.path.clone(), start: self.start.clone() }) })
    }

    fn configuration<'a>(&'a self, _: &'a ProviderKey, _: &'a Schema) -> SetupFuture<'a, Members> {
        Box::pin(async { Ok(self.config.clone()) })
    }
}

pub(super) fn recorded(state: &str) -> Vec<RecordedObject> {
    let state = StateFile::read(state.to_owned().into(), "test.tfstate", &Limits::default()).unwrap();
    RecordedObject::of_state(&state)
}

pub(super) fn wanted(objects: &[RecordedObject]) -> WantedTypes {
    let mut wanted = WantedTypes::new();
    for object in objects {
        wanted.entry(object.provider_key()).or_default().insert(object.type_name().to_owned());
    }
    wanted
}

/// Everything that is recorded, by address, and the reader.
pub(super) async fn scan(
    setup: One,
    objects: Vec<RecordedObject>,
) -> (BTreeMap<String, ScannedObject>, Arc<LiveReader>) {
    let reader = Arc::new(LiveReader::start(Arc::new(setup), wanted(&objects)).await);
    let mut found = BTreeMap::new();
    let mut sink = SinkFn(|object: ScannedObject| {
        found.insert(object.address().to_string(), object);
    });
    let port: Arc<dyn ObjectReader> = Arc::clone(&reader) as _;
    let objects = objects.into_iter().map(Ok::<_, std::io::Error>);
    Scan::new(port, ScanOptions::default()).run(objects, &mut sink).await.unwrap();
    (found, reader)
}

fn attribute(value: &Value, name: &str) -> String {
    match value {
        Value::Object(members) => members[name].to_string(),
        other => panic!("{other}"),
    }
}

pub(super) fn unreadable(object: &ScannedObject) -> (UnreadableClass, String) {
    match &object.outcome {
        ScanOutcome::NotRead(NotRead::Unreadable(it)) => (it.class, it.to_string()),
        other => panic!("{other:?}"),
    }
}

/// A state of things, of which each has an id, a version of the schema and attributes.
fn things(things: &[(&str, u64, &str)]) -> String {
    let instance = |(id, version, attributes): &(&str, u64, &str)| {
        format!(r#"{{"index_key": "{id}", "schema_version": {version}, "attributes": {attributes}}}"#)
    };
    let instances: Vec<_> = things.iter().map(instance).collect();
    format!(
        r#"{{"version": 4, "serial": 1, "lineage": "l", "resources": [{{"mode": "managed", "type": "odd_thing", "name": "x",
            "provider": "provider[\"registry.terraform.io/test/odd\"]", "instances": [{}]}}]}}"#,
        instances.join(",")
    )
}

fn thing(id: &str, rest: &str) -> String {
    format!(
        r#"{{"id": "{id}", "name": "{id}", "size": null, "labels": null, "limits": null, "token": null, "note": null,
            "rule": []{rest}}}"#
    )
}

#[tokio::test]
async fn each_object_is_found_gone_or_unreadable_for_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let put = |id: &str, text: &str| std::fs::write(folder.path().join(format!("{id}.json")), text).unwrap();
    put("same", r#"{"name": "same", "token": "secret-of-the-state"}"#);
    put("old", r#"{"name": "old", "labels": ["x"]}"#);
    put("denied", r#"{"name": "denied", "behaviour": {"fail": "AccessDenied: not allowed with hunter2-hunter2"}}"#);
    put("refused", r#"{"name": "refused", "behaviour": {"fail": "it is odd"}}"#);
    put("busy", r#"{"name": "busy", "behaviour": {"throttle": 2}}"#);
    put("crash", r#"{"name": "crash", "behaviour": {"crash": true}}"#);
    let old = r#"{"id": "old", "name": "old", "size": null, "label": "x", "limits": null, "token": null, "note": null, "rule": []}"#;
    let all = ["same", "gone", "denied", "refused", "busy", "crash"].map(|id| (id, 1, thing(id, "")));
    let mut list: Vec<(&str, u64, &str)> =
        all.iter().map(|(id, version, text)| (*id, *version, text.as_str())).collect();
    list.push(("old", 0, old));
    let objects = recorded(&things(&list));
    let config = serde_json::json!({ "folder": folder.path(), "password": "hunter2-hunter2" });
    let setup = One { path: odd::program(), start: odd::options(), config: members(&config.to_string()) };
    let (found, reader) = scan(setup, objects).await;
    let at = |id: &str| &found[&format!("odd_thing.x[\"{id}\"]")];

    let same = at("same");
    let ScanOutcome::Found(observed) = &same.outcome else { panic!("{same:?}") };
    assert_eq!(attribute(&observed.value(), "name"), r#""same""#);
    // What the schema calls a secret is one, whatever the state marks.
    assert_eq!(attribute(&observed.value(), "token"), "(sensitive value)");
    assert!(!format!("{found:?}").contains("secret-of-the-state"));

    // Both sides of an old object are in the version that the provider has.
    let old = at("old");
    let ScanOutcome::Found(observed) = &old.outcome else { panic!("{old:?}") };
    assert_eq!((old.recorded.schema_version, observed.schema_version), (1, 1));
    for side in [&old.recorded, &**observed] {
        assert_eq!(attribute(&side.value(), "labels"), r#"["x"]"#);
    }

    assert!(matches!(at("gone").outcome, ScanOutcome::Gone));
    let (class, said) = unreadable(at("denied"));
    assert_eq!(class, UnreadableClass::Denied);
    assert_eq!(said, "ReadResource of odd_thing: cannot read: AccessDenied: not allowed with (sensitive value)");
    assert_eq!(unreadable(at("refused")).0, UnreadableClass::Refused);
    let busy = at("busy");
    assert!(matches!(busy.outcome, ScanOutcome::Found(_)) && busy.attempts >= 3, "{busy:?}");
    let (class, said) = unreadable(at("crash"));
    assert_eq!(class, UnreadableClass::Crashed);
    assert!(said.starts_with("ReadResource of odd_thing: the provider ended ("), "{said}");
    Arc::into_inner(reader).unwrap().close().await;
}

#[tokio::test]
async fn what_cannot_be_started_fails_alone() {
    #[derive(Debug)]
    struct Half(One);
    impl ProviderSetup for Half {
        fn program<'a>(&'a self, key: &'a ProviderKey) -> SetupFuture<'a, ProviderProgram> {
            if key.source.ends_with("/missing") {
                let why = std::io::Error::other("it is nowhere");
                return Box::pin(async move { Err(landfast_tfplugin::live::SetupError::new(&why)) });
            }
            self.0.program(key)
        }

        fn configuration<'a>(&'a self, key: &'a ProviderKey, schema: &'a Schema) -> SetupFuture<'a, Members> {
            self.0.configuration(key, schema)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), r#"{"name": "a"}"#).unwrap();
    let config = serde_json::json!({ "folder": folder.path() });
    let setup = One { path: odd::program(), start: odd::options(), config: members(&config.to_string()) };
    let state = things(&[("a", 1, &thing("a", ""))]);
    let mut objects = recorded(&state);
    objects.extend(recorded(&state.replace("test/odd", "test/missing").replace("odd_thing", "missing_thing")));
    objects.extend(recorded(&state.replace("odd_thing", "odd_nothing")));
    let reader = Arc::new(LiveReader::start(Arc::new(Half(setup)), wanted(&objects)).await);
    let not: Vec<_> = reader.not_started().await;
    assert_eq!(not.len(), 1);
    assert_eq!((not[0].why.class, not[0].full.as_str()), (UnreadableClass::Unsupported, "it is nowhere"));
    let mut found = BTreeMap::new();
    for object in objects {
        let address = object.object.address.to_string();
        found.insert(address, reader.read(Arc::new(object)).await.answer);
    }
    let said: Vec<_> = found
        .iter()
        .map(|(address, answer)| match answer {
            landfast_observe::scan::ReadAnswer::Unreadable(it) => format!("{address}: {} ({})", it, it.class),
            other => format!(
                "{address}: {}",
                if matches!(other, landfast_observe::scan::ReadAnswer::Found { .. }) { "found" } else { "gone" }
            ),
        })
        .collect();
    assert_eq!(
        said,
        [
            r#"missing_thing.x["a"]: it is nowhere (unsupported)"#,
            r#"odd_nothing.x["a"]: terraform-provider-odd has no such type (unsupported)"#,
            r#"odd_thing.x["a"]: found"#,
        ]
    );
}

#[tokio::test]
async fn what_only_the_schema_of_one_object_calls_a_secret_is_masked_in_what_is_said_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let put = |id: &str, text: &str| std::fs::write(folder.path().join(format!("{id}.json")), text).unwrap();
    put("a", r#"{"name": "a"}"#);
    put("b", r#"{"name": "b", "behaviour": {"fail": "not with secret-of-a nor with key-of-a"}}"#);
    put("c", r#"{"name": "c", "behaviour": {"warn": "odd with secret-of-a"}}"#);
    put("crash", r#"{"name": "crash", "behaviour": {"crash": true}}"#);
    let a = thing("a", "").replace(r#""token": null"#, r#""token": "secret-of-a""#);
    let a = a.replace(r#""rule": []"#, r#""rule": [{"port": 1, "key": "key-of-a"}]"#);
    let all = [("a", 1, a), ("b", 1, thing("b", "")), ("c", 1, thing("c", "")), ("crash", 1, thing("crash", ""))];
    let all: Vec<(&str, u64, &str)> = all.iter().map(|(id, version, text)| (*id, *version, text.as_str())).collect();
    let objects = recorded(&things(&all));
    let config = serde_json::json!({ "folder": folder.path() });
    let setup = One { path: odd::program(), start: odd::options(), config: members(&config.to_string()) };
    let reader = LiveReader::start(Arc::new(setup), wanted(&objects)).await;
    let learnt = reader.learn_secrets(objects.iter().cloned().map(Ok::<_, std::io::Error>)).await.unwrap();
    assert_eq!(learnt.redactor().redact("secret-of-a, key-of-a, a"), "(sensitive value), (sensitive value), a");
    let read = async |at: usize| reader.read(Arc::new(objects[at].clone())).await;
    let said = "cannot read: not with (sensitive value) nor with (sensitive value)";
    // Nothing of the first object was read by then, and one that is started again knows as much.
    for _ in 0..2 {
        let landfast_observe::scan::ReadAnswer::Unreadable(why) = read(1).await.answer else { panic!("read") };
        assert_eq!(why.reason, said);
        assert_eq!(read(2).await.warnings[0].summary, "odd with (sensitive value)");
        read(3).await;
        reader.restart(&objects[0].provider_key()).await.unwrap();
    }
    reader.close().await;
}

#[tokio::test]
async fn a_deployment_on_aws_is_read_without_terraform() {
    let moto = Moto::start();
    let deployment = Deployment::newest(&moto);
    let state = deployment.state();
    let objects = recorded(&state);
    let count = objects.len();
    let config = moto.provider_config();
    let setup = |config: &Members| One { path: aws(), start: StartOptions::default(), config: config.clone() };
    let (found, reader) = scan(setup(&config), objects.clone()).await;
    assert_eq!(found.len(), count);
    for (address, object) in &found {
        assert!(matches!(object.outcome, ScanOutcome::Found(_)), "{address}: {object:?}");
    }
    Arc::into_inner(reader).unwrap().close().await;

    moto.boto3("client('sqs').delete_queue(QueueUrl=client('sqs').get_queue_url(QueueName='jobs')['QueueUrl'])");
    moto.boto3("client('s3').put_bucket_tagging(Bucket='shop-logs', Tagging={'TagSet': [{'Key': 'Owner', 'Value': 'mallory'}]})");
    let (found, reader) = scan(setup(&config), objects).await;
    assert!(matches!(found["aws_sqs_queue.jobs"].outcome, ScanOutcome::Gone));
    let ScanOutcome::Found(bucket) = &found["aws_s3_bucket.logs"].outcome else { panic!("{found:?}") };
    assert_eq!(attribute(&bucket.value(), "tags"), r#"{"Owner": "mallory"}"#);
    let shapes = reader.shapes().await;
    assert!(shapes.iter().any(|(name, schema)| name == "aws_vpc" && schema.version == 1), "{:?}", shapes.len());
    Arc::into_inner(reader).unwrap().close().await;
}
