//! The packs that come with the program.

use std::sync::{Arc, OnceLock};

use super::RuleSet;

/// File name and text of each pack.
const PACKS: &[(&str, &str)] = &[
    ("base.toml", include_str!("../../rules/base.toml")),
    ("aws.toml", include_str!("../../rules/aws.toml")),
    ("aws-hints.toml", include_str!("../../rules/aws-hints.toml")),
    ("aws-secrets.toml", include_str!("../../rules/aws-secrets.toml")),
    ("google.toml", include_str!("../../rules/google.toml")),
    ("google-secrets.toml", include_str!("../../rules/google-secrets.toml")),
    ("azure.toml", include_str!("../../rules/azure.toml")),
    ("azure-secrets.toml", include_str!("../../rules/azure-secrets.toml")),
    ("kubernetes.toml", include_str!("../../rules/kubernetes.toml")),
    ("utility.toml", include_str!("../../rules/utility.toml")),
];

pub(super) fn rules() -> Arc<RuleSet> {
    Arc::clone(embedded())
}

#[expect(clippy::expect_used, reason = "the packs are a part of the program, and a test reads them")]
pub(super) fn embedded() -> &'static Arc<RuleSet> {
    static RULES: OnceLock<Arc<RuleSet>> = OnceLock::new();
    let read = || RuleSet::from_toml(PACKS).map(Arc::new).expect("the embedded rule packs are valid");
    RULES.get_or_init(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_packs_are_valid() {
        match RuleSet::from_toml(PACKS) {
            Ok(rules) => assert_eq!(rules.packs().len(), PACKS.len()),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".toml"))
            .collect();
        files.sort();
        let mut embedded: Vec<&str> = PACKS.iter().map(|(name, _)| *name).collect();
        embedded.sort_unstable();
        assert_eq!(files, embedded);
    }
}
