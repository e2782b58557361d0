//! The corpus of outside inputs, which lies beside the project and not in it.

use std::path::{Path, PathBuf};

/// The corpus: the folder that the variable `LANDFAST_CORPUS` names, else `../shared/corpus` beside the workspace.
///
/// # Panics
/// When there is no corpus: a test that needs it must not pass without it.
pub(crate) fn corpus() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("LANDFAST_CORPUS").map_or_else(beside, PathBuf::from);
    let there = folder.join("oracle.tsv").is_file();
    assert!(there, "no corpus at {}: set LANDFAST_CORPUS to the folder that has oracle.tsv", folder.display());
    folder
}

/// A row of `oracle.tsv`: a state, and how terraform answered.
#[derive(Debug)]
pub(crate) struct Row {
    /// The state, relative to the corpus.
    pub(crate) file: String,
    /// Folder of the answer.
    pub(crate) answer: PathBuf,
    /// Whether `terraform state pull` succeeded.
    pub(crate) pulled: bool,
}

/// All rows of `oracle.tsv`.
pub(crate) fn oracle() -> Vec<Row> {
    let corpus = corpus();
    let table = std::fs::read_to_string(corpus.join("oracle.tsv")).expect("oracle.tsv is readable");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let answer = corpus.join("oracle").join(fields[1]);
        Row { file: fields[0].to_owned(), answer, pulled: fields[3] == "0" }
    };
    table.lines().skip(1).map(row).collect()
}
