//! A client for the plugins by which terraform reads and changes infrastructure: it starts them and speaks their protocol,
//! versions 5 and 6, so that a state file and the provider are enough to read every object.
//!
//! It never downloads a provider and does not run terraform.
//!
//! ```
//! use landfast_tfplugin::DynamicValue;
//! use landfast_state::schema::ValueType;
//!
//! let strings = ValueType::parse(br#"["list","string"]"#)?;
//! let value = DynamicValue::json(r#"["a", "b"]"#.into()).decode(&strings)?;
//! assert_eq!(value.to_string(), r#"["a", "b"]"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calls;
mod connection;
mod cty;
mod diagnostic;
mod handshake;
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
