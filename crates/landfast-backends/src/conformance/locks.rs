//! Cases about locks.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use landfast_state::{AuditError, AuditEvent, AuditSink};

use super::{Case, Failure, Verdict, ensure, fail, state};
use crate::{ErrorClass, Expected, ForceUnlock, Locking, StateWrite};

pub(super) async fn two_lockers(case: &Case<'_>) -> Verdict {
    let (first, second, key) = (case.subject.client(), case.subject.client(), case.key());
    let held = case.lock(&*first, &key).await?;
    match case.lock(&*second, &key).await {
        Ok(_) => return fail("two clients hold the lock"),
        Err(error) if error.class == ErrorClass::Locked => {
            let holder = error.holder.as_ref().map(|holder| holder.id.clone());
            ensure(holder.as_deref() == Some(&held.info().id), || {
                format!("the holder is {}, the second one is told {holder:?}", held.info().id)
            })?;
        }
        Err(error) => return fail(format!("refused, but as {}: {error}", error.class)),
    }
    // The same client is another operation.
    let again = case.lock(&*first, &key).await;
    ensure(again.is_err_and(|error| error.class == ErrorClass::Locked), || "one client locks twice".to_owned())?;
    held.release().await?;
    case.lock(&*second, &key).await?.release().await?;
    Ok(None)
}

/// Many clients take the lock at the same moment, again and again: one of them gets it.
pub(super) async fn race(case: &Case<'_>) -> Verdict {
    for round in 0..case.options.rounds {
        let key = case.another_key(&round.to_string());
        // Stores may lock what is there otherwise than what is not.
        if round % 2 == 1 {
            let mut lock = case.lock(&*case.subject.client(), &key).await?;
            lock.write(StateWrite::new(Expected::Absent, state(1), case.note())).await?;
            lock.release().await?;
        }
        let start = std::sync::Arc::new(tokio::sync::Barrier::new(case.options.clients));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..case.options.clients {
            let (store, key, info, start) =
                (case.subject.client(), key.clone(), case.lock_info("racer"), std::sync::Arc::clone(&start));
            tasks.spawn(async move {
                start.wait().await;
                store.lock(&key, info).await
            });
        }
        let mut winners = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            match ended.map_err(|error| Failure(error.to_string()))? {
                Ok(held) => winners.push(held),
                Err(error) if error.class == ErrorClass::Locked => {}
                Err(error) => return Err(error.into()),
            }
        }
        let count = winners.len();
        for winner in winners {
            // Where several hold it, all but one fail here; the count says it.
            let _ = winner.release().await;
        }
        ensure(count == 1, || format!("round {round}: {count} of {} clients hold the lock", case.options.clients))?;
    }
    Ok(None)
}

pub(super) async fn is_shown(case: &Case<'_>) -> Verdict {
    let (store, other, key) = (case.subject.client(), case.subject.client(), case.key());
    let before = other.lock_info(&key).await?;
    ensure(before.is_none(), || format!("a lock where nobody locked: {before:?}"))?;
    let held = store.lock(&key, case.lock_info("shown@host")).await?;
    let shown = other.lock_info(&key).await?;
    let Some(shown) = shown else { return fail("the lock is not shown") };
    ensure(shown.id == held.info().id, || format!("another id is shown: {}", shown.id))?;
    ensure(shown.who == "shown@host", || format!("another holder is shown: {}", shown.who))?;
    let age = shown.created_at().and_then(|created| SystemTime::now().duration_since(created).ok());
    ensure(age.is_some_and(|age| age < Duration::from_secs(600)), || format!("shown as taken {}", shown.created))?;
    held.release().await?;
    let after = other.lock_info(&key).await?;
    ensure(after.is_none(), || format!("a lock that was released is shown: {after:?}"))?;
    Ok(None)
}

/// Takes every record, or none.
#[derive(Debug, Default)]
struct Records {
    events: Mutex<Vec<AuditEvent>>,
    is_broken: bool,
}

impl AuditSink for Records {
    fn record(&self, event: &AuditEvent) -> Result<(), AuditError> {
        if self.is_broken {
            return Err(AuditError("the disk is full".into()));
        }
        self.events.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(event.clone());
        Ok(())
    }
}

pub(super) async fn force_unlock(case: &Case<'_>) -> Verdict {
    let (store, other, key) = (case.subject.client(), case.subject.client(), case.key());
    if store.capabilities().locking == Locking::Session {
        return Ok(Some("a lock ends with its holder"));
    }
    let held = case.lock(&*store, &key).await?;
    let id = held.info().id.clone();
    drop(held);
    let still = other.lock_info(&key).await?;
    ensure(still.is_some_and(|still| still.id == id), || "a record of a lock went away by itself".to_owned())?;

    let (good, broken) = (Records::default(), Records { is_broken: true, ..Records::default() });
    let now = SystemTime::now();
    let refused = [
        ("another id", ForceUnlock::new("another-id", "a@b", "it is dead", now, &good)),
        ("no reason", ForceUnlock::new(&id, "a@b", "  ", now, &good)),
        ("no record", ForceUnlock::new(&id, "a@b", "it is dead", now, &broken)),
    ];
    for (what, request) in refused {
        ensure(other.force_unlock(&key, request).await.is_err(), || format!("removed with {what}"))?;
        ensure(other.lock_info(&key).await?.is_some(), || format!("gone after a refusal: {what}"))?;
    }
    let removed = other.force_unlock(&key, ForceUnlock::new(&id, "a@b", "it is dead", now, &good)).await?;
    ensure(removed.id == id, || format!("another lock was removed: {}", removed.id))?;
    let events = good.events.lock().map_or(0, |events| events.len());
    ensure(events == 1, || format!("{events} records of one removal"))?;
    case.lock(&*other, &key).await?.release().await?;
    Ok(None)
}

/// Who was driven out of the lock writes nothing any more, and does not take away the lock of who came after.
pub(super) async fn evicted_holder(case: &Case<'_>) -> Verdict {
    let (store, other, key) = (case.subject.client(), case.subject.client(), case.key());
    if store.capabilities().locking == Locking::Session {
        return Ok(Some("a lock ends with its holder"));
    }
    let mut evicted = case.lock(&*store, &key).await?;
    let written = evicted.write(StateWrite::new(Expected::Absent, state(1), case.note())).await?;
    let records = Records::default();
    let id = evicted.info().id.clone();
    let request = ForceUnlock::new(&id, "a@b", "it takes too long", SystemTime::now(), &records);
    other.force_unlock(&key, request).await?;
    let late = evicted.write(StateWrite::new(written.expected(), state(2), case.note())).await;
    ensure(late.is_err_and(|error| error.class == ErrorClass::Conflict), || "the evicted holder writes".to_owned())?;
    let next = case.lock(&*other, &key).await?;
    let late = evicted.write(StateWrite::new(written.expected(), state(3), case.note())).await;
    ensure(late.is_err(), || "the evicted holder writes under the lock of another".to_owned())?;
    ensure(evicted.release().await.is_err(), || "the evicted holder releases what it does not hold".to_owned())?;
    let shown = other.lock_info(&key).await?;
    ensure(shown.is_some_and(|shown| shown.id == next.info().id), || {
        "the evicted holder took away the lock of who came after".to_owned()
    })?;
    next.release().await?;
    let found = other.read(&key).await?;
    ensure(found.is_some_and(|found| found.bytes == state(1)), || "the state is not what was acknowledged".to_owned())?;
    Ok(None)
}
