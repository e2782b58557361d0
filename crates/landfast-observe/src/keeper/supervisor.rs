//! A keeper in a process of its own.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::run::Task;
use super::watch::{Ended, Leave, Orders, keep};

/// How to start a supervisor: a program that calls [`supervise`] with the arguments that follow these, most often the
/// calling program itself.
///
/// A library cannot clean up after its process was killed, and Rust has no safe way to let a child die with its parent. The
/// supervisor reads a pipe that this process holds: when that closes, for whatever reason, it ends what it started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supervisor {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Supervisor {
    /// A supervisor that is started by this program with these arguments, to which others are added.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        Self { program: program.into(), arguments: arguments.into_iter().collect() }
    }

    /// A supervisor that is started by the program that runs now.
    ///
    /// # Errors
    /// When the system does not tell which program this is.
    pub fn of_this_program(arguments: impl IntoIterator<Item = OsString>) -> io::Result<Self> {
        // On Linux this name leads to the running program even after its file was replaced.
        let linux = Path::new("/proc/self/exe");
        let program = if linux.exists() { linux.to_owned() } else { std::env::current_exe()? };
        Ok(Self::new(program, arguments))
    }

    /// The command that starts it for this task; its standard input is the pipe that keeps it going.
    pub(super) fn command(&self, task: &Task) -> Command {
        let millis = |duration: Duration| duration.as_millis().to_string();
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .arg(if task.leave == Leave::Nothing { REMOVE } else { KEEP })
            .arg(millis(task.grace))
            .arg(task.limit.map_or_else(String::new, millis))
            .arg(&task.private)
            .arg(&task.program)
            .args(&task.arguments);
        command
    }
}

const REMOVE: &str = "remove";
const KEEP: &str = "keep";

/// Exit codes that say how it went, out of the way of those of programs.
const STOPPED: i32 = 241;
const TIMED_OUT: i32 = 242;
const NOT_STARTED: i32 = 243;

/// What the exit status of a supervisor says.
pub(super) fn ended(status: ExitStatus) -> Option<Ended> {
    match status.code() {
        Some(STOPPED) => Some(Ended::Stopped),
        Some(TIMED_OUT) => Some(Ended::TimedOut),
        Some(NOT_STARTED) => None,
        _ => Some(Ended::Itself(status)),
    }
}

/// The body of a supervisor: runs the program that the arguments name, with the standard output and error of this
/// process, until it ends, until standard input closes, or until `stop` is set. Gives the exit code for this process.
///
/// A program that offers itself as a [`Supervisor`] calls this when it sees the arguments that it gave there, and sets
/// `stop` on the signals that would end it.
#[must_use]
pub fn supervise(arguments: impl IntoIterator<Item = OsString>, stop: &Arc<AtomicBool>) -> i32 {
    let result = Received::parse(arguments).and_then(|received| received.keep(stop));
    match result {
        Ok(Ended::Itself(status)) => status.code().unwrap_or_else(|| 128 + signal_of(status)),
        Ok(Ended::Stopped) => STOPPED,
        Ok(Ended::TimedOut) => TIMED_OUT,
        Err(error) => {
            // Who asked reads this; if nobody does, nobody wants to know.
            let _ = writeln!(io::stderr(), "{error}");
            NOT_STARTED
        }
    }
}

/// A task as it arrives in the arguments.
struct Received {
    leave: Leave,
    grace: Duration,
    limit: Option<Duration>,
    private: PathBuf,
    program: OsString,
    arguments: Vec<OsString>,
}

impl Received {
    fn parse(arguments: impl IntoIterator<Item = OsString>) -> io::Result<Self> {
        let mut arguments = arguments.into_iter();
        let mut next = || arguments.next().ok_or_else(|| io::Error::other("a supervisor is not started by hand"));
        Ok(Self {
            leave: match next()?.to_str() {
                Some(REMOVE) => Leave::Nothing,
                Some(KEEP) => Leave::FolderOfSuccess,
                _ => return Err(io::Error::other("a supervisor is not started by hand")),
            },
            grace: millis(&next()?)?.unwrap_or_default(),
            limit: millis(&next()?)?,
            private: next()?.into(),
            program: next()?,
            arguments: arguments.collect(),
        })
    }

    fn keep(self, stop: &Arc<AtomicBool>) -> io::Result<Ended> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null());
        let closed = Arc::clone(stop);
        std::thread::spawn(move || {
            // Nothing is ever written; the end is what counts.
            let _ = io::stdin().lock().read_to_end(&mut Vec::new());
            closed.store(true, Ordering::SeqCst);
        });
        let orders = Orders { private: &self.private, leave: self.leave, grace: self.grace, limit: self.limit };
        keep(command, &orders, &|| stop.load(Ordering::SeqCst))
    }
}

fn millis(text: &OsStr) -> io::Result<Option<Duration>> {
    match text.to_str() {
        Some("") => Ok(None),
        Some(text) => text.parse().map(|millis| Some(Duration::from_millis(millis))).map_err(io::Error::other),
        None => Err(io::Error::other("not a number")),
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> i32 {
    std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or_default()
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> i32 {
    0
}
