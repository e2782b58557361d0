//! How many at once, how fast, in which order, and what is held.

use super::*;
use landfast_observe::scan::{GateLimits, ProviderLimits, ScanOptionsError, TypeLimits, plan_reads};

fn same_after(delay: Duration) -> Arc<ScriptedReader> {
    Arc::new(ScriptedReader::new(move |_, _| (delay, Step::Same)))
}

/// How long a scan takes that is bounded by concurrency and rate, against the ideal.
#[test]
fn a_scan_takes_little_longer_than_it_must() {
    let (count, latency) = (1000, 0.1);
    for (concurrency, rate) in [(10, None), (50, None), (200, None), (200, Some(50.0)), (10, Some(50.0))] {
        let reader = same_after(Duration::from_secs_f64(latency));
        let mut options = boundless();
        options.provider = GateLimits::default().with_concurrency(concurrency);
        if let Some(rate) = rate {
            options.provider = options.provider.with_rate(rate, 1);
        }
        let scanned = scan(&reader, objects("a_thing", count), &options);
        let by_concurrency = count as f64 * latency / concurrency as f64;
        let ideal = by_concurrency.max(rate.map_or(0.0, |rate| count as f64 / rate));
        let took = scanned.summary.elapsed.as_secs_f64();
        assert!(took >= ideal * 0.99 && took <= ideal * 1.05, "{concurrency} {rate:?}: {took} s, ideal {ideal} s");
        assert_eq!(scanned.summary.found, count);
        // It is what was foretold.
        let all = objects("a_thing", count).into_iter().map(Ok::<_, Infallible>);
        let plan = plan_reads(all, &options, Duration::from_secs_f64(latency)).unwrap();
        let foretold = plan.estimate.as_secs_f64();
        assert!((foretold - took).abs() / took < 0.05, "{concurrency} {rate:?}: {took} s, foretold {foretold} s");
        // Never more in any second than the rate and its burst, with the millisecond of the clock.
        if let Some(rate) = rate {
            let reads = reader.played().reads;
            for (at, (begun, _)) in reads.iter().enumerate() {
                let within = reads[at..].iter().take_while(|(other, _)| *other - *begun <= SECS(1)).count();
                assert!(within as f64 <= rate + 2.0, "{within} in a second");
            }
        }
    }
}

/// What comes within some milliseconds is not held up by what does not come.
#[test]
fn reads_that_end_at_nearly_the_same_time_wait_for_no_others() {
    let (count, latency) = (1000, 0.1);
    for concurrency in [10, 50, 200] {
        let reader = Arc::new(ScriptedReader::new(move |object, _| {
            (Duration::from_secs_f64(latency) + Duration::from_micros(index(object) * 7919 % 3001), Step::Same)
        }));
        let mut options = boundless();
        options.provider = GateLimits::default().with_concurrency(concurrency);
        let took = scan(&reader, objects("a_thing", count), &options).summary.elapsed.as_secs_f64();
        let ideal = count as f64 * latency / concurrency as f64;
        assert!(took < ideal * 1.15, "{concurrency}: {took} s, ideal {ideal} s");
    }
}

/// Answers do not wait long for others: not where most reads hang, and not for those of other types where few of a type may go on at once.
#[test]
fn reads_that_hang_hold_up_no_others() {
    let reader = Arc::new(ScriptedReader::new(|object, _| {
        let hangs = object.type_name() == "a_hanging_thing";
        (if hangs { SECS(50) } else { MS(20) }, Step::Same)
    }));
    let mut options = boundless();
    options.provider = GateLimits::default().with_concurrency(20);
    let mut all = objects("a_hanging_thing", 19);
    all.extend(objects("a_quick_thing", 200));
    let took = scan(&reader, all.clone(), &options).summary.elapsed;
    // One place, 20 ms for each read and 50 for its answer: 14 s.
    assert!(took < SECS(51), "{took:?}");
    options.types =
        vec![TypeLimits { type_name: "a_quick_*".to_owned(), limits: GateLimits::default().with_concurrency(1) }];
    let mut told = Vec::new();
    let reads = all.into_iter().map(Ok::<_, Infallible>);
    let took = Arc::new(Mutex::new(Duration::ZERO));
    let last = Arc::clone(&took);
    let sink = EventSink::new(move |event| {
        if matches!(&event.event, ScanEvent::Read { address, .. } if address.to_string() == "a_quick_thing.a[199]") {
            *last.lock().unwrap() = event.after;
        }
    });
    paused(async {
        let scan = Scan::new(Arc::clone(&reader) as _, options).with_events(sink);
        scan.run(reads, &mut SinkFn(|result: ScannedObject| told.push(result))).await.unwrap()
    });
    assert_eq!(told.len(), 219);
    let took = *took.lock().unwrap();
    assert!(took >= SECS(4) && took < SECS(5), "{took:?}");
}

