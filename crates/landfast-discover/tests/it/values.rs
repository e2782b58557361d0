//! Values that are computed, and those that are not.

use landfast_discover::{EvaluationError, Inputs, RootModule};
use landfast_state::Value;

fn module(text: &str) -> RootModule {
    RootModule::of_text("a.tf", text, &Inputs::default()).unwrap()
}

fn local(text: &str) -> Result<Value, EvaluationError> {
    let text = format!(
        "variable \"secret\" {{\n  sensitive = true\n  default = {{ a = [\"hidden\"] }}\n}}\nlocals {{\n  a = {text}\n}}"
    );
    module(&text).local("a")
}

#[test]
fn literals_templates_and_references_are_computed() {
    for (expression, value) in [
        ("null", "null"),
        ("true", "true"),
        ("9007199254740993", "9007199254740993"),
        ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
        ("-1.5e3", "-1.5e3"),
        ("007", "7"),
        (r#""a\n\"\u00e4$${x}%%{y}""#, r#""a\n\"ä${x}%{y}""#),
        (r#""${1.50}-${true}-${"x"}""#, r#""1.5-true-x""#),
        (r#""${[1]}""#, "[1]"),
        (r#"[1, "a", [], {}]"#, r#"[1, "a", [], {}]"#),
        (r#"{ a = 1, "b c" : 2, (local.k) = 3, 4 = 5 }"#, r#"{"4": 5, "a": 1, "b c": 2, "k": 3}"#),
        ("<<EOT\nline ${1}\n  two\nEOT", r#""line 1\n  two\n""#),
        ("<<-EOT\n    line ${1}\n      two\n    EOT", r#""line 1\n  two\n""#),
        (r#""a ${~ "b" ~} c""#, r#""abc""#),
        ("(local.o.list[1])", "2"),
        ("local.o[\"list\"].0", "1"),
        ("local.o.map[local.k].x", "\"y\""),
        ("path.module", "\".\""),
    ] {
        let text = format!(
            "locals {{\n k = \"k\"\n o = {{ list = [1, 2], map = {{ k = {{ x = \"y\" }} }} }}\n a = {expression}\n}}"
        );
        let found = module(&text).local("a").map(|value| value.to_string());
        assert_eq!(found.as_deref(), Ok(value), "{expression}");
    }
}

#[test]
fn what_is_not_computed_is_told_with_place_and_expression() {
    for (expression, message) in [
        ("file(\"/etc/secret\")", "a.tf:6:7: `file(\"…\")` is not computed: no functions are called, and file is one"),
        ("[1, 1 + 2]", "a.tf:6:11: `1 + 2` is not computed: operators are not computed"),
        ("true ? 1 : 2", "a.tf:6:7: `true ? 1 : 2` is not computed: conditions are not computed"),
        (
            "\"x${data.aws_ami.x.id}\"",
            "a.tf:6:11: `data.aws_ami.x.id` is not computed: data sources are not read for it",
        ),
        ("module.x.y", "a.tf:6:7: `module.x.y` is not computed: modules are not read"),
        ("aws_vpc.x.id", "a.tf:6:7: `aws_vpc.x.id` is not computed: it is no variable and no local"),
        ("[for x in [1] : x]", "a.tf:6:7: `[for x in [1] : x]` is not computed: loops are not computed"),
        ("var.secret[*].a", "a.tf:6:7: `var.secret[*].a` is not computed: splats are not computed"),
        (
            "\"%{ if true }x%{ endif }\"",
            "a.tf:6:8: `%{ if true }x%{ endif }` is not computed: conditions and loops in texts are not computed",
        ),
        ("terraform.workspace", "a.tf:6:7: `terraform.workspace` is not computed: the workspace is not known"),
        ("var.none", "a.tf:6:7: there is no var.none"),
        ("local.none", "a.tf:6:7: there is no local.none"),
        ("var.secret.b", "a.tf:6:7: there is no member that `var.secret.b` names"),
        ("\"x${[1]}\"", "a.tf:6:11: a list cannot stand in a text"),
        ("path.cwd", "a.tf:6:7: `path.cwd` is not computed: it is known to terraform alone"),
    ] {
        assert_eq!(local(expression).unwrap_err().to_string(), message, "{expression}");
    }
}

#[test]
fn what_comes_of_a_secret_is_a_secret() {
    for expression in ["var.secret", "var.secret.a[0]", "\"x-${var.secret.a[0]}\""] {
        let value = local(expression).unwrap();
        assert!(matches!(value, Value::Sensitive(_)), "{expression}");
        assert!(!format!("{value} {value:?}").contains("hidden"));
    }
    let Value::Sensitive(held) = local("\"x-${var.secret.a[0]}\"").unwrap() else { panic!() };
    assert_eq!(held.expose().unwrap().to_string(), "\"x-hidden\"");
    assert!(local("[1, var.secret]").unwrap().has_sensitive());
    // Nor does an error show it.
    let error = local("\"x-${var.secret}\"").unwrap_err();
    assert_eq!(error.to_string(), "a.tf:6:12: a sensitive value cannot stand in a text");
}

#[test]
fn locals_that_need_themselves_are_an_error() {
    let module = module("locals {\n  a = local.b\n  b = [local.c]\n  c = \"x${local.a}\"\n  d = local.a\n  e = 1\n}");
    assert_eq!(
        module.local("a").unwrap_err().to_string(),
        "a.tf:4:11: local.a needs local.b needs local.c needs local.a needs itself"
    );
    assert!(matches!(module.local("d"), Err(EvaluationError::Cycle { .. })));
    assert_eq!(module.local("e").unwrap().to_string(), "1");
}

#[test]
fn values_that_grow_without_end_are_refused() {
    // Each is twice the one before.
    let lists: String = (1..64).map(|at| format!("l{at} = [local.l{0}, local.l{0}]\n", at - 1)).collect();
    let texts: String = (1..64).map(|at| format!("l{at} = \"${{local.l{0}}}${{local.l{0}}}\"\n", at - 1)).collect();
    for lines in [lists, texts] {
        let text = format!("locals {{\nl0 = \"0123456789\"\n{lines}}}");
        let module = module(&text);
        assert!(matches!(module.local("l63"), Err(EvaluationError::TooLarge { .. })));
        assert!(module.local("l8").is_ok());
    }
    let chain: String = (1..5000).map(|at| format!("l{at} = local.l{}\n", at - 1)).collect();
    let module = module(&format!("locals {{\nl0 = 1\n{chain}}}"));
    assert!(matches!(module.local("l4999"), Err(EvaluationError::TooLarge { .. })));
    assert_eq!(module.local("l100").unwrap().to_string(), "1");
}

#[test]
fn the_workspace_is_an_input() {
    let mut inputs = Inputs::default();
    inputs.workspace = Some("prod".to_owned());
    let module = RootModule::of_text("a.tf", "locals { a = \"${terraform.workspace}-x\" }", &inputs).unwrap();
    assert_eq!(module.local("a").unwrap().to_string(), "\"prod-x\"");
}
