//! Configurations of providers, made to fit their schemas.

use landfast_discover::{Inputs, ProviderConfigError, RootModule, provider_config};
use landfast_state::json::{Limits, Raw};
use landfast_state::schema::{Attribute, Block, NestedBlock, Nesting, Setting, ValueType};
use landfast_state::{Members, Value};

fn nested(nesting: Nesting, block: Block, max_items: Option<u64>) -> NestedBlock {
    NestedBlock { nesting, block, min_items: 0, max_items }
}

fn texts(names: &[&str]) -> Block {
    let attribute = |name: &&str| ((*name).to_owned(), Attribute::new(ValueType::String, Setting::Optional));
    Block { attributes: names.iter().map(attribute).collect(), ..Block::default() }
}

/// Something like that of AWS.
fn schema() -> Block {
    let mut schema = texts(&["access_key", "region", "secret_key"]);
    let numbers = [("max_retries", ValueType::Number), ("skip", ValueType::Bool)];
    for (name, value_type) in numbers {
        schema.attributes.insert(name.to_owned(), Attribute::new(value_type, Setting::Optional));
    }
    let token = Attribute { sensitive: true, ..Attribute::new(ValueType::String, Setting::Optional) };
    schema.attributes.insert("token".to_owned(), token);
    let accounts = ValueType::Set(Box::new(ValueType::String));
    schema.attributes.insert("accounts".to_owned(), Attribute::new(accounts, Setting::Optional));
    let mut role = texts(&["external_id"]);
    role.attributes.insert("arn".to_owned(), Attribute::new(ValueType::String, Setting::Required));
    let mut tags = Block::default();
    let map = ValueType::Map(Box::new(ValueType::String));
    tags.attributes.insert("tags".to_owned(), Attribute::new(map, Setting::Optional));
    schema.blocks.insert("endpoints".to_owned(), nested(Nesting::Set, texts(&["ec2", "s3"]), None));
    schema.blocks.insert("assume_role".to_owned(), nested(Nesting::List, role, Some(1)));
    schema.blocks.insert("default_tags".to_owned(), nested(Nesting::Single, tags, None));
    schema.blocks.insert("by_name".to_owned(), nested(Nesting::Map, texts(&["x"]), None));
    schema
}

