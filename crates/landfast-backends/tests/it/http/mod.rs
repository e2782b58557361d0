//! The store behind HTTP, on a server of our own.

pub(crate) mod server;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use landfast_backends::conformance::{Ending, Options, Subject};
use landfast_backends::{
    Capabilities, Environment, ErrorClass, Expected, ForceUnlock, HeldLock, HttpStore, LockInfo, Locking, Reread,
    StateAddress, StateKey, StateStore, StateWrite, StoreError, StoreFuture, StoredState, WriteNote, WriteOutcome,
};
use server::{Behaviour, Fault, Server};

const USER: (&str, &str) = ("me", "hunter2");

fn attributes(url: &str, more: &[(&str, &str)]) -> serde_json::Map<String, serde_json::Value> {
    let own = [("address", url), ("lock_address", url), ("unlock_address", url)];
    own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
}

pub(crate) fn store(url: &str, more: &[(&str, &str)]) -> HttpStore {
    let address = StateAddress::from_backend("http", &attributes(url, more), "default").unwrap();
    HttpStore::from_address(&address, &Environment::default()).unwrap()
}

fn the_one() -> StateKey {
    StateKey::new("")
}

fn info(who: &str) -> LockInfo {
    LockInfo::new("test", who, std::time::SystemTime::now())
}

fn write(expected: Expected, bytes: &'static str) -> StateWrite {
    StateWrite::new(expected, bytes.into(), WriteNote::new("me", "test"))
}

/// A store behind HTTP holds one state; for the suite there is one for each key.
#[derive(Debug)]
struct PerKey {
    address: SocketAddr,
    credentials: Vec<(&'static str, &'static str)>,
    stores: Mutex<BTreeMap<String, HttpStore>>,
}

impl PerKey {
    fn one(&self, key: &StateKey) -> (HttpStore, StateKey) {
        let url = format!("http://{}/states/{}", self.address, key.key);
        let mut stores = self.stores.lock().unwrap();
        let one = stores.entry(url).or_insert_with_key(|url| store(url, &self.credentials));
        (one.clone(), the_one().in_workspace(&key.workspace))
    }
}

impl StateStore for PerKey {
    fn place(&self, key: &StateKey) -> String {
        let (store, key) = self.one(key);
        store.place(&key)
    }

    fn capabilities(&self) -> Capabilities {
        self.one(&the_one()).0.capabilities()
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        let (store, key) = self.one(key);
        Box::pin(async move { store.read(&key).await })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        let (store, _) = self.one(&the_one());
        Box::pin(async move { store.list(prefix).await })
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        let (store, key) = self.one(key);
        Box::pin(async move { store.lock(&key, info).await })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        let (store, key) = self.one(key);
        Box::pin(async move { store.lock_info(&key).await })
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        let (store, key) = self.one(key);
        Box::pin(async move { store.force_unlock(&key, request).await })
    }
}

#[derive(Debug)]
struct Http(Server);

impl Http {
    fn with(&self, address: SocketAddr, password: &'static str) -> Arc<dyn StateStore> {
        let credentials = vec![("username", USER.0), ("password", password)];
        Arc::new(PerKey { address, credentials, stores: Mutex::default() })
    }
}

impl Subject for Http {
    fn client(&self) -> Arc<dyn StateStore> {
        self.with(self.0.address, USER.1)
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::new(name)
    }

    fn awkward_key(&self, _: &str, _: &str) -> Option<StateKey> {
        None
    }

    fn wrong_credentials(&self) -> Option<Arc<dyn StateStore>> {
        Some(self.with(self.0.address, "wrong"))
    }

    fn server(&self) -> Option<SocketAddr> {
        Some(self.0.address)
    }

    fn client_at(&self, address: SocketAddr) -> Option<Arc<dyn StateStore>> {
        Some(self.with(address, USER.1))
    }
}

/// Each client loads the certificates of the system, so races take their time.
fn quick() -> Options {
    super::suite::shortened(10, 10_000_000)
}

/// What docs/stores.md calls the server.
pub(crate) const SERVER: &str = "a server of our own";

