//! What every provider must do with us, with TLS and without: start, tell its schema, take its configuration, read what is there, say
//! what is gone and what it cannot read, keep secrets, end.

use std::path::PathBuf;

use landfast_observe::scan::ScanOutcome;
use landfast_state::{Members, Sensitive, Value};
use landfast_tfplugin::{Ending, ProtocolVersion, ProviderReader, SchemaScope, StartOptions, Tls};

use super::odd;
use super::scan::{One, recorded, scan, unreadable};
use super::services::Service;
use super::tools::{Moto, aws, members, null, old_aws, provider_tools, workato};

/// What no text may hold: in the settings of the provider, in the state or in what a service says.
const SECRET: &str = "CANARY-secret-7719";

/// What is to be read, and what must come of it.
struct Object {
    kind: &'static str,
    version: u64,
    attributes: String,
    /// What the state calls a secret.
    marked: &'static str,
    expected: Expected,
}

enum Expected {
    /// It is there, and this attribute is a secret.
    Found {
        secret: &'static str,
    },
    Gone,
    /// With this reason, in part.
    Unreadable(&'static str),
}

/// A provider, and what it is known to have and to do.
struct Known {
    program: PathBuf,
    start: StartOptions,
    config: Members,
    protocol: ProtocolVersion,
    resources: usize,
    data_sources: usize,
    /// Whether it speaks through TLS though we did not ask for that.
    insists_on_tls: bool,
    objects: Vec<Object>,
}

fn object(kind: &'static str, attributes: impl Into<String>, expected: Expected) -> Object {
    Object { kind, version: 0, attributes: attributes.into(), marked: "[]", expected }
}

/// The objects as a state: each a resource, named by its number.
fn state(objects: &[Object]) -> String {
    let resource = |(number, object): (usize, &Object)| {
        let Object { kind, version, attributes, marked, .. } = object;
        format!(
            r#"{{"mode": "managed", "type": "{kind}", "name": "x{number}", "provider": "provider[\"example.org/tests/it\"]",
                "instances": [{{"schema_version": {version}, "attributes": {attributes}, "sensitive_attributes": {marked}}}]}}"#
        )
    };
    let resources: Vec<_> = objects.iter().enumerate().map(resource).collect();
    format!(r#"{{"version": 4, "serial": 1, "lineage": "l", "resources": [{}]}}"#, resources.join(","))
}

async fn conforms(known: Known) {
    for tls in [Tls::Automatic, Tls::Off] {
        let mut start = known.start.clone();
        start.tls = tls;
        let reader = ProviderReader::start(&known.program, &start).await.unwrap();
        assert_eq!(reader.protocol(), known.protocol);
        assert_eq!(reader.is_encrypted(), tls == Tls::Automatic || known.insists_on_tls);
        let schemas = reader.schemas(&SchemaScope::Everything).await.unwrap().value;
        assert_eq!((schemas.resources.len(), schemas.data_sources.len()), (known.resources, known.data_sources));
        assert!(schemas.unusable.is_empty(), "{:?}", schemas.unusable);
        reader.configure(&schemas.provider, known.config.clone()).await.unwrap();
        assert!(!reader.has_ended());
        assert_eq!(reader.close().await, Ending::Itself, "{tls:?}");

        // From a state, as a scan does it.
        let setup = One { path: known.program.clone(), start, config: known.config.clone() };
        let (found, reader) = scan(setup, recorded(&state(&known.objects))).await;
        assert_eq!(found.len(), known.objects.len());
        assert!(!format!("{found:?}").contains(SECRET), "{found:?}");
        for (number, object) in known.objects.iter().enumerate() {
            let scanned = &found[&format!("{}.x{number}", object.kind)];
            match (&object.expected, &scanned.outcome) {
                (Expected::Found { secret }, ScanOutcome::Found(observed)) => {
                    let path = secret.parse().unwrap();
                    for side in [observed.value(), scanned.recorded.value()] {
                        assert!(matches!(side.get(&path), Some(Value::Sensitive(_))), "{secret}: {side}");
                    }
                }
                (Expected::Gone, ScanOutcome::Gone) => {}
                (Expected::Unreadable(why), _) => {
                    let (class, said) = unreadable(scanned);
                    assert!(said.contains(why) && !said.contains(SECRET), "{class}: {said}");
                }
                (_, outcome) => panic!("{}: {outcome:?}", scanned.address()),
            }
        }
        std::sync::Arc::into_inner(reader).unwrap().close().await;
    }
}

