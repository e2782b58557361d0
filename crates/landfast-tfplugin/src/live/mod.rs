//! Reading live objects for a scan: [`LiveReader`] is the [`ObjectReader`](landfast_observe::scan::ObjectReader) of every provider.
//!
//! A [`ProviderSetup`] says which program stands for a provider configuration of a state and how it is configured. Objects are
//! upgraded into the provider's version of their schema and then read, so that both sides of a comparison are in the same version.

mod failure;
mod reader;
mod running;
mod setup;
mod words;

pub use reader::{LiveReader, NotStarted, WantedTypes};
pub use setup::{ProviderProgram, ProviderSetup, SetupError, SetupFuture};
