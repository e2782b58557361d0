//! Variables: where their values come from, and what types make of them.

use landfast_discover::{InputSetting, Inputs, RootModule};
use landfast_state::Value;

use super::folder::{folder, read, without};

fn variable(declaration: &str, given: &str) -> String {
    let text = format!("variable \"v\" {{\n{declaration}\n}}");
    let mut inputs = Inputs::default();
    inputs.environment.insert("v".to_owned(), given.to_owned());
    let module = RootModule::of_text("a.tf", &text, &inputs).unwrap();
    module.variable("v").map_or_else(|error| error.to_string(), |value| value.to_string())
}

#[test]
fn later_sources_count_more() {
    let declared = ("a.tf", "variable \"v\" { default = \"default\" }");
    let (first, second) = (("terraform.tfvars", "v = \"tfvars\""), ("terraform.tfvars.json", "{\"v\": \"json ${x}\"}"));
    let (third, fourth) = (("a.auto.tfvars", "v = \"auto-a\""), ("b.auto.tfvars.json", "{\"v\": \"auto-b\"}"));
    let mut inputs = Inputs::default();
    let value = |files: &[(&str, &str)], inputs: &Inputs| {
        RootModule::read(folder(files).path(), inputs).unwrap().variable("v").unwrap().to_string()
    };
    assert_eq!(value(&[declared], &inputs), "\"default\"");
    inputs.environment.insert("v".to_owned(), "environment".to_owned());
    inputs.environment.insert("unknown".to_owned(), "x".to_owned());
    assert_eq!(value(&[declared], &inputs), "\"environment\"");
    assert_eq!(value(&[declared, first], &inputs), "\"tfvars\"");
    assert_eq!(value(&[declared, first, second], &inputs), "\"json ${x}\"");
    assert_eq!(value(&[declared, first, second, third], &inputs), "\"auto-a\"");
    assert_eq!(value(&[declared, first, second, third, fourth], &inputs), "\"auto-b\"");
    let elsewhere = folder(&[("x.tfvars", "v = \"file\"")]);
    inputs.settings.push(InputSetting::Variable { name: "v".to_owned(), text: "option".to_owned() });
    assert_eq!(value(&[declared, fourth], &inputs), "\"option\"");
    inputs.settings.push(InputSetting::File(elsewhere.path().join("x.tfvars")));
    assert_eq!(value(&[declared, fourth], &inputs), "\"file\"");
    assert!(!format!("{inputs:?}").contains("option\""));
}

#[test]
fn types_make_values_fit() {
    for (declaration, given, value) in [
        ("", "1", "\"1\""),
        ("type = string", "01", "\"01\""),
        ("type = number", "1.50", "1.50"),
        ("type = bool", "1", "true"),
        ("type = any", "[1]", "[1]"),
        ("type = list(string)", "[1, true, \"x\"]", r#"["1", "true", "x"]"#),
        ("type = map(number)", "{ a = \"1\" }", r#"{"a": 1}"#),
        ("type = tuple([string, number])", "[1, \"2\"]", r#"["1", 2]"#),
        ("type = set(bool)", "[\"true\"]", "[true]"),
        (
            "type = object({ a = string, b = optional(number, 5), c = optional(list(string)) })",
            "{ a = 1, more = 2 }",
            r#"{"a": "1", "b": 5, "c": null}"#,
        ),
        ("type = number", "x", "TF_VAR_v:1:1: the value of var.v: the text is no number"),
        ("type = bool", "yes", "TF_VAR_v:1:1: the value of var.v: the text is neither true nor false"),
        ("type = list(number)", "[1, \"x\"]", "TF_VAR_v:1:1: the value of var.v at [1]: the text is no number"),
        ("type = object({ a = string })", "{}", "TF_VAR_v:1:1: the value of var.v: a is missing"),
        ("type = list(string)", "{}", "TF_VAR_v:1:1: the value of var.v: a list is wanted, and this is an object"),
        ("nullable = false\n type = any\n default = 3", "null", "3"),
        ("type = any\n default = 3", "null", "null"),
    ] {
        assert_eq!(variable(declaration, given), value, "{declaration} {given}");
    }
}

#[test]
fn nothing_of_a_given_text_is_shown() {
    for given in ["my-secret", "[my_secret]", "\"my secret", "my_secret()"] {
        let message = variable("type = list(string)", given);
        assert!(message.starts_with("TF_VAR_v:1:") && message.contains("none that can be computed"), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn a_variable_without_a_value_is_an_error_where_it_is_needed() {
    let module = read(&[("a.tf", "variable \"v\" {\n  sensitive = true\n}\nlocals {\n  a = 1\n  b = var.v\n}")]);
    assert_eq!(module.local("a").unwrap().to_string(), "1");
    let message = "a.tf:1:1: the variable v has no value: set TF_VAR_v, or give it in terraform.tfvars";
    assert!(module.local("b").unwrap_err().to_string().ends_with(message));
    assert_eq!(module.variables().collect::<Vec<_>>(), ["v"]);
}

#[test]
fn sensitive_variables_have_sensitive_values() {
    let module = read(&[(
        "a.tf.json",
        r#"{"variable": {"v": {"sensitive": true, "type": "list(string)", "default": ["${a}"]}}}"#,
    )]);
    let Value::Sensitive(held) = module.variable("v").unwrap() else { panic!() };
    assert_eq!(held.expose().unwrap().to_string(), "[\"${a}\"]");
}

#[test]
fn values_refer_to_nothing() {
    let module = read(&[("a.tf", "locals { a = 1 }\nvariable \"v\" {}"), ("terraform.tfvars", "v = local.a")]);
    let error = module.variable("v").unwrap_err().to_string();
    assert!(
        error.ends_with("terraform.tfvars:1:5: `local.a` is not computed: values of variables refer to nothing"),
        "{error}"
    );
}

#[test]
fn a_value_for_a_variable_that_is_not_there_is_refused_where_it_was_named() {
    let mut inputs = Inputs::default();
    inputs.settings.push(InputSetting::Variable { name: "x".to_owned(), text: "1".to_owned() });
    let folder = folder(&[("terraform.tfvars", "y = 1")]);
    let error = RootModule::read(folder.path(), &inputs).unwrap_err();
    assert_eq!(without(folder.path(), &error), "a value is given to the variable x, which is not there");
    assert!(RootModule::read(folder.path(), &Inputs::default()).is_ok());
}

#[test]
fn an_environment_gives_variables_and_the_workspace() {
    let variables = [("TF_VAR_a", "1"), ("TF_WORKSPACE", "prod"), ("HOME", "x")];
    let inputs = Inputs::of_environment(variables.map(|(name, value)| (name.into(), value.into())));
    assert_eq!(inputs.environment.into_iter().collect::<Vec<_>>(), [("a".to_owned(), "1".to_owned())]);
    assert_eq!(inputs.workspace.as_deref(), Some("prod"));
}
