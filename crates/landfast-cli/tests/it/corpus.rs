//! Finding the corpus of outside inputs.

use std::path::{Path, PathBuf};

/// The corpus folder: `LANDFAST_CORPUS`, or `../shared/corpus` beside the workspace.
pub(crate) fn corpus() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("LANDFAST_CORPUS").map_or(beside, PathBuf::from);
    assert!(
        folder.join("oracle.tsv").is_file(),
        "the corpus is not at {}: set LANDFAST_CORPUS to the folder that holds oracle.tsv",
        folder.display()
    );
    folder
}
