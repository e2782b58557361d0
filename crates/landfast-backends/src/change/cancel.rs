//! Asking a change to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ChangeError;

/// Asks a change to stop while nothing has been written: it stops to wait for a lock, and gives back a lock that it has. Clones
/// ask the same change.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the change to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn check(&self) -> Result<(), ChangeError> {
        if self.0.load(Ordering::Relaxed) { Err(ChangeError::Cancelled) } else { Ok(()) }
    }
}
