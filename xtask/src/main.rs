//! Development commands of the workspace, run as `cargo xtask COMMAND`. One file or folder per command; nothing here is
//! published, and the libraries know nothing of it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool for developers")]

mod bench;
mod codegen;
mod conformance;
mod fuzz;
mod r#gen;
mod instructions;
mod problem;
mod process;
mod prove;
mod simulate;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development commands of the Landfast workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Bench(bench::Options),
    #[command(hide = true)]
    Figure(bench::FigureOptions),
    Tidy(tidy::Options),
    Codegen(codegen::Options),
    Conformance(conformance::Options),
    Fuzz(fuzz::Options),
    Gen(r#gen::Options),
    Instructions(instructions::Options),
    Prove(prove::Options),
    #[command(hide = true)]
    ProveChild(prove::ChildOptions),
    Simulate(simulate::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Bench(options) => bench::run(&options),
        Command::Figure(options) => bench::figure(&options),
        Command::Tidy(options) => tidy::run(&options),
        Command::Codegen(options) => codegen::run(&options),
        Command::Conformance(options) => conformance::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Gen(options) => r#gen::run(&options),
        Command::Instructions(options) => instructions::run(&options),
        Command::Prove(options) => prove::run(&options),
        Command::ProveChild(options) => prove::child(&options),
        Command::Simulate(options) => simulate::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
