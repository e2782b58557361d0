//! Our locks and writes beside those of the real terraform, on any store that keeps locks.

use std::time::{Duration, Instant, SystemTime};

use landfast_backends::{ErrorClass, Expected, ForceUnlock, LockInfo, StateKey, StateStore, StateWrite, WriteNote};
use landfast_state::{AuditError, AuditEvent, AuditSink};

use super::terraform::Terraform;
use crate::record::BesideTerraform;

/// Keeps nothing.
#[derive(Debug)]
pub(crate) struct Nowhere;

impl AuditSink for Nowhere {
    fn record(&self, _: &AuditEvent) -> Result<(), AuditError> {
        Ok(())
    }
}

fn ours() -> LockInfo {
    LockInfo::new("state mv", "landfast@test", SystemTime::now())
}

/// Waits until somebody holds the lock.
pub(crate) async fn holder(store: &dyn StateStore, key: &StateKey) -> LockInfo {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(info) = store.lock_info(key).await.unwrap().filter(|info| !info.operation.is_empty()) {
            return info;
        }
        assert!(Instant::now() < deadline, "terraform does not take the lock");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Both ways: our lock stops terraform and terraform's stops us; each may remove the other's by its id; terraform goes on with
/// what we wrote.
pub(crate) async fn check(store: &dyn StateStore, key: &StateKey, terraform: &Terraform, mut record: BesideTerraform) {
    let note = || WriteNote::new("landfast@test", "state mv");
    terraform.succeed(&["init", "-no-color"]);
    terraform.succeed(&["apply", "-no-color", "-auto-approve"]);

    // Our lock stops terraform, which shows who holds it.
    let mut lock = store.lock(key, ours()).await.unwrap();
    let (code, said) = terraform.run(&["apply", "-no-color", "-auto-approve", "-lock-timeout=0s"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("Error acquiring the state lock"), "{said}");
    for shown in [&lock.info().id, "landfast@test", "state mv"] {
        assert!(said.contains(shown), "terraform does not show {shown}: {said}");
    }
    record.passed("our-lock-stops-terraform");

    // What we write under it, terraform takes for its own state.
    let read = lock.read().await.unwrap().unwrap();
    let text = std::str::from_utf8(&read.bytes).unwrap();
    let mut state: serde_json::Value = serde_json::from_str(text).unwrap();
    let serial = state["serial"].as_u64().unwrap() + 1;
    state["serial"] = serial.into();
    let raised = serde_json::to_vec_pretty(&state).unwrap();
    let written = lock.write(StateWrite::new(Expected::of(Some(&read)), raised.clone().into(), note())).await.unwrap();
    lock.release().await.unwrap();
    let (code, said) = terraform.run(&["plan", "-no-color", "-detailed-exitcode"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("No changes"), "{said}");
    assert_eq!(store.read(key).await.unwrap().unwrap().expected(), written.expected());
    record.passed("terraform-goes-on-with-our-write");

    // Terraform's lock stops us, and is shown; then terraform ends and we get it.
    terraform.configure("two");
    let waiting = terraform.waiting_apply();
    let shown = holder(store, key).await;
    assert_eq!(shown.operation, "OperationTypeApply");
    assert!(!shown.who.is_empty() && shown.created_at().is_some(), "{shown}");
    let refused = store.lock(key, ours()).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Locked);
    assert_eq!(refused.holder.as_deref(), Some(&shown));
    waiting.decline();
    store.lock(key, ours()).await.unwrap().release().await.unwrap();
    record.passed("terraforms-lock-stops-us");

    // A killed terraform leaves its lock: we remove it by its id, and terraform works again.
    let waiting = terraform.waiting_apply();
    let left = holder(store, key).await;
    waiting.kill();
    assert_eq!(store.lock_info(key).await.unwrap().as_ref(), Some(&left));
    let now = SystemTime::now();
    let wrong = ForceUnlock::new("1", "landfast@test", "killed", now, &Nowhere);
    assert!(store.force_unlock(key, wrong).await.is_err());
    let right = ForceUnlock::new(&left.id, "landfast@test", "killed", now, &Nowhere);
    store.force_unlock(key, right).await.unwrap();
    terraform.succeed(&["apply", "-no-color", "-auto-approve"]);
    record.passed("killed-terraforms-lock");

    // Terraform removes our lock by the id that we show: we write nothing any more.
    let mut lock = store.lock(key, ours()).await.unwrap();
    let read = lock.read().await.unwrap().unwrap();
    let id = lock.info().id.clone();
    terraform.succeed(&["force-unlock", "-no-color", "-force", &id]);
    let late = lock.write(StateWrite::new(Expected::of(Some(&read)), raised.into(), note())).await.unwrap_err();
    assert_eq!(late.class, ErrorClass::Conflict, "{late}");
    assert!(lock.release().await.is_err());
    assert_eq!(store.read(key).await.unwrap().unwrap().digest, read.digest);
    record.passed("terraform-removes-our-lock");

    // A workspace of terraform's is one of ours.
    terraform.succeed(&["workspace", "new", "-no-color", "blue"]);
    terraform.succeed(&["apply", "-no-color", "-auto-approve"]);
    let blue = key.clone().in_workspace("blue");
    let listed = store.list(&key.key).await.unwrap();
    assert_eq!(listed, [blue.clone(), key.clone()], "{listed:?}");
    assert!(store.read(&blue).await.unwrap().is_some());
    record.passed("terraforms-workspaces-are-ours");
    record.leave();
}
