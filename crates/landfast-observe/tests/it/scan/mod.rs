//! Scans, on a clock that stands still while nothing waits.

mod choice;
mod crashes;
mod faults;
#[cfg(unix)]
mod journal;
mod laws;
mod pace;
mod telling;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use landfast_observe::scan::testing::{ScriptedReader, Step};
use landfast_observe::scan::{
    EventSink, NotRead, RecordedObject, Scan, ScanEvent, ScanOptions, ScanOutcome, ScanSummary, ScannedObject, SinkFn,
    TimedEvent, Unreadable, UnreadableClass,
};
use landfast_state::{ResourceObject, Sensitive, Value};

pub(crate) const AWS: &str = "registry.terraform.io/hashicorp/aws";
pub(crate) const SECRET: &str = "hunter22hunter22";

pub(crate) const MS: fn(u64) -> Duration = Duration::from_millis;
pub(crate) const SECS: fn(u64) -> Duration = Duration::from_secs;

/// An object with an id, a number and a secret.
pub(crate) fn object(address: &str, provider: &str, count: u64) -> ResourceObject {
    let secret = Value::Sensitive(Sensitive::new(Value::String(format!("{SECRET}-{address}"))));
    let members = [
        ("count".to_owned(), Value::Number(count.to_string().parse().unwrap())),
        ("id".to_owned(), Value::String(address.to_owned())),
        ("password".to_owned(), secret),
    ];
    ResourceObject::bare(address.parse().unwrap(), provider).with_value(&members.into()).unwrap()
}

/// So many objects of a type, sorted by address.
pub(crate) fn objects(type_name: &str, count: u64) -> Vec<RecordedObject> {
    of_provider(AWS, type_name, count)
}

pub(crate) fn of_provider(provider: &str, type_name: &str, count: u64) -> Vec<RecordedObject> {
    (0..count).map(|at| RecordedObject::new(object(&format!("{type_name}.a[{at}]"), provider, 0))).collect()
}

/// The number in the address of an object.
pub(crate) fn index(object: &RecordedObject) -> u64 {
    let address = object.object.address.to_string();
    address.split(['[', ']']).nth(1).unwrap().parse().unwrap()
}

pub(crate) fn failure(class: UnreadableClass) -> Step {
    Step::Fail(Unreadable::new(class, "ReadResource of a_thing", "no"))
}

/// A scan that has ended.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) summary: ScanSummary,
    pub(crate) results: Vec<ScannedObject>,
    pub(crate) events: Vec<TimedEvent>,
}

impl Scanned {
    /// What became of each object, as text.
    pub(crate) fn told(&self) -> Vec<String> {
        self.results.iter().map(told).collect()
    }

    pub(crate) fn unreadable(&self) -> Vec<(String, Unreadable)> {
        let failure = |it: &ScannedObject| match &it.outcome {
            ScanOutcome::NotRead(NotRead::Unreadable(failure)) => Some((it.address().to_string(), failure.clone())),
            _ => None,
        };
        self.results.iter().filter_map(failure).collect()
    }

    pub(crate) fn count(&self, fits: impl Fn(&ScanEvent) -> bool) -> usize {
        self.events.iter().filter(|timed| fits(&timed.event)).count()
    }
}

pub(crate) fn told(result: &ScannedObject) -> String {
    let outcome = match &result.outcome {
        ScanOutcome::Found(observed) => format!("found {}", observed.value()),
        ScanOutcome::Gone => "gone".to_owned(),
        ScanOutcome::PassedOver => "passed over".to_owned(),
        ScanOutcome::NotRead(NotRead::Unreadable(failure)) => format!("{}: {failure}", failure.class),
        ScanOutcome::NotRead(why) => format!("{why:?}"),
    };
    format!("{} {} {outcome}", result.address(), result.recorded.value())
}

/// Runs a scan on a clock of its own.
pub(crate) fn scan(reader: &Arc<ScriptedReader>, objects: Vec<RecordedObject>, options: &ScanOptions) -> Scanned {
    scan_with(reader, objects, options, |scan| scan)
}

pub(crate) fn scan_with(
    reader: &Arc<ScriptedReader>,
    objects: Vec<RecordedObject>,
    options: &ScanOptions,
    prepare: impl FnOnce(Scan) -> Scan,
) -> Scanned {
    paused(run(reader, objects, options, prepare))
}

/// Runs something on a clock that stands still while nothing waits.
pub(crate) fn paused<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(work)
}

pub(crate) async fn run(
    reader: &Arc<ScriptedReader>,
    objects: Vec<RecordedObject>,
    options: &ScanOptions,
    prepare: impl FnOnce(Scan) -> Scan,
) -> Scanned {
    let events = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&events);
    let sink = EventSink::new(move |event| listener.lock().unwrap().push(event.clone()));
    let scan = prepare(Scan::new(Arc::clone(reader) as _, options.clone()).with_events(sink));
    let mut results = Vec::new();
    let summary = scan.run(objects.into_iter().map(Ok::<_, Infallible>), &mut SinkFn(|it| results.push(it))).await;
    let events = events.lock().unwrap().clone();
    Scanned { summary: summary.unwrap(), results, events }
}

/// Limits that bound nothing.
pub(crate) fn boundless() -> ScanOptions {
    let mut options = ScanOptions::default();
    options.provider = options.provider.with_concurrency(1000).with_rate(1_000_000.0, 1000);
    options
}
