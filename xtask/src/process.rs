//! Running other programs.

use std::process::Command;

/// Runs a program and returns what it wrote to standard output; its standard error goes to ours.
pub(crate) fn output_of(command: &mut Command) -> Result<String, String> {
    command.stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|error| format!("cannot run {}: {error}", name_of(command)))?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", name_of(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{} wrote something that is not UTF-8", name_of(command)))
}

/// Runs a program with our own standard streams.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("cannot run {}: {error}", name_of(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed: {status}", name_of(command))) }
}

/// The cargo that started us, so that the toolchain stays the same.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn name_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
