//! The RFC 6902 suite of the corpus: a difference exported as JSON Patch does what the suite's own patches do.

use std::path::PathBuf;

use landfast_drift::diff::diff;

use crate::world::{patched, value};

/// The corpus: the folder that `LANDFAST_CORPUS` names, or `shared/corpus` beside the workspace.
fn corpus() -> PathBuf {
    let folder = match std::env::var_os("LANDFAST_CORPUS") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
    };
    assert!(folder.is_dir(), "no corpus at {}: set LANDFAST_CORPUS", folder.display());
    folder
}

#[test]
fn the_json_patch_suite() {
    let mut ran = 0;
    for name in ["spec_tests.json", "tests.json"] {
        let file = corpus().join("diff/json-patch/json-patch+json-patch-tests").join(name);
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        for case in &cases {
            let (Some(document), Some(expected)) = (case.get("doc"), case.get("expected")) else { continue };
            let (a, b) = (value(&document.to_string()), value(&expected.to_string()));
            assert_eq!(diff(&a, &b).apply(&a).unwrap(), b, "{case}");
            assert_eq!(patched(&a, &b), b, "{case}");
            assert_eq!(patched(&b, &a), a, "{case}");
            ran += 1;
        }
    }
    assert_eq!(ran, 75, "cases of the suite with a document and an expected one");
}

/// The bytes of everything in the corpus whose name says that it is a state, in the order of their paths.
pub(crate) fn states() -> Vec<Vec<u8>> {
    let mut folders = vec![corpus()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.contains("tfstate") || name.ends_with(".state") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}
