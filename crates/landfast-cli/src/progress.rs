//! How far a long run is: one line on standard error, on a terminal only, gone when the run is over.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use landfast::observe::scan::ScanProgress;
use landfast::observe::{Progress, ProgressSink};

/// What takes less is not worth a line.
const SILENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(200);

/// The line. It goes when this is dropped.
#[derive(Debug)]
pub(crate) struct ProgressLine {
    sink: ProgressSink,
    /// Closed when the run is over.
    over: Option<Sender<()>>,
    painter: Option<JoinHandle<()>>,
}

impl ProgressLine {
    /// Starts the line; without a terminal there is none.
    pub(crate) fn start() -> Self {
        if !io::stderr().is_terminal() {
            return Self { sink: ProgressSink::default(), over: None, painter: None };
        }
        let text = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&text);
        let sink = ProgressSink::new(move |progress| {
            *text.lock().unwrap_or_else(PoisonError::into_inner) = words(&progress);
        });
        let (over, is_over) = mpsc::channel::<()>();
        let painter = thread::spawn(move || {
            let start = Instant::now();
            let mut painted = false;
            while is_over.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                if start.elapsed() >= SILENCE {
                    let text = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    // Nothing can be done about a standard error that is closed.
                    let _ = write!(io::stderr().lock(), "\r\x1b[K{text} ({} s)", start.elapsed().as_secs());
                    let _ = io::stderr().flush();
                    painted = true;
                }
            }
            if painted {
                let _ = write!(io::stderr().lock(), "\r\x1b[K");
            }
        });
        Self { sink, over: Some(over), painter: Some(painter) }
    }

    /// Where to tell how far it is.
    pub(crate) fn sink(&self) -> ProgressSink {
        self.sink.clone()
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(painter) = self.painter.take() {
            let _ = painter.join();
        }
    }
}

fn words(progress: &Progress) -> String {
    match progress {
        Progress::Reading { begun, done } => format!("reading resources: {done} done, {} under way", begun - done),
        Progress::Scanning(progress) => scanning(progress),
        Progress::Gathering => String::from("putting the result together"),
        _ => String::from("starting"),
    }
}

fn scanning(progress: &ScanProgress) -> String {
    let of = progress.total.map(|total| format!(" of {total}")).unwrap_or_default();
    let mut text = format!(
        "reading resources: {}{of} done, {} under way, {:.0} a second",
        progress.done, progress.reading, progress.per_second
    );
    for (count, what) in [(progress.retries, "tried again"), (progress.unreadable, "unreadable")] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text
}
