//! Throttling, failures, silence, and being told to stop.

use super::*;
use landfast_observe::scan::{CancelToken, CircuitState, ScanEnd};
use tokio::time::Instant;

#[test]
fn a_provider_that_throttles_slows_the_scan_down_and_nothing_is_lost() {
    let reader = Arc::new(ScriptedReader::new(|_, _| (MS(100), Step::Same)).with_capacity(30.0, 10.0));
    let mut options = ScanOptions::default();
    options.provider = options.provider.with_concurrency(50).with_rate(1000.0, 50);
    let scanned = scan(&reader, objects("a_thing", 600), &options);
    let summary = &scanned.summary;
    assert_eq!((summary.found, summary.unreadable, scanned.results.len()), (600, 0, 600));
    assert_eq!(summary.throttled, reader.played().throttled);
    assert!(summary.throttled > 0 && summary.retries == summary.throttled, "{summary:?}");
    // What it was asked in vain is a small part, and it was not left idle either: ideal are 20 s.
    assert!(summary.throttled < 150, "{} throttled", summary.throttled);
    assert!(summary.elapsed < SECS(45), "{:?}", summary.elapsed);
    // The report says so.
    let [slowed] = &summary.providers[0].types[..] else { panic!("{summary:?}") };
    assert!(slowed.type_name == "a_thing" && slowed.slowed_to < Some(30.0), "{slowed:?}");
    assert_eq!((slowed.throttled, slowed.given_up), (summary.throttled, false));
    assert!(scanned.count(|it| matches!(it, ScanEvent::Slowed { type_name: Some(_), .. })) > 0);
}

#[test]
fn the_rate_comes_back_when_throttling_ends() {
    let begin = Arc::new(Mutex::new(None));
    let reader = Arc::new(ScriptedReader::new(move |_, _| {
        let begin = *begin.lock().unwrap().get_or_insert_with(Instant::now);
        let throttles = begin.elapsed() < SECS(5);
        (MS(10), if throttles { failure(UnreadableClass::Throttled) } else { Step::Same })
    }));
    let mut options = ScanOptions::default();
    options.recovery = SECS(10);
    options.breaker.failures = 1_000_000;
    let scanned = scan(&reader, objects("a_thing", 3000), &options);
    assert_eq!(scanned.summary.found, 3000);
    // At the rate to which it fell it would take hours, and at the full one 30 s.
    let lowest = scanned.summary.providers[0].types[0].slowed_to.unwrap();
    assert!(lowest < 3.0 && scanned.summary.elapsed < SECS(120), "{lowest} {:?}", scanned.summary.elapsed);
    let last = &reader.played().reads[2900..];
    assert!(last[99].0 - last[0].0 < MS(1500), "{:?}", last[99].0 - last[0].0);
}

#[test]
fn throttling_of_several_types_slows_the_whole_provider_down() {
    let calm = || {
        Arc::new(ScriptedReader::new(|object, attempt| {
            let throttles = attempt == 1 && index(object) < 5 && !object.type_name().starts_with("calm");
            (MS(10), if throttles { failure(UnreadableClass::Throttled) } else { Step::Same })
        }))
    };
    let mut all = objects("calm_thing", 10);
    all.extend(objects("one_thing", 10));
    let slowed_all = |it: &ScanEvent| matches!(it, ScanEvent::Slowed { type_name: None, .. });
    assert_eq!(scan(&calm(), all.clone(), &ScanOptions::default()).count(slowed_all), 0);
    all.extend(objects("other_thing", 10));
    assert!(scan(&calm(), all, &ScanOptions::default()).count(slowed_all) > 0);
}

#[test]
fn what_may_pass_is_tried_again_and_what_does_not_pass_is_a_gap() {
    let reader = Arc::new(ScriptedReader::new(|object, attempt| {
        let step = match index(object) {
            0 if attempt < 5 => failure(UnreadableClass::Transient),
            1 => failure(UnreadableClass::Transient),
            2 => Step::Hang,
            3 => failure(UnreadableClass::Denied),
            4 => failure(UnreadableClass::Deferred),
            5 => failure(UnreadableClass::Unsupported),
            6 => Step::Gone,
            _ => Step::Same,
        };
        (MS(10), step)
    }));
    let mut options = ScanOptions::default();
    options.time_limit = SECS(1);
    let scanned = scan(&reader, objects("a_thing", 8), &options);
    let attempts: Vec<u32> = scanned.results.iter().map(|it| it.attempts).collect();
    assert_eq!(attempts, [5, 5, 5, 1, 1, 1, 1, 1]);
    let classes: Vec<(String, UnreadableClass)> =
        scanned.unreadable().into_iter().map(|(address, failure)| (address, failure.class)).collect();
    let expected = [
        ("a_thing.a[1]", UnreadableClass::Transient),
        ("a_thing.a[2]", UnreadableClass::TimedOut),
        ("a_thing.a[3]", UnreadableClass::Denied),
        ("a_thing.a[4]", UnreadableClass::Deferred),
        ("a_thing.a[5]", UnreadableClass::Unsupported),
    ];
    assert_eq!(classes, expected.map(|(address, class)| (address.to_owned(), class)));
    assert!(matches!(scanned.results[6].outcome, ScanOutcome::Gone));
    assert_eq!((scanned.summary.found, scanned.summary.gone, scanned.summary.unreadable), (2, 1, 5));
    assert!(!scanned.summary.is_complete());
}

