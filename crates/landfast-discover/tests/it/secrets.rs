//! Secrets that settings name.

use std::fs;
use std::sync::Arc;

use landfast_discover::{EnvironmentSecrets, FileSecrets, SecretScheme, SecretSources};
use landfast_state::{Members, Value};

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn sources(folder: &std::path::Path) -> SecretSources {
    let variables = [("KEY", "hidden-key"), ("EMPTY", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    SecretSources::none()
        .with(SecretScheme::Environment, Arc::new(EnvironmentSecrets::new(variables.into())))
        .with(SecretScheme::File, Arc::new(FileSecrets::new(folder)))
}

async fn refused(folder: &std::path::Path, reference: &str) -> String {
    let block = Value::Object([("b".to_owned(), text(reference))].into());
    let members = Members::from([("a".to_owned(), Value::List(vec![text("x"), block]))]);
    let error = sources(folder).fill(members).await.unwrap_err();
    assert_eq!(error.to_string(), "a[1].b names a secret that is not known");
    error.source.to_string()
}

#[tokio::test]
async fn references_become_secrets_wherever_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token"), "hidden-token\r\n").unwrap();
    let block = Value::Object([("token".to_owned(), text("file://token"))].into());
    let members = Members::from([
        ("key".to_owned(), text("env://KEY")),
        ("plain".to_owned(), text("http://KEY")),
        ("list".to_owned(), Value::List(vec![block, text("env://KEY")])),
    ]);
    let filled = Value::Object(sources(folder.path()).fill(members).await.unwrap());
    assert_eq!(
        filled.to_string(),
        r#"{"key": (sensitive value), "list": [{"token": (sensitive value)}, (sensitive value)], "plain": "http://KEY"}"#
    );
    let Value::Sensitive(token) = filled.get(&"list[0].token".parse().unwrap()).unwrap() else { panic!() };
    assert_eq!(token.expose(), Some(&text("hidden-token")));
    assert!(!format!("{:?}", sources(folder.path())).contains("hidden"));
}

#[tokio::test]
async fn what_is_not_there_is_told_by_its_reference() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(refused(at, "env://NONE").await, "env://NONE is not there: the variable is not set");
    assert_eq!(refused(at, "env://EMPTY").await, "env://EMPTY is not there: the variable is not set");
    assert_eq!(refused(at, "file://none").await, "file://none cannot be read");
    assert_eq!(refused(at, "file://.").await, "file://. cannot be read");
    assert_eq!(
        refused(at, "vault://a").await,
        "vault://a names no secret: the field is missing, as in vault://PATH#FIELD"
    );
    assert_eq!(
        refused(at, "vault://a/b#c").await,
        "vault://a/b#c cannot be looked up: no source of vault secrets is configured"
    );
}
