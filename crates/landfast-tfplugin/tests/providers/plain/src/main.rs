//! A provider for tests, whose objects are files of the folder that `PLAIN_FOLDER` names. It has what the other one has not:
//! attributes with attributes of their own, an attribute of any type, data that it keeps for itself.
//!
//! For benchmarks, `PLAIN_TEMPLATE` names a file that is every object, and each read takes `PLAIN_DELAY` milliseconds. The attributes of
//! attributes are objects then: the library tells of these what the real terraform takes no schema with.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeConstraint, AttributeType, Block, NestedBlock, Schema};
use tf_provider::value::{Value, ValueEmpty, ValueList, ValueNumber, ValueString};
use tf_provider::{map, serve, AttributePath, Diagnostics, DynamicDataSource, DynamicResource, Provider, Resource};

/// A value that brings its type: a text, and nothing else here.
type Any = Value<(Vec<u8>, String)>;

#[derive(Debug, Clone, Serialize, Deserialize, Default)]
struct State<'a> {
    id: ValueString<'a>,
    #[serde(with = "any")]
    any: Any,
    hosts: Value<BTreeMap<String, Host>>,
    disk: ValueList<Disk>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Default)]
struct Host {
    port: ValueNumber,
    password: Value<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Default)]
struct Disk {
    size: ValueNumber,
}

/// How often an object was read.
#[derive(Debug, Clone, Serialize, Deserialize, Default)]
struct Private {
    reads: u64,
}

/// What stands in a file.
#[derive(Deserialize)]
struct Stored {
    any: Option<String>,
    #[serde(default)]
    hosts: BTreeMap<String, Host>,
    #[serde(default)]
    disks: Vec<i64>,
    fail: Option<String>,
}

mod any {
    use serde::de::Error as _;
    use serde::ser::SerializeTuple as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use tf_provider::value::Value;

    pub fn serialize<S: Serializer>(value: &super::Any, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Value((expression, text)) = value else { return serializer.serialize_unit() };
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&Bytes(expression))?;
        pair.serialize_element(text)?;
        pair.end()
    }

    struct Bytes<'a>(&'a [u8]);

    impl serde::Serialize for Bytes<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<super::Any, D::Error> {
        struct Expression(Vec<u8>);
        impl<'de> Deserialize<'de> for Expression {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = Expression;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("the expression of a type, as bytes")
                    }
                    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Expression, E> {
                        Ok(Expression(bytes.to_vec()))
                    }
                }
                deserializer.deserialize_bytes(Visitor)
            }
        }
        match Option::<(Expression, String)>::deserialize(deserializer)? {
            None => Ok(Value::Null),
            Some((expression, text)) if expression.0 == b"\"string\"" => Ok(Value::Value((expression.0, text))),
            Some(_) => Err(D::Error::custom("the value is no string")),
        }
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Thing;

fn attribute(attr_type: AttributeType, constraint: AttributeConstraint) -> Attribute {
    Attribute { attr_type, constraint, ..Default::default() }
}

fn load<'a>(id: &str, diags: &mut Diagnostics) -> Option<State<'a>> {
    let folder = || PathBuf::from(std::env::var_os("PLAIN_FOLDER").unwrap_or_default());
    let path = std::env::var_os("PLAIN_TEMPLATE").map_or_else(|| folder().join(format!("{id}.json")), PathBuf::from);
    let text = std::fs::read(path).ok()?;
    let stored: Stored = match serde_json::from_slice(&text) {
        Ok(stored) => stored,
        Err(error) => {
            diags.root_error_short(error.to_string());
            return None;
        }
    };
    if let Some(fail) = stored.fail {
        diags.error("cannot read", fail, AttributePath::new("hosts").key("a").attribute("port"));
    }
    Some(State {
        id: Value::Value(Cow::Owned(id.to_owned())),
        any: stored.any.map_or(Value::Null, |text| Value::Value((b"\"string\"".to_vec(), text))),
        hosts: Value::Value(stored.hosts),
        disk: Value::Value(stored.disks.into_iter().map(|size| Disk { size: Value::Value(size) }).collect()),
    })
}

