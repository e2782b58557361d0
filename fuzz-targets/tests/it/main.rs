//! Replays the committed corpus and the fixtures through every fuzz target, on the stable toolchain.
#![allow(clippy::unwrap_used, reason = "a failed unwrap in a test is a failed test")]

use std::path::{Path, PathBuf};

use fuzz_targets::{Fixture, TARGETS, fixtures};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn corpus(target: &str) -> Vec<Fixture> {
    fixtures(&root().join("fuzz/corpus").join(target)).unwrap()
}

#[test]
fn the_committed_corpus_breaks_no_promise() {
    for target in TARGETS {
        for input in corpus(target.name) {
            println!("{} {}", target.name, input.path.display());
            (target.run)(&input.bytes);
        }
    }
}

#[test]
fn the_fixtures_break_no_promise() {
    for fixture in fixtures(&root().join("fixtures")).unwrap() {
        for target in TARGETS {
            println!("{} {}", target.name, fixture.path.display());
            for seed in (target.seeds)(&fixture) {
                (target.run)(&seed);
            }
        }
    }
}

#[test]
fn every_target_reads_its_seeds() {
    let text = br#"{"a": ["aws_instance.web[0]", 1.50, {"b c": null}]}"#;
    let fixture = Fixture { path: "state.json".into(), bytes: text.to_vec() };
    for target in TARGETS {
        let seeds = (target.seeds)(&fixture);
        // Those that read another language have their seeds in the committed corpus.
        assert!(
            seeds.len() == 1 || (seeds.is_empty() && ["plan_stream", "rules"].contains(&target.name)),
            "{}",
            target.name
        );
        seeds.iter().for_each(|seed| (target.run)(seed));
    }
}

#[test]
fn every_target_has_a_binary_and_a_small_corpus() {
    const LIMIT: usize = 300 * 1024;
    let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let mut size = 0;
    for target in TARGETS {
        let name = target.name;
        let entry = format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n");
        assert!(manifest.contains(&entry), "{name} has no [[bin]] in fuzz/Cargo.toml");
        let source = std::fs::read_to_string(root().join(format!("fuzz/fuzz_targets/{name}.rs"))).unwrap();
        assert!(source.contains(&format!("fuzz_targets::run(\"{name}\", data)")), "{name} runs another body");
        let inputs = corpus(name);
        assert!(!inputs.is_empty(), "{name} has no input in fuzz/corpus");
        size += inputs.iter().map(|input| input.bytes.len()).sum::<usize>();
    }
    assert!(size <= LIMIT, "the committed corpus has {size} bytes: minimise it (`cargo fuzz cmin`)");
}

#[test]
fn every_binary_and_every_corpus_folder_has_a_target() {
    let names = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(root().join("fuzz").join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.map(|name| name.trim_end_matches(".rs").to_owned()).collect()
    };
    for name in names("fuzz_targets").into_iter().chain(names("corpus")) {
        assert!(fuzz_targets::target(&name).is_some(), "{name} in fuzz/ has no target");
    }
}
