//! Cases about keys and workspaces.

use super::{Case, Failure, Verdict, ensure, state};
use crate::{Expected, StateKey, StateStore, StateWrite, Support};

async fn put(case: &Case<'_>, store: &dyn StateStore, key: &StateKey, serial: u64) -> Result<(), Failure> {
    let mut lock = case.lock(store, key).await?;
    lock.write(StateWrite::new(Expected::Absent, state(serial), case.note())).await?;
    lock.release().await?;
    Ok(())
}

pub(super) async fn listing(case: &Case<'_>) -> Verdict {
    let store = case.subject.client();
    if store.capabilities().listing == Support::No {
        return Ok(Some("the store cannot list"));
    }
    let (a, b) = (case.another_key("a"), case.another_key("b"));
    let staging = case.subject.in_workspace(&b, "staging");
    let keys = [a, b, staging];
    for (serial, key) in (1..).zip(&keys) {
        put(case, &*store, key, serial).await?;
    }
    // A lock is no state.
    let locked = case.another_key("c");
    let lock = case.lock(&*store, &locked).await?;
    let listed = store.list("").await?;
    lock.release().await?;
    for key in &keys {
        ensure(listed.contains(key), || format!("{key} is not listed"))?;
    }
    ensure(!listed.contains(&locked), || "a lock is listed as a state".to_owned())?;
    ensure(listed.is_sorted(), || "the list is not in order".to_owned())?;
    Ok(None)
}

pub(super) async fn workspaces(case: &Case<'_>) -> Verdict {
    let (store, key) = (case.subject.client(), case.key());
    let other = case.subject.in_workspace(&key, "staging");
    if store.capabilities().listing == Support::No && store.place(&key) == store.place(&other) {
        return Ok(Some("the store has one workspace"));
    }
    put(case, &*store, &key, 1).await?;
    put(case, &*store, &other, 2).await?;
    for (key, serial) in [(&key, 1), (&other, 2)] {
        let found = store.read(key).await?;
        ensure(found.is_some_and(|found| found.bytes == state(serial)), || format!("{key} holds another state"))?;
    }
    // The lock of one does not stop the other.
    let (first, second) = (case.lock(&*store, &key).await?, case.lock(&*store, &other).await?);
    first.release().await?;
    second.release().await?;
    Ok(None)
}

pub(super) async fn awkward(case: &Case<'_>) -> Verdict {
    let store = case.subject.client();
    let mut any = false;
    for (serial, characters) in (1..).zip([
        "/nested/deep.tfstate",
        " with spaces",
        "-ünïcödé-日本語-🧊",
        "-percent%2Fencoded",
        "-plus+amp&eq=q?hash#",
        "-quote'\"",
        "-a.b..c",
    ]) {
        let name = format!("{}-{}-{serial}", case.options.run, case.name);
        let Some(key) = case.subject.awkward_key(&name, characters) else { continue };
        any = true;
        let told = |error: Failure| Failure(format!("{characters:?}: {}", error.0));
        put(case, &*store, &key, serial).await.map_err(told)?;
        let found = case.subject.client().read(&key).await.map_err(|error| told(error.into()))?;
        ensure(found.is_some_and(|found| found.bytes == state(serial)), || format!("{characters:?}: another state"))?;
        if store.capabilities().listing == Support::Yes {
            let listed = store.list(&key.key).await.map_err(|error| told(error.into()))?;
            ensure(listed.contains(&key), || format!("{characters:?}: is not listed as it was written: {listed:?}"))?;
        }
    }
    Ok(if any { None } else { Some("keys are not the caller's to choose") })
}
