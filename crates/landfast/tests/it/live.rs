//! What a report says of the scan that it is made of.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use landfast::LiveComparison;
use landfast::drift::{CompareOptions, DriftReport, ScanEnding, ScanReport};
use landfast::observe::scan::testing::{ScriptedReader, Step};
use landfast::observe::scan::{CancelToken, RecordedObject, Sample, Scan, ScanOptions, Unreadable, UnreadableClass};
use landfast::state::{Origin, ResourceObject, SourceKind, Value};
use proptest::prelude::*;

const AWS: &str = "registry.terraform.io/hashicorp/aws";

fn object(at: usize, count: u64) -> ResourceObject {
    let type_name = if at.is_multiple_of(3) { "b_thing" } else { "a_thing" };
    let members = [("count".to_owned(), Value::Number(count.to_string().parse().unwrap()))];
    let address = format!("{type_name}.x[{at}]").parse().unwrap();
    ResourceObject::bare(address, AWS).with_value(&members.into()).unwrap()
}

fn objects(count: usize) -> Vec<RecordedObject> {
    (0..count).map(|at| RecordedObject::new(object(at, 0))).collect()
}

fn index(object: &RecordedObject) -> usize {
    object.object.address.to_string().split(['[', ']']).nth(1).unwrap().parse().unwrap()
}

fn fails(class: UnreadableClass, reason: &str) -> Step {
    Step::Fail(Unreadable::new(class, "ReadResource", reason))
}

/// What a provider says of an object, and how long it takes for it.
#[derive(Debug, Clone)]
struct Life {
    delay: u64,
    throttled: u32,
    end: u8,
}

fn lives(throttled: std::ops::Range<u32>) -> impl Strategy<Value = Vec<Life>> {
    let life = (0..2000_u64, throttled, 0..5_u8).prop_map(|(delay, throttled, end)| Life { delay, throttled, end });
    proptest::collection::vec(life, 0..40)
}

