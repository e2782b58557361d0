//! Why an operation could not go on.

use crate::journal::{JournalError, ViewError};

/// Why an operation could not go on. What it did up to then is in its journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// A record could not be written, so what it announces was not done.
    #[error("operation {operation} stopped")]
    Journal {
        /// The operation.
        operation: String,
        /// Why.
        #[source]
        source: JournalError,
    },
    /// It is not an operation on the state that is held. Nothing was done, and nothing written.
    #[error("operation {operation} is one on {asked}, and this is {here}")]
    OtherPlace {
        /// The operation.
        operation: String,
        /// The state that it is on.
        asked: String,
        /// The state that is held.
        here: String,
    },
    /// The journal says what cannot have been.
    #[error("operation {operation} does not follow from its journal")]
    View {
        /// The operation.
        operation: String,
        /// Why.
        #[source]
        source: Box<ViewError>,
    },
}
