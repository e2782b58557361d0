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

/// A program that is killed again and again, each time in a place that is as it was, and what is made of what is left.
pub(super) trait Victim {
    /// Puts everything there as it is before.
    fn prepare(&self) -> Result<(), String>;

    /// The program.
    fn command(&self) -> Command;

    /// Looks at what is left, and counts it.
    fn judge(&mut self, ended: &Ended, moment: &str);
}

/// More calls than any program makes that is killed here.
const MOST_CALLS: u64 = 2000;

/// Kills it at every `stride`-th call on files, and then halfway through every `stride`-th write.
pub(super) fn at_every_call(victim: &mut impl Victim, stride: u64) -> Result<(), String> {
    for is_torn in [false, true] {
        let mut number = 1;
        while number < MOST_CALLS {
            victim.prepare()?;
            let ended = run(victim.command(), Moment::Call { number, is_torn })?;
            victim.judge(&ended, &format!("call {number}"));
            if !ended.was_killed {
                break;
            }
            number += stride;
        }
    }
    Ok(())
}

/// Kills it so many times at moments that `seed` gives, within the time that it takes when nobody kills it and a little more.
pub(super) fn at_random_moments(victim: &mut impl Victim, times: u64, seed: u64) -> Result<(), String> {
    let mut random = fastrand::Rng::with_seed(seed);
    victim.prepare()?;
    let start = Instant::now();
    let output = victim.command().output().map_err(|error| format!("the program cannot be started: {error}"))?;
    let whole = start.elapsed();
    if !output.status.success() {
        return Err(format!("what nobody kills fails: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    for _ in 0..times {
        victim.prepare()?;
        let after = whole.mul_f64(random.f64() * 1.1);
        let ended = run(victim.command(), Moment::After(after))?;
        victim.judge(&ended, &format!("after {after:?}"));
    }
    Ok(())
}

fn length(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|metadata| metadata.len())
}
