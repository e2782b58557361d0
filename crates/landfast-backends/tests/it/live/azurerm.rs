//! Azure Blob Storage, on azurite.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use landfast_backends::conformance::{Ending, Options, Subject};
use landfast_backends::{
    AzureStore, Environment, ErrorClass, Expected, HeldLock, LockInfo, StateAddress, StateKey, StateStore, StateWrite,
    Support, VersionId, WriteNote,
};
use reqsign_core::hash::{base64_decode, base64_hmac_sha256};
use serde_json::json;

use super::servers::Server;
use super::{interplay, lost_answer::losing, stub::Stub, terraform::Terraform, tool};
use crate::record::BesideTerraform;

const SERVER: &str = "azurite";

/// The account and the key that azurite has for everybody.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A token for everything in the account, signed with `key`.
fn sas(key: &str) -> String {
    let (rights, until, version) = ("rwdlacupiytfx", "2099-01-01T00:00:00Z", "2021-06-08");
    let signed = format!("{ACCOUNT}\n{rights}\nb\nsco\n\n{until}\n\nhttps,http\n{version}\n\n");
    let signature = base64_hmac_sha256(&base64_decode(key).unwrap(), signed.as_bytes());
    let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("sv={version}&ss=b&srt=sco&sp={rights}&se={until}&spr=https,http&sig={signature}")
}

/// A server with the container `states`.
async fn server() -> Server {
    let server = Server::start(|port, folder| {
        let mut command = Command::new(tool("azurite/azurite-blob"));
        command.args(["--inMemoryPersistence", "--silent", "--disableTelemetry", "--blobHost", "127.0.0.1"]);
        command.arg("--blobPort").arg(port.to_string()).current_dir(folder);
        command
    });
    let url = format!("{}/{ACCOUNT}/states?restype=container&{}", server.url(), sas(KEY));
    let answer = reqwest::Client::new().put(url).header("x-ms-version", "2023-11-03").body("").send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    server
}

fn store_with(server: SocketAddr, more: &serde_json::Value) -> AzureStore {
    let mut attributes = serde_json::Map::from_iter([
        ("storage_account_name".to_owned(), json!(ACCOUNT)),
        ("container_name".to_owned(), json!("states")),
        ("key".to_owned(), json!("not-used")),
        ("sas_token".to_owned(), json!(sas(KEY))),
        ("blob_endpoint".to_owned(), json!(format!("http://{server}/{ACCOUNT}"))),
    ]);
    attributes.extend(more.as_object().cloned().unwrap());
    let address = StateAddress::from_backend("azurerm", &attributes, "default").unwrap();
    AzureStore::from_address(&address, &Environment::default()).unwrap()
}

fn store(server: SocketAddr) -> AzureStore {
    store_with(server, &json!({}))
}

/// The server, and the attributes of its clients.
#[derive(Debug)]
struct Azure(SocketAddr, serde_json::Value);

impl Subject for Azure {
    fn client(&self) -> Arc<dyn StateStore> {
        Arc::new(store_with(self.0, &self.1))
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::new(format!("{name}.tfstate"))
    }

    fn wrong_credentials(&self) -> Option<Arc<dyn StateStore>> {
        let token = sas(&KEY.replace('E', "F"));
        Some(Arc::new(store_with(self.0, &json!({"sas_token": token}))))
    }

    fn missing_container(&self) -> Option<Arc<dyn StateStore>> {
        Some(Arc::new(store_with(self.0, &json!({"container_name": "not-there"}))))
    }

    fn server(&self) -> Option<SocketAddr> {
        Some(self.0)
    }

