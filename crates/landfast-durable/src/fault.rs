//! System calls that fail, write short, or are the last thing that the process does: how the proofs of this crate, and of what
//! is built on it, reach every boundary between two calls.
//!
//! A [`Fault`] says which call it happens at, counted from 1, and what happens there. [`arm`] arms it for the calls of this
//! thread; the environment variable [`VARIABLE`] arms one for all the calls of the process, which is how a child process is
//! killed. The module is there only with the feature `fault`, which no released program has.
//!
//! A kill loses nothing that was handed to the system: it shows what another process finds, not what is left after a power
//! failure. What must be synced before what is shown by the order of [`Armed::calls`].

use std::cell::RefCell;
use std::io;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

pub use crate::step::Step;
use crate::sys::Gate;

/// The environment variable that arms a fault for the whole process, such as `kill@12` or `enospc@3+`: an effect, the call
/// it happens at, and a plus where it lasts. A text that is no fault makes every call fail, so that no proof runs unarmed.
pub const VARIABLE: &str = "LANDFAST_FAULT";

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The process ends by SIGKILL in the place of the call.
    Kill,
    /// Half of a write is done, then the process ends by SIGKILL; as [`Effect::Kill`] at calls that do not write.
    TearAndKill,
    /// A write does half of its bytes, at least one, and says so. Nothing at other calls.
    ShortWrite,
    /// The call fails with ENOSPC.
    NoSpace,
    /// The call fails with EIO.
    InputOutput,
    /// The call fails with EINTR. It happens once, even where the fault lasts.
    Interrupt,
}

/// Whether a fault goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// Only that call is hit.
    Once,
    /// That call and each one after it are hit.
    FromThenOn,
}

/// A fault, and the call that it happens at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The number of the call, counted from 1.
    pub at: u64,
    /// What happens.
    pub effect: Effect,
    /// Whether it happens again.
    pub lasting: Lasting,
}

/// A text that is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no fault: kill, tear, short, enospc, eio or eintr, then @ and the number of a call, then + if it lasts"
)]
#[non_exhaustive]
pub struct ParseFaultError {
    /// The text.
    pub text: String,
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        let refused = || ParseFaultError { text: text.to_owned() };
        let (effect, at) = text.split_once('@').ok_or_else(refused)?;
        let effect = match effect {
            "kill" => Effect::Kill,
            "tear" => Effect::TearAndKill,
            "short" => Effect::ShortWrite,
            "enospc" => Effect::NoSpace,
            "eio" => Effect::InputOutput,
            "eintr" => Effect::Interrupt,
            _ => return Err(refused()),
        };
        let (at, lasting) = at.strip_suffix('+').map_or((at, Lasting::Once), |at| (at, Lasting::FromThenOn));
        let at = at.parse().ok().filter(|at| *at > 0).ok_or_else(refused)?;
        Ok(Self { at, effect, lasting })
    }
}

impl Fault {
    fn happens_at(self, call: u64) -> bool {
        let again = self.lasting == Lasting::FromThenOn && self.effect != Effect::Interrupt;
        call == self.at || (again && call > self.at)
    }

    fn happen(self, step: Step, size: usize) -> io::Result<Gate> {
        let writes = step == Step::Write;
        match self.effect {
            Effect::TearAndKill if writes => Ok(Gate::Tear(size / 2)),
            Effect::Kill | Effect::TearAndKill => end_process(),
            Effect::ShortWrite if writes => Ok(Gate::AtMost((size / 2).max(1))),
            Effect::ShortWrite => Ok(Gate::Whole),
            Effect::NoSpace => Err(errno(Errno::NoSpace)),
            Effect::InputOutput => Err(errno(Errno::InputOutput)),
            Effect::Interrupt => Err(io::ErrorKind::Interrupted.into()),
        }
    }
}

enum Errno {
    NoSpace,
    InputOutput,
}

#[cfg(unix)]
fn errno(errno: Errno) -> io::Error {
    match errno {
        Errno::NoSpace => rustix::io::Errno::NOSPC.into(),
        Errno::InputOutput => rustix::io::Errno::IO.into(),
    }
}

#[cfg(not(unix))]
fn errno(errno: Errno) -> io::Error {
    match errno {
        Errno::NoSpace => io::ErrorKind::StorageFull.into(),
        Errno::InputOutput => io::Error::other("input/output error"),
    }
}

/// Ends this process as `kill -9` does: nothing is unwound, flushed or cleaned up.
pub(crate) fn end_process() -> ! {
    #[cfg(unix)]
    {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
    std::process::abort()
}

struct Thread {
    fault: Option<Fault>,
    calls: Vec<Step>,
}

thread_local! {
    static THREAD: RefCell<Option<Thread>> = const { RefCell::new(None) };
}

/// A fault that is armed for this thread until this value is dropped.
#[derive(Debug)]
pub struct Armed {
    // It is about the thread that made it, so it stays there.
    _here: PhantomData<*const ()>,
}

/// Arms a fault for the calls that this thread makes from here on, or, without one, only counts them. What was armed
/// before is forgotten.
#[must_use = "the fault is disarmed when this value is dropped"]
pub fn arm(fault: Option<Fault>) -> Armed {
    THREAD.with_borrow_mut(|thread| *thread = Some(Thread { fault, calls: Vec::new() }));
    Armed { _here: PhantomData }
}

impl Armed {
    /// The calls that this thread has made since, hit or not, in their order.
    #[must_use]
    pub fn calls(&self) -> Vec<Step> {
        THREAD.with_borrow(|thread| thread.as_ref().map(|thread| thread.calls.clone()).unwrap_or_default())
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        THREAD.with_borrow_mut(|thread| *thread = None);
    }
}

/// The fault of the environment, read once.
fn of_process() -> &'static Result<Option<Fault>, ParseFaultError> {
    static FAULT: OnceLock<Result<Option<Fault>, ParseFaultError>> = OnceLock::new();
    FAULT.get_or_init(|| {
        let text = std::env::var_os(VARIABLE).filter(|text| !text.is_empty());
        text.map(|text| text.to_string_lossy().parse()).transpose()
    })
}

/// Every call of the crate comes through here before it is made; `size` is what a write would write.
pub(crate) fn gate(step: Step, size: usize) -> io::Result<Gate> {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    match of_process() {
        Ok(None) => {}
        Ok(Some(fault)) => {
            if fault.happens_at(CALLS.fetch_add(1, Ordering::SeqCst) + 1) {
                return fault.happen(step, size);
            }
        }
        Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidInput, error.clone())),
    }
    let hit = THREAD.with_borrow_mut(|thread| {
        let thread = thread.as_mut()?;
        thread.calls.push(step);
        thread.fault.filter(|fault| fault.happens_at(thread.calls.len() as u64))
    });
    hit.map_or(Ok(Gate::Whole), |fault| fault.happen(step, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_text() {
        assert_eq!("kill@12".parse(), Ok(Fault { at: 12, effect: Effect::Kill, lasting: Lasting::Once }));
        assert_eq!("enospc@3+".parse(), Ok(Fault { at: 3, effect: Effect::NoSpace, lasting: Lasting::FromThenOn }));
        for text in ["", "kill", "kill@", "kill@0", "kill@-1", "kill@1++", "shoot@1", "@1", "kill@1 "] {
            assert_eq!(text.parse::<Fault>(), Err(ParseFaultError { text: text.to_owned() }));
        }
    }
}
