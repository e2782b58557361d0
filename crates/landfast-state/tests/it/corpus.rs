//! Files that nobody in this project wrote. They are kept outside of the repository.

use std::path::{Path, PathBuf};

/// The corpus: the folder that `LANDFAST_CORPUS` names, or `../shared/corpus` beside the workspace.
///
/// # Panics
/// When there is none: a test that silently checks nothing would be worse.
pub(crate) fn corpus() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("LANDFAST_CORPUS").map_or(beside, PathBuf::from);
    assert!(
        folder.join("manifest.tsv").is_file(),
        "no corpus in {}: set LANDFAST_CORPUS to the folder that holds manifest.tsv",
        folder.display()
    );
    folder
}

/// All files below `folder`, sorted, as paths relative to the corpus with `/`.
pub(crate) fn files_below(folder: &str) -> Vec<String> {
    let root = corpus();
    let mut open = vec![root.join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let relative = path.strip_prefix(&root).unwrap();
                files.push(relative.to_str().unwrap().replace(std::path::MAIN_SEPARATOR, "/"));
            }
        }
    }
    files.sort();
    files
}

/// The bytes of one file of the corpus.
pub(crate) fn read(file: &str) -> Vec<u8> {
    std::fs::read(corpus().join(file)).unwrap()
}
