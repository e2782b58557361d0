//! A client for the plugins by which terraform reads and changes infrastructure: it starts them and speaks their protocol,
//! versions 5 and 6, so that a state file and the provider are enough to read every object.
//!
//! - [`ProviderReader`]: a provider that runs, and can only be asked to read. Neither its methods nor the messages that it knows
//!   have a way to change an object.
//! - [`locate`]: where providers are that `terraform init`, a mirror or the user has put somewhere, held against the lock file.
//! - [`ProviderSchemas`], [`ResourceSchema`]: what a provider says about the shape of its objects, as
//!   [`landfast_state::schema`] has it.
//! - [`StoredState`], [`ResourceState`]: objects as a state has them, and in the version of the schema that the provider has.
//! - [`DynamicValue`]: values as they travel, to and from [`landfast_state::Value`].
//!
//! Known secrets are masked in everything that a provider says; what it prints becomes events of `tracing`. The crate
//! downloads nothing, never runs terraform, compares nothing, and starts no runtime: its futures
//! run on tokio. Nothing of gRPC is in its API.
//!
//! ```no_run
//! use landfast_state::{Limits, Members, StateFile, Value};
//! use landfast_tfplugin::{ProviderReader, ReadOutcome, SchemaScope, StartOptions, StoredState};
//!
//! # async fn read() -> Result<(), Box<dyn std::error::Error>> {
//! let state = std::fs::read("terraform.tfstate")?;
//! let state = StateFile::read(state.into(), "terraform.tfstate", &Limits::default())?;
//!
//! let provider = ProviderReader::start("terraform-provider-aws_v3.39.0_x5".as_ref(), &StartOptions::default()).await?;
//! let schemas = provider.schemas(&SchemaScope::Everything).await?.value;
//! let config = Members::from([("region".to_owned(), Value::String("eu-central-1".to_owned()))]);
//! provider.configure(&schemas.provider, config).await?;
//!
//! for resource in state.resources() {
//!     let Some(schema) = schemas.resources.get(&*resource.address.type_name) else { continue };
//!     for instance in &resource.instances {
//!         let recorded = provider.upgrade(schema, &StoredState::of_instance(instance)?).await?.value;
//!         match provider.read(schema, &recorded).await?.value {
//!             ReadOutcome::Found(now) if now.members() == recorded.members() => println!("{}: as it was", resource.address),
//!             ReadOutcome::Found(_) => println!("{}: changed", resource.address),
//!             ReadOutcome::Gone => println!("{}: gone", resource.address),
//!             ReadOutcome::Deferred(reason) => println!("{}: not now: {reason:?}", resource.address),
//!         }
//!     }
//! }
//! provider.close().await;
//! # Ok(())
//! # }
//! ```

mod calls;
mod connection;
mod cty;
mod diagnostic;
mod handshake;
pub mod live;
pub mod locate;
mod process;
mod provider;
mod schemas;
mod tls;
mod wire;

pub use calls::DeferredReason;
pub use cty::{DynamicValue, ValueError, ValueErrorKind};
pub use diagnostic::{Diagnostic, DiagnosticSeverity};
pub use handshake::{HandshakeError, ProtocolVersion};
pub use provider::{
    Answer, CallError, DataOutcome, Ending, ImportId, ImportOutcome, ImportedResource, ProviderReader, ReadOutcome,
    ResourceState, StartError, StartOptions, StoredState, StoredStateError, Tls,
};
pub use schemas::{IdentityAttribute, IdentitySchema, ProviderSchemas, ResourceSchema, SchemaError, SchemaScope};
