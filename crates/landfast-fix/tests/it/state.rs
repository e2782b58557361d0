//! The state actuator, through the executor's port.

use std::sync::Arc;
use std::time::SystemTime;

use landfast_backends::change::ChangeOptions;
use landfast_backends::history::History;
use landfast_backends::{Expected, LocalStore, LockInfo, MemoryStore, StateKey, StateStore, StateWrite, WriteNote};
use landfast_drift::RuleSet;
use landfast_fix::{HeldState, StateActuator};
use landfast_rollback::{Actuator as _, ActuatorFailure, Change, Direction, Hold as _};
use landfast_safety::ActionKind;
use landfast_state::address::ObjectAddress;
use landfast_state::{BytesDigest, Limits, ResourceObject, StateFile};

const STATE: &str = r#"{"version": 4, "serial": 3, "lineage": "a", "outputs": {}, "resources": [
  {"mode": "managed", "type": "aws_db_instance", "name": "db", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"].eu",
   "instances": [{"schema_version": 2, "attributes": {"id": "db-1", "password": "CANARY-SECRET", "n": 1.50},
     "private": "cHJpdmF0ZQ==", "identity": {"arn": "x"}, "identity_schema_version": 0}]}]}"#;

fn address(text: &str) -> ObjectAddress {
    text.parse().unwrap()
}

async fn put(store: &dyn StateStore, key: &StateKey, text: &str) {
    let found = store.read(key).await.unwrap();
    let mut lock = store.lock(key, LockInfo::new("put", "t@t", SystemTime::now())).await.unwrap();
    let write = StateWrite::new(Expected::of(found.as_ref()), text.to_owned().into(), WriteNote::new("t@t", "put"));
    lock.write(write).await.unwrap();
    lock.release().await.unwrap();
}

async fn text(store: &dyn StateStore, key: &StateKey) -> String {
    String::from_utf8(store.read(key).await.unwrap().unwrap().bytes.to_vec()).unwrap()
}

fn change(action: ActionKind, at: &str, to: Option<&str>, after: Option<ResourceObject>) -> Change {
    let mut change = Change::new(landfast_rollback::plan::StepId::new(1), Direction::Forward, action, address(at));
    change.moves_to = to.map(address);
    change.after = after;
    change
}

async fn forgets_moves_and_adopts(store: Arc<dyn StateStore>, key: StateKey, history: Option<History>) {
    put(&*store, &key, STATE).await;
    let options = ChangeOptions::new("t@t", "test", SystemTime::now()).with_history(history.clone());
    let held = Arc::new(HeldState::open(Arc::clone(&store), key.clone(), "prod", &options).await.unwrap());
    assert_eq!(held.target().environment, "prod");
    assert_eq!((held.target().lineage.as_str(), held.target().serial), ("a", 3));
    assert_eq!(held.state().await.unwrap(), BytesDigest::of(STATE.as_bytes()));
    held.check().await.unwrap();
    // Nobody else gets the lock meanwhile.
    assert!(store.lock(&key, LockInfo::new("x", "x@x", SystemTime::now())).await.is_err());

    let earlier = StateFile::read(STATE.into(), "earlier", &Limits::default()).unwrap();
    let actuator = StateActuator::new(Arc::clone(&held), vec![earlier], RuleSet::embedded());
    let db = address("aws_db_instance.db");
    let object = actuator.read(&db, None).await.unwrap().unwrap();
    // The state does not mark it; the rules do.
    assert_eq!(object.sensitive.iter().map(ToString::to_string).collect::<Vec<_>>(), ["password"]);
    assert!(actuator.read(&address("aws_db_instance.none"), None).await.unwrap().is_none());

    actuator
        .act(&change(ActionKind::Move, "aws_db_instance.db", Some("module.m.aws_db_instance.db"), None))
        .await
        .unwrap();
    assert!(actuator.read(&db, None).await.unwrap().is_none());
    assert_eq!(held.target().serial, 4);
    actuator.act(&change(ActionKind::Forget, "module.m.aws_db_instance.db", None, None)).await.unwrap();
    assert_eq!(held.snapshot().await.unwrap().unwrap().objects().len(), 0);
    // It comes back to the last byte of what only a state holds.
    actuator.act(&change(ActionKind::Adopt, "aws_db_instance.db", None, Some(object))).await.unwrap();
    let there: serde_json::Value = serde_json::from_str(&text(&*store, &key).await).unwrap();
    let before: serde_json::Value = serde_json::from_str(STATE).unwrap();
    assert_eq!(there["resources"], before["resources"]);
    assert!(text(&*store, &key).await.contains("1.50"));
    assert_eq!(there["serial"], 6);

    let refused = actuator.act(&change(ActionKind::Forget, "aws_vpc.none", None, None)).await.unwrap_err();
    assert_eq!(refused.failure, ActuatorFailure::Rejected);
    let refused = actuator.act(&change(ActionKind::Delete, "aws_db_instance.db", None, None)).await.unwrap_err();
    assert_eq!(refused.failure, ActuatorFailure::Unsupported);
    held.release().await.unwrap();
    held.release().await.unwrap();
    assert!(held.check().await.is_err());
    assert!(actuator.read(&db, None).await.is_err());
    store.lock(&key, LockInfo::new("x", "x@x", SystemTime::now())).await.unwrap().release().await.unwrap();
    if let Some(history) = history {
        assert_eq!(history.entries().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn in_a_local_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.tfstate");
    let store: Arc<dyn StateStore> = Arc::new(LocalStore::in_folder(folder.path()));
    forgets_moves_and_adopts(store, StateKey::new("t.tfstate"), Some(History::beside(&path))).await;
}

#[tokio::test]
async fn in_a_state_in_memory() {
    forgets_moves_and_adopts(Arc::new(MemoryStore::new()), StateKey::new("t.tfstate"), None).await;
}
