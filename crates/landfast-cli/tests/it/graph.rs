//! `landfast graph`

use crate::run::run;

#[test]
fn every_format() {
    let source = "fixtures/aws-siblings/recorded.tfstate";
    for format in ["text", "dot", "mermaid"] {
        let run = run(["graph", source, "--format", format]);
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        insta::assert_snapshot!(format, run.out);
    }
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = run(["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.out.contains("landfast"));
    }
}
