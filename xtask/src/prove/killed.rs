//! Running a program that is killed at some moment.

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// When a program is killed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment<'a> {
    /// At this call of those that the fault shim sees; halfway through it where it writes and `is_torn`.
    Call { number: u64, is_torn: bool },
    /// After so long.
    After(Duration),
    /// When the file is seen to have another length, or not to be there.
    Changed(&'a Path),
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) was_killed: bool,
    pub(super) said: String,
}

/// Runs a program until it ends or is killed.
pub(super) fn run(mut command: Command, moment: Moment<'_>) -> Result<Ended, String> {
    use std::os::unix::process::ExitStatusExt as _;
    if let Moment::Call { number, is_torn } = moment {
        command.env("LANDFAST_FAULT", format!("{}@{number}", if is_torn { "tear" } else { "kill" }));
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let length_before = match moment {
        Moment::Changed(path) => length(path),
        _ => None,
    };
    let mut child = command.spawn().map_err(|error| format!("the program cannot be started: {error}"))?;
    match moment {
        Moment::Call { .. } => {}
        Moment::After(time) => {
            std::thread::sleep(time);
            // It may have ended.
            let _ = child.kill();
        }
        Moment::Changed(path) => {
            let until = Instant::now() + Duration::from_secs(20);
            while length(path) == length_before && Instant::now() < until {
                if child.try_wait().map_err(|error| error.to_string())?.is_some() {
                    break;
                }
            }
            let _ = child.kill();
        }
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    Ok(Ended {
        status: output.status,
        was_killed: output.status.signal() == Some(9),
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

fn length(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|metadata| metadata.len())
}
