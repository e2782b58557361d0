//! Blocks that say what a configuration is about.

use landfast_discover::{IgnoreChanges, Prevention, ProviderReference, RootModule};

use super::folder::{read, refused};

fn reference(name: &str, alias: Option<&str>) -> ProviderReference {
    ProviderReference { name: name.to_owned(), alias: alias.map(str::to_owned) }
}

const NATIVE: &str = r#"
terraform {
  required_version = ">= 1.0"
  required_providers {
    amazon = { source = "hashicorp/aws", version = "~> 3.0" }
    dns    = { source = "example.com/acme/dns" }
    null   = "2.1.2"
  }
  backend "s3" {
    bucket = "states"
    key    = "prod/${"a"}.tfstate"
  }
}

provider "amazon" {
  region = "eu-central-1"
}

provider "amazon" {
  alias  = "west"
  region = "us-west-2"
}

resource "aws_instance" "web" {
  provider = amazon.west
  count    = 2
  ami      = data.aws_ami.x.id
  lifecycle {
    create_before_destroy = true
    prevent_destroy       = true
    ignore_changes        = [tags, tags["Name"], root_block_device[0].size, "user_data"]
  }
}

resource "null_resource" "all" {
  lifecycle { ignore_changes = all }
}

data "amazon_ami" "x" {}

module "child" { source = "./child" }
output "x" { value = nonsense(1) }
moved {
  from = a.b
  to   = a.c
}
"#;

const JSON: &str = r#"{
  "//": "a comment",
  "terraform": [{
    "required_providers": {
      "amazon": {"source": "hashicorp/aws", "version": "~> 3.0"},
      "dns": {"source": "example.com/acme/dns"},
      "null": "2.1.2"
    },
    "backend": {"s3": {"bucket": "states", "key": "prod/${\"a\"}.tfstate"}}
  }],
  "provider": {"amazon": [{"region": "eu-central-1"}, {"alias": "west", "region": "us-west-2"}]},
  "resource": {
    "aws_instance": {"web": {"provider": "amazon.west", "lifecycle": {"prevent_destroy": true,
      "ignore_changes": ["tags", "tags[\"Name\"]", "root_block_device[0].size", "user_data"]}}},
    "null_resource": {"all": [{"lifecycle": [{"ignore_changes": "all"}]}]}
  },
  "data": {"amazon_ami": {"x": {}}}
}"#;

fn check(module: &RootModule) {
    assert_eq!(module.backend().unwrap().kind(), "s3");
    assert_eq!(
        landfast_state::Value::Object(module.backend_members().unwrap()).to_string(),
        r#"{"bucket": "states", "key": "prod/a.tfstate"}"#
    );
    let required: Vec<_> = module
        .required_providers()
        .iter()
        .map(|(name, it)| (name.as_str(), it.source.as_str(), it.version.as_deref()))
        .collect();
    assert_eq!(
        required,
        [
            ("amazon", "registry.terraform.io/hashicorp/aws", Some("~> 3.0")),
            ("dns", "example.com/acme/dns", None),
            ("null", "registry.terraform.io/hashicorp/null", Some("2.1.2")),
        ]
    );
    let blocks: Vec<_> = module.provider_blocks().map(|(reference, _)| reference.clone()).collect();
    assert_eq!(blocks, [reference("amazon", None), reference("amazon", Some("west"))]);
    let aws = "registry.terraform.io/hashicorp/aws";
    assert_eq!(module.provider_of(aws, Some("west")).unwrap().reference(), &reference("amazon", Some("west")));
    assert!(module.provider_of(aws, Some("east")).is_none());
    assert_eq!(module.provider_source("random").unwrap(), "registry.terraform.io/hashicorp/random");

    let mut resources: Vec<_> = module.resources().iter().collect();
    resources.sort_by_key(|resource| resource.address.to_string());
    let addresses: Vec<_> = resources.iter().map(|resource| resource.address.to_string()).collect();
    assert_eq!(addresses, ["aws_instance.web", "data.amazon_ami.x", "null_resource.all"]);
    let web = resources[0];
    assert_eq!(module.provider_reference(web), reference("amazon", Some("west")));
    assert_eq!(web.prevent_destroy, Prevention::Yes);
    let IgnoreChanges::Paths(paths) = &web.ignore_changes else { panic!() };
    let paths: Vec<_> = paths.iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["tags", "tags.Name", "root_block_device[0].size", "user_data"]);
    assert_eq!(module.provider_reference(resources[1]), reference("amazon", None));
    assert_eq!((&resources[2].ignore_changes, resources[2].prevent_destroy), (&IgnoreChanges::All, Prevention::No));
    assert_eq!(module.provider_reference(resources[2]), reference("null", None));
}

