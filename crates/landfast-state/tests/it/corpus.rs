//! Finding the corpus of outside inputs.

use std::path::{Path, PathBuf};

/// The corpus folder: `LANDFAST_CORPUS`, or `../shared/corpus` beside the workspace.
pub fn corpus() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("LANDFAST_CORPUS").map_or(beside, PathBuf::from);
    assert!(
        folder.join("oracle.tsv").is_file(),
        "the corpus is not at {}: set LANDFAST_CORPUS to the folder that holds oracle.tsv",
        folder.display()
    );
    folder
}

/// All files below `folder`, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
