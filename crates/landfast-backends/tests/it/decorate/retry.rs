//! Trying again.

use std::sync::Arc;
use std::time::Duration;

use landfast_backends::conformance::{Ending, Fault, Faulty, Options, Subject};
use landfast_backends::decorate::{Jitter, Op, Retry, RetryOptions};
use landfast_backends::{ErrorClass, Expected, MemoryStore, StateKey, StateStore, WriteOutcome};
use tokio::time::Instant;

use super::{change, info, key};

fn options() -> RetryOptions {
    let mut options = RetryOptions::default();
    (options.times, options.first_wait, options.longest_wait) = (3, Duration::from_secs(1), Duration::from_secs(3));
    options.jitter = Jitter::None;
    options
}

fn retrying() -> (Arc<dyn StateStore>, Faulty, MemoryStore) {
    let (faulty, memory) = (Faulty::new(), MemoryStore::new());
    (Retry::new(options()).around(faulty.around(Arc::new(memory.clone()))), faulty, memory)
}

const TRANSIENT: Fault = Fault::Refused(ErrorClass::Transient);

#[tokio::test(start_paused = true)]
async fn transient_failures_are_tried_again_with_longer_waits() {
    let (store, faulty, _) = retrying();
    for nth in 1..=3 {
        faulty.fail(Op::Read, nth, TRANSIENT);
    }
    let start = Instant::now();
    assert!(store.read(&key()).await.unwrap().is_none());
    assert_eq!((start.elapsed().as_secs(), faulty.calls(Op::Read)), (1 + 2 + 3, 4));
    for nth in 1..=4 {
        faulty.fail(Op::Read, nth, TRANSIENT);
    }
    assert_eq!(store.read(&key()).await.unwrap_err().class, ErrorClass::Transient);
    assert_eq!(faulty.calls(Op::Read), 8);
}

#[tokio::test(start_paused = true)]
async fn no_other_failure_is_tried_again() {
    let (store, faulty, _) = retrying();
    for (nth, class) in (1..).zip([
        ErrorClass::NotFound,
        ErrorClass::Conflict,
        ErrorClass::Locked,
        ErrorClass::Unauthenticated,
        ErrorClass::PermissionDenied,
        ErrorClass::Unsupported,
        ErrorClass::Corrupt,
        ErrorClass::Configuration,
        ErrorClass::Device,
    ]) {
        faulty.fail(Op::Lock, 1, Fault::Refused(class));
        assert_eq!(store.lock(&key(), info()).await.unwrap_err().class, class);
        assert_eq!(faulty.calls(Op::Lock), nth);
    }
    // A lock that may be there is not asked for again: the answer would be that it is.
    faulty.fail(Op::Lock, 1, Fault::AnswerLost);
    let error = store.lock(&key(), info()).await.unwrap_err();
    assert_eq!((error.outcome, faulty.calls(Op::Lock)), (WriteOutcome::Unknown, 10));
}

