//! Real terraform computes the same, and secrets come from a real OpenBao.

mod openbao;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use landfast_discover::{InputSetting, Inputs, RootModule};
use landfast_state::Value;
use landfast_state::json::{Limits, Raw};

use super::folder::folder;

/// What `terraform console` says that the local `all` is.
fn terraform(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Value {
    let mut child = Command::new("terraform")
        .arg("console")
        .args(arguments)
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .env("CHECKPOINT_DISABLE", "1")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"base64encode(nonsensitive(jsonencode(local.all)))\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let bytes = base64(text.trim().trim_matches('"'));
    Value::from_raw(Raw::check(&bytes, &Limits::default()).unwrap(), &[])
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|c| *c != b'=').map(digit).collect();
    let mut bytes = Vec::new();
    for chunk in digits.chunks(4) {
        let bits = chunk.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit)) << (6 * (4 - chunk.len()));
        bytes.extend(bits.to_be_bytes().get(1..chunk.len()).unwrap());
    }
    bytes
}

/// Without marks, which JSON has none of.
fn exposed(value: &Value) -> Value {
    match value {
        Value::Sensitive(held) => exposed(held.expose().unwrap()),
        Value::List(elements) => Value::List(elements.iter().map(exposed).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), exposed(value))).collect())
        }
        other => other.clone(),
    }
}

const MAIN: &str = r#"
variable "text" {}
variable "number" { type = number }
variable "list" { type = list(string) }
variable "untyped" { default = { a = [1, "b", true, null] } }
variable "object" {
  type = object({ a = string, b = optional(number, 5), c = optional(object({ d = optional(string, "e") }), {}) })
}
variable "secret" {
  type      = map(number)
  sensitive = true
}
variable "last" {}
variable "first" {}
variable "kept" {
  nullable = false
  default  = "default"
}
locals {
  k   = "key"
  all = {
    vars     = [var.text, var.number, var.list, var.untyped, var.object, var.secret, var.last, var.first, var.kept]
    numbers  = [1, -1, 1.50, 007, 1e3, 123456789012345678, "${1.50}", "${100}", "${true}", 0.1, "${0.10}", "${1e3}", "${-1.5}", "${12.5e-3}", "x${1.5e10}", "${120e-1}y", "${-0.0}z", "${100}w"]
    texts    = ["a\tb\\\"\u00e4\U0001F600", "$${x}", "%%{x}", "$", "%", "a$b", "", "${local.k}", " ${local.k} "]
    strips   = ["a ${~ local.k ~} b", "a ${~ local.k } b", "a ${ local.k ~} b"]
    keys     = { a = 1, "b" = 2, (local.k) = 3, "${local.k}2" = 4, a-b = 5, 6 = 7 }
    taken    = [var.untyped.a[1], var.untyped["a"].0, var.object.c.d, { x = 1 }.x == 1]
    path     = [path.module, path.root]
    here     = <<EOT
one ${local.k}
  two "three" \n
$${x}

EOT
    indented = <<-EOT
        one
          two ${local.k}

        three
      EOT
    flush    = <<-EOT
      ${local.k}
        next
      EOT
    empty    = <<EOT
EOT
    nulls    = [null, { a = null }]
    more     = local.json
  }
}
"#;

const JSON: &str = r#"{
  "//": "comment",
  "locals": {
    "json": {"a": "${local.k}-x", "b": "${var.number}", "c": ["$${x}", "plain", 1.50, null, true], "${local.k}": {"d": "<é>"}, "e": "${var.list}"}
  }
}"#;

#[test]
fn locals_and_variables_are_what_terraform_makes_of_them() {
    let main = MAIN.replace(", { x = 1 }.x == 1", "");
    let folder = folder(&[
        ("main.tf", &main),
        ("more.tf.json", JSON),
        (
            "terraform.tfvars",
            "text = \"from file\"\nfirst = \"tfvars\"\nlast = \"tfvars\"\nsecret = { a = \"1\" }\nobject = { a = 1, c = {}, z = 2 }\nkept = null\n",
        ),
        ("b.auto.tfvars", "first = \"b\"\nlast = \"b\"\n"),
        ("a.auto.tfvars.json", "{\"first\": \"a ${x}\", \"last\": \"a\"}"),
    ]);
    let environment = [("TF_VAR_number", "1.50"), ("TF_VAR_list", "[1, \"b\", true]"), ("TF_VAR_last", "environment")];
    let expected = terraform(folder.path(), &["-var", "last=option"], &environment);
    let mut inputs = Inputs::of_environment(environment.map(|(name, value)| (name.into(), value.into())));
    inputs.settings.push(InputSetting::Variable { name: "last".to_owned(), text: "option".to_owned() });
    let module = RootModule::read(folder.path(), &inputs).unwrap();
    let found = module.local("all").unwrap();
    assert!(found.has_sensitive());
    let (Value::Object(found), Value::Object(expected)) = (exposed(&found), expected) else { panic!() };
    for (name, expected) in &expected {
        assert_eq!(&found[name], expected, "{name}");
    }
    assert_eq!(found.len(), expected.len());
}
