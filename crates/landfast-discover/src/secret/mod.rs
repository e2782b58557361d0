//! Secrets that settings name instead of holding: `vault://PATH#FIELD`, `env://NAME`, `file://PATH`.

mod environment;
mod file;
mod reference;
#[cfg(feature = "vault")]
mod vault;
#[cfg(feature = "vault")]
mod vault_answer;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use landfast_state::{AttributePath, Members, Sensitive, Value};

pub use environment::EnvironmentSecrets;
pub use file::FileSecrets;
pub use reference::{SecretReference, SecretScheme};
#[cfg(feature = "vault")]
pub use vault::{Vault, VaultOptions};

/// What a source of secrets returns.
pub type SecretFuture<'a> = Pin<Box<dyn Future<Output = Result<Sensitive, SecretError>> + Send + 'a>>;

/// Where secrets of one scheme are.
pub trait SecretSource: fmt::Debug + Send + Sync + 'static {
    /// The secret that a reference names.
    ///
    /// # Errors
    /// When it is not there, or cannot be had.
    fn resolve<'a>(&'a self, reference: &'a SecretReference) -> SecretFuture<'a>;
}

/// Why a secret is not known. No message shows one; what a server said is escaped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The text begins as a reference does, and is none.
    #[error("{reference} names no secret: {problem}")]
    Form {
        /// The text.
        reference: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// Nobody was told where secrets of this scheme are.
    #[error("{reference} cannot be looked up: no source of {scheme} secrets is configured")]
    NoSource {
        /// The reference.
        reference: String,
        /// Its scheme.
        scheme: &'static str,
    },
    /// There is no such secret.
    #[error("{reference} is not there: {what}")]
    NotFound {
        /// The reference.
        reference: String,
        /// What is not.
        what: String,
    },
    /// Whoever asks may not have it.
    #[error("{reference} may not be read: {what}")]
    Denied {
        /// The reference.
        reference: String,
        /// What was said.
        what: String,
    },
    /// Where it is said something else than expected.
    #[error("{reference} cannot be had: {what}")]
    Refused {
        /// The reference.
        reference: String,
        /// What was said.
        what: String,
    },
    /// Where it is cannot be reached or read.
    #[error("{reference} cannot be read")]
    Unreachable {
        /// The reference.
        reference: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What secrets are asked for with is not there.
    #[error("secrets cannot be asked for: {what}")]
    Settings {
        /// What is wrong.
        what: String,
        /// Why.
        #[source]
        source: Option<io::Error>,
    },
}

/// A value of settings names a secret that is not known.
#[derive(Debug, thiserror::Error)]
#[error("{path} names a secret that is not known")]
#[non_exhaustive]
pub struct FillError {
    /// Which value.
    pub path: AttributePath,
    /// Why it is not known.
    pub source: SecretError,
}

/// The sources of secrets, by scheme.
#[derive(Debug, Clone, Default)]
pub struct SecretSources {
    sources: BTreeMap<SecretScheme, Arc<dyn SecretSource>>,
}

impl SecretSources {
    /// No sources: every reference is an error.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// With this source for that scheme.
    #[must_use]
    pub fn with(mut self, scheme: SecretScheme, source: Arc<dyn SecretSource>) -> Self {
        self.sources.insert(scheme, source);
        self
    }

    /// The secret that a reference names.
    ///
    /// # Errors
    /// When there is no source of its scheme, or that does not have it.
    pub async fn resolve(&self, reference: &SecretReference) -> Result<Sensitive, SecretError> {
        match self.sources.get(&reference.scheme()) {
            Some(source) => source.resolve(reference).await,
            None => {
                Err(SecretError::NoSource { reference: reference.to_string(), scheme: reference.scheme().as_str() })
            }
        }
    }

    /// The values with every text in them that is a reference replaced by the secret. Each is asked for once.
    ///
    /// # Errors
    /// For the first, by name, that is malformed or not known.
    pub async fn fill(&self, members: Members) -> Result<Members, FillError> {
        let mut references = Vec::new();
        for (name, value) in &members {
            gather(value, &AttributePath::ROOT.key(name), &mut references)?;
        }
        let mut known = BTreeMap::new();
        for (path, reference) in references {
            if let Entry::Vacant(entry) = known.entry(reference.to_string()) {
                entry.insert(self.resolve(&reference).await.map_err(|source| FillError { path, source })?);
            }
        }
        Ok(members.into_iter().map(|(name, value)| (name, replaced(value, &known))).collect())
    }
}

/// The references in a value, each with where it stands.
fn gather(
    value: &Value,
    path: &AttributePath,
    references: &mut Vec<(AttributePath, SecretReference)>,
) -> Result<(), FillError> {
    match value {
        Value::String(text) => {
            let parsed = SecretReference::parse(text);
            let parsed = parsed.map_err(|source| FillError { path: path.clone(), source })?;
            references.extend(parsed.map(|reference| (path.clone(), reference)));
        }
        Value::List(elements) => {
            for (at, element) in elements.iter().enumerate() {
                gather(element, &path.index(at), references)?;
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                gather(member, &path.key(name), references)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn replaced(value: Value, known: &BTreeMap<String, Sensitive>) -> Value {
    match value {
        Value::String(text) => match known.get(&text) {
            Some(secret) => Value::Sensitive(secret.clone()),
            None => Value::String(text),
        },
        Value::List(elements) => Value::List(elements.into_iter().map(|element| replaced(element, known)).collect()),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, replaced(value, known))).collect())
        }
        other => other,
    }
}
