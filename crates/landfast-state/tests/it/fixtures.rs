//! The fixtures that our own runs of terraform left: what was read against what terraform printed.

use std::path::{Path, PathBuf};

use landfast_state::plan::PlanStream;
use landfast_state::{Document, FingerprintKey, Limits, StateFile, read_snapshot, write_snapshot};

/// Every fixture whose name ends so, sorted.
fn fixtures(end: &str) -> Vec<PathBuf> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_str().unwrap().ends_with(end) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no fixture ends in {end}");
    found
}

/// The file beside `path` with another ending.
fn beside(path: &Path, end: &str) -> Option<String> {
    let name = path.to_str().unwrap().strip_suffix(".tfstate").unwrap().to_owned() + end;
    std::fs::read_to_string(name).ok()
}

fn read(path: &Path) -> StateFile {
    let bytes = std::fs::read(path).unwrap();
    StateFile::read(bytes.into(), path.to_str().unwrap(), &Limits::default()).unwrap()
}

#[test]
fn addresses_are_what_state_list_prints() {
    let mut seen = 0;
    for path in fixtures(".tfstate") {
        let Some(expected) = beside(&path, ".list.txt") else { continue };
        let listed: String = read(&path).snapshot().instances().map(|address| format!("{address}\n")).collect();
        assert_eq!(listed, expected, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 15, "{seen}");
}

#[test]
fn old_formats_upgrade_to_what_state_pull_prints() {
    let mut seen = 0;
    for path in fixtures(".tfstate") {
        let (state, Some(pulled)) = (read(&path), beside(&path, ".pull.tfstate")) else { continue };
        if state.written_format() < 4 {
            assert_eq!(
                std::str::from_utf8(state.as_bytes()).unwrap().trim_end(),
                pulled.trim_end(),
                "{}",
                path.display()
            );
            seen += 1;
        }
    }
    assert!(seen >= 3, "{seen}");
}

#[test]
fn format_4_is_written_back_byte_for_byte() {
    for path in fixtures(".tfstate") {
        let state = read(&path);
        if state.written_format() == 4 {
            assert_eq!(state.as_bytes(), std::fs::read(&path).unwrap(), "{}", path.display());
            assert_eq!(state.edit().finish(&Limits::default()).unwrap().as_bytes(), state.as_bytes());
        }
    }
}

#[test]
fn show_json_says_what_the_state_says() {
    for path in fixtures(".show.json") {
        let name = path.to_str().unwrap();
        let shown = Document::read(std::fs::read(&path).unwrap().into(), name, &Limits::default()).unwrap().recorded();
        let state = read(Path::new(&name.replace(".show.json", ".tfstate"))).snapshot();
        let addresses = |snapshot: &landfast_state::Snapshot| {
            snapshot.objects().iter().map(|object| object.address.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(addresses(&shown), addresses(&state), "{name}");
    }
}

#[test]
fn plans_and_streams_are_read() {
    for path in fixtures("plan.json") {
        let name = path.to_str().unwrap();
        let document = Document::read(std::fs::read(&path).unwrap().into(), name, &Limits::default()).unwrap();
        assert!(matches!(document, Document::Plan(_)), "{name}");
    }
    for path in fixtures(".ui.jsonl") {
        PlanStream::read(&std::fs::read(&path).unwrap(), path.to_str().unwrap(), &Limits::default()).unwrap();
    }
}

#[test]
fn snapshot_files_keep_everything_but_secrets() {
    let key = FingerprintKey::from_bytes([1; 32]);
    for path in fixtures(".tfstate") {
        let snapshot = read(&path).snapshot();
        let text = write_snapshot(&snapshot, &key);
        // terraform wrote no marks before 0.15: what only a provider's schema knows to be sensitive is not marked there.
        let marked = !path.to_str().unwrap().contains("old-terraform");
        assert!(!(marked && text.contains("CANARY")), "{}", path.display());
        let back = read_snapshot(text.clone().into(), "s", &Limits::default()).unwrap();
        assert_eq!(write_snapshot(&back, &key), text, "{}", path.display());
    }
}

#[test]
fn a_snapshot_file_that_was_tampered_with_is_refused() {
    let key = FingerprintKey::from_bytes([1; 32]);
    let path = fixtures("aws-moto/recorded.tfstate").remove(0);
    let snapshot = read(&path).snapshot();
    let text = write_snapshot(&snapshot, &key);
    let back = read_snapshot(text.clone().into(), "s", &Limits::default()).unwrap();
    assert_eq!(back.digest(&key), snapshot.digest(&key));
    let tampered = text.replacen("\"encrypted\":false", "\"encrypted\":true", 1);
    assert_ne!(tampered, text);
    let error = read_snapshot(tampered.into(), "base.json", &Limits::default()).unwrap_err().to_string();
    assert_eq!(error, "base.json:4:13: at digest: the objects of this file do not have this digest");
}
