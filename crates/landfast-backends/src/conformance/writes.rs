//! Cases about reading and writing.

use std::sync::Arc;

use bytes::Bytes;

use super::{Case, Failure, Verdict, ensure, fail, state};
use crate::{ErrorClass, Expected, HeldLock, Reread, StateStore, StateWrite, Support, Written};

async fn write(
    case: &Case<'_>,
    lock: &mut dyn HeldLock,
    expected: Expected,
    bytes: Bytes,
) -> Result<Written, crate::StoreError> {
    lock.write(StateWrite::new(expected, bytes, case.note())).await
}

pub(super) async fn absent_reads_as_none(case: &Case<'_>) -> Verdict {
    let store = case.subject.client();
    let found = store.read(&case.key()).await?;
    ensure(found.is_none(), || format!("a state where nothing was written: {found:?}"))?;
    let lock = case.lock(&*store, &case.key()).await?;
    let found = lock.read().await?;
    lock.release().await?;
    ensure(found.is_none_or(|found| found.bytes.is_empty()), || "a lock makes a state".to_owned())?;
    let found = store.read(&case.key()).await?;
    ensure(found.is_none(), || format!("a lock that was released left a state: {found:?}"))?;
    Ok(None)
}

pub(super) async fn create_and_read_back(case: &Case<'_>) -> Verdict {
    let (store, other, key) = (case.subject.client(), case.subject.client(), case.key());
    let mut lock = case.lock(&*store, &key).await?;
    let written = write(case, &mut *lock, Expected::Absent, state(1)).await?;
    let under_lock = lock.read().await?;
    lock.release().await?;
    let found = other.read(&key).await?;
    for found in [under_lock, found] {
        let Some(found) = found else { return fail("nothing is there after a write") };
        ensure(found.bytes == state(1), || "other bytes are read than were written".to_owned())?;
        ensure(found.digest == written.digest, || "the digest is not that of the write".to_owned())?;
        ensure(found.etag == written.etag, || format!("etag {:?} read, {:?} written", found.etag, written.etag))?;
    }
    Ok(None)
}

pub(super) async fn create_if_absent(case: &Case<'_>) -> Verdict {
    let (store, key) = (case.subject.client(), case.key());
    let mut lock = case.lock(&*store, &key).await?;
    write(case, &mut *lock, Expected::Absent, state(1)).await?;
    let second = write(case, &mut *lock, Expected::Absent, state(2)).await;
    lock.release().await?;
    is_conflict(second)?;
    holds(&*store, case, state(1)).await
}

pub(super) async fn stale_write_refused(case: &Case<'_>) -> Verdict {
    let (store, key) = (case.subject.client(), case.key());
    let mut lock = case.lock(&*store, &key).await?;
    let first = write(case, &mut *lock, Expected::Absent, state(1)).await?;
    write(case, &mut *lock, first.expected(), state(2)).await?;
    let stale = write(case, &mut *lock, first.expected(), state(3)).await;
    lock.release().await?;
    is_conflict(stale)?;
    holds(&*store, case, state(2)).await
}

pub(super) async fn writes_in_a_row(case: &Case<'_>) -> Verdict {
    let (store, other, key) = (case.subject.client(), case.subject.client(), case.key());
    let mut lock = case.lock(&*store, &key).await?;
    let mut expected = Expected::Absent;
    for serial in 1..=5 {
        expected = write(case, &mut *lock, expected, state(serial)).await?.expected();
    }
    // Who reads beside it is told whether it moved.
    let Some(known) = other.read(&key).await? else { return fail("nothing is there after a write") };
    let again = other.read_again(&key, &known).await?;
    ensure(matches!(again, Reread::Unchanged), || "what did not change is said to have changed".to_owned())?;
    let read = lock.read().await?;
    write(case, &mut *lock, Expected::of(read.as_ref()), state(6)).await?;
    let again = other.read_again(&key, &known).await?;
    let has_moved = matches!(&again, Reread::Changed(Some(found)) if found.bytes == state(6));
    ensure(has_moved, || format!("what changed is read again as {again:?}"))?;
    lock.release().await?;
    holds(&*store, case, state(6)).await
}

