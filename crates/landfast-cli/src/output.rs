//! Writing results, errors and traces.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::Path;

use landfast::report::{ColorChoice, Detail, TextOptions, escape_line};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::args::{ColorWhen, Global};
use crate::error::CliError;
use crate::replace::replace;

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// Whoever may by the process's mask.
    Ordinary,
    /// The owner alone.
    Private,
}

/// Writes a result where the arguments say. A file is replaced as a whole or not at all; a closed pipe ends quietly.
pub(crate) fn write(global: &Global, bytes: &[u8], secrecy: Secrecy) -> Result<(), CliError> {
    let Some(path) = &global.output else {
        let mut out = io::stdout().lock();
        return match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(CliError::io(Path::new("(standard output)"), "cannot be written", &error))
            }
            _ => Ok(()),
        };
    };
    replace(path, bytes, secrecy)
}

/// Refuses a file that cannot be written, before anything is done that is to be told of in it.
pub(crate) fn writable(global: &Global) -> Result<(), CliError> {
    let Some(path) = &global.output else { return Ok(()) };
    let wrong = |error: &io::Error| CliError::io(path, "cannot be written", error);
    if path.exists() {
        std::fs::OpenOptions::new().append(true).open(path).map_err(|error| wrong(&error))?;
        if !path.is_file() {
            return Ok(());
        }
    }
    // It is replaced by another file of the same folder.
    let path = path.canonicalize().unwrap_or_else(|_| path.clone());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let probe = folder.join(format!(".landfast-{}", uuid::Uuid::new_v4().simple()));
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&probe);
    made.and_then(|_| std::fs::remove_file(&probe)).map_err(|error| wrong(&error))
}

/// How to render text: colours and width by where it goes.
pub(crate) fn text_options(global: &Global) -> TextOptions {
    let mut options = TextOptions::default();
    let terminal = global.output.is_none() && io::stdout().is_terminal();
    options.color = color(global.color, terminal);
    if terminal && let Some((width, _)) = terminal_size::terminal_size() {
        options.width = usize::from(width.0);
    }
    if let Some(width) = std::env::var("COLUMNS").ok().and_then(|width| width.parse().ok()).filter(|width| *width > 0) {
        options.width = width;
    }
    if global.verbose > 0 {
        options.detail = Detail::Everything;
    }
    options
}

/// Whether to use colours: the flag, then NO_COLOR and CLICOLOR_FORCE, then the terminal.
fn color(when: ColorWhen, terminal: bool) -> ColorChoice {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let always = match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        ColorWhen::Auto => terminal || set("CLICOLOR_FORCE"),
    };
    if always { ColorChoice::Always } else { ColorChoice::Never }
}

/// Shows an error, and its hint, on standard error.
pub(crate) fn complain(error: &CliError, global: &Global) {
    let paint = color(global.color, io::stderr().is_terminal()) == ColorChoice::Always;
    let (red, bold, reset) = if paint { ("\x1b[1;31m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
    let mut out = io::stderr().lock();
    // Nothing can be done about a standard error that is closed.
    let _ = writeln!(out, "{red}error{reset}: {}", escape_line(error.message()));
    if let Some(hint) = error.hint_text() {
        let _ = writeln!(out, "{bold}hint{reset}: {}", escape_line(hint));
    }
}

/// Shows a warning on standard error.
pub(crate) fn warn(message: &str) {
    let _ = writeln!(io::stderr().lock(), "warning: {}", escape_line(message));
}

/// Shows lines on standard error that are no result and no warning. They are safe to show already.
pub(crate) fn note(lines: &str) {
    let _ = writeln!(io::stderr().lock(), "{lines}");
}

/// Traces go to standard error: none by default, with `-v` those of Landfast itself up to debug, everything with `-vv`.
pub(crate) fn start_tracing(verbose: u8) {
    let (ours, others) = match verbose {
        0 => return,
        1 => (tracing::Level::DEBUG, tracing::Level::WARN),
        _ => (tracing::Level::TRACE, tracing::Level::TRACE),
    };
    let filter = Targets::new().with_default(others).with_target("landfast", ours);
    let subscriber = tracing_subscriber::fmt().with_max_level(ours).with_writer(io::stderr).with_ansi(false).finish();
    let subscriber = subscriber.with(filter);
    // A second call in one process, as tests make, keeps the first subscriber.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
