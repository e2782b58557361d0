//! The `landfast` command as a library, so that tests and the generated documentation see what users see.
//!
//! It parses arguments, reads and writes files, chooses colours and exit codes, and adds hints to errors. It holds no rule
//! of its own: what is drift, and how bad, the `landfast` library says.
//!
//! ```
//! let help = landfast_cli::command().render_help().to_string();
//! assert!(help.contains("check"));
//! ```

#[cfg(unix)]
mod approve_args;
mod args;
#[cfg(unix)]
mod backup_args;
mod commands;
#[cfg(unix)]
mod duration;
mod error;
mod input;
mod interrupt;
mod kept;
mod key;
#[cfg(unix)]
mod key_args;
#[cfg(unix)]
mod keys;
#[cfg(unix)]
mod live;
#[cfg(unix)]
mod live_args;
mod moved;
#[cfg(unix)]
mod operation_args;
#[cfg(unix)]
mod operations;
mod output;
mod pair;
#[cfg(feature = "policy")]
mod policy_args;
mod progress;
mod replace;
#[cfg(unix)]
mod safety_settings;
mod scan_settings;
#[cfg(unix)]
mod settings;
mod state_args;
#[cfg(unix)]
mod stores;
mod supervisor;
mod via;

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser as _};
use landfast::ExitCode;

use args::Args;
use supervisor::Host;

/// The command line as clap has it.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}

/// Runs the command with the arguments and the standard streams of this process.
#[must_use]
pub fn main() -> std::process::ExitCode {
    if let Some(code) = supervisor::run_if_asked(std::env::args_os()) {
        return code;
    }
    let code = run_in(std::env::args_os(), Host::OwnProgram);
    std::process::ExitCode::from(u8::try_from(code.code()).unwrap_or(u8::MAX))
}

/// Runs the command with these arguments, the first being the program's name.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    run_in(arguments, Host::OtherProgram)
}

fn run_in(arguments: impl IntoIterator<Item = OsString>, host: Host) -> ExitCode {
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    output::start_tracing(args.global.verbose);
    match commands::run(&args, host) {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error, &args.global);
            error.code()
        }
    }
}

/// Help and versions are no errors, though clap has them as such.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed stream is no reason to fail.
    let _ = error.print();
    if error.use_stderr() { ExitCode::Usage } else { ExitCode::Clean }
}
