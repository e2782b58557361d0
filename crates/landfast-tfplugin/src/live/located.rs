//! Providers that are looked for where terraform and the user have put them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use landfast_observe::scan::ProviderKey;
use landfast_state::Members;
use landfast_state::address::ProviderConfigAddress;
use landfast_state::schema::Schema;

use super::setup::{ProviderProgram, ProviderSetup, SetupError, SetupFuture};
use crate::locate::{FoundProvider, LocateError, ProviderSearch, ProviderSource, VersionWish};
use crate::provider::StartOptions;

/// Gives provider configurations their values.
pub trait ProviderValues: fmt::Debug + Send + Sync + 'static {
    /// The configuration, which fits `schema`; what is absent in it is null.
    fn values<'a>(&'a self, provider: &'a ProviderKey, schema: &'a Schema) -> SetupFuture<'a, Members>;
}

/// The setup of programs that are found by a search, and of values that another one gives.
#[derive(Debug)]
pub struct LocatedProviders {
    search: Arc<ProviderSearch>,
    /// Which versions may be taken, by source address; of others any.
    wishes: BTreeMap<String, VersionWish>,
    start: StartOptions,
    values: Arc<dyn ProviderValues>,
    /// What was found: what is unpacked for it lives as long as this.
    found: Mutex<BTreeMap<String, FoundProvider>>,
}

impl LocatedProviders {
    /// A setup by this search. `start` says how programs are started.
    #[must_use]
    pub fn new(search: Arc<ProviderSearch>, start: StartOptions, values: Arc<dyn ProviderValues>) -> Self {
        Self { search, wishes: BTreeMap::new(), start, values, found: Mutex::default() }
    }

    /// The setup that takes these versions of a provider only, by its source address.
    #[must_use]
    pub fn with_wish(mut self, source: impl Into<String>, wish: VersionWish) -> Self {
        self.wishes.insert(source.into(), wish);
        self
    }

    /// The providers that were found, by their source addresses.
    #[must_use]
    pub fn found(&self) -> BTreeMap<String, FoundProvider> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ProviderSetup for LocatedProviders {
    fn program<'a>(&'a self, provider: &'a ProviderKey) -> SetupFuture<'a, ProviderProgram> {
        Box::pin(async move {
            let source = match provider.configuration.parse::<ProviderConfigAddress>() {
                Ok(address) => ProviderSource::of_state(&address),
                Err(_) => ProviderSource::parse(&provider.source),
            };
            let source = source.map_err(|error| SetupError::new(&LocateError::Source(error)))?;
            let name = source.to_string();
            let known = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
            let found = match known {
                Some(found) => found,
                None => {
                    let (search, wish) =
                        (Arc::clone(&self.search), self.wishes.get(&name).cloned().unwrap_or_default());
                    // Hashing a package takes its time.
                    let found = tokio::task::spawn_blocking(move || search.find(&source, &wish)).await;
                    let found = found.map_err(|error| SetupError::new(&error))?;
                    let found = found.map_err(|error| SetupError::new(&error).in_brief(error.brief()))?;
                    let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
                    all.entry(name).or_insert(found).clone()
                }
            };
            Ok(ProviderProgram { path: found.program().to_owned(), start: self.start.clone() })
        })
    }

    fn configuration<'a>(&'a self, provider: &'a ProviderKey, schema: &'a Schema) -> SetupFuture<'a, Members> {
        self.values.values(provider, schema)
    }
}
