//! One run of one program, its output read while it goes.

use std::ffi::OsString;
use std::io::{self, PipeReader, Read as _};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use super::Stopper;
use super::supervisor::{self, Supervisor};
use super::watch::{Ended, Leave, Orders, keep};

/// How much of the end of standard error is kept.
const TAIL: usize = 64 * 1024;

/// What to run, and how.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    /// An absolute path.
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Where it runs.
    pub(crate) folder: PathBuf,
    /// What is added to the environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// The private folder.
    pub(crate) private: PathBuf,
    pub(crate) leave: Leave,
    pub(crate) grace: Duration,
    pub(crate) limit: Option<Duration>,
}

/// What a run that came to its end left.
#[derive(Debug)]
pub(crate) struct Finished<T> {
    pub(crate) status: ExitStatus,
    /// What was made of standard output.
    pub(crate) out: T,
    /// The end of standard error.
    pub(crate) err: Vec<u8>,
}

/// Why a run came to no end of its own.
#[derive(Debug)]
pub(crate) enum RunError {
    Stopped,
    TimedOut,
    Io(io::Error),
}

impl From<io::Error> for RunError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Runs the task. `consume` reads its standard output; an error of it stops the program.
pub(crate) fn run<T>(
    task: &Task,
    supervisor: Option<&Supervisor>,
    stopper: &Stopper,
    consume: impl FnOnce(PipeReader) -> io::Result<T>,
) -> Result<Finished<T>, RunError> {
    if stopper.is_stopped() {
        return Err(RunError::Stopped);
    }
    let (out, out_end) = io::pipe()?;
    let (err, err_end) = io::pipe()?;
    let prepare = |mut command: Command| {
        command.current_dir(&task.folder).envs(task.environment.iter().map(|(name, value)| (name, value)));
        command.stdout(out_end).stderr(err_end);
        command
    };
    let (ended, out, err) = thread::scope(|scope| {
        let errors = scope.spawn(move || tail(err));
        let keeper = match supervisor {
            None => {
                let mut command = Command::new(&task.program);
                command.args(&task.arguments).stdin(Stdio::null());
                let command = prepare(command);
                scope.spawn(move || {
                    let orders =
                        Orders { private: &task.private, leave: task.leave, grace: task.grace, limit: task.limit };
                    keep(command, &orders, &|| stopper.is_stopped()).map(Some)
                })
            }
            Some(supervisor) => {
                let (wanted, control) = io::pipe()?;
                let mut command = prepare(supervisor.command(task));
                command.stdin(wanted);
                super::group::start_group(&mut command);
                let child = command.spawn();
                // It holds the other ends of the pipes.
                drop(command);
                let mut child = child?;
                stopper.hold(control);
                scope.spawn(move || child.wait().map(supervisor::ended))
            }
        };
        let out = consume(out);
        if out.is_err() {
            stopper.stop();
        }
        let ended = keeper.join().unwrap_or_else(|_| Err(io::Error::other("the keeper failed")));
        stopper.release();
        let errors = errors.join().unwrap_or_default();
        Ok::<_, RunError>((ended, out, errors))
    })?;
    match ended? {
        // What was read of the output counts for more than that the program was stopped because of it.
        Some(Ended::Stopped) => Err(out.err().map_or(RunError::Stopped, RunError::Io)),
        Some(Ended::TimedOut) => Err(RunError::TimedOut),
        Some(Ended::Itself(status)) => Ok(Finished { status, out: out?, err }),
        None => Err(RunError::Io(io::Error::other(String::from_utf8_lossy(&err).trim().to_owned()))),
    }
}

/// Reads to the end, and keeps the end only.
fn tail(mut from: PipeReader) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = vec![0; 8 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let over = kept.len().saturating_sub(TAIL);
        if over > TAIL {
            kept.drain(..over);
        }
    }
    let over = kept.len().saturating_sub(TAIL);
    kept.split_off(over)
}
