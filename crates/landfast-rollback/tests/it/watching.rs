//! A gate that lets everything pass and keeps what it was asked about.

use std::sync::{Arc, Mutex};

use landfast_safety::{Check, CheckFuture, CheckId, Context, Gate, Level, Proposal, Verdict};

#[derive(Debug)]
struct Watching(Arc<Mutex<Vec<Proposal>>>);

impl Check for Watching {
    fn id(&self) -> CheckId {
        CheckId::new("watching").unwrap()
    }

    fn question(&self) -> &str {
        "What is asked?"
    }

    fn advice(&self) -> &str {
        "ask something else"
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn judge<'a>(&'a self, context: &'a Context) -> CheckFuture<'a> {
        self.0.lock().unwrap().push(context.proposal().clone());
        Box::pin(async { Ok(Verdict::pass()) })
    }
}

/// The gate, and what it was asked about.
pub(crate) fn gate() -> (Arc<Mutex<Vec<Proposal>>>, Gate) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut gate = Gate::empty();
    gate.add(Arc::new(Watching(Arc::clone(&seen))), Level::Deny).unwrap();
    (seen, gate)
}
