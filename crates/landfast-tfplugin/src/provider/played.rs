//! Providers that tests play, one of each version: what goes over the wire arrives, both ways, whatever real providers use of it.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use landfast_state::json::{Limits, Raw};
use landfast_state::schema::{AttributeShape, Nesting, Setting, ValueType};
use landfast_state::{Members, Value};

use super::*;
use crate::calls::DeferredReason;
use crate::cty::DynamicValue;
use crate::diagnostic::DiagnosticSeverity;
use crate::schemas::{ProviderSchemas, SchemaScope};

/// What the provider was asked, in words.
type Asked = Arc<Mutex<Vec<String>>>;

const THING: &str = r#"["object",{"any":"dynamic","id":"string","secret":"string","set_once":"string"}]"#;
const IDENTITY: &str = r#"["object",{"id":"string","region":"string"}]"#;

fn members(text: &str) -> Members {
    match Value::from_raw(Raw::check(text.as_bytes(), &Limits::default()).unwrap(), &[]) {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

/// A value of a type that is written as an expression, as MessagePack.
fn encoded(text: &str, expression: &str) -> Bytes {
    let value_type = ValueType::parse(expression.as_bytes()).unwrap();
    DynamicValue::encode(&Value::Object(members(text)), &value_type).unwrap().as_msgpack().unwrap().clone()
}

/// A provider of one version. `nested` are attributes that only it has.
macro_rules! played {
    ($module:ident, $wire:ident, $number:literal, $schema:ident, $validate:ident, $configure:ident, $stop:ident, $nested:expr, $none:expr) => {
        mod $module {
            use super::*;
            use crate::wire::$wire as wire;
            use tonic::{Request, Response, Status};
            use wire::provider_server::{Provider, ProviderServer};

            #[derive(Clone)]
            pub(super) struct Played(pub(super) Asked);

            impl Played {
                fn asked(&self, what: String) {
                    self.0.lock().unwrap().push(what);
                }
            }

            fn value(bytes: Bytes) -> Option<wire::DynamicValue> {
                Some(wire::DynamicValue { msgpack: bytes, json: Bytes::new() })
            }

            fn identity(text: &str) -> Option<wire::ResourceIdentityData> {
                Some(wire::ResourceIdentityData { identity_data: value(encoded(text, IDENTITY)) })
            }

            fn attribute(name: &str, expression: &str) -> wire::schema::Attribute {
                wire::schema::Attribute {
                    name: name.to_owned(),
                    r#type: expression.to_owned().into(),
                    optional: true,
                    ..Default::default()
                }
            }

            fn block(attributes: Vec<wire::schema::Attribute>) -> Option<wire::schema::Block> {
                Some(wire::schema::Block { attributes, ..Default::default() })
            }

            fn thing() -> wire::Schema {
                let secret = wire::schema::Attribute { sensitive: true, ..attribute("secret", "\"string\"") };
                let set_once = wire::schema::Attribute {
                    write_only: true,
                    deprecated: true,
                    ..attribute("set_once", "\"string\"")
                };
                let id = wire::schema::Attribute { optional: false, computed: true, ..attribute("id", "\"string\"") };
                let block = block(vec![id, secret, set_once, attribute("any", "\"dynamic\"")]);
                wire::Schema { version: 3, block }
            }

            fn nested_block(name: &str, nesting: i32) -> wire::schema::NestedBlock {
                wire::schema::NestedBlock {
                    type_name: name.to_owned(),
                    block: block(vec![attribute("a", "\"bool\"")]),
                    nesting,
                    min_items: 1,
                    max_items: 2,
                }
            }

            fn odd(nesting: i32) -> wire::Schema {
                let inner = wire::schema::Block {
                    block_types: vec![nested_block("inner", nesting)],
                    attributes: vec![
                        wire::schema::Attribute { required: true, optional: false, ..attribute("must", "\"number\"") },
                        wire::schema::Attribute { computed: true, ..attribute("may", "\"number\"") },
                    ],
                    ..Default::default()
                };
                wire::Schema { version: -1, block: Some(inner) }
            }

            #[tonic::async_trait]
            impl Provider for Played {
                async fn $schema(
                    &self,
                    _: Request<wire::get_provider_schema::Request>,
                ) -> Result<Response<wire::get_provider_schema::Response>, Status> {
                    use prost::Message as _;
                    let encode = |schema: wire::Schema| Bytes::from(schema.encode_to_vec());
                    let mut resources = std::collections::HashMap::from([
                        ("played_thing".to_owned(), encode(thing())),
                        ("played_other".to_owned(), encode(thing())),
                        ("played_torn".to_owned(), encode(thing()).slice(..20)),
                        ("played_group".to_owned(), encode(odd(5))),
                        ("played_badly_nested".to_owned(), encode(odd(9))),
                        (
                            "played_badly_typed".to_owned(),
                            encode(wire::Schema { version: 0, block: block(vec![attribute("a", "[\"list\"]")]) }),
                        ),
                    ]);
                    let nested: fn(wire::schema::Attribute) -> Option<wire::schema::Attribute> = $nested;
                    if let Some(nested) = nested(attribute("nested", "")) {
                        resources.insert(
                            "played_nested".to_owned(),
                            encode(wire::Schema { version: 0, block: block(vec![nested]) }),
                        );
                    }
                    Ok(Response::new(wire::get_provider_schema::Response {
                        provider: Some(wire::Schema {
                            version: 0,
                            block: block(vec![attribute("name", "\"string\"")]),
                        }),
                        resource_schemas: resources,
                        data_source_schemas: [("played_data".to_owned(), encode(thing()))].into(),
                        provider_meta: Some(wire::Schema::default()),
                        ..Default::default()
                    }))
                }

                async fn get_resource_identity_schemas(
                    &self,
                    _: Request<wire::get_resource_identity_schemas::Request>,
                ) -> Result<Response<wire::get_resource_identity_schemas::Response>, Status> {
                    let attribute = |name: &str, required| wire::resource_identity_schema::IdentityAttribute {
                        name: name.to_owned(),
                        r#type: Bytes::from_static(b"\"string\""),
                        required_for_import: required,
                        optional_for_import: !required,
                    };
                    let schema = wire::ResourceIdentitySchema {
                        version: 2,
                        identity_attributes: vec![attribute("id", true), attribute("region", false)],
                    };
                    Ok(Response::new(wire::get_resource_identity_schemas::Response {
                        identity_schemas: [("played_thing".to_owned(), schema)].into(),
                        diagnostics: Vec::new(),
                    }))
                }

                async fn $validate(
                    &self,
                    request: Request<wire::$validate::Request>,
                ) -> Result<Response<wire::$validate::Response>, Status> {
                    let config = request.into_inner().config.unwrap_or_default().msgpack;
                    self.asked(format!("validate {} bytes", config.len()));
                    Ok(Response::new(Default::default()))
                }

                async fn $configure(
                    &self,
                    request: Request<wire::$configure::Request>,
                ) -> Result<Response<wire::$configure::Response>, Status> {
                    let request = request.into_inner();
                    self.asked(format!(
                        "configure for {} {:?}",
                        request.terraform_version, request.client_capabilities
                    ));
                    use wire::attribute_path::{Step, step::Selector};
                    let steps = vec![
                        Step { selector: Some(Selector::AttributeName("a".to_owned())) },
                        Step { selector: Some(Selector::ElementKeyInt(1)) },
                        Step { selector: Some(Selector::ElementKeyString("b c".to_owned())) },
                    ];
                    let warning = wire::Diagnostic {
                        severity: wire::diagnostic::Severity::Warning.into(),
                        summary: "odd".to_owned(),
                        detail: String::new(),
                        attribute: Some(wire::AttributePath { steps }),
                    };
                    Ok(Response::new(wire::$configure::Response { diagnostics: vec![warning] }))
                }

                async fn upgrade_resource_state(
                    &self,
                    request: Request<wire::upgrade_resource_state::Request>,
                ) -> Result<Response<wire::upgrade_resource_state::Response>, Status> {
                    let request = request.into_inner();
                    let raw = request.raw_state.unwrap_or_default();
                    self.asked(format!(
                        "upgrade {} of {} with {} flat",
                        request.version,
                        request.type_name,
                        raw.flatmap.len()
                    ));
                    let json = wire::DynamicValue { json: raw.json, msgpack: Bytes::new() };
                    Ok(Response::new(wire::upgrade_resource_state::Response {
                        // Where there is no JSON, nothing is there at all.
                        upgraded_state: Some(json),
                        diagnostics: Vec::new(),
                    }))
                }

                async fn upgrade_resource_identity(
                    &self,
                    request: Request<wire::upgrade_resource_identity::Request>,
                ) -> Result<Response<wire::upgrade_resource_identity::Response>, Status> {
                    self.asked(format!("upgrade identity {}", request.into_inner().version));
                    Ok(Response::new(wire::upgrade_resource_identity::Response {
                        upgraded_identity: identity(r#"{"id": "upgraded"}"#),
                        diagnostics: Vec::new(),
                    }))
                }

                async fn read_resource(
                    &self,
                    request: Request<wire::read_resource::Request>,
                ) -> Result<Response<wire::read_resource::Response>, Status> {
                    let request = request.into_inner();
                    let meta = request.provider_meta.unwrap_or_default().msgpack;
                    let identified = request.current_identity.is_some();
                    self.asked(format!("read with {} meta, identified {identified}", meta.len()));
                    let mut answer = wire::read_resource::Response {
                        new_state: request.current_state,
                        private: [&request.private[..], b"+"].concat().into(),
                        ..Default::default()
                    };
                    match &request.private[..] {
                        b"defer" => answer.deferred = Some(wire::Deferred { reason: 3 }),
                        b"gone" => answer.new_state = value(Bytes::from_static(&[0xc0])),
                        b"nothing" => answer.new_state = None,
                        b"misfit" => answer.new_state = value(Bytes::from_static(b"\x81\xa2id\x01")),
                        b"unknown" => answer.diagnostics.push(wire::Diagnostic::default()),
                        b"identify" => answer.new_identity = identity(r#"{"id": "new", "region": "r"}"#),
                        b"refuse" => return Err(Status::permission_denied("not you")),
                        _ => {}
                    }
                    Ok(Response::new(answer))
                }

                async fn import_resource_state(
                    &self,
                    request: Request<wire::import_resource_state::Request>,
                ) -> Result<Response<wire::import_resource_state::Response>, Status> {
                    let request = request.into_inner();
                    if request.id == "defer" {
                        let deferred = Some(wire::Deferred { reason: 2 });
                        return Ok(Response::new(wire::import_resource_state::Response {
                            deferred,
                            ..Default::default()
                        }));
                    }
                    let object = |type_name: &str| wire::import_resource_state::ImportedResource {
                        type_name: type_name.to_owned(),
                        state: value(encoded(r#"{"id": "i"}"#, THING)),
                        private: Bytes::from_static(b"p"),
                        identity: request.identity.clone(),
                    };
                    let mut imported_resources = vec![object("played_thing"), object("played_other")];
                    if request.id == "unknown" {
                        imported_resources.push(object("played_badly_typed"));
                    }
                    Ok(Response::new(wire::import_resource_state::Response {
                        imported_resources,
                        ..Default::default()
                    }))
                }

                async fn read_data_source(
                    &self,
                    request: Request<wire::read_data_source::Request>,
                ) -> Result<Response<wire::read_data_source::Response>, Status> {
                    let request = request.into_inner();
                    self.asked(format!("data with {} meta", request.provider_meta.unwrap_or_default().msgpack.len()));
                    Ok(Response::new(wire::read_data_source::Response { state: request.config, ..Default::default() }))
                }

                async fn $stop(
                    &self,
                    _: Request<wire::$stop::Request>,
                ) -> Result<Response<wire::$stop::Response>, Status> {
                    Ok(Response::new(wire::$stop::Response { error: "busy".to_owned() }))
                }
            }

            /// Plays it, and starts a client of it.
            pub(super) async fn start(asked: &Asked) -> (ProviderReader, tempfile::TempDir) {
                let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
                let service = ProviderServer::new(Played(Arc::clone(asked)));
                tokio::spawn(tonic::transport::Server::builder().serve(address, service));
                while tokio::net::TcpStream::connect(address).await.is_err() {
                    tokio::task::yield_now().await;
                }
                let folder = tempfile::tempdir().unwrap();
                let program = folder.path().join("played");
                std::fs::write(&program, format!("#!/bin/sh\necho '1|{}|tcp|{address}|grpc'\nsleep 60\n", $number))
                    .unwrap();
                std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
                let options = StartOptions { grace: Duration::from_millis(50), ..StartOptions::default() };
                (ProviderReader::start(&program, &options).await.unwrap(), folder)
            }

            #[tokio::test]
            async fn everything_arrives() {
                let asked = Asked::default();
                let (reader, _folder) = start(&asked).await;
                let schemas = reader.schemas(&SchemaScope::Everything).await.unwrap().value;
                assert_eq!(schemas.resources.contains_key("played_nested"), $none.is_some());
                super::check(reader, schemas, &asked).await;
            }
        }
    };
}

played!(v5, tfplugin5, 5, get_schema, prepare_provider_config, configure, stop, |_| None, None::<()>);
played!(
    v6,
    tfplugin6,
    6,
    get_provider_schema,
    validate_provider_config,
    configure_provider,
    stop_provider,
    |given| {
        let object = wire::schema::Object {
            attributes: vec![wire::schema::Attribute { sensitive: true, ..attribute("key", "\"string\"") }],
            nesting: wire::schema::object::NestingMode::Map.into(),
        };
        Some(wire::schema::Attribute { nested_type: Some(object), ..given })
    },
    Some(())
);

/// What a played provider of either version must give.
async fn check(reader: ProviderReader, schemas: ProviderSchemas, asked: &Asked) {
    let take = || std::mem::take(&mut *asked.lock().unwrap());
    let unusable: Vec<String> = schemas.unusable.iter().map(|(name, error)| format!("{name}: {error}")).collect();
    assert_eq!(
        unusable,
        [
            "played_badly_nested: inner: there is no such nesting",
            "played_badly_typed: a: not a type expression: what follows the constructor is missing",
            "played_torn: not a message of the protocol"
        ]
    );
    let group = schemas.resources["played_group"].schema();
    assert_eq!(group.version, 0);
    let inner = &group.block.blocks["inner"];
    assert_eq!((inner.nesting, inner.min_items, inner.max_items), (Nesting::Group, 1, Some(2)));
    assert_eq!(group.block.attributes["must"].setting, Setting::Required);
    assert_eq!(group.block.attributes["may"].setting, Setting::OptionalComputed);
    if let Some(nested) = schemas.resources.get("played_nested") {
        let AttributeShape::Nested { nesting, attributes } = &nested.schema().block.attributes["nested"].shape else {
            panic!("not nested")
        };
        assert_eq!(*nesting, Nesting::Map);
        assert!(attributes["key"].sensitive);
    }
    let thing = &schemas.resources["played_thing"];
    assert_eq!((thing.schema().version, thing.value_type().expression().as_str()), (3, THING));
    let set_once = &thing.schema().block.attributes["set_once"];
    assert!(set_once.write_only && set_once.deprecated && !set_once.sensitive);
    assert_eq!(thing.schema().block.attributes["id"].setting, Setting::Computed);
    let identity = thing.identity().unwrap();
    assert_eq!((identity.version, identity.value_type().expression().as_str()), (2, IDENTITY));
    assert!(identity.attributes["id"].required_for_import && !identity.attributes["region"].required_for_import);

    let configured = reader.configure(&schemas.provider, members(r#"{"name": "n"}"#)).await.unwrap();
    assert_eq!(configured.warnings[0].to_string(), "a[1][\"b c\"]: odd");
    let capabilities = "Some(ClientCapabilities { deferral_allowed: true, write_only_attributes_allowed: true })";
    assert_eq!(take(), ["validate 8 bytes", &format!("configure for 1.11.4 {capabilities}")]);

    upgrades(&reader, &schemas, asked).await;
    reads(&reader, &schemas, asked).await;
    imports(&reader, &schemas).await;

    let data = reader.read_data(&schemas.data_sources["played_data"], members(r#"{"id": "d"}"#)).await.unwrap().value;
    assert!(matches!(data, DataOutcome::Found(found) if found["id"] == Value::String("d".to_owned())));
    assert_eq!(take(), ["data with 1 meta"]);
    let busy = reader.interrupt().await.unwrap_err().to_string();
    assert_eq!(busy, "played: Stop failed: busy");
    // The process is a script that sleeps.
    assert_eq!(reader.close().await, Ending::Killed);
}

async fn upgrades(reader: &ProviderReader, schemas: &ProviderSchemas, asked: &Asked) {
    let take = || std::mem::take(&mut *asked.lock().unwrap());
    let thing = &schemas.resources["played_thing"];
    let text = r#"{"id": "u", "any": {"value": [1], "type": ["list", "number"]}, "secret": "s"}"#;
    let mut stored = StoredState::json(2, text.into());
    stored.identity = Some((1, r#"{"id": "old"}"#.into()));
    let upgraded = reader.upgrade(thing, &stored).await.unwrap().value;
    assert_eq!(take(), ["upgrade 2 of played_thing with 0 flat", "upgrade identity 1"]);
    assert_eq!(
        Value::Object(upgraded.members().clone()).to_string(),
        r#"{"any": {"type": ["list", "number"], "value": [1]}, "id": "u", "secret": (sensitive value), "set_once": null}"#
    );
    assert_eq!(upgraded.identity().map(|it| it["id"].to_string()).as_deref(), Some("\"upgraded\""));
    // One of the same version is taken as it was stored.
    stored.identity = Some((2, r#"{"id": "same", "region": null}"#.into()));
    let same = reader.upgrade(thing, &stored).await.unwrap().value;
    assert_eq!(same.identity().map(|it| it["id"].to_string()).as_deref(), Some("\"same\""));
    assert_eq!(take().len(), 1);
    stored.identity = None;
    stored.attributes = crate::calls::Stored::Flat([("id".to_owned(), "f".to_owned())].into());
    let nothing = reader.upgrade(thing, &stored).await.unwrap_err().to_string();
    assert_eq!(nothing, "played: UpgradeResourceState of played_thing failed: the upgraded object is null");
    assert_eq!(take(), ["upgrade 2 of played_thing with 1 flat"]);
}

async fn reads(reader: &ProviderReader, schemas: &ProviderSchemas, asked: &Asked) {
    let take = || std::mem::take(&mut *asked.lock().unwrap());
    let thing = &schemas.resources["played_thing"];
    let with = |private: &'static str| {
        let mut state = ResourceState::new(thing, members(r#"{"id": "r"}"#)).unwrap();
        state.private = Bytes::from_static(private.as_bytes());
        state
    };
    let read = async |state: &ResourceState| reader.read(thing, state).await;
    let ReadOutcome::Found(found) = read(&with("identify")).await.unwrap().value else { panic!("not found") };
    assert_eq!(&found.private()[..], b"identify+");
    assert_eq!(found.identity().map(|it| it["region"].to_string()).as_deref(), Some("\"r\""));
    assert_eq!(take(), ["read with 1 meta, identified false"]);
    // An identity that is not told again is kept.
    let ReadOutcome::Found(again) = read(&found).await.unwrap().value else { panic!("not found") };
    assert_eq!(again.identity(), found.identity());
    assert_eq!(take(), ["read with 1 meta, identified true"]);
    assert!(matches!(read(&with("gone")).await.unwrap().value, ReadOutcome::Gone));
    assert!(matches!(read(&with("nothing")).await.unwrap().value, ReadOutcome::Gone));
    let deferred = read(&with("defer")).await.unwrap().value;
    assert!(matches!(deferred, ReadOutcome::Deferred(DeferredReason::AbsentPrerequisite)));
    let misfit = read(&with("misfit")).await.unwrap_err();
    assert_eq!(misfit.to_string(), "played: the played_thing that was read does not fit the schema");
    let source = std::error::Error::source(&misfit).unwrap().to_string();
    assert_eq!(source, "id: a string is expected, and a number is there");
    let refused = read(&with("refuse")).await.unwrap_err().to_string();
    assert_eq!(refused, "played: ReadResource of played_thing failed: not you (PERMISSION_DENIED)");
    // What is not said to be a warning is an error.
    let Err(CallError::Refused { diagnostics, .. }) = read(&with("unknown")).await else { panic!("not refused") };
    assert_eq!(diagnostics[0].severity, DiagnosticSeverity::Error);
    take();
}

async fn imports(reader: &ProviderReader, schemas: &ProviderSchemas) {
    let by = async |id| reader.import(schemas, "played_thing", &id).await;
    let identity = members(r#"{"id": "given"}"#);
    let ImportOutcome::Found(objects) = by(ImportId::Identity(identity)).await.unwrap().value else {
        panic!("deferred")
    };
    let types: Vec<&str> = objects.iter().map(|object| object.type_name.as_str()).collect();
    assert_eq!(types, ["played_thing", "played_other"]);
    assert_eq!(objects[0].state.identity().map(|it| it["id"].to_string()).as_deref(), Some("\"given\""));
    // The other one has no schema of identities.
    assert_eq!(objects[1].state.identity(), None);
    let deferred = by(ImportId::Text("defer".to_owned())).await.unwrap().value;
    assert!(matches!(deferred, ImportOutcome::Deferred(DeferredReason::ProviderConfigUnknown)));
    let unknown = by(ImportId::Text("unknown".to_owned())).await.unwrap_err();
    assert_eq!(unknown.to_string(), "played has no schema of played_badly_typed that can be used");
    assert!(std::error::Error::source(&unknown).is_some());
}
