//! Google Cloud Storage, on fake-gcs-server.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use landfast_backends::conformance::{Ending, Options, Subject, run};
use landfast_backends::{
    Environment, ErrorClass, Expected, GcsStore, LockInfo, StateAddress, StateKey, StateStore, StateWrite, WriteNote,
    WriteOutcome,
};
use serde_json::json;

use super::servers::Server;
use super::{interplay, lost_answer::losing, stub::Stub, terraform::Terraform, tool};
use crate::record::BesideTerraform;

const SERVER: &str = "fake-gcs-server";

/// A server with the bucket `states`, which keeps versions.
async fn server() -> Server {
    let server = Server::start(|port, _| {
        let mut command = Command::new(tool("fake-gcs-server/fake-gcs-server"));
        command.args(["-scheme", "http", "-host", "127.0.0.1", "-backend", "memory", "-log-level", "error"]);
        command.arg("-port").arg(port.to_string()).arg("-public-host").arg(format!("127.0.0.1:{port}"));
        command
    });
    create_bucket(server.address).await;
    server
}

async fn create_bucket(server: SocketAddr) {
    let answer = reqwest::Client::new()
        .post(format!("http://{server}/storage/v1/b?project=p"))
        .header("content-type", "application/json")
        .body(json!({"name": "states", "versioning": {"enabled": true}}).to_string())
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}

fn store_with(server: SocketAddr, more: &serde_json::Value) -> GcsStore {
    let mut attributes = serde_json::Map::from_iter([
        ("bucket".to_owned(), json!("states")),
        ("access_token".to_owned(), json!("hunter2")),
        ("storage_custom_endpoint".to_owned(), json!(format!("http://{server}/storage/v1/"))),
    ]);
    attributes.extend(more.as_object().cloned().unwrap());
    let address = StateAddress::from_backend("gcs", &attributes, "default").unwrap();
    GcsStore::from_address(&address, &Environment::default()).unwrap()
}

fn store(server: SocketAddr) -> GcsStore {
    store_with(server, &json!({}))
}

#[derive(Debug)]
struct Gcs(SocketAddr);

impl Subject for Gcs {
    fn client(&self) -> Arc<dyn StateStore> {
        Arc::new(store(self.0))
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::new(name)
    }

    fn missing_container(&self) -> Option<Arc<dyn StateStore>> {
        Some(Arc::new(store_with(self.0, &json!({"bucket": "not-there"}))))
    }

    fn server(&self) -> Option<SocketAddr> {
        Some(self.0)
    }