async fn passes(name: &str, behaviour: Behaviour, options: Options) {
    let subject = Http(Server::start(Behaviour { user: Some(USER), ..behaviour }).await);
    let results = super::suite::on_server(name, SERVER, &subject, &options).await;
    let applicable = results.iter().filter(|result| result.ending == Ending::Passed).count();
    assert_eq!(applicable, 14, "of {results:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn passes_the_suite_on_a_plain_server() {
    passes("http", Behaviour::default(), Options::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn passes_the_suite_on_a_server_that_names_and_announces_contents() {
    let behaviour = Behaviour { etags: true, announces_md5: true, ..Behaviour::default() };
    passes("http with etags", behaviour, quick()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn passes_the_suite_on_a_server_that_enforces_nothing() {
    passes("http, trusting", Behaviour { trusting: true, ..Behaviour::default() }, quick()).await;
}

#[tokio::test]
async fn what_is_sent_is_what_terraform_sends() {
    let server = Server::start(Behaviour { etags: true, user: Some(USER), ..Behaviour::default() }).await;
    let store = store(&server.url("a?project=7"), &[("username", USER.0), ("password", USER.1)]);
    let mut lock = store.lock(&the_one(), info("me@here")).await.unwrap();
    let held: serde_json::Value = serde_json::from_str(&server.lock("a").unwrap()).unwrap();
    assert_eq!((held["ID"].as_str().unwrap(), held["Who"].as_str().unwrap()), (lock.info().id.as_str(), "me@here"));
    assert_eq!(held["Path"], server.url("a"));
    server.requests();
    let first = lock.write(write(Expected::Absent, "{}")).await.unwrap();
    lock.write(write(first.expected(), "{\"serial\":2}")).await.unwrap();
    let writes: Vec<_> = server.requests().into_iter().filter(|request| request.method == "POST").collect();
    for write in &writes {
        assert_eq!(write.target, format!("/states/a?project=7&ID={}", lock.info().id));
        assert_eq!(write.headers["content-type"], "application/json");
    }
    assert_eq!(writes[0].headers["content-md5"], "mZFLkyvTelC5g8XnyQrpOw==");
    assert_eq!(writes[0].headers["if-none-match"], "*");
    assert_eq!(writes[1].headers["if-match"], first.etag.unwrap().0);
    lock.release().await.unwrap();
    assert_eq!(server.lock("a"), None);
}

#[tokio::test]
async fn what_a_server_may_answer_to_a_get() {
    let server = Server::start(Behaviour::default()).await;
    let (store, key) = (store(&server.url("a"), &[]), the_one());
    for status in [204, 404] {
        server.fail("GET", Fault::Answer(status, vec![]));
        assert!(store.read(&key).await.unwrap().is_none(), "{status}");
    }
    server.put("a", b"");
    assert!(store.read(&key).await.unwrap().is_none(), "an empty body");
    server.put("a", b"{\"serial\": 1}");
    for (status, class) in [
        (401, ErrorClass::Unauthenticated),
        (403, ErrorClass::PermissionDenied),
        (429, ErrorClass::Transient),
        (500, ErrorClass::Transient),
        (503, ErrorClass::Transient),
        (304, ErrorClass::Configuration),
    ] {
        server.fail("GET", Fault::Answer(status, vec![]));
        let error = store.read(&key).await.unwrap_err();
        assert_eq!(error.class, class, "{status}: {error}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
    server.fail("GET", Fault::Truncated);
    let error = store.read(&key).await.unwrap_err();
    assert_eq!((error.class, error.outcome), (ErrorClass::Transient, WriteOutcome::NotWritten), "{error}");
    server.fail("GET", Fault::WrongMd5);
    let error = store.read(&key).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Corrupt, "{error}");
    assert_eq!(store.read(&key).await.unwrap().unwrap().bytes, "{\"serial\": 1}");
}

#[tokio::test]
async fn what_a_server_may_answer_to_a_post() {
    let server = Server::start(Behaviour::default()).await;
    let (store, key) = (store(&server.url("a"), &[]), the_one());
    let mut lock = store.lock(&key, info("me")).await.unwrap();
    use WriteOutcome::{NotWritten, Unknown};
    for (fault, class, outcome) in [
        (Fault::Answer(401, vec![]), ErrorClass::Unauthenticated, NotWritten),
        (Fault::Answer(403, vec![]), ErrorClass::PermissionDenied, NotWritten),
        (Fault::Answer(409, vec![]), ErrorClass::Conflict, NotWritten),
        (Fault::Answer(412, vec![]), ErrorClass::Conflict, NotWritten),
        (Fault::Answer(423, vec![]), ErrorClass::Conflict, NotWritten),
        (Fault::Answer(413, vec![]), ErrorClass::Configuration, NotWritten),
        (Fault::Answer(503, vec![]), ErrorClass::Transient, NotWritten),
        (Fault::Answer(500, vec![]), ErrorClass::Transient, Unknown),
        (Fault::Answer(202, vec![]), ErrorClass::Unsupported, Unknown),
        (Fault::AnswerAfter(504), ErrorClass::Transient, Unknown),
        (Fault::NoAnswer, ErrorClass::Transient, Unknown),
    ] {
        let read = lock.read().await.unwrap();
        server.fail("POST", fault.clone());
        let error = lock.write(write(Expected::of(read.as_ref()), "{}")).await.unwrap_err();
        assert_eq!((error.class, error.outcome), (class, outcome), "{fault:?}: {error}");
        server.put("a", b"{\"serial\":0}");
    }
    for status in [200, 201, 204] {
        let read = lock.read().await.unwrap();
        server.fail("POST", Fault::AnswerAfter(status));
        lock.write(write(Expected::of(read.as_ref()), "{}")).await.unwrap();
    }
    lock.release().await.unwrap();
}

#[tokio::test]
async fn what_a_server_may_answer_to_a_lock() {
    let server = Server::start(Behaviour::default()).await;
    let (store, key) = (store(&server.url("a"), &[]), the_one());
    for (status, class) in [
        (401, ErrorClass::Unauthenticated),
        (403, ErrorClass::PermissionDenied),
        (409, ErrorClass::Locked),
        (423, ErrorClass::Locked),
        (405, ErrorClass::Unsupported),
        (503, ErrorClass::Transient),
    ] {
        server.fail("LOCK", Fault::Answer(status, vec![]));
        let error = store.lock(&key, info("me")).await.unwrap_err();
        assert_eq!((error.class, error.holder), (class, None), "{status}");
    }
    // Nobody knows whether these are locks, so what may be there is given back.
    for fault in [Fault::NoAnswer, Fault::AnswerAfter(201), Fault::AnswerAfter(500)] {
        server.fail("LOCK", fault.clone());
        let error = store.lock(&key, info("me")).await.unwrap_err();
        assert_eq!((error.outcome, server.lock("a")), (WriteOutcome::NotWritten, None), "{fault:?}: {error}");
    }
    server.fail("LOCK", Fault::NoAnswer);
    server.fail("UNLOCK", Fault::Answer(503, vec![]));
    let error = store.lock(&key, info("me")).await.unwrap_err();
    let left: serde_json::Value = serde_json::from_str(&server.lock("a").unwrap()).unwrap();
    let id = left["ID"].as_str().unwrap();
    assert!(error.outcome == WriteOutcome::Unknown && error.to_string().contains(id), "{error}");
}

#[tokio::test]
async fn redirects_are_followed_where_a_request_stays_what_it_is() {
    let server = Server::start(Behaviour::default()).await;
    let other = Server::start(Behaviour::default()).await;
    let (store, key) = (store(&server.url("a"), &[("username", "me"), ("password", "hunter2")]), the_one());
    let to = |status, target: &str| Fault::Answer(status, vec![("Location", target.to_owned())]);
    other.put("b", b"{}");
    for status in [301, 302, 303, 307, 308] {
        server.fail("GET", to(status, &other.url("b")));
        assert_eq!(store.read(&key).await.unwrap().unwrap().bytes, "{}", "{status}");
        let headers = other.requests().remove(0).headers;
        assert!(!headers.contains_key("authorization"), "credentials go to another server: {headers:?}");
    }
    let mut lock = store.lock(&key, info("me")).await.unwrap();
    let id = format!("?token=secret&ID={}", lock.info().id);
    server.fail("POST", to(307, &server.url(&format!("a{id}"))));
    let written = lock.write(write(Expected::Absent, "{}")).await.unwrap();
    for (status, target) in [
        (301, server.url(&format!("c{id}"))),
        (303, server.url(&format!("c{id}"))),
        (307, server.url("c")),
        (308, other.url(&format!("c{id}"))),
    ] {
        server.fail("POST", to(status, &target));
        let error = lock.write(write(written.expected(), "{}")).await.unwrap_err();
        assert_eq!((error.class, error.outcome), (ErrorClass::Configuration, WriteOutcome::NotWritten), "{error}");
        assert!(!error.to_string().contains("secret") && error.to_string().contains("/states/c"), "{error}");
    }
    assert_eq!((server.state("c"), other.state("c")), (None, None));
    for _ in 0..11 {
        server.fail("GET", to(302, &server.url("a")));
    }
    assert!(store.read(&key).await.unwrap_err().to_string().ends_with("was redirected more than 10 times"));
    server.fail("GET", to(302, "ftp://elsewhere/"));
    assert!(store.read(&key).await.unwrap_err().to_string().ends_with("was redirected (302 Found) to nowhere"));
}

#[tokio::test]
async fn without_an_address_for_locks_nothing_is_written() {
    let server = Server::start(Behaviour::default()).await;
    server.put("a", b"{}");
    for (left_out, why) in [("lock_address", "nothing can be written"), ("unlock_address", "would stay for ever")] {
        let mut attributes = attributes(&server.url("a"), &[]);
        attributes.remove(left_out);
        let address = StateAddress::from_backend("http", &attributes, "default").unwrap();
        let store = landfast_backends::open(&address, &Environment::default()).unwrap();
        assert_eq!(store.capabilities().locking, Locking::None);
        assert!(store.read(&the_one()).await.unwrap().is_some());
        let error = store.lock(&the_one(), info("me")).await.unwrap_err();
        assert!(error.class == ErrorClass::Unsupported && error.to_string().contains(why), "{error}");
    }
    assert!(server.requests().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn there_is_one_state_and_reading_it_again_is_cheap() {
    let server = Server::start(Behaviour { etags: true, ..Behaviour::default() }).await;
    server.put("a", b"{}");
    let (store, key) = (store(&server.url("a"), &[]), the_one());
    let known = store.read(&key).await.unwrap().unwrap();
    server.requests();
    assert!(matches!(store.read_again(&key, &known).await.unwrap(), Reread::Unchanged));
    assert_eq!(server.requests()[0].headers["if-none-match"], known.etag.clone().unwrap().0);
    server.put("a", b"{} ");
    let Reread::Changed(Some(now)) = store.read_again(&key, &known).await.unwrap() else { panic!("it changed") };
    assert_eq!(now.bytes, "{} ");
    for other in [StateKey::new("b"), the_one().in_workspace("blue")] {
        assert_eq!(store.read(&other).await.unwrap_err().class, ErrorClass::Unsupported);
        assert_eq!(store.lock(&other, info("me")).await.unwrap_err().class, ErrorClass::Unsupported);
    }
}

#[tokio::test]
async fn no_error_shows_credentials() {
    let server = Server::start(Behaviour { user: Some(USER), ..Behaviour::default() }).await;
    let url = format!("http://me:hunter2@{}/states/a?token=hunter2", server.address);
    let good = store(&url, &[]);
    assert!(good.read(&the_one()).await.unwrap().is_none(), "credentials in the address are used");
    let bad = store(&url.replace("hunter2", "hunter3"), &[("username", "hunter3"), ("password", "hunter3")]);
    let dead = store(&url.replace(&server.address.to_string(), "127.0.0.1:1"), &[]);
    let mut errors: Vec<StoreError> = vec![bad.read(&the_one()).await.unwrap_err()];
    errors.push(dead.read(&the_one()).await.unwrap_err());
    errors.push(dead.lock(&the_one(), info("me")).await.unwrap_err());
    for error in errors {
        assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
    }
    assert!(!format!("{good:?} {bad:?}").contains("hunter"), "{bad:?}");
    assert!(!good.place(&the_one()).contains("hunter"));
}

/// A server with TLS that lets in only who has a certificate of the authority, the authority, and such a certificate with its
/// key.
async fn server_with_tls() -> (Server, [String; 3]) {
    use tokio_rustls::rustls;
    let mut parameters = rcgen::CertificateParams::new(vec![]).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = parameters.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(parameters, key);
    let issue = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        (parameters.signed_by(&key, &issuer).unwrap(), key)
    };
    let (own, own_key) = issue("127.0.0.1");
    let (client, client_key) = issue("client");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![own.der().clone()], own_key.serialize_der().try_into().unwrap())
        .unwrap();
    let server = Server::start_with(Behaviour::default(), Some(Arc::new(config).into())).await;
    (server, [authority.pem(), client.pem(), client_key.serialize_pem()])
}

#[tokio::test]
async fn certificates_are_those_of_the_settings() {
    let (server, [authority, certificate, key]) = server_with_tls().await;
    server.put("a", b"{}");
    let url = server.url("a").replace("http:", "https:");
    let trusted = ("client_ca_certificate_pem", authority.as_str());
    let (certificate, key) =
        (("client_certificate_pem", certificate.as_str()), ("client_private_key_pem", key.as_str()));
    let anybody = ("skip_cert_verification", "true");
    for (more, works) in [
        (vec![trusted, certificate, key], true),
        (vec![anybody, certificate, key], true),
        // The server lets nobody in without a certificate, and is not to be trusted without its authority.
        (vec![trusted], false),
        (vec![certificate, key], false),
    ] {
        match store(&url, &more).read(&the_one()).await {
            Ok(state) => assert!(works && state.unwrap().bytes == "{}"),
            Err(error) => {
                assert!(!works, "{error:?}");
                assert!(!format!("{error:?}").contains("PRIVATE"), "{error:?}");
            }
        }
    }
}