#[tokio::test(start_paused = true)]
async fn jitter_adds_up_to_as_much_again_and_differs() {
    let mut waits = Vec::new();
    for seed in 0..20 {
        let mut options = options();
        (options.times, options.jitter) = (1, Jitter::Seeded(seed));
        let faulty = Faulty::new();
        let store = Retry::new(options).around(faulty.around(Arc::new(MemoryStore::new())));
        faulty.fail(Op::Read, 1, TRANSIENT);
        let start = Instant::now();
        store.read(&key()).await.unwrap();
        waits.push(start.elapsed().as_millis());
    }
    assert!(waits.iter().all(|wait| (1000..=2001).contains(wait)), "{waits:?}");
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 10, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_write_of_unknown_outcome_is_looked_at_first() {
    let (store, faulty, memory) = retrying();
    let mut lock = store.lock(&key(), info()).await.unwrap();
    // It was written: one write, one look, and an acknowledgement with what a read gives.
    faulty.fail(Op::Write, 1, Fault::AnswerLost);
    let first = lock.write(change(Expected::Absent, "1")).await.unwrap();
    assert_eq!((faulty.calls(Op::Write), faulty.calls(Op::Read)), (1, 1));
    assert_eq!(memory.read(&key()).await.unwrap().unwrap().expected(), first.expected());
    assert_eq!(memory.versions(&key()).await.unwrap().len(), 1);

    // It was not written: written now, once.
    faulty.fail(Op::Write, 1, Fault::LostOnTheWay);
    let second = lock.write(change(first.expected(), "2")).await.unwrap();
    assert_eq!(memory.versions(&key()).await.unwrap().len(), 2);

    // The look fails for a while, too.
    faulty.fail(Op::Write, 1, Fault::AnswerLost);
    faulty.fail(Op::Read, 1, TRANSIENT);
    let third = lock.write(change(second.expected(), "3")).await.unwrap();
    assert_eq!(memory.versions(&key()).await.unwrap().len(), 3);

    // Nobody can look: the outcome stays unknown, and nothing is sent again.
    faulty.fail(Op::Write, 1, Fault::LostOnTheWay);
    for nth in 1..=4 {
        faulty.fail(Op::Read, nth, TRANSIENT);
    }
    let writes = faulty.calls(Op::Write);
    let error = lock.write(change(third.expected(), "4")).await.unwrap_err();
    assert_eq!((error.outcome, error.class), (WriteOutcome::Unknown, ErrorClass::Transient));
    assert_eq!(faulty.calls(Op::Write), writes + 1);
    lock.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_that_never_arrives_is_given_up_as_not_written() {
    let (store, faulty, memory) = retrying();
    let mut lock = store.lock(&key(), info()).await.unwrap();
    for nth in 1..=4 {
        faulty.fail(Op::Write, nth, Fault::LostOnTheWay);
    }
    let error = lock.write(change(Expected::Absent, "1")).await.unwrap_err();
    assert_eq!((error.outcome, error.class), (WriteOutcome::NotWritten, ErrorClass::Transient));
    assert!(memory.read(&key()).await.unwrap().is_none());
    // A conflict without doubt is one.
    let error = lock.write(change(Expected::of(Some(&landfast_backends::StoredState::new("x".into()))), "1")).await;
    assert_eq!(error.unwrap_err().class, ErrorClass::Conflict);
    assert_eq!(faulty.calls(Op::Write), 5);
}

#[tokio::test(start_paused = true)]
async fn a_third_state_after_a_write_of_unknown_outcome_is_a_conflict() {
    let (store, faulty, memory) = retrying();
    let mut lock = store.lock(&key(), info()).await.unwrap();
    faulty.fail(Op::Write, 1, Fault::LostOnTheWay);
    faulty.fail(Op::Read, 1, TRANSIENT);
    // While we wait to look, somebody without manners removes the lock and writes.
    let intruder = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let records = crate::broken::Nowhere;
        let holder = memory.lock_info(&key()).await.unwrap().unwrap();
        let request = landfast_backends::ForceUnlock::new(&holder.id, "x", "y", std::time::SystemTime::now(), &records);
        memory.force_unlock(&key(), request).await.unwrap();
        super::put(&memory, Expected::Absent, "theirs").await.unwrap();
    };
    let (answer, ()) = tokio::join!(lock.write(change(Expected::Absent, "ours")), intruder);
    let error = answer.unwrap_err();
    assert_eq!((error.class, error.outcome), (ErrorClass::Conflict, WriteOutcome::NotWritten), "{error}");
    assert_eq!(memory.read(&key()).await.unwrap().unwrap().bytes, "theirs");
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_given_back_when_it_is_gone() {
    let (store, faulty, memory) = retrying();
    for (fault, works) in [(Fault::AnswerLost, true), (Fault::LostOnTheWay, false)] {
        let lock = store.lock(&key(), info()).await.unwrap();
        faulty.fail(Op::Release, 1, fault);
        assert_eq!(lock.release().await.is_ok(), works, "{fault:?}");
        assert_eq!(memory.lock_info(&key()).await.unwrap().is_none(), works);
    }
}

/// Every third call fails in one of two ways, in every client.
#[derive(Debug, Default)]
struct Unreliable(MemoryStore);

impl Subject for Unreliable {
    fn client(&self) -> Arc<dyn StateStore> {
        let faulty = Faulty::new();
        for op in [Op::Read, Op::ReadVersion, Op::Versions, Op::List, Op::Lock, Op::LockInfo] {
            for nth in (1..10_000).filter(|nth| nth % 3 == 1) {
                faulty.fail(op, nth, TRANSIENT);
            }
        }
        for (nth, fault) in
            [TRANSIENT, Fault::AnswerLost, Fault::LostOnTheWay].into_iter().cycle().enumerate().take(3000)
        {
            faulty.fail(Op::Write, 1 + nth * 2, fault);
        }
        let mut options = options();
        (options.first_wait, options.longest_wait) = (Duration::from_micros(10), Duration::from_micros(50));
        Retry::new(options).around(faulty.around(Arc::new(self.0.clone())))
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::new(name)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_whose_every_third_call_fails_passes_the_suite() {
    let mut options = Options::default();
    (options.large, options.rounds) = (1_000_000, 20);
    let results = crate::suite::check("retry, unreliable", &Unreliable::default(), &options).await;
    let applicable = results.iter().filter(|result| result.ending == Ending::Passed).count();
    assert_eq!(applicable, 16, "{results:#?}");
}
