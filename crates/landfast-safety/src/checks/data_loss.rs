//! `data-loss`: no data is lost unless somebody says why it may be.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::Context;
use crate::proposal::{Flag, InverseClass};

/// No change has one of these flags. An object that is destroyed while nobody knows whether that can be taken back is an error:
/// what it holds is not known either.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DataLoss {
    /// The flags, as machine formats name them.
    flags: BTreeSet<Flag>,
}

impl Default for DataLoss {
    fn default() -> Self {
        Self { flags: BTreeSet::from([Flag::DataLoss, Flag::ShrinkingStorage, Flag::KeyDeletion]) }
    }
}

impl Judge for DataLoss {
    const ID: &'static str = "data-loss";
    const QUESTION: &'static str = "Is data lost?";
    const ADVICE: &'static str =
        "keep the object, or make sure of a copy that was read back and override this check with the reason";

    fn validate(&self) -> Result<(), String> {
        if self.flags.is_empty() { Err("no flag would fail it".to_owned()) } else { Ok(()) }
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let mut evidence = Vec::new();
        let mut unknown = None;
        for change in &context.proposal().changes {
            let flags: Vec<&str> = change.flags.intersection(&self.flags).map(|flag| flag.as_str()).collect();
            if !flags.is_empty() {
                evidence.push(Evidence::about(&change.address, format!("{}: {}", change.action, flags.join(", "))));
            } else if change.action.destroys() && change.inverse == InverseClass::Unknown {
                unknown.get_or_insert(&change.address);
            }
        }
        match unknown {
            // A failure says more than that something is not known.
            Some(address) if evidence.is_empty() => {
                Err(CheckError::not_known(format!("what is lost when {address} is destroyed")))
            }
            _ => Ok(Verdict::fail_on(evidence)),
        }
    }
}
