//! Secrets stay secret, in every output, at any verbosity.

use std::path::PathBuf;

use crate::corpus::corpus;
use crate::run::{Scratch, finish, landfast, run};

fn sens() -> Vec<PathBuf> {
    ["sens.1.tfstate", "sens.2.tfstate", "sens.1.show.json", "sens.plan.json"]
        .iter()
        .map(|name| corpus().join("terraform-1.11.4").join(name))
        .collect()
}

#[test]
fn canaries_appear_nowhere() {
    let files = sens();
    let scratch = Scratch::new();
    let key = scratch.path("key");
    let mut seen = 0;
    let mut check = |arguments: Vec<&str>| {
        let run = finish(landfast().args(&arguments).env("LANDFAST_FINGERPRINT_KEY_FILE", &key));
        assert!(!(run.out.clone() + &run.err).contains("CANARY"), "{arguments:?}: {}{}", run.out, run.err);
        assert!(run.code < 64, "{arguments:?}: {}", run.err);
        seen += 1;
    };
    check(vec!["snapshot", "create", files[0].to_str().unwrap()]);
    for verbosity in [&[][..], &["-v"], &["-vv"]] {
        for format in ["text", "json"] {
            for a in &files {
                for b in &files {
                    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
                    check([&["diff", a, b, "--format", format][..], verbosity].concat());
                    check([&["check", "--recorded", a, "--observed", b, "--format", format][..], verbosity].concat());
                }
            }
            for state in &files[..2] {
                check(
                    [&["state", "show", "--state", state.to_str().unwrap(), "--format", format][..], verbosity]
                        .concat(),
                );
            }
        }
        for file in &files {
            check([&["graph", file.to_str().unwrap()][..], verbosity].concat());
            check([&["snapshot", "create", file.to_str().unwrap()][..], verbosity].concat());
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn broken_files_do_not_show_their_secrets_either() {
    let scratch = Scratch::new();
    for file in sens() {
        let text = std::fs::read_to_string(&file).unwrap();
        let places: Vec<usize> = text.match_indices("CANARY").map(|(at, _)| at).collect();
        for at in places {
            for damage in ["\\q", "\u{1}", "\"", "\\ud800"] {
                let mut broken = text.clone();
                broken.insert_str(at, damage);
                let path = scratch.file("broken", broken);
                let run = run(["diff".as_ref(), path.as_os_str(), path.as_os_str()]);
                assert!(!(run.out.clone() + &run.err).contains("CANARY"), "{}{}", run.out, run.err);
                assert_eq!(run.code, 1);
            }
        }
    }
}
