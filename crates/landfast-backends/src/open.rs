//! From an address to the store.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::address::StateAddress;
use crate::error::{ErrorClass, StoreError};
use crate::store::StateStore;

/// The environment variables that stores may look at, as those of terraform's backends: credentials, endpoints, proxies.
///
/// Values may be secret; [`fmt::Debug`] shows names only.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// The variables of this process. Those that are no Unicode text are left out.
    #[must_use]
    pub fn of_process() -> Self {
        let pairs = std::env::vars_os();
        pairs.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
    }

    /// The value of a variable; `None` when it is not set or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self { variables: pairs.into_iter().collect() }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

/// Opens the store that an address names. Nothing is read and nobody is asked yet.
///
/// # Errors
/// When the settings are wrong, or this build has no store of that kind.
pub fn open(address: &StateAddress, environment: &Environment) -> Result<Arc<dyn StateStore>, StoreError> {
    // A build without stores has no use for it.
    let _ = environment;
    #[allow(clippy::match_single_binding, reason = "a build without stores has no other arm")]
    match address.kind.as_str() {
        #[cfg(feature = "azurerm")]
        "azurerm" => Ok(Arc::new(crate::azurerm::AzureStore::from_address(address, environment)?)),
        #[cfg(feature = "gcs")]
        "gcs" => Ok(Arc::new(crate::gcs::GcsStore::from_address(address, environment)?)),
        #[cfg(all(feature = "local", unix))]
        "local" => Ok(Arc::new(crate::LocalStore::from_address(address, environment)?)),
        #[cfg(feature = "s3")]
        "s3" => Ok(Arc::new(crate::s3::S3Store::from_address(address, environment)?)),
        #[cfg(feature = "http")]
        "http" => {
            let store = crate::HttpStore::from_address(address, environment)?;
            Ok(crate::decorate::Retry::new(store.retries()).around(Arc::new(store)))
        }
        #[cfg(feature = "pg")]
        "pg" => Ok(Arc::new(crate::PgStore::from_address(address, environment)?)),
        kind => Err(StoreError::new(
            ErrorClass::Unsupported,
            format!("backend {kind}"),
            "this build has no store of that kind",
        )),
    }
}

#[cfg(all(test, feature = "azurerm", feature = "gcs"))]
mod tests {
    use super::*;

    #[test]
    fn urls_open_stores_whose_places_show_no_credentials() {
        for (url, place) in [
            ("gs://states/prod/net?access_token=hunter2&workspace=blue", "gs://states/prod/net/blue.tfstate"),
            (
                "azurerm://acc/states/prod.tfstate?sas_token=hunter2&snapshot=true&workspace=blue",
                "azurerm://acc/states/prod.tfstateenv:blue",
            ),
        ] {
            let address = StateAddress::parse(url).unwrap();
            let store = open(&address, &Environment::default()).unwrap();
            assert_eq!(store.place(&address.key), place);
            assert!(!format!("{store:?}").contains("hunter2"), "{store:?}");
        }
    }
}
