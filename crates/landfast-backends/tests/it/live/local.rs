//! Local files, beside the real terraform. That who waits over a replacement fails loudly is shown in landfast-durable.

use std::time::{Duration, Instant, SystemTime};

use landfast_backends::{ErrorClass, Expected, LocalStore, LockInfo, StateKey, StateStore, StateWrite, WriteNote};

use super::interplay::holder;
use super::terraform::Terraform;
use crate::record::BesideTerraform;

fn ours() -> LockInfo {
    LockInfo::new("state mv", "landfast@test", SystemTime::now())
}

async fn wait_for_no_lock(store: &LocalStore, key: &StateKey) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while store.lock_info(key).await.unwrap().is_some() {
        assert!(Instant::now() < deadline, "the lock stays");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terraform_and_we_stop_each_other_and_share_states() {
    let terraform = Terraform::new("backend \"local\" {}", &[]);
    let (store, key) = (LocalStore::in_folder(terraform.folder()), StateKey::new("terraform.tfstate"));
    let mut record = BesideTerraform::new("local", "the file system");
    terraform.succeed(&["init", "-no-color"]);
    terraform.succeed(&["apply", "-no-color", "-auto-approve"]);

    let mut lock = store.lock(&key, ours()).await.unwrap();
    let (code, said) = terraform.run(&["apply", "-no-color", "-auto-approve"]);
    assert!(code == 1 && said.contains("Error acquiring the state lock"), "{said}");
    assert!(said.contains("landfast@test") && said.contains(&lock.info().id), "{said}");
    record.passed("our-lock-stops-terraform");

    let read = lock.read().await.unwrap().unwrap();
    let mut state: serde_json::Value = serde_json::from_slice(&read.bytes).unwrap();
    state["serial"] = (state["serial"].as_u64().unwrap() + 1).into();
    let raised = serde_json::to_vec_pretty(&state).unwrap();
    let note = WriteNote::new("landfast@test", "state mv");
    lock.write(StateWrite::new(Expected::of(Some(&read)), raised.clone().into(), note)).await.unwrap();
    lock.release().await.unwrap();
    let (code, said) = terraform.run(&["plan", "-no-color", "-detailed-exitcode"]);
    assert!(code == 0 && said.contains("No changes"), "{said}");
    record.passed("terraform-goes-on-with-our-write");

    terraform.configure("two");
    let waiting = terraform.waiting_apply();
    let shown = holder(&store, &key).await;
    assert_eq!(shown.operation, "OperationTypeApply");
    let refused = store.lock(&key, ours()).await.unwrap_err();
    assert_eq!((refused.class, refused.holder.as_deref()), (ErrorClass::Locked, Some(&shown)));
    waiting.decline();
    wait_for_no_lock(&store, &key).await;
    store.lock(&key, ours()).await.unwrap().release().await.unwrap();
    record.passed("terraforms-lock-stops-us");

    let waiting = terraform.waiting_apply();
    holder(&store, &key).await;
    waiting.kill();
    wait_for_no_lock(&store, &key).await;
    store.lock(&key, ours()).await.unwrap().release().await.unwrap();
    terraform.succeed(&["apply", "-no-color", "-auto-approve"]);
    record.passed("killed-terraforms-lock");
    record.not_applicable("terraform-removes-our-lock", "a lock ends with its holder");

    terraform.succeed(&["workspace", "new", "-no-color", "blue"]);
    terraform.succeed(&["apply", "-no-color", "-auto-approve"]);
    let blue = key.clone().in_workspace("blue");
    let listed = store.list("").await.unwrap();
    assert!(listed.contains(&blue) && listed.contains(&key), "{listed:?}");
    assert!(store.read(&blue).await.unwrap().is_some());
    record.passed("terraforms-workspaces-are-ours");
    record.leave();
}
