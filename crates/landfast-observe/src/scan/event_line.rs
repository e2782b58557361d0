//! Events as lines of JSON, described in the project's `docs/formats.md`.

use std::fmt::Write as _;
use std::time::Duration;

use landfast_state::json::quote_go;

use super::event::{FoundState, ScanEvent, ScanProgress, TimedEvent};
use super::reader::Unreadable;
use super::summary::{ScanEnd, ScanSummary, TypeSummary};

/// The version of the format.
const FORMAT_VERSION: &str = "1.0";

/// An event as a line of JSON, without a line break. No line holds the value of an attribute.
///
/// ```
/// # use landfast_observe::scan::{EventSink, event_line};
/// let events = EventSink::new(|event| println!("{}", event_line(event)));
/// ```
#[must_use]
pub fn event_line(timed: &TimedEvent) -> String {
    let mut line = Line::begin(timed.after);
    match &timed.event {
        ScanEvent::Started => line.text("event", "started"),
        ScanEvent::Read { address, found, attempts, took } => {
            line.text("event", "read");
            line.text("address", &address.to_string());
            line.text("found", found_name(*found));
            line.number("attempts", *attempts);
            line.number("took_ms", took.as_millis());
        }
        ScanEvent::Unreadable { address, failure, attempts } => {
            line.text("event", "unreadable");
            line.text("address", &address.to_string());
            line.failure(failure);
            line.number("attempts", *attempts);
        }
        ScanEvent::Retrying { address, failure, attempts, wait } => {
            line.text("event", "retrying");
            line.text("address", &address.to_string());
            line.failure(failure);
            line.number("attempts", *attempts);
            line.number("wait_ms", wait.as_millis());
        }
        ScanEvent::Slowed { provider, type_name, per_second } => {
            line.text("event", "slowed");
            line.text("provider", &provider.configuration);
            line.optional("type", type_name.as_deref());
            line.fraction("per_second", *per_second);
        }
        ScanEvent::Circuit { provider, type_name, state } => {
            line.text("event", "circuit");
            line.text("provider", &provider.configuration);
            line.optional("type", type_name.as_deref());
            line.text("state", state.as_str());
        }
        ScanEvent::Crashed { provider, failure } => {
            line.text("event", "crashed");
            line.text("provider", &provider.configuration);
            line.failure(failure);
        }
        ScanEvent::Restarted { provider } => {
            line.text("event", "restarted");
            line.text("provider", &provider.configuration);
        }
        ScanEvent::GivenUp { provider, reason } => {
            line.text("event", "given-up");
            line.text("provider", &provider.configuration);
            line.text("reason", reason);
        }
        ScanEvent::Progress(progress) => line.progress(progress),
        ScanEvent::Ended(summary) => line.summary(summary),
    }
    line.0.push('}');
    line.0
}

fn found_name(found: FoundState) -> &'static str {
    match found {
        FoundState::Found => "found",
        FoundState::Gone => "gone",
        FoundState::FromJournal => "from-journal",
    }
}

/// An object of JSON that is being written.
struct Line(String);

impl Line {
    fn begin(after: Duration) -> Self {
        let mut line = Self(String::from("{"));
        line.text("format_version", FORMAT_VERSION);
        line.number("after_ms", after.as_millis());
        line
    }

    fn name(&mut self, name: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        // Names are ours, and need no escaping.
        let _ = write!(self.0, "\"{name}\":");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.0.push_str(&quote_go(text));
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => self.text(name, text),
            None => {
                self.name(name);
                self.0.push_str("null");
            }
        }
    }

    fn number(&mut self, name: &str, number: impl std::fmt::Display) {
        self.name(name);
        let _ = write!(self.0, "{number}");
    }

    fn fraction(&mut self, name: &str, number: f64) {
        self.number(name, (number * 1000.0).round() / 1000.0);
    }

    fn failure(&mut self, failure: &Unreadable) {
        self.text("class", failure.class.as_str());
        self.text("call", &failure.call);
        self.text("reason", &failure.reason);
    }

    fn progress(&mut self, progress: &ScanProgress) {
        self.text("event", "progress");
        if let Some(total) = progress.total {
            self.number("total", total);
        }
        self.number("done", progress.done);
        self.number("unreadable", progress.unreadable);
        self.number("reading", progress.reading);
        self.number("retries", progress.retries);
        self.fraction("per_second", progress.per_second);
    }

    fn summary(&mut self, summary: &ScanSummary) {
        self.text("event", "ended");
        self.text("end", if summary.end == ScanEnd::Complete { "complete" } else { "interrupted" });
        for (name, number) in [
            ("found", summary.found),
            ("gone", summary.gone),
            ("unreadable", summary.unreadable),
            ("interrupted", summary.interrupted),
            ("not_sampled", summary.not_sampled),
            ("passed_over", summary.passed_over),
            ("excluded", summary.excluded),
            ("from_journal", summary.from_journal),
            ("reads", summary.reads),
            ("retries", summary.retries),
            ("throttled", summary.throttled),
        ] {
            self.number(name, number);
        }
        self.list("groups", &summary.groups, |line, group| {
            line.text("provider", &group.provider.configuration);
            line.text("type", &group.type_name);
            line.text("call", &group.call);
            line.text("class", group.class.as_str());
            line.text("reason", &group.reason);
            line.number("count", group.count);
            line.text("example", &group.example.to_string());
        });
        self.list("providers", &summary.providers, |line, provider| {
            line.text("provider", &provider.provider.configuration);
            line.number("reads", provider.reads);
            line.number("throttled", provider.throttled);
            line.number("latency_ms", provider.latency.as_millis());
            if let Some(rate) = provider.slowed_to {
                line.fraction("slowed_to", rate);
            }
            let slowed = |it: &TypeSummary| Some((it.type_name.clone(), it.slowed_to?));
            let slowed: Vec<_> = provider.types.iter().filter_map(slowed).collect();
            line.list("slowed_types", &slowed, |line, (name, rate)| {
                line.text("type", name);
                line.fraction("per_second", *rate);
            });
            let of_types = provider.types.iter().map(|it| it.left_alone).sum::<u64>();
            line.number("left_alone", provider.left_alone + of_types);
            line.number("restarts", provider.restarts);
        });
    }

    fn list<T>(&mut self, name: &str, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.name(name);
        self.0.push('[');
        for (at, item) in items.iter().enumerate() {
            self.0.push_str(if at > 0 { ",{" } else { "{" });
            write(self, item);
            self.0.push('}');
        }
        self.0.push(']');
    }
}
