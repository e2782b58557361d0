//! A provider that runs, and everything that can be asked of it without changing anything.

mod call;
mod objects;
mod reading;
mod start;

#[cfg(test)]
#[cfg(unix)]
mod played;

use std::sync::Arc;
use std::time::Duration;

use crate::connection::Connection;
use landfast_state::SecretTexts;
use tokio::task::JoinHandle;

use crate::calls::Calls;
use crate::handshake::ProtocolVersion;
use crate::process::{OutputLog, Process, Secrets};
use crate::wire::go_plugin::Empty;
use crate::wire::go_plugin::grpc_controller_client::GrpcControllerClient;

pub use call::{Answer, CallError};
pub use objects::{ImportId, ResourceState, StoredState, StoredStateError};
pub use reading::{DataOutcome, ImportOutcome, ImportedResource, ReadOutcome};
pub use start::{StartError, StartOptions, Tls};

/// A provider that runs, and can only be asked to read.
///
/// It has no way to a call that changes an object: not in its methods, and not in the messages that it knows. Calls may be made
/// at the same time. When the value goes, the process is killed; [`ProviderReader::close`] lets it end by itself.
#[derive(Debug)]
pub struct ProviderReader {
    name: String,
    protocol: ProtocolVersion,
    encrypted: Encrypted,
    calls: Calls,
    connection: Connection,
    process: Process,
    secrets: Arc<Secrets>,
    log: Arc<OutputLog>,
    /// Reads what the provider prints through the connection.
    printed: JoinHandle<()>,
    limits: CallLimits,
    terraform_version: String,
}

/// Whether the connection goes through TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encrypted {
    Yes,
    No,
}

/// Bounds of calls.
#[derive(Debug, Clone, Copy)]
struct CallLimits {
    time: Duration,
    message: usize,
    grace: Duration,
}

/// How a provider ended that was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself.
    Itself,
    /// It took too long, and was killed.
    Killed,
}

impl ProviderReader {
    /// The file name of its program.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the protocol that it speaks.
    #[must_use]
    pub fn protocol(&self) -> ProtocolVersion {
        self.protocol
    }

    /// Whether it is spoken to through TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.encrypted == Encrypted::Yes
    }

    /// The number of its process. After it has ended, the number may be another one's.
    #[must_use]
    pub fn process_number(&self) -> u32 {
        self.process.number()
    }

    /// Whether its process has ended: then every call fails.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.process.status().is_some()
    }

    /// Masks these texts from now on in everything that it says.
    pub(crate) fn learn(&self, texts: &SecretTexts) {
        self.secrets.learn_texts(texts);
    }

    /// Asks the provider to give up what it is doing: calls that wait come back soon, most with an error.
    ///
    /// # Errors
    /// When the provider cannot be asked, or says that it cannot.
    pub async fn interrupt(&self) -> Result<(), CallError> {
        let stopped = tokio::time::timeout(self.limits.time, self.calls.stop()).await;
        let call = "Stop".to_owned();
        match stopped {
            Err(_) => Err(CallError::TimedOut { provider: self.name.clone(), call, limit: self.limits.time }),
            Ok(Err(status)) => Err(self.failure(call, &status).await),
            Ok(Ok(error)) if error.is_empty() => Ok(()),
            Ok(Ok(error)) => {
                Err(CallError::Failed { provider: self.name.clone(), call, message: self.secrets.redact(&error) })
            }
        }
    }

    /// Ends the provider: it is asked to, and killed when it has not ended within the grace.
    pub async fn close(self) -> Ending {
        let ask = async {
            // What it answers says nothing: some end before they do.
            let _ = self.calls.stop().await;
            let _ = GrpcControllerClient::new(self.connection.clone()).shutdown(Empty {}).await;
            self.process.ended().await
        };
        if tokio::time::timeout(self.limits.grace, ask).await.is_ok() {
            return Ending::Itself;
        }
        self.process.kill();
        self.process.ended().await;
        Ending::Killed
    }
}

impl Drop for ProviderReader {
    fn drop(&mut self) {
        self.printed.abort();
    }
}