    fn client_at(&self, address: SocketAddr) -> Option<Arc<dyn StateStore>> {
        Some(Arc::new(store_with(address, &self.1)))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn passes_the_suite() {
    let server = server().await;
    let subject = Azure(server.address, json!({"snapshot": true}));
    let results = crate::suite::on_server("azurerm on azurite", SERVER, &subject, &Options::default()).await;
    let passed = results.iter().filter(|result| result.ending == Ending::Passed).count();
    assert_eq!(passed, results.len(), "{results:#?}");
}

/// The same with the key of the account, which signs every header.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn passes_the_suite_with_the_key_of_the_account() {
    let server = server().await;
    let subject = Azure(server.address, json!({"sas_token": null, "access_key": KEY, "snapshot": true}));
    let options = crate::suite::shortened(5, 1_000_000);
    let results = crate::suite::on_server("azurerm with the key of the account", SERVER, &subject, &options).await;
    let passed = results.iter().filter(|result| result.ending == Ending::Passed).count();
    assert_eq!(passed, results.len(), "{results:#?}");
}

fn certificate(folder: &Path) -> Command {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key.pem"]);
    command.args(["-out", "cert.pem", "-subj", "/CN=devstoreaccount1.blob.core.windows.net"]);
    command.args(["-addext", "subjectAltName=DNS:devstoreaccount1.blob.core.windows.net"]);
    command.current_dir(folder);
    command
}

/// Terraform knows no other host than Azure's: a proxy of ours is that host.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn terraform_and_we_stop_each_other() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let made = certificate(folder.path()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let proxy = Server::start(|port, _| {
        let mut command = Command::new("python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/live/tls_proxy.py"));
        command.arg(port.to_string()).arg(&cert).arg(&key).arg(server.address.port().to_string());
        command
    });
    let token = sas(KEY);
    let variables = [
        ("HTTPS_PROXY", proxy.url()),
        ("SSL_CERT_FILE", cert.display().to_string()),
        ("ARM_SAS_TOKEN", token),
        ("ARM_SNAPSHOT", "true".to_owned()),
    ];
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let backend = format!(
        "  backend \"azurerm\" {{\n    storage_account_name = \"{ACCOUNT}\"\n    container_name = \"states\"\n    \
         key = \"prod/net.tfstate\"\n  }}"
    );
    let terraform = Terraform::new(&backend, &variables);
    let store = store_with(server.address, &json!({"snapshot": true}));
    let key = StateKey::new("prod/net.tfstate");
    let record = BesideTerraform::new("azurerm on azurite", SERVER);
    interplay::check(&store, &key, &terraform, record).await;

    // Terraform kept our note when it wrote; the note is not taken for one about what terraform wrote.
    let versions = store.versions(&key).await.unwrap();
    let notes: Vec<_> = versions.iter().map(|version| version.note.as_ref().map(|note| note.why.as_str())).collect();
    assert!(versions.len() >= 3, "{versions:#?}");
    assert_eq!(notes.iter().filter(|note| **note == Some("state mv")).count(), 1, "{notes:?}");
    assert_eq!((notes.first(), versions[0].is_current), (Some(&None), true), "{notes:?}");
}

async fn lock(store: &AzureStore, key: &StateKey) -> Box<dyn HeldLock> {
    store.lock(key, LockInfo::new("test", "landfast@test", std::time::SystemTime::now())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_are_snapshots_where_these_are_made() {
    let server = server().await;
    let (store, key) = (store_with(server.address, &json!({"snapshot": true})), StateKey::new("prod"));
    let mut held = lock(&store, &key).await;
    let mut expected = Expected::Absent;
    for text in ["one", "two", "two", "three"] {
        let note = WriteNote::new("landfast@test", text);
        expected = held.write(StateWrite::new(expected, text.into(), note)).await.unwrap().expected();
    }
    let before = store.versions(&key).await.unwrap();
    held.release().await.unwrap();
    // Locks come and go, and the names of versions stay.
    lock(&store, &key).await.release().await.unwrap();
    let versions = store.versions(&key).await.unwrap();
    let names = |versions: &[landfast_backends::StateVersion]| {
        versions.iter().map(|version| version.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&before), names(&versions));
    // The same content twice is one version.
    let mut contents = Vec::new();
    for version in &versions {
        contents.push(store.read_version(&key, &version.id).await.unwrap().bytes);
    }
    assert_eq!(contents, ["three", "two", "one"]);
    for unknown in ["md5-00", "snapshot-2026-11-21T10:45:33.4930000Z", "snapshot-x", "2026-11-21T10:45:33.4930000Z"] {
        let error = store.read_version(&key, &VersionId(unknown.to_owned())).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::NotFound, "{unknown}: {error}");
    }
    assert_eq!(store.capabilities().versions, Support::Yes);
    assert_eq!(store_with(server.address, &json!({})).capabilities().versions, Support::No);
}

/// A holder that died between the lease and its record leaves a lock without a name: it is shown, and removed by breaking it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_says_nothing_is_still_a_lock() {
    let server = server().await;
    let (store, key) = (store(server.address), StateKey::new("prod"));
    lock(&store, &key).await.release().await.unwrap();
    let url = format!("{}/{ACCOUNT}/states/prod?comp=lease&{}", server.url(), sas(KEY));
    let request = reqwest::Client::new().put(url).header("x-ms-version", "2023-11-03").body("");
    let request = request.header("x-ms-lease-action", "acquire").header("x-ms-lease-duration", "-1");
    assert!(request.send().await.unwrap().status().is_success());
    let info = LockInfo::new("test", "landfast@test", std::time::SystemTime::now());
    let refused = store.lock(&key, info).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Locked);
    let id = store.lock_info(&key).await.unwrap().unwrap().id;
    let request = landfast_backends::ForceUnlock::new(
        &id,
        "landfast@test",
        "its holder died",
        std::time::SystemTime::now(),
        &interplay::Nowhere,
    );
    store.force_unlock(&key, request).await.unwrap();
    lock(&store, &key).await.release().await.unwrap();
}