#[test]
fn both_languages_say_the_same() {
    check(&read(&[("main.tf", NATIVE)]));
    check(&read(&[("main.tf.json", JSON)]));
}

#[test]
fn a_cloud_block_is_where_the_state_is_too() {
    let module =
        read(&[("a.tf", "terraform {\n  cloud {\n    organization = \"o\"\n    workspaces { name = \"w\" }\n  }\n}")]);
    let backend = module.backend().unwrap();
    assert_eq!((backend.kind(), backend.place().line), ("cloud", 2));
    let members = landfast_state::Value::Object(module.backend_members().unwrap()).to_string();
    assert_eq!(members, r#"{"organization": "o", "workspaces": [{"name": "w"}]}"#);
    assert!(read(&[]).backend().is_none());
}

#[test]
fn what_terraform_would_refuse_is_refused_with_its_place() {
    for (text, message) in [
        ("locals {", "a.tf:1:8: "),
        ("a = 1", "a.tf:1:5: a stands outside of any block"),
        ("locals {\n  a = 1\n  a = 2\n}", "a.tf:3:3: invalid attribute; expected unique attribute key"),
        ("locals { a = 1 }\nlocals { a = 2 }", "a.tf:2:14: local.a stands twice"),
        ("provider \"a\" {}\nprovider \"a\" {}", "a.tf:2:1: provider a stands twice"),
        (
            "provider \"a\" { alias = \"x\" }\nprovider \"a\" { alias = \"x\" }",
            "a.tf:2:1: provider a with the alias x stands twice",
        ),
        ("provider \"a\" { alias = var.x }", "a.tf:1:24: the alias of a provider is a plain text"),
        ("provider {}", "a.tf:1:1: a block of kind provider has 1 labels"),
        ("resource \"a\" {}", "a.tf:1:1: a block of kind resource has 2 labels"),
        ("terraform {\n  backend \"a\" {}\n  backend \"b\" {}\n}", "a.tf:3:3: where the state is stands twice"),
        (
            "terraform {\n  required_providers {\n    a = { source = \"x/y/z/a\" }\n  }\n}",
            "a.tf:3:9: \"x/y/z/a\" is no source address",
        ),
        (
            "terraform {\n  required_providers {\n    a = { source = var.x }\n  }\n}",
            "a.tf:3:20: the source of a required provider is a plain text",
        ),
        ("variable \"a\" { type = text }", "a.tf:1:23: this is no type"),
        ("resource \"a\" \"b\" {\n  lifecycle { ignore_changes = some }\n}", "a.tf:2:32: ignore_changes is a list"),
        (
            "resource \"a\" \"b\" {\n  lifecycle { prevent_destroy = var.x }\n}",
            "a.tf:2:33: prevent_destroy is true or false",
        ),
    ] {
        let refused = refused(&[("a.tf", text)]);
        assert!(refused.starts_with(message), "{text}: {refused}");
    }
    assert_eq!(refused(&[("a.tf.json", "[]")]), "a.tf.json:1:1: this is no object");
    assert_eq!(refused(&[("a.tf.json", "{")]), "a.tf.json: no JSON");
    let template = refused(&[("a.tf.json", "{\"locals\": {\n\"a\": \"${b\"}}")]);
    assert!(template.starts_with("a.tf.json:2:6: "), "{template}");
}

#[test]
fn nothing_is_too_deep_or_too_long_to_be_refused() {
    let deep = format!("locals {{ a = {} }}", "[".repeat(100_000));
    refused(&[("a.tf", &deep)]);
    refused(&[("a.tf", &"a {\n".repeat(100_000))]);
    refused(&[("a.tf.json", &"{\"a\":".repeat(100_000))]);
    let long = format!("# {}", "x".repeat(9 << 20));
    assert_eq!(refused(&[("a.tf", &long)]), "a.tf: the file is larger than 8 MiB");
}
