//! Running programs and asking the kernel what they took.

use std::io::Read as _;
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use wait4::Wait4 as _;

use super::program::Program;
use super::rows::Row;

/// What one program took: the least CPU time and the largest peak memory of its runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    pub(crate) label: String,
    pub(crate) command: String,
    /// Seconds, user and system.
    pub(crate) cpu: f64,
    /// The most memory it held at a time, in bytes.
    pub(crate) memory: u64,
    pub(crate) runs: u32,
    /// Why there is no figure.
    pub(crate) failure: Option<String>,
}

/// What the programs of a row took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) programs: Vec<Usage>,
}

/// A program whose first run takes longer than this runs once: noise is small beside it.
const LONG: f64 = 8.0;

/// Runs the programs of a row in turns.
pub(crate) fn row(row: &Row, repeat: u32) -> Result<Measured, String> {
    let fresh = |program: &Program| Usage {
        label: program.label.clone(),
        command: program.shown(),
        cpu: f64::INFINITY,
        memory: 0,
        runs: 0,
        failure: None,
    };
    let mut programs: Vec<Usage> = row.programs.iter().map(fresh).collect();
    for _ in 0..repeat * row.repeat_factor {
        for (program, usage) in row.programs.iter().zip(&mut programs) {
            if usage.failure.is_some() || (usage.runs > 0 && usage.cpu > LONG) {
                continue;
            }
            match once(program)? {
                Ok((cpu, memory)) => {
                    usage.cpu = usage.cpu.min(cpu);
                    usage.memory = usage.memory.max(memory);
                    usage.runs += 1;
                }
                Err(failure) => {
                    usage.cpu = 0.0;
                    usage.failure = Some(failure);
                }
            }
        }
    }
    Ok(Measured { programs })
}

/// CPU seconds and peak memory of one run. The inner error is a program that ran and failed.
fn once(program: &Program) -> Result<Result<(f64, u64), String>, String> {
    program.prepare()?;
    let mut command = program.command();
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    command.stdout(if program.measures_itself { Stdio::piped() } else { Stdio::null() });
    let mut child = command.spawn().map_err(|error| format!("cannot run {}: {error}", program.shown()))?;
    // What is printed there is short: it fits into the pipe.
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let used = child.wait4().map_err(|error| format!("cannot wait for {}: {error}", program.shown()))?;
    let read = |stream: Option<Box<dyn std::io::Read>>| {
        let mut text = String::new();
        stream.and_then(|mut stream| stream.read_to_string(&mut text).ok());
        text
    };
    let (out, err) = (read(out.map(|it| Box::new(it) as _)), read(err.map(|it| Box::new(it) as _)));
    if !used.status.code().is_some_and(|code| program.codes.contains(&code)) {
        let line = err.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        return Ok(Err(format!("{} ended with {}: {line}", program.label, used.status)));
    }
    let whole = used.rusage.utime + used.rusage.stime;
    let cpu = match program.measures_itself {
        true => out.trim().parse().map_err(|_| format!("{} printed no figure: {out}", program.shown()))?,
        false => whole.as_secs_f64(),
    };
    Ok(Ok((cpu, used.rusage.maxrss)))
}
