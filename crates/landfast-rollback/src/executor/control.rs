//! Asking an operation to wait, to go on, or to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks an operation to wait, to go on, or to end. Copies control the same operation.
///
/// Steps that have begun are finished first: nothing is broken off in the middle.
#[derive(Debug, Clone, Default)]
pub struct Control {
    flags: Arc<Flags>,
}

#[derive(Debug, Default)]
struct Flags {
    cancelled: AtomicBool,
    paused: AtomicBool,
    confirmed: AtomicBool,
    awaits: AtomicBool,
}

impl Control {
    /// No further step begins, and the operation ends in failed. It is not taken back on its own.
    pub fn cancel(&self) {
        self.flags.cancelled.store(true, Ordering::SeqCst);
    }

    /// No further step begins until somebody says that it may go on.
    pub fn pause(&self) {
        self.flags.paused.store(true, Ordering::SeqCst);
    }

    /// It may go on, also past a batch that waits for a confirmation.
    pub fn go_on(&self) {
        self.flags.paused.store(false, Ordering::SeqCst);
        self.flags.confirmed.store(true, Ordering::SeqCst);
    }

    /// Whether it waits between two batches for somebody to confirm. An operation that waits so can be left there: its journal
    /// says so, and [`Executor::resume`](super::Executor::resume) goes on with the next batch.
    #[must_use]
    pub fn awaits_confirmation(&self) -> bool {
        self.flags.awaits.load(Ordering::SeqCst)
    }

    pub(super) fn await_confirmation(&self, awaits: bool) {
        self.flags.awaits.store(awaits, Ordering::SeqCst);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.flags.cancelled.load(Ordering::SeqCst)
    }

    pub(super) fn is_paused(&self) -> bool {
        self.flags.paused.load(Ordering::SeqCst)
    }

    /// Whether somebody has confirmed since this was asked last.
    pub(super) fn take_confirmation(&self) -> bool {
        self.flags.confirmed.swap(false, Ordering::SeqCst)
    }
}