pub(super) async fn large_state(case: &Case<'_>) -> Verdict {
    let (store, key) = (case.subject.client(), case.key());
    // Not compressible to nothing, and different everywhere.
    let mut large = Vec::with_capacity(case.options.large + 256);
    large.extend_from_slice(
        br#"{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {"o": {"value": ""#,
    );
    let mut word = 0x9E37_79B9_7F4A_7C15_u64;
    while large.len() < case.options.large {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        large.extend_from_slice(format!("{word:016x}").as_bytes());
    }
    large.extend_from_slice(br#"", "type": "string"}}, "resources": []}"#);
    let large = Bytes::from(large);
    let mut lock = case.lock(&*store, &key).await?;
    write(case, &mut *lock, Expected::Absent, large.clone()).await?;
    lock.release().await?;
    holds(&*store, case, large).await
}

/// Several clients add to a counter, each under the lock: what they were told is written is there in the end.
pub(super) async fn no_update_lost(case: &Case<'_>) -> Verdict {
    const CLIENTS: u64 = 4;
    const EACH: u64 = 5;
    let key = case.key();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (store, key, info, note) = (case.subject.client(), key.clone(), case.lock_info("one of many"), case.note());
        tasks.spawn(async move {
            for _ in 0..EACH {
                let mut lock = wait_for_lock(&store, &key, &info).await?;
                let read = lock.read().await?;
                let serial = read.as_ref().map_or(0, |read| serial_of(&read.bytes));
                lock.write(StateWrite::new(Expected::of(read.as_ref()), state(serial + 1), note.clone())).await?;
                lock.release().await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|error| Failure(error.to_string()))??;
    }
    holds(&*case.subject.client(), case, state(CLIENTS * EACH)).await
}

async fn wait_for_lock(
    store: &Arc<dyn StateStore>,
    key: &crate::StateKey,
    info: &crate::LockInfo,
) -> Result<Box<dyn HeldLock>, crate::StoreError> {
    loop {
        let mut info = info.clone();
        info.id = uuid::Uuid::new_v4().to_string();
        match store.lock(key, info).await {
            Err(error) if error.class == ErrorClass::Locked => {
                tokio::time::sleep(std::time::Duration::from_millis(3)).await;
            }
            done => return done,
        }
    }
}

fn serial_of(bytes: &[u8]) -> u64 {
    let state: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    state.get("serial").and_then(serde_json::Value::as_u64).unwrap_or(0)
}

pub(super) async fn versions(case: &Case<'_>) -> Verdict {
    let (store, key) = (case.subject.client(), case.key());
    if store.capabilities().versions == Support::No {
        return Ok(Some("the store keeps no versions"));
    }
    let mut lock = case.lock(&*store, &key).await?;
    let mut expected = Expected::Absent;
    for serial in 1..=3 {
        expected = write(case, &mut *lock, expected, state(serial)).await?.expected();
    }
    lock.release().await?;
    let versions = match store.versions(&key).await {
        // Only the server knows how it is set up.
        Err(error) if error.class == ErrorClass::Unsupported => return Ok(Some("the server is set up to keep none")),
        versions => versions?,
    };
    ensure(versions.len() == 3, || format!("{} versions after 3 writes", versions.len()))?;
    for (version, serial) in versions.iter().zip([3, 2, 1]) {
        let old = store.read_version(&key, &version.id).await?;
        ensure(old.bytes == state(serial), || format!("version {} has other bytes than were written", version.id))?;
        ensure(version.is_current == (serial == 3), || format!("version {}: current or not is wrong", version.id))?;
        let why = version.note.as_ref().map(|note| note.why.as_str());
        ensure(why == Some(case.name), || format!("version {} does not say why it was written: {why:?}", version.id))?;
    }
    let unknown = store.read_version(&key, &crate::VersionId("00000000-no-such-version".to_owned())).await;
    ensure(unknown.is_err(), || "a version that never was can be read".to_owned())?;
    Ok(None)
}

fn is_conflict(result: Result<Written, crate::StoreError>) -> Result<(), Failure> {
    match result {
        Err(error) if error.class == ErrorClass::Conflict => Ok(()),
        Err(error) => fail(format!("refused, but as {}: {error}", error.class)),
        Ok(_) => fail("a write was accepted although something else was there"),
    }
}

async fn holds(store: &dyn StateStore, case: &Case<'_>, bytes: Bytes) -> Verdict {
    match store.read(&case.key()).await? {
        Some(found) if found.bytes == bytes => Ok(None),
        Some(found) => fail(format!("other bytes are there than were acknowledged: {} of them", found.bytes.len())),
        None => fail("nothing is there"),
    }
}
