//! This program as its own supervisor: started once more, it ends what was started when the first one is gone.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use landfast::observe::Supervisor;

use crate::interrupt::Signals;

/// The argument that asks for it. It is no part of the command line that users see.
const ARGUMENT: &str = "__supervise";

/// In what program the command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// In its own, which can be started as a supervisor.
    OwnProgram,
    /// In another one, which may do anything when it is started.
    OtherProgram,
}

impl Host {
    /// How to start a supervisor, where that is possible.
    pub(crate) fn supervisor(self) -> Option<Supervisor> {
        match self {
            Self::OwnProgram => Supervisor::of_this_program([ARGUMENT.into()]).ok(),
            Self::OtherProgram => None,
        }
    }
}

/// The arguments of the supervisor, when these ask for one.
pub(crate) fn asked_for(arguments: impl IntoIterator<Item = OsString>) -> Option<impl Iterator<Item = OsString>> {
    let mut arguments = arguments.into_iter().skip(1);
    (arguments.next()? == ARGUMENT).then_some(arguments)
}

/// Runs as a supervisor. Signals that would end it make it end what it started.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> std::process::ExitCode {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    // The listener ends with the process.
    std::thread::spawn(move || listen(&told));
    let code = landfast::observe::supervise(arguments, &stop);
    std::process::ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

fn listen(stop: &AtomicBool) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    runtime.block_on(async {
        let Ok(mut signals) = Signals::of_a_supervisor() else { return };
        signals.any().await;
        stop.store(true, Ordering::SeqCst);
        // The handlers stay: a second signal must not end the process before it is done.
        std::future::pending::<()>().await;
    });
}
