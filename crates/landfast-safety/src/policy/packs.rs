//! The policies that come with this crate.

use super::error::PolicyError;
use super::set::PolicyFile;

/// A pack: its name, what it is for, and its files, tests beside them.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PolicyPack {
    /// The name, behind `pack:`.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub about: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($($name:literal),+) => {
        &[$((concat!("pack:", $name), include_str!(concat!("../../policies/", $name)))),+]
    };
}

const PACKS: &[PolicyPack] = &[
    PolicyPack {
        name: "hipaa",
        about: "Starting points in the manner of HIPAA's technical safeguards: encryption, transport, access, audit, backups",
        files: files!("kinds.rego", "hipaa.rego", "hipaa_test.rego"),
    },
    PolicyPack {
        name: "soc2",
        about: "Starting points in the manner of SOC 2's common criteria: encryption, public access, logging, tags, regions",
        files: files!("kinds.rego", "soc2.rego", "soc2_test.rego"),
    },
];

/// Every pack, sorted by name.
#[must_use]
pub fn packs() -> &'static [PolicyPack] {
    PACKS
}

/// The files of these packs, each once, named `pack:FILE`. Packs share files.
///
/// # Errors
/// When there is no pack with a name.
pub fn pack_files<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<PolicyFile>, PolicyError> {
    let mut files: Vec<PolicyFile> = Vec::new();
    for name in names {
        let known = || PACKS.iter().map(|pack| pack.name).collect::<Vec<_>>().join(", ");
        let pack = PACKS.iter().find(|pack| pack.name == name);
        let pack = pack.ok_or_else(|| PolicyError::NoSuchPack { name: name.to_owned(), known: known() })?;
        for (name, text) in pack.files {
            if !files.iter().any(|file| file.name == *name) {
                files.push(PolicyFile { name: (*name).to_owned(), text: (*text).to_owned() });
            }
        }
    }
    Ok(files)
}