#[test]
fn waits_are_longer_each_time_and_heed_what_the_provider_asks_for() {
    let reader = Arc::new(ScriptedReader::new(|_, attempt| {
        let throttled = Unreadable::new(UnreadableClass::Throttled, "call", "later");
        let step = match attempt {
            1..=3 => Step::Fail(throttled),
            4 => Step::Fail(throttled.with_retry_after(SECS(100))),
            _ => Step::Same,
        };
        (Duration::ZERO, step)
    }));
    let scanned = scan(&reader, objects("a_thing", 1), &ScanOptions::default());
    assert_eq!(scanned.summary.found, 1);
    let reads = reader.played().reads;
    let waits: Vec<f64> = reads.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs_f64()).collect();
    for (wait, least) in waits.iter().zip([0.25, 0.5, 1.0, 100.0]) {
        assert!(*wait >= least, "{waits:?}");
    }
}

#[test]
fn a_provider_that_throttles_throughout_is_left_alone_tried_and_used_again() {
    let begin = Arc::new(Mutex::new(None));
    let reader = Arc::new(ScriptedReader::new(move |_, _| {
        let begin = *begin.lock().unwrap().get_or_insert_with(Instant::now);
        (MS(50), if begin.elapsed() < SECS(40) { failure(UnreadableClass::Throttled) } else { Step::Same })
    }));
    let mut options = ScanOptions::default();
    options.breaker.failures = 20;
    let mut all = objects("a_thing", 150);
    all.extend(objects("b_thing", 150));
    // So that both are held.
    options.window = 300;
    let scanned = scan(&reader, all, &options);
    assert_eq!((scanned.summary.found, scanned.summary.unreadable), (300, 0));
    let states: Vec<CircuitState> = scanned
        .events
        .iter()
        .filter_map(|timed| match &timed.event {
            ScanEvent::Circuit { type_name: None, state, .. } => Some(*state),
            _ => None,
        })
        .collect();
    use CircuitState::{Closed, Open, Trying};
    let (trials, end) = states.split_at(states.len() - 1);
    assert!(trials.len() >= 4 && trials.chunks(2).all(|it| it == [Open, Trying]), "{states:?}");
    assert_eq!(end, [Closed]);
    assert!(scanned.summary.providers[0].left_alone > 0);
    // While it was open, there were the trials and what was under way. Before, one type had to fail, and then the other one.
    let reads = reader.played().reads;
    let early = reads.iter().filter(|(at, _)| *at - reads[0].0 < SECS(40)).count();
    assert!(early <= 2 * 20 + 2 * 20 + 3, "{early} reads");
}

#[test]
fn a_provider_that_never_answers_is_given_up_and_others_are_not() {
    let reader = Arc::new(ScriptedReader::new(|object, _| {
        let throttles = &*object.object.provider == AWS;
        (MS(50), if throttles { failure(UnreadableClass::Throttled) } else { Step::Same })
    }));
    let mut options = ScanOptions::default();
    options.breaker.failures = 20;
    for types in [&["a_thing"][..], &["a_thing", "b_thing", "c_thing"]] {
        let mut all = of_provider("example.org/acme/dns", "dns_record", 100);
        types.iter().for_each(|name| all.extend(objects(name, 5000 / types.len() as u64)));
        all.sort_by_key(index);
        let lost = all.len() as u64 - 100;
        let scanned = scan(&reader, all, &options);
        assert_eq!((scanned.summary.found, scanned.summary.unreadable), (100, lost));
        assert!(scanned.unreadable().iter().all(|(_, failure)| failure.class == UnreadableClass::Throttled));
        let last = scanned.unreadable().pop().unwrap().1.reason;
        assert!(last.contains("nothing was answered throughout") && last.contains("no"), "{last}");
        let whole = scanned.count(|it| matches!(it, ScanEvent::GivenUp { .. }));
        assert_eq!(whole, usize::from(types.len() > 1));
        // Five trials with 15 s between them, and no attempt for each of 5000 objects.
        assert!(scanned.summary.elapsed < SECS(130) && scanned.summary.reads < 300, "{:?}", scanned.summary);
    }
}