#[tokio::test]
async fn null_2_1_2() {
    // It looks nowhere: what has no id is gone, and what is no state of its cannot be read. None of its attributes is a secret.
    let there = format!(r#"{{"id": "1", "triggers": {{"key": "{SECRET}"}}}}"#);
    let marked = r#"[[{"type": "get_attr", "value": "triggers"}, {"type": "index", "value": {"value": "key", "type": "string"}}]]"#;
    let there = Object { marked, ..object("null_resource", there, Expected::Found { secret: "triggers.key" }) };
    conforms(Known {
        program: null(),
        start: StartOptions::default(),
        config: members("{}"),
        protocol: ProtocolVersion::V5,
        resources: 1,
        data_sources: 1,
        insists_on_tls: false,
        objects: vec![
            there,
            object("null_resource", r#"{"id": ""}"#, Expected::Gone),
            object("null_resource", r#"{"id": ["1"]}"#, Expected::Unreadable("UpgradeResourceState of null_resource")),
            object("null_other", r#"{"id": "1"}"#, Expected::Unreadable("has no such type")),
        ],
    })
    .await;
}

/// What a service says to whom it does not trust, with the secret that it was asked with.
fn denied(_: &str) -> (u16, String) {
    let error =
        format!("<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not with {SECRET}</Message></Error>");
    (403, format!("<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"))
}

/// The AWS provider of any version: users and their keys on moto, queues where nobody may look.
async fn aws_conforms(program: PathBuf, resources: usize, data_sources: usize) {
    let moto = Moto::start();
    let service = Service::plain(denied).await;
    let mut config = moto.provider_config();
    // Its schema calls none of its settings a secret: where they come from does.
    let secret = Value::Sensitive(Sensitive::new(Value::String(SECRET.to_owned())));
    config.insert("secret_key".to_owned(), secret);
    let Some(Value::List(endpoints)) = config.get_mut("endpoints") else { panic!("no endpoints") };
    let Some(Value::Object(endpoints)) = endpoints.first_mut() else { panic!("no endpoints") };
    endpoints.insert("sqs".to_owned(), Value::String(service.url.clone()));
    let made = moto.boto3(
        "iam = client('iam')\niam.create_user(UserName='deploy')\n\
         print(iam.create_access_key(UserName='deploy')['AccessKey']['AccessKeyId'])",
    );
    let key = |id: &str| format!(r#"{{"id": "{id}", "user": "deploy", "status": "Active", "secret": "{SECRET}"}}"#);
    let queue = format!(r#"{{"id": "{}/123456789012/jobs", "name": "jobs"}}"#, service.url);
    conforms(Known {
        program,
        start: StartOptions::default(),
        config,
        protocol: ProtocolVersion::V5,
        resources,
        data_sources,
        insists_on_tls: false,
        objects: vec![
            object("aws_iam_access_key", key(&made), Expected::Found { secret: "secret" }),
            object("aws_iam_access_key", key("AKIAAAAAAAAAAAAAAAAA"), Expected::Gone),
            object("aws_iam_user", r#"{"id": "nobody", "name": "nobody"}"#, Expected::Gone),
            object("aws_sqs_queue", queue, Expected::Unreadable("AccessDenied: not with (sensitive value)")),
        ],
    })
    .await;
}

#[tokio::test]
async fn aws_2_70_0() {
    aws_conforms(old_aws(), 583, 191).await;
}

#[tokio::test]
async fn aws_3_39_0() {
    aws_conforms(aws(), 711, 246).await;
}

#[tokio::test]
async fn workato_0_16_0() {
    let folder = tempfile::tempdir().unwrap();
    let answers = |path: &str| match path.rsplit('/').next() {
        Some("7") => {
            let data = format!(r#"{{"client_id": "shop", "client_secret": "{SECRET}"}}"#);
            (
                200,
                format!(
                    r#"{{"result": {{"id": 7, "name": "x", "provider": "slack", "data": {data}, "shared_accounts_count": 3}}}}"#
                ),
            )
        }
        Some("8") => (403, format!(r#"{{"message": "Forbidden with {SECRET}"}}"#)),
        _ => (404, r#"{"message": "Not found"}"#.to_owned()),
    };
    let (service, certificate) = Service::encrypted(answers, folder.path()).await;
    let mut start = StartOptions::default();
    start.environment.push(("SSL_CERT_FILE".into(), certificate.into()));
    let profile = |id: &str, expected: Expected| {
        let attributes = format!(
            r#"{{"id": "{id}", "name": "x", "provider_name": "slack", "client_id": "shop", "client_secret": "{SECRET}",
                "shared_accounts_count": 1}}"#
        );
        object("workato_custom_oauth_profile", attributes, expected)
    };
    conforms(Known {
        program: workato(),
        start,
        config: members(&format!(r#"{{"base_url": "{}", "api_key": "{SECRET}"}}"#, service.url)),
        protocol: ProtocolVersion::V6,
        resources: 14,
        data_sources: 0,
        insists_on_tls: false,
        objects: vec![
            profile("7", Expected::Found { secret: "client_secret" }),
            profile("9", Expected::Gone),
            profile("8", Expected::Unreadable("Forbidden with (sensitive value)")),
        ],
    })
    .await;
}

#[tokio::test]
async fn odd_in_python() {
    let folder = tempfile::tempdir().unwrap();
    let put = |id: &str, text: &str| std::fs::write(folder.path().join(format!("{id}.json")), text).unwrap();
    put("a", &format!(r#"{{"name": "a", "token": "{SECRET}"}}"#));
    put("bad", &format!(r#"{{"name": "bad", "behaviour": {{"fail": "not with {SECRET}"}}}}"#));
    let config = serde_json::json!({ "folder": folder.path(), "password": SECRET });
    let thing = |id: &str, expected: Expected| {
        let attributes = format!(
            r#"{{"id": "{id}", "name": "{id}", "size": null, "labels": null, "limits": null, "token": "{SECRET}-of-old",
                "note": null, "rule": []}}"#
        );
        Object { version: 1, ..object("odd_thing", attributes, expected) }
    };
    conforms(Known {
        program: odd::program(),
        start: odd::options(),
        config: members(&config.to_string()),
        protocol: ProtocolVersion::V6,
        resources: 1,
        data_sources: 1,
        insists_on_tls: true,
        objects: vec![
            thing("a", Expected::Found { secret: "token" }),
            thing("gone", Expected::Gone),
            thing("bad", Expected::Unreadable("not with (sensitive value)")),
        ],
    })
    .await;
}

#[tokio::test]
async fn plain_in_rust() {
    let folder = tempfile::tempdir().unwrap();
    let put = |id: &str, text: &str| std::fs::write(folder.path().join(format!("{id}.json")), text).unwrap();
    put("a", &format!(r#"{{"any": "x", "hosts": {{"one": {{"port": 1, "password": "{SECRET}"}}}}, "disks": [10]}}"#));
    put("bad", &format!(r#"{{"fail": "not with {SECRET}"}}"#));
    let mut start = StartOptions::default();
    start.environment.push(("PLAIN_FOLDER".into(), folder.path().into()));
    start.environment.push(("RUST_BACKTRACE".into(), "0".into()));
    let thing = |id: &str, expected: Expected| {
        let attributes = format!(
            r#"{{"id": "{id}", "any": {{"value": "x", "type": "string"}}, "disk": [],
                "hosts": {{"one": {{"port": 1, "password": "{SECRET}"}}}}}}"#
        );
        Object { version: 2, ..object("plain_thing", attributes, expected) }
    };
    conforms(Known {
        program: provider_tools().join("terraform-provider-plain"),
        start,
        config: members("{}"),
        protocol: ProtocolVersion::V6,
        resources: 1,
        data_sources: 0,
        insists_on_tls: false,
        objects: vec![
            thing("a", Expected::Found { secret: "hosts.one.password" }),
            thing("gone", Expected::Gone),
            thing("bad", Expected::Unreadable("not with (sensitive value)")),
        ],
    })
    .await;
}
