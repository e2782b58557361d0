//! Running one command: bounded in time and output, and gone with its whole group when nobody waits any more.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};

use super::supervisor::{CommandSupervisor, not_started};

/// How much of standard error is kept.
const ERRORS: usize = 64 * 1024;

/// How long a supervisor has to end what it started.
const GRACE: Duration = Duration::from_secs(5);

pub(super) struct Bounds {
    pub(super) time: Duration,
    /// The longest answer, in bytes.
    pub(super) output: usize,
}

pub(super) struct Finished {
    pub(super) status: ExitStatus,
    pub(super) out: Vec<u8>,
    /// The end of standard error.
    pub(super) err: Vec<u8>,
}

impl Finished {
    /// The last line on standard error that says anything.
    pub(super) fn last_error(&self) -> Option<String> {
        let said = String::from_utf8_lossy(&self.err);
        said.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned)
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error("{program} cannot be started")]
    Start {
        program: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{program} did not end within {seconds} s")]
    TimedOut { program: String, seconds: u64 },
    #[error("{program} answers with more than {limit} bytes")]
    TooLong { program: String, limit: usize },
    #[error("{program} cannot be listened to")]
    Io {
        program: String,
        #[source]
        source: std::io::Error,
    },
}

/// Kills the group when it goes away, unless the child was waited for and its number may be somebody else's.
struct Group(Option<rustix::process::Pid>);

impl Group {
    fn of(child: &tokio::process::Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(rustix::process::Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // A group that is gone already needs no signal.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Runs a command with `input` on its standard input; under a supervisor, it ends when this process does.
pub(super) async fn run(
    command: &[String],
    folder: &Path,
    input: &str,
    bounds: &Bounds,
    supervisor: Option<&CommandSupervisor>,
) -> Result<Finished, RunError> {
    let (program, arguments) =
        command.split_first().map_or((String::new(), [].as_slice()), |(first, rest)| (first.clone(), rest));
    // A relative path means the folder, and not wherever landfast runs.
    let path = if program.contains('/') { folder.join(&program) } else { program.clone().into() };
    let mut started = match supervisor {
        Some(supervisor) => Command::from(supervisor.command(&path)),
        None => Command::new(path),
    };
    let mut child = started
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        // A supervisor must live to end what it started, which it does when its standard input closes.
        .kill_on_drop(supervisor.is_none())
        .spawn()
        .map_err(|source| RunError::Start { program: program.clone(), source })?;
    let mut group = if supervisor.is_none() { Group::of(&child) } else { Group(None) };
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let talk = async {
        let write = async { Ok::<_, RunError>(write(stdin, input, supervisor).await) };
        let io = |source| RunError::Io { program: program.clone(), source };
        let out = async {
            let out = first_bytes(stdout, bounds.output).await.map_err(io)?;
            if out.len() > bounds.output {
                return Err(RunError::TooLong { program: program.clone(), limit: bounds.output });
            }
            Ok(out)
        };
        let err = async { last_bytes(stderr).await.map_err(io) };
        let (_open, out, err) = tokio::try_join!(write, out, err)?;
        // Its outputs are closed: what is left is its end.
        let status = child.wait().await.map_err(io)?;
        Ok((status, out, err))
    };
    let talked = tokio::time::timeout(bounds.time, talk).await;
    if supervisor.is_some() && !matches!(talked, Ok(Ok(_))) {
        // Its standard input is closed by now. What is read next must not change any more.
        let _ = tokio::time::timeout(GRACE, child.wait()).await;
    }
    match talked {
        Err(_) => Err(RunError::TimedOut { program, seconds: bounds.time.as_secs() }),
        Ok(Err(error)) => Err(error),
        Ok(Ok((status, out, err))) => {
            group.0 = None;
            match supervisor.and_then(|_| not_started(status, &err)) {
                Some(source) => Err(RunError::Start { program, source }),
                None => Ok(Finished { status, out, err }),
            }
        }
    }
}

/// Writes the input. A supervisor's pipe stays open: it ends everything when it closes.
async fn write(stdin: Option<ChildStdin>, input: &str, supervisor: Option<&CommandSupervisor>) -> Option<ChildStdin> {
    let mut stdin = stdin?;
    if supervisor.is_some() {
        // A supervisor that is gone is found by its end.
        let _ = stdin.write_all(format!("{}\n", input.len()).as_bytes()).await;
    }
    // A command that reads no input closes it, and that is its business.
    let _ = stdin.write_all(input.as_bytes()).await;
    let _ = stdin.flush().await;
    supervisor.map(|_| stdin)
}

/// What comes, and not more than a byte above the limit.
async fn first_bytes(from: Option<impl AsyncRead + Unpin>, limit: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        from.take(most).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// The end of what comes.
async fn last_bytes(from: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return Ok(kept) };
    let mut buffer = vec![0; 8 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let over = kept.len().saturating_sub(ERRORS);
        kept.drain(..over);
    }
    Ok(kept)
}
