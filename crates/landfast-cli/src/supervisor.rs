//! This program as its own supervisor: started once more, it ends what was started when the first one is gone.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use landfast::fix::CommandSupervisor;
use landfast::observe::Supervisor;

use crate::interrupt::Signals;

/// The argument that asks for it. It is no part of the command line that users see.
const ARGUMENT: &str = "__supervise";

/// The argument that asks for a supervisor of a command of an in-house system.
#[cfg(unix)]
const COMMAND_ARGUMENT: &str = "__supervise-command";

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

    /// How to start a supervisor of commands of in-house systems, where that is possible.
    #[cfg(unix)]
    pub(crate) fn command_supervisor(self) -> Option<CommandSupervisor> {
        match self {
            Self::OwnProgram => CommandSupervisor::of_this_program([COMMAND_ARGUMENT.into()]).ok(),
            Self::OtherProgram => None,
        }
    }
}

/// Runs as a supervisor, when the arguments ask for one.
pub(crate) fn run_if_asked(arguments: impl IntoIterator<Item = OsString>) -> Option<std::process::ExitCode> {
    let mut arguments = arguments.into_iter().skip(1);
    let asked = arguments.next()?;
    if asked == ARGUMENT {
        return Some(run(arguments));
    }
    #[cfg(unix)]
    if asked == COMMAND_ARGUMENT {
        return Some(run_command(arguments));
    }
    None
}

/// Runs as a supervisor. Signals that would end it make it end what it started.
fn run(arguments: impl Iterator<Item = OsString>) -> std::process::ExitCode {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    // The listener ends with the process.
    std::thread::spawn(move || listen(&told));
    let code = landfast::observe::supervise(arguments, &stop);
    std::process::ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

/// Runs as a supervisor of a command. Signals that would end it are passed over: the command ends when this process's standard
/// input closes, and would go on without supervision otherwise.
#[cfg(unix)]
fn run_command(arguments: impl Iterator<Item = OsString>) -> std::process::ExitCode {
    let told = Arc::new(AtomicBool::new(false));
    std::thread::spawn(move || listen(&told));
    let code = landfast::fix::supervise_command(arguments);
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