/// The answer to taking the lock is lost: it is ours all the same, and nobody is locked out by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_whose_answer_is_lost_is_ours() {
    let server = server().await;
    let key = StateKey::new("prod");
    let (proxy, is_lost) = losing(server.address, "x-ms-lease-action: acquire").await;
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
    for (status, code, class) in [
        ("403 Forbidden", "AuthenticationFailed", ErrorClass::Unauthenticated),
        ("403 Forbidden", "AuthorizationPermissionMismatch", ErrorClass::PermissionDenied),
        ("404 Not Found", "ContainerNotFound", ErrorClass::NotFound),
        ("503 Service Unavailable", "ServerBusy", ErrorClass::Transient),
        ("500 Internal Server Error", "OperationTimedOut", ErrorClass::Transient),
        ("409 Conflict", "AccountBeingCreated", ErrorClass::Conflict),
    ] {
        let server = Stub::start(status, &format!("x-ms-error-code: {code}\r\n"), "").await;
        let store = store(server.address);
        let info = LockInfo::new("test", "landfast@test", std::time::SystemTime::now());
        for error in [store.read(&key).await.unwrap_err(), store.lock(&key, info).await.unwrap_err()] {
            assert_eq!(error.class, class, "{status}: {error}");
            assert!(error.to_string().starts_with("azurerm://devstoreaccount1/states/prod: "), "{error}");
            assert!(!format!("{error:?} {store:?}").contains("sig="), "{error:?}");
        }
    }
}

/// On a machine of Azure's, the managed identity gives the token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_the_managed_identity() {
    let body = r#"{"access_token": "from-identity", "expires_on": "4102444800"}"#;
    let identity = Stub::start("200 OK", "", body).await;
    let server = Stub::start("200 OK", "", "{}").await;
    let endpoint = format!("http://{}/identity", identity.address);
    let attributes = json!({"sas_token": null, "use_azuread_auth": true, "use_msi": true, "client_id": "c", "msi_endpoint": endpoint});
    let store = store_with(server.address, &attributes);
    store.read(&StateKey::new("prod")).await.unwrap().unwrap();
    let asked = identity.requests();
    assert!(asked[0].starts_with("GET /identity?") && asked[0].contains("client_id=c"), "{asked:#?}");
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.contains("authorization: Bearer from-identity")), "{requests:#?}");
    assert!(requests.iter().all(|request| request.contains("x-ms-date: ")), "{requests:#?}");

    // Where it gives none, that is said.
    let refusing = Stub::start("400 Bad Request", "", "hunter2").await;
    let endpoint = format!("http://{}/identity", refusing.address);
    let attributes = json!({"sas_token": null, "use_azuread_auth": true, "use_msi": true, "msi_endpoint": endpoint});
    let error = store_with(server.address, &attributes).read(&StateKey::new("prod")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unauthenticated, "{error}");
    assert!(error.to_string().contains("they come from the machine's managed identity"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_are_other_paths_are_refused() {
    let server = Stub::start("200 OK", "", "").await;
    for key in ["a/../b", "", ".", "a/./b"] {
        let error = store(server.address).read(&StateKey::new(key)).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Configuration, "{key}: {error}");
    }
}
