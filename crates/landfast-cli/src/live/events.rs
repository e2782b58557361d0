//! What happens in a scan, as JSON lines in a file.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use landfast::observe::scan::{EventSink, ScanEvent, event_line};

use crate::error::CliError;

/// The file; none where none is asked for.
pub(super) struct Events {
    to: Option<(PathBuf, Arc<Mutex<Writing>>)>,
}

struct Writing {
    file: BufWriter<File>,
    /// The first error: nothing more is written then.
    failed: Option<std::io::Error>,
}

impl Events {
    pub(super) fn open(path: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = path else { return Ok(Self { to: None }) };
        let file = File::create(path).map_err(|error| CliError::io(path, "cannot be written", &error))?;
        let writing = Writing { file: BufWriter::new(file), failed: None };
        Ok(Self { to: Some((path.to_owned(), Arc::new(Mutex::new(writing)))) })
    }

    /// Takes events.
    pub(super) fn sink(&self) -> EventSink {
        let Some((_, writing)) = &self.to else { return EventSink::default() };
        let writing = Arc::clone(writing);
        EventSink::new(move |event| {
            let mut writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
            if writing.failed.is_some() {
                return;
            }
            let line = event_line(event);
            let written = writeln!(writing.file, "{}", line.trim_end());
            // Whoever follows the file sees how far it is.
            let written = match event.event {
                ScanEvent::Progress(_) => written.and_then(|()| writing.file.flush()),
                _ => written,
            };
            writing.failed = written.err();
        })
    }

    /// Says whether everything is in the file.
    pub(super) fn finish(self) -> Result<(), CliError> {
        let Some((path, writing)) = self.to else { return Ok(()) };
        let mut writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = match writing.failed.take() {
            Some(error) => Err(error),
            None => writing.file.flush(),
        };
        flushed.map_err(|error| CliError::io(&path, "cannot be written", &error))
    }
}
