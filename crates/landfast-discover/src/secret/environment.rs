//! Secrets in the environment.

use std::collections::BTreeMap;
use std::fmt;

use landfast_state::{Sensitive, Value};

use super::{SecretError, SecretFuture, SecretReference, SecretSource};

/// The variables of an environment, as secrets. `Debug` shows none.
#[derive(Clone, Default)]
pub struct EnvironmentSecrets {
    variables: BTreeMap<String, String>,
}

impl EnvironmentSecrets {
    /// These variables.
    #[must_use]
    pub fn new(variables: BTreeMap<String, String>) -> Self {
        Self { variables }
    }
}

impl SecretSource for EnvironmentSecrets {
    fn resolve<'a>(&'a self, reference: &'a SecretReference) -> SecretFuture<'a> {
        Box::pin(async move {
            let found = self.variables.get(reference.path()).filter(|value| !value.is_empty());
            found.map(|value| Sensitive::new(Value::String(value.clone()))).ok_or_else(|| SecretError::NotFound {
                reference: reference.to_string(),
                what: "the variable is not set".to_owned(),
            })
        })
    }
}

impl fmt::Debug for EnvironmentSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvironmentSecrets").field("variables", &self.variables.len()).finish()
    }
}