    fn client_at(&self, address: SocketAddr) -> Option<Arc<dyn StateStore>> {
        Some(Arc::new(store(address)))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn passes_the_suite() {
    let server = server().await;
    let results =
        crate::suite::on_server("gcs on fake-gcs-server", SERVER, &Gcs(server.address), &Options::default()).await;
    let passed = results.iter().filter(|result| result.ending == Ending::Passed).count();
    // The server takes any credentials; see the_answers_of_a_server.
    assert_eq!(passed, results.len() - 1, "{results:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn terraform_and_we_stop_each_other() {
    let server = server().await;
    let backend = format!(
        "  backend \"gcs\" {{\n    bucket = \"states\"\n    prefix = \"prod/net\"\n    access_token = \"x\"\n    \
         storage_custom_endpoint = \"{}/storage/v1/\"\n  }}",
        server.url()
    );
    let terraform = Terraform::new(&backend, &[]);
    let record = BesideTerraform::new("gcs on fake-gcs-server", SERVER);
    interplay::check(&store(server.address), &StateKey::new("prod/net"), &terraform, record).await;
}

async fn lock(store: &GcsStore, key: &StateKey) -> Box<dyn landfast_backends::HeldLock> {
    store.lock(key, LockInfo::new("test", "landfast@test", std::time::SystemTime::now())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_object_is_no_state() {
    let server = server().await;
    let (store, key) = (store(server.address), StateKey::new("empty"));
    let url = format!("{}/upload/storage/v1/b/states/o?uploadType=media&name=empty/default.tfstate", server.url());
    assert!(reqwest::Client::new().post(url).body("").send().await.unwrap().status().is_success());
    assert!(store.read(&key).await.unwrap().is_none());
    assert_eq!(store.list("empty").await.unwrap(), []);
    let mut held = lock(&store, &key).await;
    held.write(StateWrite::new(Expected::Absent, "{}".into(), WriteNote::default())).await.unwrap();
    held.release().await.unwrap();
    assert_eq!(store.read(&key).await.unwrap().unwrap().bytes, "{}");
    assert_eq!(store.versions(&key).await.unwrap().len(), 1);
}

/// The answer to taking the lock is lost: it is ours all the same, and nobody is locked out by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_whose_answer_is_lost_is_ours() {
    let server = server().await;
    let key = StateKey::new("prod");
    let (proxy, is_lost) = losing(server.address, "POST /upload/").await;
    let held = lock(&store(proxy), &key).await;
    assert!(is_lost.load(std::sync::atomic::Ordering::SeqCst));
    let direct = store(server.address);
    assert_eq!(direct.lock_info(&key).await.unwrap().as_ref(), Some(held.info()));
    held.release().await.unwrap();
    assert_eq!(direct.lock_info(&key).await.unwrap(), None);
    lock(&direct, &key).await.release().await.unwrap();
}

/// What the server says of a failure becomes its class, and no credential stands in the error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answers_of_a_server() {
    let key = StateKey::new("prod");
    for (status, said, class, outcome) in [
        ("401 Unauthorized", "Invalid Credentials", ErrorClass::Unauthenticated, WriteOutcome::NotWritten),
        ("403 Forbidden", "me@x has no access", ErrorClass::PermissionDenied, WriteOutcome::NotWritten),
        ("404 Not Found", "The specified bucket does not exist.", ErrorClass::NotFound, WriteOutcome::NotWritten),
        ("429 Too Many Requests", "rate limit", ErrorClass::Transient, WriteOutcome::NotWritten),
        ("503 Service Unavailable", "try again", ErrorClass::Transient, WriteOutcome::NotWritten),
        ("500 Internal Server Error", "oh", ErrorClass::Transient, WriteOutcome::Unknown),
        ("200 OK", "no JSON", ErrorClass::Corrupt, WriteOutcome::Unknown),
    ] {
        let body = json!({"error": {"message": said}}).to_string();
        let server = Stub::start(status, "", &body).await;
        let store = store(server.address);
        let read = store.read(&key).await.unwrap_err();
        let info = LockInfo::new("test", "landfast@test", std::time::SystemTime::now());
        let locked = store.lock(&key, info).await.unwrap_err();
        for error in [&read, &locked] {
            assert_eq!(error.class, class, "{status}: {error}");
            assert!(error.to_string().contains("gs://states/prod/default.tf"), "{error}");
            assert!(!format!("{error:?} {store:?}").contains("hunter2"), "{error:?}");
        }
        assert_eq!(read.outcome, WriteOutcome::NotWritten, "{status}");
        assert_eq!(locked.outcome, outcome, "{status}: {locked}");
    }
}

/// A private key that is none is an error without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_cannot_be_had() {
    let attributes = json!({"credentials": "{\"type\": \"service_account\", \"private_key\": \"hunter2\", \"client_email\": \"a@b\"}",
        "access_token": null});
    let server = Stub::start("200 OK", "", "{}").await;
    let error = store_with(server.address, &attributes).read(&StateKey::new("prod")).await;
    let error = error.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unauthenticated, "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

/// A key of the caller's own goes with the state and not with the lock, as terraform has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_go_with_states_and_not_with_locks() {
    let described = json!({"name": "x", "generation": "7"}).to_string();
    let own = json!({"encryption_key": "CTaQf1Z9rrw+qr2hvsT9q1D4L+Cg9ko6ZmJv8kCwKLY="});
    let managed = json!({"kms_encryption_key": "projects/p/locations/l/keyRings/r/cryptoKeys/k"});
    for (attributes, read, written) in [
        (own, "x-goog-encryption-key-sha256: ", "x-goog-encryption-key-sha256: "),
        (managed, "alt=media", "kmsKeyName=projects%2Fp%2Flocations%2Fl%2FkeyRings%2Fr%2FcryptoKeys%2Fk"),
    ] {
        let server = Stub::start("200 OK", "x-goog-generation: 7\r\n", &described).await;
        let (store, key) = (store_with(server.address, &attributes), StateKey::new("prod"));
        let mut held = lock(&store, &key).await;
        held.read().await.unwrap().unwrap();
        held.write(StateWrite::new(Expected::Absent, "{}".into(), WriteNote::default())).await.unwrap();
        held.release().await.unwrap();
        let requests = server.requests();
        let has_key = |request: &&String| request.contains("x-goog-encryption-") || request.contains("kmsKeyName");
        let of_state = |request: &&String| request.contains("default.tfstate");
        assert!(requests.iter().filter(has_key).all(|request| of_state(&request)), "{requests:#?}");
        let begins = |method: &str, with: &str| {
            requests.iter().filter(of_state).any(|request| request.starts_with(method) && request.contains(with))
        };
        assert!(begins("GET ", read) && begins("POST ", written), "{requests:#?}");
        assert!(requests.iter().all(|request| request.contains("authorization: Bearer hunter2")), "{requests:#?}");
    }
}

/// On a machine of Google's, the metadata server gives the token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_the_metadata_server() {
    let metadata = Stub::start("200 OK", "", r#"{"access_token": "from-metadata", "expires_in": 3600}"#).await;
    let server = Stub::start("200 OK", "x-goog-generation: 7\r\n", "{}").await;
    let attributes = json!({
        "bucket": "states",
        "storage_custom_endpoint": format!("http://{}/storage/v1/", server.address),
    });
    let address = StateAddress::from_backend("gcs", attributes.as_object().unwrap(), "default").unwrap();
    let environment = [("GCE_METADATA_HOST", metadata.address.to_string()), ("HOME", "/nonexistent".to_owned())];
    let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let store = GcsStore::from_address(&address, &environment).unwrap();
    store.read(&StateKey::new("prod")).await.unwrap().unwrap();
    store.read(&StateKey::new("prod")).await.unwrap().unwrap();
    let asked = metadata.requests();
    assert_eq!(asked.len(), 1, "a token is asked for once: {asked:#?}");
    assert!(asked[0].to_ascii_lowercase().contains("metadata-flavor: google"), "{asked:#?}");
    assert!(server.requests().iter().all(|request| request.contains("authorization: Bearer from-metadata")));
}

/// gcp-storage-emulator ignores what a write is conditional on: several take one lock. The suite must see that.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_unsafe_server_is_seen() {
    let server = Server::start(|port, folder| {
        let mut command = Command::new(tool("gcp-storage-emulator/venv/bin/gcp-storage-emulator"));
        command.args(["start", "--host=127.0.0.1", "--in-memory", "--default-bucket=states"]);
        command.arg(format!("--port={port}")).current_dir(folder);
        command
    });
    let mut options = Options::default();
    options.rounds = 5;
    options.large = 1000;
    let results = run(&Gcs(server.address), &options).await;
    for case in ["two-lockers", "lock-race"] {
        let result = results.iter().find(|result| result.case == case).unwrap();
        let Ending::Failed(what) = &result.ending else { panic!("{result:?}") };
        assert!(what.contains("hold the lock"), "{what}");
    }
}
