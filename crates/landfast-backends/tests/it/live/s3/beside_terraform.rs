//! Locks and writes beside those of the real terraform, in every way that it locks.

use landfast_backends::StateKey;
use serde_json::{Value, json};

use super::{KEY_ID, SECRET, moto, seaweedfs, store};
use crate::live::interplay;
use crate::live::servers::Server;
use crate::live::terraform::Terraform;
use crate::record::BesideTerraform;

fn terraform(server: &Server, locking: &str) -> Terraform {
    let url = server.url();
    let backend = format!(
        "backend \"s3\" {{\n  bucket = \"states\"\n  key = \"prod/net work.tfstate\"\n  region = \"eu-west-1\"\n  \
         access_key = \"{KEY_ID}\"\n  secret_key = \"{SECRET}\"\n  use_path_style = true\n  \
         skip_credentials_validation = true\n  skip_requesting_account_id = true\n  skip_metadata_api_check = true\n  \
         endpoints = {{ s3 = \"{url}\", dynamodb = \"{url}\" }}\n  {locking}\n}}"
    );
    Terraform::new(&backend, &[])
}

async fn check(record: BesideTerraform, server: &Server, locking: &str, more: &Value) {
    let key = StateKey::new("prod/net work.tfstate");
    interplay::check(&*store(server, more), &key, &terraform(server, locking), record).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_the_lock_object() {
    check(BesideTerraform::new("s3 on moto", "moto"), &moto(), "use_lockfile = true", &json!({"use_lockfile": true}))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_the_table() {
    check(
        BesideTerraform::new("s3 and dynamodb on moto", "moto"),
        &moto(),
        "dynamodb_table = \"locks\"",
        &json!({"dynamodb_table": "locks"}),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_both() {
    let more = json!({"dynamodb_table": "locks", "use_lockfile": true});
    check(
        BesideTerraform::new("s3 with both locks on moto", "moto"),
        &moto(),
        "dynamodb_table = \"locks\"\n  use_lockfile = true",
        &more,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_the_lock_object_on_seaweedfs() {
    check(
        BesideTerraform::new("s3 on seaweedfs", "SeaweedFS"),
        &seaweedfs("versions"),
        "use_lockfile = true",
        &json!({"use_lockfile": true}),
    )
    .await;
}

/// Where neither is configured terraform locks nothing, but what we write is its state all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_key_is_used_exactly_when_terraform_uses_it() {
    use landfast_backends::{Expected, LockInfo, StateWrite, WriteNote};
    let server = moto();
    let key = StateKey::new("prod/net work.tfstate");
    let customer = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for encrypt in [true, false] {
        let more = json!({"sse_customer_key": customer, "encrypt": encrypt});
        let terraform = terraform(&server, &format!("sse_customer_key = \"{customer}\"\n  encrypt = {encrypt}"));
        terraform.succeed(&["init", "-no-color", "-reconfigure"]);
        let store = store(&server, &more);
        let mut lock = store.lock(&key, LockInfo::new("push", "a@b", std::time::SystemTime::now())).await.unwrap();
        let read = lock.read().await.unwrap();
        let state = format!(
            "{{\"version\":4,\"terraform_version\":\"1.11.4\",\"serial\":5,\"lineage\":\"l-{encrypt}\",\"outputs\":{{}},\
             \"resources\":[]}}"
        );
        let write = StateWrite::new(Expected::of(read.as_ref()), state.into(), WriteNote::new("a@b", "push"));
        lock.write(write).await.unwrap();
        lock.release().await.unwrap();
        assert!(terraform.succeed(&["state", "pull"]).contains(&format!("l-{encrypt}")));
    }
}
