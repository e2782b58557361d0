//! Terraform's `http` backend, on the server of our own.

use std::time::{Duration, Instant};

use landfast_backends::{ErrorClass, Expected, ForceUnlock, LockInfo, StateKey, StateStore, StateWrite, WriteNote};
use landfast_state::{AuditError, AuditEvent, AuditSink};

use super::terraform::Terraform;
use crate::http::server::{Behaviour, Server};
use crate::http::{SERVER, store};
use crate::record::BesideTerraform;

const USER: (&str, &str) = ("me", "hunter2");

#[derive(Debug)]
struct Nowhere;

impl AuditSink for Nowhere {
    fn record(&self, _: &AuditEvent) -> Result<(), AuditError> {
        Ok(())
    }
}

fn ours() -> LockInfo {
    LockInfo::new("state mv", "landfast@test", std::time::SystemTime::now())
}

/// Waits until terraform holds the lock. The server is looked into, since asking for the lock could stop terraform.
async fn wait_for_lock(server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.lock("stack").is_none() {
        assert!(Instant::now() < deadline, "terraform does not take the lock");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn terraform_and_we_stop_each_other_and_share_states() {
    let behaviour = Behaviour { user: Some(USER), announces_md5: true, ..Behaviour::default() };
    let server = Server::start(behaviour).await;
    let url = server.url("stack");
    let backend = format!(
        "backend \"http\" {{\n address = \"{url}\"\n lock_address = \"{url}\"\n unlock_address = \"{url}\"\n retry_max = 0\n}}"
    );
    let terraform = Terraform::new(&backend, &[("TF_HTTP_USERNAME", USER.0), ("TF_HTTP_PASSWORD", USER.1)]);
    let (store, key) = (store(&url, &[("username", USER.0), ("password", USER.1)]), StateKey::new(""));
    let mut record = BesideTerraform::new("http", SERVER);
    let note = || WriteNote::new("landfast@test", "state mv");

    // A state that we create is one that terraform goes on with, and the other way round.
    terraform.succeed(&["init", "-no-color"]);
    terraform.succeed(&["apply", "-no-color", "-auto-approve"]);

    // Our lock stops terraform, which names it.
    let mut lock = store.lock(&key, ours()).await.unwrap();
    let (code, said) = terraform.run(&["apply", "-no-color", "-auto-approve"]);
    assert!(code == 1 && said.contains(&lock.info().id), "{said}");
    record.passed("our-lock-stops-terraform");

    // What we write under it, terraform takes for its own state.
    let read = lock.read().await.unwrap().unwrap();
    let mut state: serde_json::Value = serde_json::from_slice(&read.bytes).unwrap();
    state["serial"] = (state["serial"].as_u64().unwrap() + 1).into();
    let raised = serde_json::to_vec_pretty(&state).unwrap();
    lock.write(StateWrite::new(Expected::of(Some(&read)), raised.clone().into(), note())).await.unwrap();
    lock.release().await.unwrap();
    let (code, said) = terraform.run(&["plan", "-no-color", "-detailed-exitcode"]);
    assert!(code == 0 && said.contains("No changes"), "{said}");
    assert_eq!(server.state("stack").unwrap(), raised);
    record.passed("terraform-goes-on-with-our-write");

    // Terraform's lock stops us, and is shown.
    terraform.configure("two");
    let waiting = terraform.waiting_apply();
    wait_for_lock(&server).await;
    let refused = store.lock(&key, ours()).await.unwrap_err();
    let holder = refused.holder.unwrap();
    assert_eq!((refused.class, holder.operation.as_str()), (ErrorClass::Locked, "OperationTypeApply"));
    assert!(!holder.who.is_empty() && holder.created_at().is_some(), "{holder}");
    assert_eq!(store.lock_info(&key).await.unwrap().unwrap(), *holder);
    waiting.decline();
    store.lock(&key, ours()).await.unwrap().release().await.unwrap();
    record.passed("terraforms-lock-stops-us");

    // A killed terraform leaves its lock: we remove it by its id, and terraform works again.
    let waiting = terraform.waiting_apply();
    wait_for_lock(&server).await;
    waiting.kill();
    let left = store.lock_info(&key).await.unwrap().unwrap();
    let now = std::time::SystemTime::now();
    let wrong = ForceUnlock::new("1", "landfast@test", "killed", now, &Nowhere);
    assert_eq!(store.force_unlock(&key, wrong).await.unwrap_err().class, ErrorClass::Conflict);
    let right = ForceUnlock::new(&left.id, "landfast@test", "killed", now, &Nowhere);
    store.force_unlock(&key, right).await.unwrap();
    terraform.succeed(&["apply", "-no-color", "-auto-approve"]);
    let (code, said) = terraform.run(&["plan", "-no-color", "-detailed-exitcode"]);
    assert_eq!(code, 0, "{said}");
    assert!(!terraform.folder().join("terraform.tfstate").exists(), "nothing is kept beside the store");
    record.passed("killed-terraforms-lock");

    // Terraform removes our lock by the id that we show: we write nothing any more.
    let mut lock = store.lock(&key, ours()).await.unwrap();
    let read = lock.read().await.unwrap().unwrap();
    let id = lock.info().id.clone();
    terraform.succeed(&["force-unlock", "-no-color", "-force", &id]);
    assert_eq!(server.lock("stack"), None);
    let late = lock.write(StateWrite::new(Expected::of(Some(&read)), raised.into(), note())).await.unwrap_err();
    assert_eq!(late.class, ErrorClass::Conflict, "{late}");
    assert_eq!(server.state("stack").unwrap(), read.bytes);
    record.passed("terraform-removes-our-lock");
    record.not_applicable("terraforms-workspaces-are-ours", "terraform's http backend has one workspace");
    record.leave();
}
