//! Process groups, where the system has them.

use std::io;
use std::process::{Child, Command};
use std::time::Duration;
#[cfg(unix)]
use std::{thread, time::Instant};

/// A signal for a whole group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// What Ctrl-C sends: the program is to come to an end.
    Interrupt,
    /// The end, at once.
    Kill,
}

/// Lets the program start as the first of a group of its own.
pub(super) fn start_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Sends a signal to the group of a child that was not waited for yet, so that nobody else can have its number.
#[cfg(unix)]
pub(super) fn signal(child: &mut Child, signal: Signal) {
    let signal = match signal {
        Signal::Interrupt => rustix::process::Signal::INT,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    if let Some(group) = pid(child) {
        // A group that is gone already needs no signal.
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

/// Without groups, only the child itself can be ended.
#[cfg(not(unix))]
pub(super) fn signal(child: &mut Child, signal: Signal) {
    if signal == Signal::Kill {
        let _ = child.kill();
    }
}

/// Whether the child has ended. It is not waited for: its number stays taken, and with it that of its group.
#[cfg(unix)]
pub(super) fn has_ended(child: &mut Child) -> io::Result<bool> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let Some(pid) = pid(child) else { return Ok(true) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), options)?.is_some())
}

/// Whether the child has ended.
#[cfg(not(unix))]
pub(super) fn has_ended(child: &mut Child) -> io::Result<bool> {
    child.try_wait().map(|status| status.is_some())
}

/// Waits until nothing of the group of a child that was waited for is left. What was killed ends a little later, and is there
/// until its new parent has taken note: one that never does is not waited for longer than this.
#[cfg(unix)]
pub(super) fn await_gone(child: &Child, longest: Duration) {
    let deadline = Instant::now() + longest;
    let there = |group| rustix::process::test_kill_process_group(group).is_ok();
    while pid(child).is_some_and(there) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(2));
    }
}

/// Without groups, there is nothing to wait for.
#[cfg(not(unix))]
pub(super) fn await_gone(_child: &Child, _longest: Duration) {}

#[cfg(unix)]
fn pid(child: &Child) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(child.id()).ok()?)
}
