//! The checks that come with this crate: what they have in common, their catalogue, and gates made of them.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::check::{Check, CheckError, CheckFuture, CheckId, Verdict};
use crate::context::{Context, Need};
use crate::outcome::Level;
use crate::proposal::Proposal;

/// A built-in check: a type whose fields are its settings, which judges without waiting.
pub(crate) trait Judge: fmt::Debug + Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its id.
    const ID: &'static str;
    /// What it asks.
    const QUESTION: &'static str;
    /// What to do when it fails.
    const ADVICE: &'static str;
    /// Its level where configuration says nothing. A check that can only judge by settings that users give is
    /// [`Level::Allow`], and [`Level::Deny`] as soon as it has settings.
    const LEVEL: Level = Level::Deny;
    /// Whether somebody may override it with a reason.
    const OVERRIDE: Overriding = Overriding::WithReason;
    /// What must be known.
    const NEEDS: &'static [Need] = &[];

    /// Whether it has anything to ask about such a proposal.
    fn applies(&self, proposal: &Proposal) -> bool {
        let _ = proposal;
        true
    }

    /// Whether the settings make sense; where not, why.
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }

    /// Answers.
    fn judge(&self, context: &Context) -> Result<Verdict, CheckError>;
}

/// Whether somebody may override a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overriding {
    /// Somebody may who gives a reason.
    WithReason,
    /// Nobody may: it keeps operations apart, or guards what overriding itself relies on.
    Never,
}

#[derive(Debug)]
struct Builtin<J>(J);

impl<J: Judge> Check for Builtin<J> {
    fn id(&self) -> CheckId {
        CheckId::builtin(J::ID)
    }

    fn question(&self) -> &str {
        J::QUESTION
    }

    fn advice(&self) -> &str {
        J::ADVICE
    }

    fn needs(&self) -> &[Need] {
        J::NEEDS
    }

    fn applies(&self, proposal: &Proposal) -> bool {
        self.0.applies(proposal)
    }

    fn settings(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    fn judge<'a>(&'a self, context: &'a Context) -> CheckFuture<'a> {
        Box::pin(async move { self.0.judge(context) })
    }
}

type Build = fn(Option<toml::Table>) -> Result<Arc<dyn Check>, SettingsError>;

/// A built-in check, as the catalogue lists it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CatalogueEntry {
    /// Its id.
    pub id: CheckId,
    /// What it asks.
    pub question: &'static str,
    /// What to do when it fails.
    pub advice: &'static str,
    /// Its level where configuration says nothing; one of [`Level::Allow`] is [`Level::Deny`] as soon as it has settings.
    pub level: Level,
    /// Whether somebody may override it.
    pub overriding: Overriding,
    /// What must be known for it to answer.
    pub needs: &'static [Need],
    /// Its settings as they are where configuration says nothing, in TOML.
    pub settings: String,
    build: Build,
}

/// The settings of a check make no sense.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// They could not be read.
    #[error("the settings of the check {id} cannot be read")]
    Unreadable {
        /// The check.
        id: CheckId,
        /// Why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// They contradict themselves.
    #[error("the settings of the check {id} make no sense: {why}")]
    Senseless {
        /// The check.
        id: CheckId,
        /// Why.
        why: String,
    },
}

impl CatalogueEntry {
    pub(crate) fn of<J: Judge>() -> Self {
        Self {
            id: CheckId::builtin(J::ID),
            question: J::QUESTION,
            advice: J::ADVICE,
            level: J::LEVEL,
            overriding: J::OVERRIDE,
            needs: J::NEEDS,
            settings: toml::to_string(&J::default()).unwrap_or_default(),
            build: build::<J>,
        }
    }

    /// The check with these settings; those that are not there are as [`CatalogueEntry::settings`] says.
    ///
    /// # Errors
    /// When the settings are not its own, or make no sense.
    pub fn build(&self, settings: Option<toml::Table>) -> Result<Arc<dyn Check>, SettingsError> {
        (self.build)(settings)
    }
}

fn build<J: Judge>(settings: Option<toml::Table>) -> Result<Arc<dyn Check>, SettingsError> {
    Ok(Arc::new(Builtin(read::<J>(settings)?)))
}

/// The check with these settings, or with its own where there are none.
pub(crate) fn read<J: Judge>(settings: Option<toml::Table>) -> Result<J, SettingsError> {
    let id = || CheckId::builtin(J::ID);
    let check: J = match settings {
        None => J::default(),
        Some(table) => {
            table.try_into().map_err(|source| SettingsError::Unreadable { id: id(), source: Box::new(source) })?
        }
    };
    check.validate().map_err(|why| SettingsError::Senseless { id: id(), why })?;
    Ok(check)
}
