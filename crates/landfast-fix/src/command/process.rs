//! Running one command: bounded in time and output, and gone with its whole group when nobody waits any more.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

/// How much of standard error is kept.
const ERRORS: usize = 64 * 1024;

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

/// Runs a command with `input` on its standard input.
pub(super) async fn run(command: &[String], folder: &Path, input: &str, bounds: &Bounds) -> Result<Finished, RunError> {
    let (program, arguments) =
        command.split_first().map_or((String::new(), [].as_slice()), |(first, rest)| (first.clone(), rest));
    // A relative path means the folder, and not wherever landfast runs.
    let path = if program.contains('/') { folder.join(&program) } else { program.clone().into() };
    let mut child = Command::new(path)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| RunError::Start { program: program.clone(), source })?;
    let mut group = Group::of(&child);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let talk = async {
        let write = async {
            if let Some(mut stdin) = stdin {
                // A command that reads no input closes it, and that is its business.
                let _ = stdin.write_all(input.as_bytes()).await;
                let _ = stdin.shutdown().await;
            }
            Ok::<(), RunError>(())
        };
        let io = |source| RunError::Io { program: program.clone(), source };
        let out = async {
            let out = first_bytes(stdout, bounds.output).await.map_err(io)?;
            if out.len() > bounds.output {
                return Err(RunError::TooLong { program: program.clone(), limit: bounds.output });
            }
            Ok(out)
        };
        let err = async { last_bytes(stderr).await.map_err(io) };
        let ((), out, err) = tokio::try_join!(write, out, err)?;
        // Its outputs are closed: what is left is its end.
        let status = child.wait().await.map_err(io)?;
        Ok((status, out, err))
    };
    match tokio::time::timeout(bounds.time, talk).await {
        Err(_) => Err(RunError::TimedOut { program, seconds: bounds.time.as_secs() }),
        Ok(Err(error)) => Err(error),
        Ok(Ok((status, out, err))) => {
            group.0 = None;
            Ok(Finished { status, out, err })
        }
    }
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