#[async_trait]
impl Resource for Thing {
    type State<'a> = State<'a>;
    type PrivateState<'a> = Value<Private>;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        let secret = Attribute { sensitive: true, ..attribute(AttributeType::String, AttributeConstraint::Optional) };
        let host = map! {
            "port" => attribute(AttributeType::Number, AttributeConstraint::Required),
            "password" => secret,
        };
        let hosts = match std::env::var_os("PLAIN_TEMPLATE") {
            Some(_) => AttributeType::Map(Box::new(AttributeType::Object(map! {
                "port" => AttributeType::Number,
                "password" => AttributeType::String,
            }))),
            None => AttributeType::AttributeMap(host),
        };
        let disk = Block {
            attributes: map! { "size" => attribute(AttributeType::Number, AttributeConstraint::Required) },
            ..Default::default()
        };
        Some(Schema {
            version: 2,
            block: Block {
                attributes: map! {
                    "id" => attribute(AttributeType::String, AttributeConstraint::Computed),
                    "any" => attribute(AttributeType::Any, AttributeConstraint::Optional),
                    "hosts" => attribute(hosts, AttributeConstraint::Optional),
                },
                blocks: map! { "disk" => NestedBlock::List(disk) },
                ..Default::default()
            },
        })
    }

    async fn validate<'a>(&self, _: &mut Diagnostics, _: State<'a>) -> Option<()> {
        Some(())
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        state: State<'a>,
        private: Value<Private>,
        _: ValueEmpty,
    ) -> Option<(State<'a>, Value<Private>)> {
        let Value::Value(id) = &state.id else { return None };
        if let Some(delay) = std::env::var("PLAIN_DELAY").ok().and_then(|delay| delay.parse().ok()) {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        let reads = match private {
            Value::Value(private) => private.reads,
            _ => 0,
        };
        Some((load(id, diags)?, Value::Value(Private { reads: reads + 1 })))
    }

    async fn import<'a>(&self, diags: &mut Diagnostics, id: String) -> Option<(State<'a>, Value<Private>)> {
        let found = load(&id, diags);
        if found.is_none() {
            diags.root_error("no such thing", format!("{id} is not there"));
        }
        Some((found?, Value::Null))
    }

    async fn plan_create<'a>(
        &self,
        _: &mut Diagnostics,
        proposed: State<'a>,
        _: State<'a>,
        _: ValueEmpty,
    ) -> Option<(State<'a>, Value<Private>)> {
        Some((proposed, Value::Null))
    }

    async fn plan_update<'a>(
        &self,
        _: &mut Diagnostics,
        _: State<'a>,
        proposed: State<'a>,
        _: State<'a>,
        private: Value<Private>,
        _: ValueEmpty,
    ) -> Option<(State<'a>, Value<Private>, Vec<AttributePath>)> {
        Some((proposed, private, Vec::new()))
    }

    async fn plan_destroy<'a>(
        &self,
        _: &mut Diagnostics,
        _: State<'a>,
        private: Value<Private>,
        _: ValueEmpty,
    ) -> Option<Value<Private>> {
        Some(private)
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        _: State<'a>,
        _: State<'a>,
        _: Value<Private>,
        _: ValueEmpty,
    ) -> Option<(State<'a>, Value<Private>)> {
        diags.root_error_short("this provider is for reading");
        None
    }

    async fn update<'a>(
        &self,
        diags: &mut Diagnostics,
        _: State<'a>,
        _: State<'a>,
        _: State<'a>,
        _: Value<Private>,
        _: ValueEmpty,
    ) -> Option<(State<'a>, Value<Private>)> {
        diags.root_error_short("this provider is for reading");
        None
    }

    async fn destroy<'a>(
        &self,
        diags: &mut Diagnostics,
        _: State<'a>,
        _: Value<Private>,
        _: ValueEmpty,
    ) -> Option<()> {
        diags.root_error_short("this provider is for reading");
        None
    }
}

#[derive(Debug, Default, Clone)]
struct Plain;

#[async_trait]
impl Provider for Plain {
    type Config<'a> = ValueEmpty;
    type MetaState<'a> = ValueEmpty;

    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        Some(Schema { version: 1, block: Block::default() })
    }

    async fn validate<'a>(&self, _: &mut Diagnostics, _: ValueEmpty) -> Option<()> {
        Some(())
    }

    async fn configure<'a>(&self, _: &mut Diagnostics, _: String, _: ValueEmpty) -> Option<()> {
        Some(())
    }

    fn get_resources(&self, _: &mut Diagnostics) -> Option<HashMap<String, Box<dyn DynamicResource>>> {
        Some(map! { "thing" => Thing })
    }

    fn get_data_sources(&self, _: &mut Diagnostics) -> Option<HashMap<String, Box<dyn DynamicDataSource>>> {
        Some(map! {})
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    serve("plain", Plain).await
}
