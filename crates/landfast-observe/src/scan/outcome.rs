//! What becomes of each object, and where it goes.

use std::error::Error;

use landfast_state::address::{InstanceAddress, ObjectAddress};
use landfast_state::{Gap, GapKind, ResourceObject};

use super::reader::{Unreadable, UnreadableClass};
use super::recorded::{ProviderKey, RecordedObject};
use crate::observer::Diagnostic;

/// One object, and what was found of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScannedObject {
    /// Through what it was read, or would have been.
    pub provider: ProviderKey,
    /// What was recorded: in the version of the schema that the provider has now, where it was read.
    pub recorded: ResourceObject,
    /// What was found.
    pub outcome: ScanOutcome,
    /// What the provider finds odd.
    pub warnings: Vec<Diagnostic>,
    /// How often it was read: more than once where it was tried again, zero where it was not read or came from a journal.
    pub attempts: u32,
}

impl ScannedObject {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> &ObjectAddress {
        &self.recorded.address
    }
}

/// What was found of an object.
#[derive(Debug, Clone)]
pub enum ScanOutcome {
    /// It is there, like this.
    Found(Box<ResourceObject>),
    /// It is gone.
    Gone,
    /// Nothing can be said: a gap.
    NotRead(NotRead),
    /// It is none that is looked at: an object of a data source, or a deposed one.
    PassedOver,
}

/// Why nothing can be said about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRead {
    /// Reading failed.
    Unreadable(Unreadable),
    /// The scan ended before it was read.
    Interrupted,
    /// It is not in the sample.
    NotSampled,
}

impl NotRead {
    /// The gap that this is in an observation.
    #[must_use]
    pub fn gap(&self, address: InstanceAddress) -> Gap {
        let (kind, reason) = match self {
            Self::Unreadable(unreadable) if unreadable.class == UnreadableClass::Unsupported => {
                (GapKind::Unsupported, unreadable.to_string())
            }
            Self::Unreadable(unreadable) => (GapKind::Unreadable, unreadable.to_string()),
            Self::Interrupted => (GapKind::Interrupted, String::from("interrupted")),
            Self::NotSampled => (GapKind::NotSampled, String::from("not in the sample")),
        };
        Gap { address, kind, reason }
    }
}

/// Why a sink does not go on.
pub type SinkError = Box<dyn Error + Send + Sync>;

/// Where the objects of a scan go, each once, in the order in which they were recorded. It must return soon: the scan waits for it.
pub trait ScanSink: Send {
    /// Takes the next object.
    ///
    /// # Errors
    /// When it cannot: the scan ends then.
    fn take(&mut self, object: ScannedObject) -> Result<(), SinkError>;

    /// Takes a current object of a managed resource that the filter left out, as soon as it comes. By default nothing is done with it:
    /// the summary counts it.
    ///
    /// # Errors
    /// As [`ScanSink::take`].
    fn left_out(&mut self, object: RecordedObject) -> Result<(), SinkError> {
        drop(object);
        Ok(())
    }
}

/// Takes objects by a function.
#[derive(Debug, Clone, Copy)]
pub struct SinkFn<F>(pub F);

impl<F: FnMut(ScannedObject) + Send> ScanSink for SinkFn<F> {
    fn take(&mut self, object: ScannedObject) -> Result<(), SinkError> {
        (self.0)(object);
        Ok(())
    }
}
