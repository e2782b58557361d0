//! Running programs and asking the kernel what they took.

use std::io::Read as _;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions};

use serde::{Deserialize, Serialize};
use wait4::Wait4 as _;

use super::program::{Measures, Program};
use super::rows::Row;

/// What one program took: the least time and the largest peak memory of its runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    pub(crate) label: String,
    pub(crate) command: String,
    /// Seconds, user and system, with what it ran.
    pub(crate) cpu: f64,
    /// The most memory that it, or something that it ran, held at a time, in bytes.
    pub(crate) memory: u64,
    /// Seconds from beginning to end.
    #[serde(default)]
    pub(crate) time: f64,
    /// Seconds, without what it ran.
    #[serde(default)]
    pub(crate) own_cpu: f64,
    /// Bytes, without what it ran.
    #[serde(default)]
    pub(crate) own_memory: u64,
    pub(crate) runs: u32,
    /// Why there is no figure.
    pub(crate) failure: Option<String>,
}

impl Usage {
    /// Of a program that has not run.
    pub(crate) fn none(label: &str, command: &str) -> Self {
        let (label, command) = (label.to_owned(), command.to_owned());
        let (cpu, time, own_cpu) = (0.0, 0.0, 0.0);
        Self { label, command, cpu, memory: 0, time, own_cpu, own_memory: 0, runs: 0, failure: None }
    }

    /// With another run.
    fn add(&mut self, run: &Run) {
        let least = |so_far: f64, now: f64| if self.runs == 0 { now } else { so_far.min(now) };
        (self.cpu, self.time, self.own_cpu) =
            (least(self.cpu, run.cpu), least(self.time, run.time), least(self.own_cpu, run.own_cpu));
        self.memory = self.memory.max(run.memory);
        self.own_memory = self.own_memory.max(run.own_memory);
        self.runs += 1;
    }
}

/// What one run took.
struct Run {
    cpu: f64,
    memory: u64,
    time: f64,
    own_cpu: f64,
    own_memory: u64,
}

/// What the programs of a row took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) programs: Vec<Usage>,
}

/// A program whose first run takes longer than this runs once: noise is small beside it.
const LONG: f64 = 8.0;

/// How often the memory of a program is asked for.
const WATCH: Duration = Duration::from_millis(20);

/// Runs the programs of a row in turns.
pub(crate) fn row(row: &Row, repeat: u32) -> Result<Measured, String> {
    let none = |program: &Program| Usage::none(&program.label, &program.shown());
    let mut programs: Vec<Usage> = row.programs.iter().map(none).collect();
    for _ in 0..repeat * row.repeat_factor {
        for (program, usage) in row.programs.iter().zip(&mut programs) {
            if usage.failure.is_some() || (usage.runs > 0 && usage.cpu.max(usage.time) > LONG) {
                continue;
            }
            match once(program)? {
                Ok(run) => usage.add(&run),
                Err(failure) => usage.failure = Some(failure),
            }
        }
    }
    Ok(Measured { programs })
}

/// What one run took. The inner error is a program that ran and failed.
fn once(program: &Program) -> Result<Result<Run, String>, String> {
    program.prepare()?;
    let mut command = program.command();
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    command.stdout(if program.measures == Measures::Nothing { Stdio::null() } else { Stdio::piped() });
    let begun = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("cannot run {}: {error}", program.shown()))?;
    // What is printed there is short: it fits into the pipe.
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let failed = |error: &dyn std::fmt::Display| format!("cannot wait for {}: {error}", program.shown());
    let own_memory = watch_memory(&child).map_err(|error| failed(&error))?;
    let time = begun.elapsed().as_secs_f64();
    // It has ended, and is kept until it is waited for.
    let own_cpu = own_cpu_of(child.id()).ok_or_else(|| failed(&"nothing is known of it"))?;
    let used = child.wait4().map_err(|error| failed(&error))?;
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
    let cpu = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    let mut run = Run { cpu, memory: used.rusage.maxrss, time, own_cpu, own_memory };
    let printed = || out.trim().parse().map_err(|_| format!("{} printed no figure: {out}", program.shown()));
    match program.measures {
        Measures::Nothing => {}
        Measures::Cpu => run.cpu = printed()?,
        Measures::Time => run.time = printed()?,
    }
    Ok(Ok(run))
}

/// Waits until a process has ended, without taking its end from the kernel. Gives the most memory that it held, in bytes, as far as that
/// was seen: nothing says it once it has ended, and so it is asked for again and again.
fn watch_memory(child: &Child) -> std::io::Result<u64> {
    let pid = Pid::from_child(child);
    let peak = || {
        let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    };
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut most = 0;
            while !ended.load(Ordering::Relaxed) {
                most = peak().unwrap_or(most);
                std::thread::park_timeout(WATCH);
            }
            most
        });
        let waited = rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        ended.store(true, Ordering::Relaxed);
        watching.thread().unpark();
        let most = watching.join().map_err(|_| std::io::Error::other("nobody watched its memory"))?;
        waited.map(|_| most).map_err(Into::into)
    })
}

/// The CPU seconds of a process that has ended and is not waited for yet, without those of what it ran. The kernel tells them in
/// hundredths.
fn own_cpu_of(process: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // What is in parentheses is the name, and may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}
