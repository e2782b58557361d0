//! Text from data does nothing to a terminal or a build server.

use std::path::PathBuf;

use crate::corpus::corpus;
use crate::run::run;

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
    commands
        .into_iter()
        .map(|command| {
            let run = run(&command);
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
