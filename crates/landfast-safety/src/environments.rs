//! Which environments a setting is about.

use landfast_state::fits_glob;
use serde::{Deserialize, Serialize};

use crate::check::CheckError;

/// Globs on names of environments: `*` stands for any text. One that fits is enough; where nothing is said, all are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Environments(Vec<String>);

impl Default for Environments {
    fn default() -> Self {
        Self(vec!["*".to_owned()])
    }
}

impl Environments {
    /// Whether this environment is meant. Where none is defined, nobody knows, unless all are meant.
    pub(crate) fn hold(&self, environment: &str) -> Result<bool, CheckError> {
        if self.0.iter().any(|glob| glob == "*") {
            Ok(true)
        } else if environment.is_empty() {
            Err(CheckError::not_known("which environment this is"))
        } else {
            Ok(self.0.iter().any(|glob| fits_glob(glob, environment)))
        }
    }

    /// Whether no environment can be meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_that_is_not_defined_may_be_any() {
        assert!(Environments::default().hold("").unwrap());
        assert!(Environments(vec!["prod*".to_owned()]).hold("").is_err());
    }
}
