//! What a scan needs of something that remembers results.

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;

use crate::observer::Diagnostic;

/// Why results cannot be remembered, or looked up.
pub type RememberError = Box<dyn Error + Send + Sync>;

/// A result that can be remembered: the object is there, or gone.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) recorded: ResourceObject,
    /// Absent where the object is gone.
    pub(super) observed: Option<ResourceObject>,
    pub(super) warnings: Vec<Diagnostic>,
}

/// Remembers results. Times are how long after the beginning of the scan.
pub(super) trait Remember: Debug + Send {
    /// The result of an object, where there is one that is fresh.
    fn recall(&mut self, address: &ObjectAddress, after: Duration) -> Result<Option<Remembered>, RememberError>;

    /// Remembers a result, and gives it back as it will be recalled.
    fn remember(&mut self, result: Remembered, after: Duration) -> Result<Remembered, RememberError>;

    /// Nothing more will come.
    fn finish(&mut self) -> Result<(), RememberError>;
}
