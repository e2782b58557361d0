//! The command actuator, with real scripts.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use landfast_fix::{CommandActuator, CommandSettings, WantedFile};
use landfast_rollback::plan::StepId;
use landfast_rollback::{Actuator as _, ActuatorError, ActuatorFailure, Change, Direction};
use landfast_safety::ActionKind;
use landfast_state::address::ObjectAddress;
use landfast_state::{Origin, Redactor, ResourceObject, Snapshot, SourceKind, Value};

const SECRET: &str = "CANARY-SECRET";

fn actuator(folder: &Path, script: &str) -> CommandActuator {
    let path = folder.join("system");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings = "read = [\"./system\", \"read\", \"$HOME; exit 7\"]\nupdate = [\"./system\", \"update\"]\n\
        timeout-seconds = 1\nmax-output-bytes = 1000";
    let settings: CommandSettings = toml::from_str(settings).unwrap();
    CommandActuator::new(settings, folder.to_owned(), no_secrets()).unwrap()
}

fn no_secrets() -> Redactor {
    Snapshot::redactor(&[])
}

fn address() -> ObjectAddress {
    "dns_record.www".parse().unwrap()
}

fn object() -> ResourceObject {
    let wanted = format!(
        "[[create]]\naddress = \"dns_record.www\"\nattributes = {{ n = 9007199254740993, token = \"{SECRET}\" }}\n\
         sensitive = [\"token\"]\nunknown = [\"id\"]"
    );
    WantedFile::parse(&wanted, "wanted.toml").unwrap().said().unwrap().get(&address()).unwrap().clone()
}

fn update() -> Change {
    let mut change = Change::new(StepId::new(1), Direction::Forward, ActionKind::Update, address());
    change.before = Some(object());
    change.after = Some(object());
    change
}

async fn read(script: &str) -> Result<Option<ResourceObject>, ActuatorError> {
    let folder = tempfile::tempdir().unwrap();
    actuator(folder.path(), script).read(&address(), None).await
}

async fn act(script: &str) -> Result<(), ActuatorError> {
    let folder = tempfile::tempdir().unwrap();
    actuator(folder.path(), script).act(&update()).await
}

#[tokio::test]
async fn a_command_gets_the_change_in_clear_and_no_shell() {
    let folder = tempfile::tempdir().unwrap();
    let script = "cat > \"request-$1\"; printf %s \"$2\" > argument\n[ $1 = update ] || echo '{\"present\": false}'";
    let actuator = actuator(folder.path(), script);
    actuator.act(&update()).await.unwrap();
    let request: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("request-update")).unwrap()).unwrap();
    assert_eq!(request["format_version"], "1.0");
    assert_eq!(request["action"], "update");
    assert_eq!(request["address"], "dns_record.www");
    assert_eq!(request["type"], "dns_record");
    assert_eq!(request["after"]["token"], SECRET);
    assert_eq!(request["after"]["n"].to_string(), "9007199254740993");
    assert_eq!(request["sensitive"], serde_json::json!(["token"]));
    assert_eq!(request["unknown"], serde_json::json!(["id"]));
    assert!(actuator.read(&address(), None).await.unwrap().is_none());
    assert_eq!(std::fs::read_to_string(folder.path().join("argument")).unwrap(), "$HOME; exit 7");
}

#[tokio::test]
async fn an_answer_is_an_object_or_none_or_an_error() {
    let found = read(
        "echo '{\"present\": true, \"attributes\": {\"n\": 1.50, \"token\": \"CANARY-SECRET\"}, \"sensitive\": [\"token\"]}'",
    );
    let found = found.await.unwrap().unwrap();
    let Value::Object(members) = found.value() else { panic!("no object") };
    assert_eq!(members["n"].to_string(), "1.50");
    assert!(matches!(members["token"], Value::Sensitive(_)));
    for wrong in [
        "true",
        "echo '{}'",
        "echo '{\"present\": true}'",
        "echo '{\"present\": false, \"attributes\": {}}'",
        "echo '{\"present\": true, \"attributes\": \"CANARY-SECRET\"}'",
        "echo '{\"present\": true, \"attributes\": {\"a\": 1, \"a\": \"CANARY-SECRET\"}}'",
        "echo '{\"present\": \"CANARY-SECRET\"}'",
        "echo '{\"present\": false}'; exit 3",
    ] {
        let error = read(wrong).await.unwrap_err();
        assert_eq!(error.failure, ActuatorFailure::Other, "{wrong}");
        assert!(!error.to_string().contains("CANARY"), "{error}");
    }
}

