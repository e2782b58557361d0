//! The order in which reads end, the pace and the faults that pass change nothing.

use proptest::prelude::*;

use super::*;
use landfast_observe::scan::{Collect, GateLimits};

/// What a read of an object does before it is answered.
#[derive(Debug, Clone)]
struct Life {
    delays: Vec<u64>,
    throttled: u32,
    failed: u32,
    crashes: bool,
    end: End,
}

#[derive(Debug, Clone)]
enum End {
    Same,
    Changed(u64),
    Gone,
    Denied,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let end = prop_oneof![
        3 => Just(End::Same),
        1 => (1..9_u64).prop_map(End::Changed),
        1 => Just(End::Gone),
        1 => Just(End::Denied),
    ];
    let life = (proptest::collection::vec(0..3000_u64, 1..4), 0..3_u32, 0..3_u32, prop::bool::weighted(0.03), end)
        .prop_map(|(delays, throttled, failed, crashes, end)| Life { delays, throttled, failed, crashes, end });
    proptest::collection::vec(life, 0..80)
}

fn play(lives: &[Life], shift: usize) -> Arc<ScriptedReader> {
    let lives = lives.to_vec();
    // Crashes happen once for each object that makes one; what others see of it is no attempt of theirs.
    let crashed = Mutex::new(std::collections::HashSet::new());
    Arc::new(ScriptedReader::new(move |object, attempt| {
        let at = usize::try_from(index(object)).unwrap();
        let life = &lives[at];
        let delay = MS(life.delays[(attempt as usize + shift + at) % life.delays.len()] * (1 + shift as u64 % 3));
        let step = if life.crashes && crashed.lock().unwrap().insert(at) {
            Step::Crash
        } else if attempt <= life.throttled {
            failure(UnreadableClass::Throttled)
        } else if attempt <= life.throttled + life.failed {
            failure(UnreadableClass::Transient)
        } else {
            match life.end {
                End::Same => Step::Same,
                End::Changed(count) => {
                    let address = object.object.address.to_string();
                    Step::Changed(Box::new(super::object(&address, AWS, count)))
                }
                End::Gone => Step::Gone,
                End::Denied => failure(UnreadableClass::Denied),
            }
        };
        (delay, step)
    }))
}

fn expected(lives: &[Life]) -> Vec<String> {
    let one = |(at, life): (usize, &Life)| {
        let address = format!("a_thing.a[{at}]");
        let recorded = object(&address, AWS, 0);
        let outcome = match life.end {
            End::Same => format!("found {}", recorded.value()),
            End::Changed(count) => format!("found {}", object(&address, AWS, count).value()),
            End::Gone => "gone".to_owned(),
            End::Denied => "denied: ReadResource of a_thing: no".to_owned(),
        };
        format!("{address} {} {outcome}", recorded.value())
    };
    lives.iter().enumerate().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_result_is_what_the_provider_says_whatever_happens_on_the_way(
        lives in lives(),
        (window, concurrency, rate, seed) in (1..40_usize, 1..30_usize, 1..200_u32, any::<u64>()),
        shift in 0..7_usize,
    ) {
        let mut options = ScanOptions::default();
        options.window = window;
        options.provider = GateLimits::default().with_concurrency(concurrency).with_rate(f64::from(rate), rate);
        options.seed = seed;
        options.restarts = 1000;
        // More in a row than all of these together.
        options.breaker.failures = 10_000;
        let scanned = scan(&play(&lives, shift), objects("a_thing", lives.len() as u64), &options);
        prop_assert_eq!(scanned.told(), expected(&lives));
        prop_assert!(scanned.summary.most_held <= window);
        prop_assert_eq!(scanned.summary.total(), lives.len() as u64);
    }

    #[test]
    fn the_order_of_the_recorded_side_does_not_change_what_is_collected(
        lives in lives(),
        order in any::<u64>(),
    ) {
        let all = objects("a_thing", lives.len() as u64);
        let mut shuffled = all.clone();
        let mut random = proptest::test_runner::TestRng::from_seed(
            proptest::test_runner::RngAlgorithm::ChaCha,
            &order.to_le_bytes().repeat(4),
        );
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, (random.next_u64() % (at as u64 + 1)) as usize);
        }
        let mut options = boundless();
        options.restarts = 1000;
        options.breaker.failures = 10_000;
        let [one, other] = [(all, 0), (shuffled, 3)].map(|(objects, shift)| {
            let mut collected = Collect::default();
            let scan = Scan::new(play(&lives, shift) as _, options.clone());
            paused(scan.run(objects.into_iter().map(Ok::<_, Infallible>), &mut collected)).unwrap();
            let origin = landfast_state::Origin::new(landfast_state::SourceKind::State, "s");
            let observed = collected.into_observed(origin, "o", Default::default()).unwrap();
            let texts = |snapshot: &landfast_state::Snapshot| {
                snapshot.objects().iter().map(|it| format!("{} {}", it.address, it.value())).collect::<Vec<_>>()
            };
            (texts(&observed.recorded.unwrap()), texts(&observed.observation.snapshot), observed.observation.gaps)
        });
        prop_assert_eq!(one, other);
    }
}
