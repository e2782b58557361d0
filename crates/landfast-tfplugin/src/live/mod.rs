//! Reading live objects for a scan: [`LiveReader`] is the [`ObjectReader`](landfast_observe::scan::ObjectReader) of every provider.
//!
//! A [`ProviderSetup`] says which program stands for a provider configuration of a state and how it is configured. Objects are
//! upgraded into the provider's version of their schema and then read, so that both sides of a comparison are in the same version.
//!
//! [`EnumerationRules`] say how the objects that there are can be listed: what nothing recorded owns is unmanaged. They are data, and
//! have a place for a provider that lists its resources by itself once protocols 5.10 and 6.10 are spoken.

mod enumerate;
mod failure;
mod learn;
mod located;
mod mask;
mod reader;
mod running;
mod setup;
mod unrecorded;

pub use enumerate::{Enumeration, EnumerationRuleError, EnumerationRules, FailedList, Folded, Imports, Owned};
pub use located::{LocatedProviders, ProviderValues};
pub use reader::{LiveReader, NotStarted, WantedTypes};
pub use setup::{ProviderProgram, ProviderSetup, SetupError, SetupFuture};