#[test]
fn providers_and_types_have_limits_of_their_own() {
    let reader = same_after(MS(100));
    let mut options = boundless();
    options.provider = GateLimits::default().with_concurrency(8);
    options.providers =
        vec![ProviderLimits { provider: "*/acme/*".to_owned(), limits: GateLimits::default().with_concurrency(3) }];
    options.types =
        vec![TypeLimits { type_name: "aws_iam_*".to_owned(), limits: GateLimits::default().with_concurrency(2) }];
    let mut all = objects("aws_iam_role", 40);
    all.extend(objects("aws_vpc", 80));
    all.extend(of_provider("example.org/acme/dns", "dns_record", 30));
    let scanned = scan(&reader, all, &options);
    let played = reader.played();
    assert_eq!((scanned.summary.found, scanned.summary.providers.len()), (150, 2));
    assert_eq!(played.most_at_once[AWS], 8);
    assert_eq!(played.most_at_once["example.org/acme/dns"], 3);
    assert_eq!(played.most_of_type["aws_iam_role"], 2);
    // 40 roles two at a time take longest.
    assert_eq!(scanned.summary.elapsed.as_millis() / 100, 20);
}

#[test]
fn a_rate_of_a_type_slows_down_that_type_alone() {
    let reader = same_after(MS(10));
    let mut options = boundless();
    options.types =
        vec![TypeLimits { type_name: "slow_*".to_owned(), limits: GateLimits::default().with_rate(10.0, 1) }];
    let mut all = objects("fast_thing", 500);
    all.extend(objects("slow_thing", 50));
    scan(&reader, all, &options);
    let reads = reader.played().reads;
    let begin = reads[0].0;
    let last = |name: &str| {
        let of_type = reads.iter().filter(|(_, address)| address.to_string().starts_with(name));
        (of_type.map(|(at, _)| *at).max().unwrap() - begin).as_secs_f64()
    };
    assert!(last("fast") < 0.1 && (4.8..5.1).contains(&last("slow")), "{} {}", last("fast"), last("slow"));
}

#[test]
fn results_come_in_the_order_of_the_recorded_side() {
    // The first one of each ten takes longest.
    let reader = Arc::new(ScriptedReader::new(|object, _| (MS(1000 - index(object) % 10 * 100), Step::Same)));
    let all = objects("a_thing", 200);
    let expected: Vec<String> = all.iter().map(|it| it.object.address.to_string()).collect();
    let scanned = scan(&reader, all, &ScanOptions::default());
    let order: Vec<String> = scanned.results.iter().map(|it| it.address().to_string()).collect();
    assert_eq!(order, expected);
}

/// However many objects there are, and however long the first one keeps the others waiting, no more are held than the window.
#[test]
fn no_more_is_held_than_the_window() {
    let reader = Arc::new(ScriptedReader::new(|object, _| {
        (if index(object).is_multiple_of(1000) { SECS(20) } else { MS(10) }, Step::Same)
    }));
    let mut options = boundless();
    options.window = 64;
    let taken = Arc::new(Mutex::new((0_usize, 0_usize, 0_usize)));
    let counter = Arc::clone(&taken);
    let all = (0..5_000).map(move |at| {
        counter.lock().unwrap().0 += 1;
        Ok::<_, Infallible>(RecordedObject::new(object(&format!("a_thing.a[{at}]"), AWS, 0)))
    });
    let summary = paused(async {
        let counter = Arc::clone(&taken);
        let sink = &mut SinkFn(move |_| {
            let mut counter = counter.lock().unwrap();
            counter.1 += 1;
            counter.2 = counter.2.max(counter.0 - counter.1 + 1);
        });
        Scan::new(reader, options).run(all, sink).await.unwrap()
    });
    let (begun, ended, most) = *taken.lock().unwrap();
    assert_eq!((begun, ended), (5_000, 5_000));
    assert_eq!((most, summary.most_held), (64, 64));
}

#[test]
fn bytes_bound_what_is_held_too_but_one_object_always_fits() {
    let big = Value::String("x".repeat(10_000));
    let all: Vec<RecordedObject> = (0..100)
        .map(|at| {
            let object = object(&format!("a_thing.a[{at}]"), AWS, 0);
            RecordedObject::new(object.with_value(&[("big".to_owned(), big.clone())].into()).unwrap())
        })
        .collect();
    for (limit, most) in [(100_000, 12), (1, 1)] {
        let mut options = boundless();
        options.window_bytes = limit;
        let scanned = scan(&same_after(MS(10)), all.clone(), &options);
        assert_eq!(scanned.summary.found, 100);
        assert!(scanned.summary.most_held <= most, "{}", scanned.summary.most_held);
        assert!(scanned.summary.most_held_bytes < limit * 2 + 30_000, "{}", scanned.summary.most_held_bytes);
    }
}

#[test]
fn options_that_cannot_be_followed_are_refused() {
    let broken: [fn(&mut ScanOptions); 6] = [
        |options| options.window = 0,
        |options| options.provider.concurrency = Some(0),
        |options| options.provider.per_second = Some(0.0),
        |options| options.provider.per_second = Some(f64::NAN),
        |options| options.provider.burst = Some(0),
        |options| options.time_limit = Duration::ZERO,
    ];
    for change in broken {
        let mut options = ScanOptions::default();
        change(&mut options);
        let ScanOptionsError { setting, problem } = options.check().unwrap_err();
        assert!(!setting.is_empty() && problem.starts_with("must be"), "{setting} {problem}");
    }
    assert_eq!(ScanOptions::default().check(), Ok(()));
}
