//! Rule packs: read or refused with the file's name, and never with a panic.

use landfast_drift::RuleSet;

use crate::seed::Fixture;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = RuleSet::from_toml(&[("fuzz.toml", text)]) {
        assert!(error.to_string().contains("fuzz.toml"), "an error names its file: {error}");
    }
}

/// No fixture is a rule pack: the committed corpus has some.
pub(crate) fn seeds(_: &Fixture) -> Vec<Vec<u8>> {
    Vec::new()
}
