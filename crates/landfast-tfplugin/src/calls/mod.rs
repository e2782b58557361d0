//! The calls that read, in words that are the same for both versions of the protocol. Nothing here changes an object: the
//! texts in `proto/` have no call that does.

mod answer;
mod client;
mod v5;
mod v6;

use crate::connection::Connection;
use bytes::Bytes;
use tonic::Status;

use crate::cty::DynamicValue;
use crate::diagnostic::Diagnostic;
use crate::handshake::ProtocolVersion;
use crate::schemas::{IdentitySchemas, Meta, ProviderSchemas, SchemaScope};

pub use answer::DeferredReason;
pub(crate) use answer::{Flatmap, Imported, Objects, Read, Stored};

/// What a call gives: what was asked for, and what the provider says about it.
pub(crate) type Outcome<T> = Result<(T, Vec<Diagnostic>), Status>;

/// The calls of a provider, whichever version it speaks.
#[derive(Debug, Clone)]
pub(crate) enum Calls {
    V5(v5::Client),
    V6(v6::Client),
}

/// One call of either version.
macro_rules! either {
    ($self:ident, $call:ident($($argument:expr),*)) => {
        match $self {
            Self::V5(client) => client.$call($($argument),*).await,
            Self::V6(client) => client.$call($($argument),*).await,
        }
    };
}

impl Calls {
    /// The calls over this connection. No message of more than `limit` bytes is taken.
    pub(crate) fn new(protocol: ProtocolVersion, connection: Connection, limit: usize) -> Self {
        match protocol {
            ProtocolVersion::V5 => Self::V5(v5::Client::new(connection, limit)),
            ProtocolVersion::V6 => Self::V6(v6::Client::new(connection, limit)),
        }
    }

    pub(crate) async fn schemas(&self, scope: &SchemaScope) -> Outcome<ProviderSchemas> {
        either!(self, schemas(scope))
    }

    pub(crate) async fn identity_schemas(&self) -> Outcome<IdentitySchemas> {
        either!(self, identity_schemas())
    }

    pub(crate) async fn validate_config(&self, config: &DynamicValue) -> Outcome<()> {
        either!(self, validate_config(config))
    }

    pub(crate) async fn configure(&self, terraform_version: &str, config: &DynamicValue) -> Outcome<()> {
        either!(self, configure(terraform_version, config))
    }

    pub(crate) async fn upgrade_state(&self, type_name: &str, version: u64, stored: Stored) -> Outcome<DynamicValue> {
        either!(self, upgrade_state(type_name, version, stored))
    }

    pub(crate) async fn upgrade_identity(&self, type_name: &str, version: u64, json: Bytes) -> Outcome<DynamicValue> {
        either!(self, upgrade_identity(type_name, version, json))
    }

    pub(crate) async fn read(
        &self,
        type_name: &str,
        state: &DynamicValue,
        private: Bytes,
        identity: Option<&DynamicValue>,
        meta: Meta,
    ) -> Outcome<Read> {
        either!(self, read(type_name, state, private, identity, meta))
    }

    pub(crate) async fn import(
        &self,
        type_name: &str,
        id: &str,
        identity: Option<&DynamicValue>,
    ) -> Outcome<Objects<Vec<Imported>>> {
        either!(self, import(type_name, id, identity))
    }

    pub(crate) async fn read_data(
        &self,
        type_name: &str,
        config: &DynamicValue,
        meta: Meta,
    ) -> Outcome<Objects<DynamicValue>> {
        either!(self, read_data(type_name, config, meta))
    }

    pub(crate) async fn stop(&self) -> Result<String, Status> {
        either!(self, stop())
    }
}
