//! Files that override others.

use landfast_discover::{IgnoreChanges, Prevention};

use super::folder::{read, refused};

const MAIN: &str = r#"
terraform {
  required_providers {
    a = { source = "x/a" }
    b = { source = "x/b" }
  }
  backend "s3" { bucket = "b" }
}
locals {
  kept    = "main"
  changed = "main"
}
variable "v" {
  type    = number
  default = 1
}
resource "a_b" "c" {
  provider = a.one
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [x]
  }
}
"#;

fn check(files: &[(&str, &str)]) {
    let module = read(files);
    assert_eq!(module.backend().unwrap().kind(), "local");
    assert_eq!(module.required_providers()["a"].source, "registry.terraform.io/x/a");
    assert_eq!(module.required_providers()["b"].source, "registry.terraform.io/y/b");
    assert_eq!(module.local("kept").unwrap().to_string(), "\"main\"");
    assert_eq!(module.local("changed").unwrap().to_string(), "\"over\"");
    // The type stays.
    assert_eq!(module.variable("v").unwrap().to_string(), "2");
    let resource = &module.resources()[0];
    assert_eq!(resource.provider.as_ref().unwrap().alias.as_deref(), Some("two"));
    assert_eq!((resource.prevent_destroy, &resource.ignore_changes), (Prevention::Yes, &IgnoreChanges::All));
}

#[test]
fn blocks_are_merged_in_both_languages() {
    let over = r#"
        terraform {
          required_providers { b = { source = "y/b" } }
          backend "local" {}
        }
        locals { changed = "over" }
        variable "v" { default = "2" }
        resource "a_b" "c" {
          provider = a.two
          lifecycle { ignore_changes = all }
        }"#;
    check(&[("main.tf", MAIN), ("main_override.tf", over)]);
    let json = r#"{"terraform": {"required_providers": {"b": {"source": "y/b"}}, "backend": {"local": {}}},
        "locals": {"changed": "over"}, "variable": {"v": {"default": "2"}},
        "resource": {"a_b": {"c": {"provider": "a.two", "lifecycle": {"ignore_changes": "all"}}}}}"#;
    check(&[("main.tf", MAIN), ("override.tf.json", json)]);
    // Later names count more.
    let early = "locals { changed = \"early\" }";
    check(&[("main.tf", MAIN), ("a_override.tf", early), ("main_override.tf", over)]);
}

#[test]
fn what_overrides_nothing_is_refused() {
    for (text, what) in [
        ("locals { x = 1 }", "override.tf:1:14: this overrides local.x, which is not there"),
        (
            "provider \"a\" { alias = \"x\" }",
            "override.tf:1:1: this overrides provider a with the alias x, which is not there",
        ),
        ("resource \"a\" \"b\" {}", "override.tf:1:1: this overrides resource a.b, which is not there"),
    ] {
        assert_eq!(refused(&[("override.tf", text), ("main.tf", "provider \"a\" {}")]), what);
    }
}
