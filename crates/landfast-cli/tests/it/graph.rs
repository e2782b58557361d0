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
fn the_blast_radius_of_a_resource() {
    let source = "fixtures/aws-moto/recorded.tfstate";
    let list = run(["graph", source, "--blast-radius", "aws_vpc.main"]);
    assert_eq!((list.code, list.err.as_str()), (0, ""));
    insta::assert_snapshot!("blast_radius_text", list.out);
    for format in ["dot", "mermaid"] {
        let drawn = run(["graph", source, "--blast-radius", "aws_vpc.main", "--format", format]);
        assert_eq!((drawn.code, drawn.err.as_str()), (0, ""));
        insta::assert_snapshot!(format!("blast_radius_{format}"), drawn.out);
    }
    // An instance stands for its resource.
    let of_instance = run(["graph", source, "--blast-radius", "aws_ebs_volume.data[0]"]);
    let of_resource = run(["graph", source, "--blast-radius", "aws_ebs_volume.data"]);
    assert_eq!((of_instance.code, of_instance.out), (0, of_resource.out));
}

#[test]
fn resources_that_stand_alone() {
    let source = "fixtures/aws-moto/recorded.tfstate";
    let list = run(["graph", source, "--orphans"]);
    assert_eq!((list.code, list.err.as_str()), (0, ""));
    insta::assert_snapshot!("orphans_text", list.out);
    let drawn = run(["graph", source, "--orphans", "--format", "dot"]);
    assert_eq!(drawn.code, 0);
    for address in list.out.lines() {
        assert!(drawn.out.contains(&format!("\"{address}\";")), "{}", drawn.out);
    }
    assert!(!drawn.out.contains("->"));
}

#[test]
fn an_address_that_is_not_there_or_none() {
    let source = "fixtures/aws-moto/recorded.tfstate";
    let absent = run(["graph", source, "--blast-radius", "aws_vpc.no_such[0]"]);
    assert_eq!((absent.code, absent.out.as_str()), (1, ""));
    assert!(
        absent.err.starts_with("error: fixtures/aws-moto/recorded.tfstate: no aws_vpc.no_such in it\nhint: "),
        "{}",
        absent.err
    );
    for bad in [vec!["--blast-radius", "no address"], vec!["--blast-radius", "aws_vpc.main", "--orphans"]] {
        let refused = run([&["graph", source][..], &bad].concat());
        assert_eq!((refused.code, refused.out.as_str()), (64, ""));
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
