//! Random worlds, changed and taken back: what `cargo xtask prove worlds` starts.
//!
//! `worlds [--seeds N] [--first-seed S]`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool for developers")]

use std::process::ExitCode;

use landfast_rollback::testing::worlds::{Naming, restore};

fn number(name: &str, otherwise: u64) -> Result<u64, String> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == name) {
        None => Ok(otherwise),
        Some(at) => {
            let text = arguments.get(at + 1).ok_or_else(|| format!("{name} needs a number"))?;
            text.parse().map_err(|_| format!("{name} needs a number, and {text:?} is none"))
        }
    }
}

fn run() -> Result<(), String> {
    let (seeds, first) = (number("--seeds", 1000)?, number("--first-seed", 0)?);
    let (mut named, mut steps, mut whole, mut again, mut broken) = (Naming::default(), 0, 0, 0, 0);
    for seed in first..first.saturating_add(seeds) {
        let restored = restore(seed);
        named = named.with(restored.named);
        steps += restored.steps;
        whole += u64::from(restored.is_first_again);
        again += u64::from(restored.is_changed_again);
        if !restored.violations.is_empty() {
            broken += 1;
            if broken <= 20 {
                println!("  seed {seed}: {}", restored.violations.join("; "));
            }
        }
    }
    println!(
        "{seeds} worlds from {first}, {steps} steps: the first world was there again in {whole}, the changed one in {again}, \
         and in all others what was named is otherwise; recall {:.3}, precision {:.3} ({} named rightly, {} needlessly, {} \
         missed); {broken} broken",
        named.recall(),
        named.precision(),
        named.rightly,
        named.needlessly,
        named.missed,
    );
    if broken == 0 && named.missed == 0 { Ok(()) } else { Err(format!("{broken} worlds break what must hold")) }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
