//! Text from data does nothing to a terminal or a build server.

use std::path::PathBuf;

use crate::corpus::corpus;
use crate::run::{Scratch, finish, landfast, run};

fn file(name: &str) -> PathBuf {
    corpus().join("terraform-1.11.4").join(name)
}

/// Every output that shows data of these files.
fn outputs() -> Vec<(String, String)> {
    let (first, second, plan) = (file("hostile.1.tfstate"), file("hostile.2.tfstate"), file("hostile.plan.json"));
    let show = file("hostile.1.show.json");
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let mut commands = Vec::new();
    for (a, b) in [(&first, &second), (&second, &first), (&first, &plan), (&show, &second), (&plan, &plan)] {
        for format in ["text", "json"] {
            commands.push(vec!["diff".into(), text(a), text(b), "--format".into(), format.into(), "-v".into()]);
            commands.push(vec![
                "check".into(),
                "--recorded".into(),
                text(a),
                "--observed".into(),
                text(b),
                "--format".into(),
                format.into(),
            ]);
        }
    }
    for format in ["text", "json"] {
        commands.push(vec![
            "state".into(),
            "show".into(),
            "--state".into(),
            text(&first),
            "--format".into(),
            format.into(),
        ]);
    }
    for format in ["text", "dot", "mermaid"] {
        commands.push(vec!["graph".into(), text(&first), "--format".into(), format.into()]);
    }
    commands.push(vec!["state".into(), "list".into(), "--state".into(), text(&first)]);
    for source in [&first, &second, &show, &plan] {
        commands.push(vec!["snapshot".into(), "create".into(), text(source)]);
    }
    let scratch = Scratch::new();
    commands
        .into_iter()
        .map(|command| {
            let key = scratch.path("key");
            let run = finish(landfast().args(&command).env("LANDFAST_FINGERPRINT_KEY_FILE", key));
            (command.join(" "), run.out + &run.err)
        })
        .collect()
}

#[test]
fn no_control_character_reaches_the_screen() {
    for (command, shown) in outputs() {
        let raw = shown.chars().find(|c| *c != '\n' && !landfast::state::is_printable(*c));
        assert_eq!(raw, None, "{command}");
    }
}

#[test]
fn no_line_is_a_command_of_a_build_server() {
    for (command, shown) in outputs() {
        for line in shown.lines() {
            assert!(!line.trim_start().starts_with("::"), "{command}: {line}");
            assert!(!line.contains("##vso[") && !line.contains("##["), "{command}: {line}");
        }
    }
}

#[test]
fn what_is_escaped_can_still_be_read() {
    let state = file("hostile.1.tfstate");
    let run = run(["state", "show", "--state", state.to_str().unwrap(), "terraform_data.esc"]);
    assert!(run.out.contains("\\u001b[2J\\u001b[1;31mFAKE: 0 to destroy"), "{}", run.out);
}

#[test]
fn a_snapshot_escapes_what_a_terminal_would_not_show_and_is_the_same_document() {
    let scratch = Scratch::new();
    let hostile = "a\u{9b}b\u{85}c\u{7f}d\u{2066}e\u{200b}f\u{feff}g\u{202e}h";
    let state = serde_json::json!({"version": 4, "serial": 1, "lineage": hostile, "outputs": {}, "resources": [{
        "mode": "managed", "type": "a_b", "name": "c", "provider": "provider[\"registry.terraform.io/a/a\"]",
        "instances": [{"index_key": hostile, "schema_version": 0, "attributes": {hostile: [hostile]}}],
    }]});
    let state = scratch.file("state.json", state.to_string());
    let kept = scratch.path("kept.json");
    let snapshot = |more: &[&std::ffi::OsStr]| {
        let mut command = landfast();
        command.args(["snapshot", "create"]).arg(&state).args(more);
        let run = finish(command.env("LANDFAST_FINGERPRINT_KEY_FILE", scratch.path("key")));
        assert_eq!((run.code, &*run.err), (0, ""));
        run.out
    };
    let text = snapshot(&[]);
    snapshot(&["--output".as_ref(), kept.as_os_str()]);
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), text);
    assert_eq!(text.chars().find(|c| *c != '\n' && !landfast::state::is_printable(*c)), None);
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["objects"][0]["attributes"][hostile][0], hostile);
    // The digest, which reading checks, is that of the characters.
    let check =
        run(["check".as_ref(), "--recorded".as_ref(), kept.as_os_str(), "--observed".as_ref(), state.as_os_str()]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
}
