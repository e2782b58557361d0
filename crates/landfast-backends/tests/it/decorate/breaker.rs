//! The circuit breaker.

use std::sync::Arc;
use std::time::Duration;

use landfast_backends::conformance::{Fault, Faulty};
use landfast_backends::decorate::{BreakerOptions, BreakerState, CircuitBreaker, Op};
use landfast_backends::{ErrorClass, MemoryStore, StateStore};

use super::{info, key};

fn breaker(faulty: &Faulty) -> (CircuitBreaker, Arc<dyn StateStore>) {
    let mut options = BreakerOptions::default();
    (options.failures, options.pause) = (3, Duration::from_secs(10));
    let breaker = CircuitBreaker::new(options);
    let store = breaker.around(faulty.around(Arc::new(MemoryStore::new())));
    (breaker, store)
}

async fn fail(faulty: &Faulty, store: &dyn StateStore, class: ErrorClass, times: usize) {
    for _ in 0..times {
        faulty.fail(Op::Read, 1, Fault::Refused(class));
        assert_eq!(store.read(&key()).await.unwrap_err().class, class);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_left_alone_and_tried_again() {
    let faulty = Faulty::new();
    let (breaker, store) = breaker(&faulty);
    let lock = store.lock(&key(), info()).await.unwrap();
    // An answer in between starts the count anew, and a refusal is an answer.
    fail(&faulty, &*store, ErrorClass::Transient, 2).await;
    fail(&faulty, &*store, ErrorClass::PermissionDenied, 3).await;
    fail(&faulty, &*store, ErrorClass::Transient, 2).await;
    assert_eq!(breaker.state(), BreakerState::Closed);
    fail(&faulty, &*store, ErrorClass::Transient, 1).await;
    assert_eq!(breaker.state(), BreakerState::Open);

    let asked = faulty.calls(Op::Read);
    let error = store.read(&key()).await.unwrap_err();
    assert_eq!(error.to_string(), "memory:a: the store failed 3 times in a row and is left alone for 11 s more");
    assert_eq!(error.class, ErrorClass::Transient);
    assert_eq!(faulty.calls(Op::Read), asked, "the store was asked");
    // The lock would stay.
    lock.release().await.unwrap();

    // One call is let through; where it fails, the pause begins anew.
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    fail(&faulty, &*store, ErrorClass::Transient, 1).await;
    assert_eq!(breaker.state(), BreakerState::Open);
    tokio::time::advance(Duration::from_secs(10)).await;
    store.read(&key()).await.unwrap();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn only_one_call_tries_and_giving_it_up_decides_nothing() {
    let faulty = Faulty::new();
    let (breaker, store) = breaker(&faulty);
    fail(&faulty, &*store, ErrorClass::Transient, 3).await;
    tokio::time::advance(Duration::from_secs(10)).await;

    let slow = breaker.around(Arc::new(super::cache::Slow::new(MemoryStore::new())));
    {
        let key = key();
        let mut first = slow.read(&key);
        assert!(futures_poll(&mut first).await, "it waits for the store");
        let second = store.read(&key).await.unwrap_err();
        assert!(second.to_string().ends_with("is being tried by another call"), "{second}");
    }
    store.read(&key()).await.unwrap();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

/// Polls once; whether it is not done.
async fn futures_poll<T>(future: &mut (impl Future<Output = T> + Unpin)) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending()))
        .await
}
