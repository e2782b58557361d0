//! Every schema of the AWS provider, held against what terraform makes of them, and every object that could have one.

use std::collections::BTreeSet;
use std::process::Command;

use landfast_state::Value;
use landfast_state::schema::{Attribute, AttributeShape, Block, NestedBlock, Nesting, Setting, ValueType};
use landfast_tfplugin::{DynamicValue, ProviderReader, ProviderSchemas, SchemaScope, StartOptions};
use serde_json::{Map, Value as Json, json};

use super::tools::{aws, tools};

async fn schemas() -> ProviderSchemas {
    let reader = ProviderReader::start(&aws(), &StartOptions::default()).await.unwrap();
    let schemas = reader.schemas(&SchemaScope::Everything).await.unwrap().value;
    reader.close().await;
    schemas
}

/// What `terraform providers schema -json` says.
fn of_terraform() -> Json {
    let folder = tempfile::tempdir().unwrap();
    let configuration = r#"terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "3.39.0"
    }
  }
}
"#;
    std::fs::write(folder.path().join("main.tf"), configuration).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new("terraform")
            .args(arguments)
            .current_dir(folder.path())
            .env("TF_CLI_CONFIG_FILE", tools().join("terraform.rc"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    run(&["init", "-input=false"]);
    let all: Json = serde_json::from_slice(&run(&["providers", "schema", "-json"])).unwrap();
    all["provider_schemas"]["registry.terraform.io/hashicorp/aws"].clone()
}

/// Ours in terraform's words, as far as it says anything: flags that are not set and texts are left out there.
fn block_json(block: &Block) -> Json {
    let mut json = Map::new();
    let attributes: Map<String, Json> =
        block.attributes.iter().map(|(name, attribute)| (name.clone(), attribute_json(attribute))).collect();
    let blocks: Map<String, Json> =
        block.blocks.iter().map(|(name, nested)| (name.clone(), nested_json(nested))).collect();
    if !attributes.is_empty() {
        json.insert("attributes".to_owned(), attributes.into());
    }
    if !blocks.is_empty() {
        json.insert("block_types".to_owned(), blocks.into());
    }
    if block.deprecated {
        json.insert("deprecated".to_owned(), true.into());
    }
    json.into()
}

fn attribute_json(attribute: &Attribute) -> Json {
    let AttributeShape::Value(value_type) = &attribute.shape else { panic!("protocol 5 has no nested attributes") };
    let mut json = Map::new();
    json.insert("type".to_owned(), serde_json::from_str(&value_type.expression()).unwrap());
    let (required, optional, computed) = match attribute.setting {
        Setting::Required => (true, false, false),
        Setting::Optional => (false, true, false),
        Setting::OptionalComputed => (false, true, true),
        Setting::Computed => (false, false, true),
    };
    let flags = [
        ("required", required),
        ("optional", optional),
        ("computed", computed),
        ("sensitive", attribute.sensitive),
        ("write_only", attribute.write_only),
        ("deprecated", attribute.deprecated),
    ];
    for (name, _) in flags.into_iter().filter(|(_, set)| *set) {
        json.insert(name.to_owned(), true.into());
    }
    json.into()
}

fn nested_json(nested: &NestedBlock) -> Json {
    let mode = match nested.nesting {
        Nesting::Single => "single",
        Nesting::Group => "group",
        Nesting::List => "list",
        Nesting::Set => "set",
        Nesting::Map => "map",
    };
    let mut json = json!({ "nesting_mode": mode, "block": block_json(&nested.block) });
    if nested.min_items > 0 {
        json["min_items"] = nested.min_items.into();
    }
    if let Some(most) = nested.max_items {
        json["max_items"] = most.into();
    }
    json
}

/// Terraform's without its texts.
fn without_texts(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let kept = members.iter().filter(|(name, value)| {
                !(name.starts_with("description") && value.is_string() || *name == "deprecation_message")
            });
            // What stands in the expression of a type are names.
            let inside = |(name, value): (&String, &Json)| match value {
                Json::Array(_) if name == "type" => (name.clone(), value.clone()),
                _ => (name.clone(), without_texts(value)),
            };
            kept.map(inside).collect::<Map<_, _>>().into()
        }
        Json::Array(elements) => elements.iter().map(without_texts).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn schemas_are_what_terraform_makes_of_them() {
    let ours = schemas().await;
    let theirs = of_terraform();
    let mut compared = 0;
    let provider = json!({ "version": ours.provider.version, "block": block_json(&ours.provider.block) });
    assert_eq!(provider, without_texts(&theirs["provider"]));
    for (kind, of_kind) in [("resource_schemas", &ours.resources), ("data_source_schemas", &ours.data_sources)] {
        let theirs = theirs[kind].as_object().unwrap();
        let sorted: BTreeSet<_> = theirs.keys().collect();
        assert!(of_kind.keys().eq(sorted), "{kind}");
        for (name, resource) in of_kind {
            let schema = resource.schema();
            let ours = json!({ "version": schema.version, "block": block_json(&schema.block) });
            assert_eq!(ours, without_texts(&theirs[name]), "{name}");
            compared += 1;
        }
    }
    assert_eq!(compared, 711 + 246);
}

/// Values of a type, others for each seed.
struct Sample(u64);

impl Sample {
    fn next(&mut self) -> u64 {
        // xorshift
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn value(&mut self, value_type: &ValueType) -> Value {
        match self.next() % 12 {
            0 => return Value::Null,
            1 => return Value::Unknown,
            _ => {}
        }
        match value_type {
            ValueType::Bool => Value::Bool(self.next().is_multiple_of(2)),
            ValueType::Number => {
                let text = format!("{}.{}", i64::from_ne_bytes(self.next().to_ne_bytes()), self.next() % 1000);
                Value::Number(text.parse().unwrap())
            }
            ValueType::String => Value::String(format!("text {} \u{1f30d}", self.next())),
            ValueType::Dynamic => Value::Null,
            ValueType::List(inner) | ValueType::Set(inner) => {
                Value::List((0..self.next() % 3).map(|_| self.value(inner)).collect())
            }
            ValueType::Map(inner) => {
                Value::Object((0..self.next() % 3).map(|at| (format!("key {at}"), self.value(inner))).collect())
            }
            ValueType::Tuple(types) => Value::List(types.iter().map(|it| self.value(it)).collect()),
            ValueType::Object(types) => {
                Value::Object(types.iter().map(|(name, it)| (name.clone(), self.value(it))).collect())
            }
        }
    }
}

#[tokio::test]
async fn objects_of_every_schema_come_back() {
    let schemas = schemas().await;
    let mut sample = Sample(0x5eed);
    for resource in schemas.resources.values().chain(schemas.data_sources.values()) {
        for _ in 0..20 {
            let value = sample.value(resource.value_type());
            let encoded = DynamicValue::encode(&value, resource.value_type()).unwrap();
            assert_eq!(encoded.decode(resource.value_type()).unwrap(), value, "{}", resource.type_name());
        }
    }
}
