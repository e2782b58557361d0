//! Cases about what goes wrong around a store.

use std::sync::Arc;

use super::cutting_proxy::CuttingProxy;
use super::{Case, Verdict, ensure, fail, state};
use crate::{ErrorClass, Expected, StateStore, StateWrite};

async fn refused_as(case: &Case<'_>, store: Arc<dyn StateStore>, classes: &[ErrorClass]) -> Verdict {
    let key = case.key();
    let answers =
        [("reading", store.read(&key).await.map(|_| ())), ("locking", case.lock(&*store, &key).await.map(|_| ()))];
    for (what, answer) in answers {
        match answer {
            Ok(()) => return fail(format!("{what} gives no error")),
            Err(error) => ensure(classes.contains(&error.class), || format!("{what} is {}: {error}", error.class))?,
        }
    }
    Ok(None)
}

pub(super) async fn missing_container(case: &Case<'_>) -> Verdict {
    match case.subject.missing_container() {
        None => Ok(Some("nothing can be missing")),
        Some(store) => refused_as(case, store, &[ErrorClass::NotFound]).await,
    }
}

pub(super) async fn wrong_credentials(case: &Case<'_>) -> Verdict {
    match case.subject.wrong_credentials() {
        None => Ok(Some("the server asks for no credentials")),
        Some(store) => refused_as(case, store, &[ErrorClass::Unauthenticated, ErrorClass::PermissionDenied]).await,
    }
}

/// The connection breaks at many places of a write: the old state is there, or the new one, and nothing is acknowledged that
/// is not there.
pub(super) async fn connection_lost(case: &Case<'_>) -> Verdict {
    let (Some(server), store) = (case.subject.server(), case.subject.client()) else {
        return Ok(Some(case.subject.no_server()));
    };
    let padding = " ".repeat(200_000);
    let large = |serial: u64| -> bytes::Bytes { [&state(serial)[..], padding.as_bytes()].concat().into() };
    let mut cut_at = vec![0_usize, 1, 40, 200, 500];
    cut_at.extend((1..12).map(|step| step * 25_000));
    for (round, cut_at) in (0_u64..).zip(cut_at) {
        let key = case.another_key(&round.to_string());
        let mut lock = case.lock(&*store, &key).await?;
        let first = lock.write(StateWrite::new(Expected::Absent, large(1), case.note())).await?;
        lock.release().await?;

        let proxy = CuttingProxy::start(server).await.map_err(|error| super::Failure(error.to_string()))?;
        let Some(behind) = case.subject.client_at(proxy.address()) else {
            return Ok(Some("there is no client for another address"));
        };
        let mut lock = case.lock(&*behind, &key).await?;
        proxy.cut_after(cut_at);
        let answer = lock.write(StateWrite::new(first.expected(), large(2), case.note())).await;
        let found = store.read(&key).await?;
        let Some(found) = found else { return fail(format!("cut after {cut_at} bytes: nothing is there")) };
        let (is_old, is_new) = (found.bytes == large(1), found.bytes == large(2));
        ensure(is_old || is_new, || format!("cut after {cut_at} bytes: neither the old state nor the new one"))?;
        match answer {
            Ok(_) => ensure(is_new, || format!("cut after {cut_at} bytes: acknowledged, and not there"))?,
            Err(error) => {
                let unknown = error.outcome == crate::WriteOutcome::Unknown;
                ensure(is_old || unknown, || {
                    format!("cut after {cut_at} bytes: said not to be written, and is: {error}")
                })?;
                let class = error.class;
                ensure(class == ErrorClass::Transient, || format!("cut after {cut_at} bytes: {class}: {error}"))?;
            }
        }
        proxy.pass();
        // Where the lock was the connection, it is gone; otherwise it is still ours.
        let _ = lock.release().await;
    }
    Ok(None)
}