#[test]
fn sick_types_do_not_stand_for_the_whole_provider() {
    let reader = Arc::new(ScriptedReader::new(|object, _| {
        let sick = object.type_name() != "well_thing";
        (MS(50), if sick { failure(UnreadableClass::Transient) } else { Step::Same })
    }));
    let mut options = ScanOptions::default();
    options.breaker.failures = 10;
    let mut all = objects("one_thing", 100);
    all.extend(objects("other_thing", 100));
    all.extend(objects("well_thing", 100));
    let scanned = scan(&reader, all, &options);
    assert_eq!((scanned.summary.found, scanned.summary.unreadable), (100, 200));
}

#[test]
fn a_type_that_never_answers_does_not_keep_the_others() {
    let reader = Arc::new(ScriptedReader::new(|object, _| {
        (MS(50), if object.type_name() == "sick_thing" { failure(UnreadableClass::Transient) } else { Step::Same })
    }));
    let mut options = ScanOptions::default();
    options.breaker.failures = 10;
    // So that they are held together.
    let mut all = objects("sick_thing", 200);
    all.extend(objects("well_thing", 5000));
    options.window = 6000;
    let scanned = scan(&reader, all, &options);
    assert_eq!((scanned.summary.found, scanned.summary.unreadable), (5000, 200));
    let of_type = |it: &ScanEvent| matches!(it, ScanEvent::Circuit { type_name: Some(name), state: CircuitState::GivenUp, .. } if name == "sick_thing");
    assert_eq!(scanned.count(of_type), 1);
    assert!(scanned.unreadable().iter().all(|(address, _)| address.starts_with("sick")));
}

#[test]
fn a_scan_that_is_told_to_stop_gives_what_it_has() {
    for after in [0, 1050, 100_000] {
        let reader = Arc::new(ScriptedReader::new(|_, _| (MS(100), Step::Same)));
        let cancel = CancelToken::default();
        let mut options = ScanOptions::default();
        options.provider = options.provider.with_concurrency(10);
        options.window = 50;
        let scanned = paused(async {
            let token = cancel.clone();
            if after == 0 {
                token.cancel();
            }
            let stop = async move {
                tokio::time::sleep(MS(after)).await;
                token.cancel();
            };
            let run = run(&reader, objects("a_thing", 500), &options, |scan| scan.with_cancel(cancel));
            tokio::join!(run, stop).0
        });
        let summary = &scanned.summary;
        let expected = match after {
            0 => (ScanEnd::Interrupted, 0, 500),
            1050 => (ScanEnd::Interrupted, 100, 400),
            _ => (ScanEnd::Complete, 500, 0),
        };
        assert_eq!((summary.end, summary.found, summary.interrupted), expected);
        assert_eq!((summary.total(), scanned.results.len()), (500, 500));
        let interrupted = |it: &&ScannedObject| matches!(it.outcome, ScanOutcome::NotRead(NotRead::Interrupted));
        if let Some(first) = scanned.results.iter().find(interrupted) {
            let ScanOutcome::NotRead(why) = &first.outcome else { panic!("not read") };
            let gap = why.gap(first.address().instance.clone());
            assert_eq!((gap.reason.as_str(), gap.kind), ("interrupted", landfast_state::GapKind::Interrupted));
        }
        // Nothing is under way any more.
        assert!(reader.played().reads.len() <= expected.1 as usize + 10);
    }
}

#[test]
fn secrets_of_an_object_are_masked_in_what_is_said_of_it() {
    let reader = Arc::new(ScriptedReader::new(|object, attempt| {
        let text = format!("the password {SECRET}-{} is too weak", object.object.address);
        let class = if attempt == 1 { UnreadableClass::Throttled } else { UnreadableClass::Refused };
        (MS(1), Step::Fail(Unreadable::new(class, format!("call with {text}"), text)))
    }));
    let scanned = scan(&reader, objects("a_thing", 3), &ScanOptions::default());
    assert_eq!(scanned.summary.unreadable, 3);
    let all = format!("{:?} {:?} {:?}", scanned.told(), scanned.summary, scanned.events);
    assert!(!all.contains(SECRET) && all.contains("the password (sensitive value) is too weak"), "{all}");
}

#[test]
fn a_recorded_side_that_cannot_be_read_ends_the_scan() {
    let reader = Arc::new(ScriptedReader::new(|_, _| (MS(1), Step::Same)));
    let all = objects("a_thing", 5).into_iter().map(Ok).chain([Err("line 7 is odd")]);
    let error = paused(Scan::new(reader, ScanOptions::default()).run(all, &mut SinkFn(|_| {}))).unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "line 7 is odd");
}
