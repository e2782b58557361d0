//! Runs simulated operations: what `cargo xtask simulate` starts, in a build of its own.
//!
//! `simulate [--seeds N] [--first-seed S] [--threads N] [--trace] [--mutants]`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool for developers")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
#[cfg(feature = "mutants")]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use landfast_rollback::testing::simulation::{Ran, Tracing, simulate};

struct Wanted {
    seeds: u64,
    first: u64,
    threads: usize,
    tracing: Tracing,
    mutants: bool,
}

fn wanted() -> Result<Wanted, String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut wanted = Wanted { seeds: 1000, first: 0, threads, tracing: Tracing::Off, mutants: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<u64, String> {
            let text = arguments.next().ok_or_else(|| format!("{argument} needs a number"))?;
            text.parse().map_err(|_| format!("{argument} needs a number, and {text:?} is none"))
        };
        match argument.as_str() {
            "--seeds" => wanted.seeds = number()?,
            "--first-seed" => wanted.first = number()?,
            "--threads" => wanted.threads = usize::try_from(number()?.max(1)).unwrap_or(1),
            "--trace" => wanted.tracing = Tracing::On,
            "--mutants" => wanted.mutants = true,
            other => return Err(format!("{other} is not known")),
        }
    }
    Ok(wanted)
}

fn main() -> ExitCode {
    let ended = wanted().and_then(|wanted| if wanted.mutants { mutants(&wanted) } else { seeds(&wanted) });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn seeds(wanted: &Wanted) -> Result<(), String> {
    if wanted.tracing == Tracing::On {
        let mut broken = 0;
        for seed in wanted.first..wanted.first.saturating_add(wanted.seeds) {
            let ran = simulate(seed, Tracing::On);
            println!("seed {seed}\n{}", ran.trace);
            broken += ran.violations.len();
        }
        return if broken == 0 { Ok(()) } else { Err(format!("{broken} violations")) };
    }
    let began = Instant::now();
    let next = AtomicU64::new(wanted.first);
    let end = wanted.first.saturating_add(wanted.seeds);
    let ended: Mutex<BTreeMap<String, u64>> = Mutex::default();
    let broken: Mutex<Vec<Ran>> = Mutex::default();
    let (changes, crashed) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..wanted.threads {
            scope.spawn(|| {
                let mut own: BTreeMap<String, u64> = BTreeMap::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= end {
                        break;
                    }
                    let ran = simulate(seed, Tracing::Off);
                    changes.fetch_add(ran.changes as u64, Ordering::Relaxed);
                    crashed.fetch_add(u64::from(ran.processes > 1), Ordering::Relaxed);
                    let name = ran.ended.map_or("nothing durable".to_owned(), |state| state.to_string());
                    *own.entry(name).or_default() += 1;
                    if !ran.violations.is_empty() {
                        broken.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(ran);
                    }
                }
                let mut ended = ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                for (name, count) in own {
                    *ended.entry(name).or_default() += count;
                }
            });
        }
    });
    let took = began.elapsed().as_secs_f64();
    let ended = ended.into_inner().unwrap_or_default();
    let mut broken = broken.into_inner().unwrap_or_default();
    broken.sort_by_key(|ran| ran.seed);
    let ended: Vec<String> = ended.iter().map(|(name, count)| format!("{name} {count}")).collect();
    println!(
        "{} seeds from {} in {took:.1} s ({:.0} a second on {} threads): {}; {} changes, {} with crashes; {} broken",
        wanted.seeds,
        wanted.first,
        wanted.seeds as f64 / took,
        wanted.threads,
        ended.join(", "),
        changes.into_inner(),
        crashed.into_inner(),
        broken.len()
    );
    for ran in broken.iter().take(20) {
        println!("  seed {}: {}", ran.seed, ran.violations.join("; "));
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("{} seeds break what must hold", broken.len())) }
}

#[cfg(not(feature = "mutants"))]
fn mutants(_wanted: &Wanted) -> Result<(), String> {
    Err("this build has no mutants: it needs the feature of that name".to_owned())
}

#[cfg(feature = "mutants")]
fn mutants(wanted: &Wanted) -> Result<(), String> {
    use landfast_rollback::mutant::Mutant;

    let mut survived = 0;
    for mutant in Mutant::ALL {
        let next = AtomicU64::new(wanted.first);
        let end = wanted.first.saturating_add(wanted.seeds);
        let (found, is_found) = (Mutex::new(None::<Ran>), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..wanted.threads {
                scope.spawn(|| {
                    while !is_found.load(Ordering::SeqCst) {
                        let seed = next.fetch_add(1, Ordering::SeqCst);
                        if seed >= end {
                            break;
                        }
                        let ran = Mutant::during(Some(*mutant), || simulate(seed, Tracing::Off));
                        if !ran.violations.is_empty() {
                            let mut first = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                            if first.as_ref().is_none_or(|first| ran.seed < first.seed) {
                                *first = Some(ran);
                            }
                            is_found.store(true, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        match found.into_inner().unwrap_or_default() {
            Some(ran) => println!("{mutant:?}: caught by seed {}: {}", ran.seed, ran.violations.join("; ")),
            None => {
                survived += 1;
                println!("{mutant:?}: NOT CAUGHT by {} seeds", wanted.seeds);
            }
        }
    }
    let all = Mutant::ALL.len();
    println!("{} of {all} mutants are caught", all - survived);
    if survived == 0 { Ok(()) } else { Err(format!("{survived} mutants live")) }
}
