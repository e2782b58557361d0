//! The packs that come with the program.

use std::sync::{Arc, OnceLock};

use super::RuleSet;
use super::load::load_parsed;

/// The packs in their order: of two hints that fit, the first one is taken.
const PACKS: &[&str] = &[
    "base.toml",
    "aws.toml",
    "aws-hints.toml",
    "aws-secrets.toml",
    "google.toml",
    "google-secrets.toml",
    "azure.toml",
    "azure-secrets.toml",
    "kubernetes.toml",
    "utility.toml",
];

/// All packs, see [`compact`](super::compact).
const COMPACT: &str = include_str!("packs.tsv");

pub(super) fn rules() -> Arc<RuleSet> {
    Arc::clone(embedded())
}

#[expect(clippy::expect_used, reason = "the packs are a part of the program, and a test reads them")]
pub(super) fn embedded() -> &'static Arc<RuleSet> {
    static RULES: OnceLock<Arc<RuleSet>> = OnceLock::new();
    RULES.get_or_init(|| read().map(Arc::new).expect("the embedded rule packs are valid"))
}

fn read() -> Option<RuleSet> {
    let mut packs = super::compact::read(COMPACT)?;
    packs.sort_by_key(|(file, _)| PACKS.iter().position(|name| name == file));
    load_parsed(packs).ok()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
    }

    #[test]
    fn the_compact_packs_are_the_packs() {
        let texts: Vec<(&str, String)> =
            PACKS.iter().map(|name| (*name, std::fs::read_to_string(folder().join(name)).unwrap())).collect();
        let packs: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let rules = RuleSet::from_toml(&packs).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(rules.packs().len(), PACKS.len());
        assert!(format!("{rules:?}") == format!("{:?}", read().unwrap()), "run `cargo xtask codegen`");
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let mut files: Vec<String> = std::fs::read_dir(folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".toml"))
            .collect();
        files.sort();
        let mut embedded = PACKS.to_vec();
        embedded.sort_unstable();
        assert_eq!(files, embedded);
    }
}
