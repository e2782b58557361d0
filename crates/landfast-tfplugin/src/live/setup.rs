//! What a provider configuration needs to be read through: a program, and values.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;

use landfast_observe::scan::ProviderKey;
use landfast_state::Members;
use landfast_state::schema::Schema;

use super::failure::chain;
use crate::provider::StartOptions;

/// The future of the methods of [`ProviderSetup`].
pub type SetupFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, SetupError>> + Send + 'a>>;

/// Why a provider configuration has no program, or no values. Its texts hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{brief}")]
pub struct SetupError {
    brief: String,
    full: String,
}

impl SetupError {
    /// For this reason, with what caused it.
    #[must_use]
    pub fn new(why: &dyn Error) -> Self {
        let full = chain(why);
        Self { brief: full.clone(), full }
    }

    /// The same in fewer words, where they stand with each object.
    #[must_use]
    pub fn in_brief(mut self, brief: impl Into<String>) -> Self {
        self.brief = brief.into();
        self
    }

    /// Everything that there is to say.
    #[must_use]
    pub fn full(&self) -> &str {
        &self.full
    }
}

/// The program of a provider, and how it is started.
#[derive(Debug, Clone)]
pub struct ProviderProgram {
    /// The program.
    pub path: PathBuf,
    /// How it is started.
    pub start: StartOptions,
}

/// Says which program stands for a provider configuration of a state, and how it is configured. It is asked again whenever a
/// provider has to be started again.
pub trait ProviderSetup: fmt::Debug + Send + Sync + 'static {
    /// The program.
    fn program<'a>(&'a self, provider: &'a ProviderKey) -> SetupFuture<'a, ProviderProgram>;

    /// The configuration, which fits `schema`; what is absent in it is null.
    fn configuration<'a>(&'a self, provider: &'a ProviderKey, schema: &'a Schema) -> SetupFuture<'a, Members>;
}
