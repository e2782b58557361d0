//! The durable record of an operation: what was meant before it is done, what came of it after.

mod file;
mod record;
mod view;

pub use file::{FileJournal, JournalFileError, JournalLog, read_journal};
pub use record::{Ended, Record, StepEnd};
pub use view::{Doubt, StepState, View, ViewError};

use std::fmt;

use crate::actuator::PortFuture;

/// Takes the records of one operation.
///
/// When the future is ready without an error, the record is durable: it will be found after a crash of the machine. The
/// executor does nothing to the world that was not recorded first.
pub trait Journal: fmt::Debug + Send + Sync + 'static {
    /// Appends a record.
    fn append<'a>(&'a self, record: &'a Record) -> PortFuture<'a, Result<(), JournalError>>;
}

/// A record may not be found later. What it announces must not be done.
#[derive(Debug, thiserror::Error)]
#[error("the journal could not be written")]
pub struct JournalError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