fn members(text: &str) -> Members {
    match Value::from_raw(Raw::check(text.as_bytes(), &Limits::default()).unwrap(), &[]) {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

fn config(file: &str, text: &str, settings: &str) -> Result<Value, ProviderConfigError> {
    let module = RootModule::of_text(file, text, &Inputs::default()).unwrap();
    let block = module.provider_of("registry.terraform.io/hashicorp/aws", None);
    let block = block.map(|block| (&module, block));
    provider_config("aws", &schema(), &members(settings), block).map(Value::Object)
}

#[test]
fn blocks_and_attributes_become_what_the_schema_wants() {
    let native = r#"
        variable "key" {
          sensitive = true
          default   = "hidden"
        }
        locals { url = "http://127.0.0.1:5555" }
        provider "aws" {
          version     = "~> 3.0"
          region      = "eu-central-1"
          secret_key  = var.key
          token       = "hidden"
          max_retries = "1"
          skip        = true
          accounts    = [1, "2"]
          endpoints {
            ec2 = local.url
          }
          endpoints { s3 = "${local.url}/s3" }
          assume_role { arn = "a" }
          default_tags {
            tags = { "a b" = 1 }
          }
          by_name "k" { x = "y" }
        }"#;
    let json = r#"{"variable": {"key": {"sensitive": true, "default": "hidden"}}, "locals": {"url": "http://127.0.0.1:5555"},
        "provider": {"aws": {"version": "~> 3.0", "region": "eu-central-1", "secret_key": "${var.key}", "token": "hidden", "max_retries": "1", "skip": true,
        "accounts": [1, "2"], "endpoints": [{"ec2": "${local.url}"}, {"s3": "${local.url}/s3"}], "assume_role": {"arn": "a"},
        "default_tags": {"tags": {"a b": 1}}, "by_name": {"k": {"x": "y"}}}}}"#;
    let expected = r#"{"access_key": null, "accounts": ["1", "2"], "assume_role": [{"arn": "a", "external_id": null}], "by_name": {"k": {"x": "y"}}, "default_tags": {"tags": {"a b": "1"}}, "endpoints": [{"ec2": "http://127.0.0.1:5555", "s3": null}, {"ec2": null, "s3": "http://127.0.0.1:5555/s3"}], "max_retries": 1, "region": "eu-central-1", "secret_key": (sensitive value), "skip": true, "token": (sensitive value)}"#;
    for (file, text) in [("main.tf", native), ("main.tf.json", json)] {
        assert_eq!(config(file, text, "{}").unwrap().to_string(), expected, "{file}");
    }
}

#[test]
fn nothing_said_is_nothing_set() {
    let expected = r#"{"access_key": null, "accounts": null, "assume_role": [], "by_name": {}, "default_tags": null, "endpoints": [], "max_retries": null, "region": null, "secret_key": null, "skip": null, "token": null}"#;
    assert_eq!(config("a.tf", "", "{}").unwrap().to_string(), expected);
    assert_eq!(config("a.tf", "provider \"aws\" {}", "{}").unwrap().to_string(), expected);
}

#[test]
fn settings_say_what_cannot_be_computed() {
    let text = "provider \"aws\" {\n  region = data.aws_region.x.name\n  endpoints {\n    s3 = lookup(var.x, \"y\")\n  }\n  skip = true\n}";
    let error = config("a.tf", text, "{}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "region of the provider aws is not known: set it in landfast.toml, under [providers.\"aws\"]"
    );
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "a.tf:2:12: `data.aws_region.x.name` is not computed: data sources are not read for it");
    let error = config("a.tf", text, r#"{"region": "r"}"#).unwrap_err();
    assert!(error.to_string().starts_with("endpoints[0].s3 of the provider aws is not known"), "{error}");

    let found = config("a.tf", text, r#"{"region": "r", "endpoints": {"s3": "u"}, "max_retries": "3"}"#).unwrap();
    let Value::Object(found) = found else { panic!() };
    assert_eq!(found["region"].to_string(), "\"r\"");
    assert_eq!(found["endpoints"].to_string(), r#"[{"ec2": null, "s3": "u"}]"#);
    assert_eq!((found["skip"].to_string(), found["max_retries"].to_string()), ("true".to_owned(), "3".to_owned()));
}

#[test]
fn what_does_not_fit_is_told_with_path_and_place() {
    for (text, settings, message) in [
        (
            "regio = \"x\"",
            "{}",
            "a.tf:2:9: regio of the provider aws does not fit: the provider knows no such argument",
        ),
        ("endpoint {}", "{}", "a.tf:2:1: endpoint of the provider aws does not fit: the provider knows no such block"),
        (
            "endpoints = []",
            "{}",
            "a.tf:2:13: endpoints of the provider aws does not fit: it is a block, and has no equals sign",
        ),
        ("max_retries = \"x\"", "{}", "a.tf:2:15: max_retries of the provider aws does not fit: the text is no number"),
        (
            "accounts = [[]]",
            "{}",
            "a.tf:2:12: accounts[0] of the provider aws does not fit: a text is wanted, and this is a list",
        ),
        (
            "assume_role { arn = \"a\" }\nassume_role { arn = \"b\" }",
            "{}",
            "a.tf:2:1: assume_role of the provider aws does not fit: there are 2 blocks, and 1 may be",
        ),
        (
            "default_tags {}\ndefault_tags {}",
            "{}",
            "a.tf:2:1: default_tags of the provider aws does not fit: the block stands more than once",
        ),
        ("by_name {}", "{}", "a.tf:2:1: by_name of the provider aws does not fit: the block needs one label"),
        (
            "assume_role {}",
            "{}",
            "assume_role[0].arn of the provider aws has no value: set it in landfast.toml, under [providers.\"aws\"]",
        ),
        (
            "dynamic \"endpoints\" {}",
            "{}",
            "dynamic of the provider aws is not known: set it in landfast.toml, under [providers.\"aws\"]",
        ),
        (
            "",
            "{\"endpoints\": {\"x\": 1}}",
            "landfast.toml: endpoints[0].x of the provider aws does not fit: the provider knows no such argument",
        ),
        (
            "",
            "{\"endpoints\": [1]}",
            "landfast.toml: endpoints[0] of the provider aws does not fit: a block is wanted, and this is a number",
        ),
    ] {
        let text = format!("provider \"aws\" {{\n{text}\n}}");
        assert_eq!(config("a.tf", &text, settings).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn attributes_that_are_lists_of_objects_may_be_written_as_blocks() {
    let object = ValueType::Object([("a".to_owned(), ValueType::String), ("b".to_owned(), ValueType::Number)].into());
    let mut schema = Block::default();
    let list = ValueType::List(Box::new(object));
    schema.attributes.insert("rule".to_owned(), Attribute::new(list, Setting::OptionalComputed));
    let text = "provider \"x\" {\n  rule { a = 1 }\n  rule { b = \"2\" }\n}";
    let module = RootModule::of_text("a.tf", text, &Inputs::default()).unwrap();
    let block = module.provider_of("registry.terraform.io/hashicorp/x", None).unwrap();
    let found = provider_config("x", &schema, &Members::new(), Some((&module, block))).unwrap();
    assert_eq!(found["rule"].to_string(), r#"[{"a": "1", "b": null}, {"a": null, "b": 2}]"#);
}