#[tokio::test]
async fn what_was_a_secret_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let actuator =
        actuator(folder.path(), "echo '{\"present\": true, \"attributes\": {\"token\": \"CANARY-SECRET\"}}'");
    let read = actuator.read(&address(), Some(&object())).await.unwrap().unwrap();
    assert_eq!(read.sensitive.iter().map(ToString::to_string).collect::<Vec<_>>(), ["token"]);
}

#[tokio::test]
async fn failures_have_a_class_and_no_secrets() {
    let said =
        |class: &str| format!("echo '{{\"error\": {{\"class\": \"{class}\", \"message\": \"no {SECRET}\"}}}}'; exit 1");
    for (class, failure) in [
        ("transient", ActuatorFailure::Transient),
        ("permission_denied", ActuatorFailure::PermissionDenied),
        ("rejected", ActuatorFailure::Rejected),
        ("unsupported", ActuatorFailure::Unsupported),
        ("nonsense", ActuatorFailure::Other),
    ] {
        let error = act(&said(class)).await.unwrap_err();
        assert_eq!(error.failure, failure);
        assert!(error.to_string().starts_with("no ") && !error.to_string().contains("CANARY"), "{error}");
    }
    let error = act(&format!("echo 'first'; echo 'cannot use {SECRET}' >&2; exit 4")).await.unwrap_err();
    assert!(error.to_string().contains("cannot use") && !error.to_string().contains("CANARY"), "{error}");
    let mut create = update();
    create.action = ActionKind::Create;
    let folder = tempfile::tempdir().unwrap();
    let error = actuator(folder.path(), "true").act(&create).await.unwrap_err();
    assert_eq!(error.failure, ActuatorFailure::Unsupported);
    let settings: CommandSettings = toml::from_str("read = [\"./none\"]").unwrap();
    let missing = CommandActuator::new(settings, folder.path().to_owned(), no_secrets()).unwrap();
    assert!(missing.read(&address(), None).await.unwrap_err().to_string().contains("cannot be started"));
}

#[tokio::test]
async fn the_whole_group_ends_when_nobody_waits() {
    let folder = tempfile::tempdir().unwrap();
    let slow = actuator(folder.path(), "(sleep 3; touch late) & sleep 30");
    let began = Instant::now();
    let error = slow.act(&update()).await.unwrap_err();
    assert_eq!(error.failure, ActuatorFailure::Transient);
    assert!(began.elapsed() < Duration::from_secs(3));
    let late = actuator(folder.path(), "(sleep 1; touch late) & sleep 30");
    let change = update();
    assert!(tokio::time::timeout(Duration::from_millis(300), late.act(&change)).await.is_err());
    tokio::time::sleep(Duration::from_millis(3500)).await;
    assert!(!folder.path().join("late").exists());

    let error = read("yes | head -c 5000").await.unwrap_err();
    assert!(error.to_string().contains("more than 1000 bytes"), "{error}");
}

#[test]
fn wanted_changes_are_checked() {
    for (text, why) in [
        ("", "asks for nothing"),
        ("[[forget]]\naddress = \"a_b.c\"\n[[delete]]\naddress = \"a_b.d\"", "make two plans"),
        ("[[forget]]\naddress = \"a_b.c\"\nwhy = \"x\"", "line 3"),
        ("[[create]]\naddress = \"a_b.c\"\nattributes = \"CANARY-SECRET\"", "line 3"),
    ] {
        let error = WantedFile::parse(text, "wanted.toml").unwrap_err().to_string();
        assert!(error.contains(why) && !error.contains("CANARY"), "{error}");
    }
    let empty = Snapshot::empty(Origin::new(SourceKind::State, ""));
    for (text, why) in [
        ("[[forget]]\naddress = \"a_b.c\"", "nothing at a_b.c"),
        ("[[forget]]\naddress = \"a b\"", "no address"),
        ("[[adopt]]\naddress = \"a_b.c\"\nfrom = \"x.json\"", "x.json: there is nothing at a_b.c"),
    ] {
        let error = WantedFile::parse(text, "wanted.toml").unwrap().draft_bookkeeping(&empty, |_| None).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}
