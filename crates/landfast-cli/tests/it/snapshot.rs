//! `landfast snapshot create`, and checking against what it wrote.

use crate::run::{Scratch, finish, landfast};

const RECORDED: &str = "fixtures/aws-moto/recorded.tfstate";
const OBSERVED: &str = "fixtures/aws-moto/observed.tfstate";

#[test]
fn a_snapshot_stands_for_its_state() {
    let scratch = Scratch::new();
    let key = scratch.path("keys/fingerprint.key");
    let with_key = |arguments: &[&str]| finish(landfast().args(arguments).env("LANDFAST_FINGERPRINT_KEY_FILE", &key));
    let snapshot = scratch.path("baseline.json");
    let snapshot = snapshot.to_str().unwrap();
    let created = with_key(&["snapshot", "create", RECORDED, "--output", snapshot]);
    assert_eq!((created.code, created.err.as_str()), (0, ""));

    let same = with_key(&["check", "--recorded", snapshot, "--observed", RECORDED, "--strict"]);
    assert_eq!(same.code, 0, "{}", same.out);
    let from_snapshot = with_key(&["check", "--recorded", snapshot, "--observed", OBSERVED, "--format", "json"]);
    let from_state = with_key(&["check", "--recorded", RECORDED, "--observed", OBSERVED, "--format", "json"]);
    let changes = |text: &str| {
        let report: serde_json::Value = serde_json::from_str(text).unwrap();
        (report["summary"].clone(), report["resources"].clone())
    };
    assert_eq!(changes(&from_snapshot.out), changes(&from_state.out));
}

#[test]
fn without_the_key_secrets_are_not_comparable_and_never_changed() {
    let scratch = Scratch::new();
    let snapshot = scratch.path("baseline.json");
    let snapshot = snapshot.to_str().unwrap();
    let create = |key: &str, output: &str| {
        let run = finish(
            landfast()
                .args(["snapshot", "create", RECORDED, "--output", output])
                .env("LANDFAST_FINGERPRINT_KEY_FILE", scratch.path(key)),
        );
        assert_eq!(run.code, 0, "{}", run.err);
    };
    create("one", snapshot);
    create("two", scratch.path("other.json").to_str().unwrap());
    let check = finish(
        landfast()
            .args(["check", "--recorded", snapshot, "--observed", RECORDED])
            .env("LANDFAST_FINGERPRINT_KEY_FILE", scratch.path("two")),
    );
    assert_eq!(check.code, 0, "{}", check.out);
    assert!(check.out.starts_with("no drift found, but not everything was read"), "{}", check.out);
}

#[cfg(unix)]
#[test]
fn the_key_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new();
    let key = scratch.path("key");
    let run = |arguments: &[&str]| finish(landfast().args(arguments).env("LANDFAST_FINGERPRINT_KEY_FILE", &key));
    assert_eq!(run(&["snapshot", "create", RECORDED]).code, 0);
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = run(&["diff", RECORDED, RECORDED]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("others can read the fingerprint key"), "{}", refused.err);
}