/// The report of a scan on a clock that stands still while nothing waits; each read takes `slower` times its time, and a bit.
fn report(lives: &[Life], slower: u64, options: &ScanOptions, cancel: &CancelToken) -> DriftReport {
    let (count, lives) = (lives.len(), lives.to_vec());
    let reader = ScriptedReader::new(move |object, attempt| {
        let at = index(object);
        let life = &lives[at];
        let step = match life.end {
            _ if attempt <= life.throttled => fails(UnreadableClass::Throttled, "too fast"),
            0 => Step::Changed(Box::new(self::object(at, 1))),
            1 => Step::Gone,
            2 => fails(UnreadableClass::Denied, "no"),
            _ => Step::Same,
        };
        (Duration::from_millis(life.delay * slower + (at as u64 * 7919 * slower) % 97), step)
    });
    let compare = CompareOptions::default();
    let mut comparison = LiveComparison::new(&compare);
    let scan = Scan::new(Arc::new(reader), options.clone()).with_cancel(cancel.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(comparison.recorded(scan, objects(count).into_iter().map(Ok::<_, Infallible>))).unwrap();
    let origin = |source| [Origin::new(SourceKind::State, source)];
    comparison.finish(&origin("recorded"), &origin("live"))
}

fn options(concurrency: usize) -> ScanOptions {
    let mut options = ScanOptions::default();
    options.provider = options.provider.with_concurrency(concurrency).with_rate(1_000.0, 1_000);
    // More in a row than any of these worlds holds.
    options.breaker.failures = 10_000;
    options
}

/// What does not depend on the moment.
fn lasting(mut report: DriftReport) -> DriftReport {
    let scan = report.scan.as_mut().unwrap();
    scan.retries = 0;
    scan.providers.clear();
    report
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_order_in_which_reads_end_changes_nothing_of_the_report(
        lives in lives(0..1),
        (one, other, slower) in (1..30_usize, 1..30_usize, 2..5_u64),
    ) {
        let cancel = CancelToken::default();
        prop_assert_eq!(
            report(&lives, 1, &options(one), &cancel),
            report(&lives, slower, &options(other), &cancel)
        );
    }

    #[test]
    fn throttling_changes_nothing_but_what_is_said_of_it(
        lives in lives(0..3),
        (one, other) in (1..30_usize, 1..30_usize),
    ) {
        let cancel = CancelToken::default();
        let calm: Vec<Life> = lives.iter().map(|life| Life { throttled: 0, ..life.clone() }).collect();
        let (throttled, calm) = (report(&lives, 1, &options(one), &cancel), report(&calm, 1, &options(other), &cancel));
        let scan = throttled.scan.as_ref().unwrap();
        let reads: u64 = lives.iter().map(|life| u64::from(life.throttled)).sum();
        prop_assert_eq!(scan.retries, reads);
        prop_assert_eq!(scan.providers.iter().map(|it| it.trouble.throttled).sum::<u64>(), reads);
        // Each type has its share, and a rate to which it fell.
        let of_types = scan.providers.iter().flat_map(|it| it.types.values());
        prop_assert_eq!(of_types.clone().map(|it| it.throttled).sum::<u64>(), reads);
        prop_assert!(of_types.clone().all(|it| it.slowed_to.is_some_and(|rate| rate > 0.0 && rate < 1_000.0)));
        prop_assert!(calm.scan.as_ref().unwrap().providers.is_empty());
        prop_assert_eq!(lasting(throttled), lasting(calm));
    }

    #[test]
    fn what_scans_did_is_put_together_in_whatever_order(
        lives in proptest::collection::vec(lives(0..3), 2..4),
        turned in 1..3_usize,
    ) {
        let cancel = CancelToken::default();
        let scans: Vec<ScanReport> =
            lives.iter().map(|lives| report(lives, 1, &options(5), &cancel).scan.unwrap()).collect();
        let together = |scans: &[ScanReport]| {
            let mut all = ScanReport::default();
            scans.iter().cloned().for_each(|scan| all.add(scan));
            all
        };
        let mut others = scans.clone();
        others.rotate_left(turned % scans.len());
        let all = together(&scans);
        prop_assert_eq!(&all, &together(&others));
        prop_assert_eq!(all.recorded.total(), lives.iter().map(|it| it.len() as u64).sum::<u64>());
        prop_assert_eq!(all.unreadable.iter().map(|it| it.count).sum::<u64>(), all.recorded.unreadable);
    }
}

fn life(end: u8) -> Life {
    Life { delay: 5, throttled: 0, end }
}

#[test]
fn a_choice_is_told_with_what_it_left_out_and_never_complete() {
    let lives = vec![life(3); 30];
    let mut options = options(5);
    options.filter = options.filter.only("type:a_*".parse().unwrap()).except("a_thing.x[1]".parse().unwrap());
    let report = report(&lives, 1, &options, &CancelToken::default());
    let left_out = &report.scan.as_ref().unwrap().left_out;
    assert_eq!((left_out.only.as_slice(), left_out.not_only), (&[String::from("type:a_*")][..], 10));
    assert_eq!(left_out.except, [(String::from("a_thing.x[1]"), 1)].into());
    let coverage = report.coverage();
    assert_eq!((coverage.total, coverage.read, coverage.left_out, coverage.gaps()), (19, 19, 11, 0));
    assert!(!coverage.is_complete() && !report.has_drift());
}

#[test]
fn a_sample_is_told_with_the_bound_that_it_gives() {
    let lives: Vec<Life> = (0..400).map(|at| life(if at % 40 == 0 { 0 } else { 3 })).collect();
    let mut options = options(50);
    options.sample = Some(Sample::new(25.0, 7).unwrap());
    let sampled = report(&lives, 1, &options, &CancelToken::default());
    let scan = sampled.scan.as_ref().unwrap();
    let bound = scan.sample.unwrap();
    let drifted = sampled.counts().drifted as u64;
    assert_eq!((bound.percent, bound.total, bound.read, bound.drifted), (25.0, 400, scan.recorded.found, drifted));
    assert!((70..130).contains(&bound.read), "{bound:?}");
    // Ten of all have drifted, as the bound allows.
    assert!((10..100).contains(&bound.most_drifted) && bound.upper >= 0.025 && bound.upper < 0.25, "{bound:?}");
    assert_eq!(bound.confidence, 0.95);
    assert_eq!(sampled.coverage().gaps() as u64, scan.recorded.not_sampled);
    // What is not read bounds nothing.
    let nothing = vec![life(2); 10];
    options.sample = Some(Sample::new(50.0, 7).unwrap());
    let bound = report(&nothing, 1, &options, &CancelToken::default()).scan.unwrap().sample.unwrap();
    assert_eq!((bound.read, bound.upper, bound.most_drifted), (0, 1.0, 10));
}

#[test]
fn an_interrupted_scan_says_so() {
    let cancel = CancelToken::default();
    cancel.cancel();
    let report = report(&vec![life(3); 8], 1, &options(5), &cancel);
    let scan = report.scan.as_ref().unwrap();
    assert_eq!((scan.end, scan.recorded.interrupted), (ScanEnding::Interrupted, 8));
    assert_eq!(report.coverage().gaps(), 8);
}
