//! Providers that crash.

use super::*;

#[test]
fn the_one_that_crashes_the_provider_says_so_and_the_rest_is_read_after_a_restart() {
    let reader = Arc::new(ScriptedReader::new(|object, _| {
        (MS(100), if index(object) == 37 { Step::Crash } else { Step::Same })
    }));
    let scanned = scan(&reader, objects("a_thing", 200), &ScanOptions::default());
    let unreadable = scanned.unreadable();
    assert_eq!(unreadable.len(), 1);
    assert_eq!((unreadable[0].0.as_str(), unreadable[0].1.class), ("a_thing.a[37]", UnreadableClass::Crashed));
    assert_eq!((scanned.summary.found, scanned.summary.providers[0].restarts, reader.played().restarts), (199, 2, 2));
    // Once among others, and once alone.
    assert_eq!(scanned.results[37].attempts, 2);
    assert_eq!(scanned.count(|it| matches!(it, ScanEvent::Restarted { .. })), 2);
}

#[test]
fn a_provider_that_somebody_else_killed_costs_nothing_but_a_restart() {
    let reader = Arc::new(ScriptedReader::new(|object, attempt| {
        (MS(100), if index(object) == 5 && attempt == 1 { Step::Crash } else { Step::Same })
    }));
    let scanned = scan(&reader, objects("a_thing", 50), &ScanOptions::default());
    assert_eq!((scanned.summary.found, scanned.summary.providers[0].restarts), (50, 1));
}

#[test]
fn suspects_are_read_one_at_a_time() {
    let reader = Arc::new(ScriptedReader::new(|object, attempt| {
        let step = if index(object) == 0 { Step::Crash } else { Step::Same };
        (if index(object) == 0 && attempt == 1 { MS(50) } else { MS(100) }, step)
    }));
    let mut options = ScanOptions::default();
    options.provider = options.provider.with_concurrency(4).with_rate(1000.0, 100);
    let scanned = scan(&reader, objects("a_thing", 8), &options);
    assert_eq!(scanned.summary.found, 7);
    // 0 to 3 together, then 0 alone, which crashes again, then 1, 2 and 3 one by one, then the rest together.
    let reads = reader.played().reads;
    let at = |read: usize| (reads[read].0 - reads[0].0).as_millis();
    let order: Vec<(u128, String)> = (0..reads.len()).map(|read| (at(read), reads[read].1.to_string())).collect();
    let starts: Vec<u128> = order.iter().map(|(at, _)| *at).collect();
    assert_eq!(starts, [0, 0, 0, 0, 50, 150, 250, 350, 450, 450, 450, 450], "{order:?}");
}

#[test]
fn a_provider_that_cannot_be_restarted_leaves_gaps_and_others_go_on() {
    let reader = Arc::new(
        ScriptedReader::new(|object, _| {
            let crashes = index(object) == 60;
            (MS(if crashes { 50 } else { 100 }), if crashes { Step::Crash } else { Step::Same })
        })
        .with_restart(|_| Err(Unreadable::new(UnreadableClass::Refused, "start", "no such program"))),
    );
    let mut all = objects("a_thing", 100);
    all.extend(of_provider("example.org/acme/dns", "dns_record", 50));
    let mut options = ScanOptions::default();
    options.provider = options.provider.with_concurrency(10);
    let scanned = scan(&reader, all, &options);
    assert_eq!((scanned.summary.found, scanned.summary.unreadable), (60 + 50, 40));
    let (_, failure) = scanned.unreadable().pop().unwrap();
    assert_eq!(failure.class, UnreadableClass::Crashed);
    assert!(failure.reason.contains("cannot be started again: start: no such program"), "{failure}");
}

#[test]
fn a_provider_that_crashes_all_the_time_is_not_restarted_for_ever() {
    let reader = Arc::new(ScriptedReader::new(|_, _| (MS(100), Step::Crash)));
    let mut options = ScanOptions::default();
    options.restarts = 4;
    let scanned = scan(&reader, objects("a_thing", 3000), &options);
    assert_eq!((scanned.summary.found, scanned.summary.unreadable), (0, 3000));
    assert_eq!(reader.played().restarts, 4);
    let (_, failure) = scanned.unreadable().pop().unwrap();
    assert!(failure.reason.contains("crashed 5 times, and is not started again"), "{failure}");
}

#[test]
fn suspects_of_a_type_that_is_given_up_are_given_up_too() {
    let reader = Arc::new(ScriptedReader::new(|object, attempt| match (index(object), attempt) {
        _ if object.type_name() == "b_thing" => (MS(100), Step::Same),
        (0, 1) => (MS(50), Step::Crash),
        (_, 1) => (MS(100), Step::Same),
        _ => (MS(10), failure(UnreadableClass::Transient)),
    }));
    let mut options = ScanOptions::default();
    options.provider = options.provider.with_concurrency(5);
    options.breaker.failures = 1;
    options.breaker.trials = 1;
    options.breaker.pause = MS(100);
    let mut all = objects("a_thing", 5);
    all.extend(objects("b_thing", 20));
    let scanned = scan(&reader, all, &options);
    assert_eq!((scanned.summary.found, scanned.summary.unreadable), (20, 5), "{:?}", scanned.told());
}

#[test]
fn a_reader_that_panics_costs_one_object() {
    let reader = Arc::new(ScriptedReader::new(|object, _| {
        assert_ne!(index(object), 3, "three");
        (MS(10), Step::Same)
    }));
    let scanned = scan(&reader, objects("a_thing", 10), &ScanOptions::default());
    assert_eq!((scanned.summary.found, scanned.summary.unreadable), (9, 1));
    assert_eq!(scanned.unreadable()[0].1.to_string(), "reading a_thing: the reader panicked");
}

#[test]
fn a_suspect_that_has_to_wait_is_read_alone_all_the_same() {
    let reader = Arc::new(ScriptedReader::new(|object, attempt| match (index(object), attempt) {
        (0, _) => (MS(50), Step::Crash),
        (1..4, 2) => (MS(10), failure(UnreadableClass::Transient)),
        (at, _) => (takes(at), Step::Same),
    }));
    let mut options = ScanOptions::default();
    options.provider = options.provider.with_concurrency(4).with_rate(1000.0, 100);
    let scanned = scan(&reader, objects("a_thing", 80), &options);
    assert_eq!((scanned.summary.found, scanned.summary.unreadable), (79, 1));
    let reads = reader.played().reads;
    for suspect in 1..4 {
        let address = format!("a_thing.a[{suspect}]");
        let (alone, _) = reads.iter().rfind(|(_, other)| other.to_string() == address).unwrap();
        // Those that nobody suspects, which never fail.
        let beside = reads.iter().filter(|(at, other)| {
            let other: u64 = other.to_string().split(['[', ']']).nth(1).unwrap().parse().unwrap();
            other > 3 && *at + takes(other) > *alone && *at < *alone + takes(suspect)
        });
        assert_eq!(beside.count(), 0, "{address}");
    }
}

/// How long a read takes: not two side by side end together.
fn takes(at: u64) -> Duration {
    MS(100 + at * 13 % 60)
}
