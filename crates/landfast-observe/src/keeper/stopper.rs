//! Telling a keeper to stop.

use std::io::PipeWriter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Stops a run: by a flag that a keeper in this process looks at, and by closing the pipe that one in another process
/// reads. The pipe also closes when this process ends, in whatever way.
#[derive(Debug, Default)]
pub(crate) struct Stopper {
    stopped: AtomicBool,
    control: Mutex<Option<PipeWriter>>,
}

impl Stopper {
    /// Stops the run, and every one that would follow.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.release();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Keeps the pipe open for as long as the run is wanted.
    pub(super) fn hold(&self, control: PipeWriter) {
        *self.control.lock().unwrap_or_else(PoisonError::into_inner) = Some(control);
        if self.is_stopped() {
            self.release();
        }
    }

    /// Closes the pipe.
    pub(super) fn release(&self) {
        self.control.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
