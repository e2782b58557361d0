//! PostgreSQL, with the real server.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use landfast_backends::conformance::{Ending, Options, Subject};
use landfast_backends::{
    Environment, ErrorClass, Expected, ForceUnlock, LockInfo, PgStore, StateAddress, StateKey, StateStore, StateWrite,
    StoreError, WriteNote, WriteOutcome,
};

use super::postgres::{PASSWORD, Postgres};
use super::terraform::Terraform;
use crate::broken::Nowhere;
use crate::record::BesideTerraform;

fn store(conn_str: &str, more: &[(&str, &str)]) -> PgStore {
    let own = [("conn_str", conn_str)];
    let attributes = own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let address = StateAddress::from_backend("pg", &attributes, "default").unwrap();
    PgStore::from_address(&address, &Environment::default()).unwrap()
}

fn workspace(name: &str) -> StateKey {
    StateKey::new("").in_workspace(name)
}

fn ours() -> LockInfo {
    LockInfo::new("state mv", "landfast@test", SystemTime::now())
}

fn write(expected: Expected, bytes: &'static str) -> StateWrite {
    StateWrite::new(expected, bytes.into(), WriteNote::new("landfast@test", "test"))
}

#[derive(Debug)]
struct Pg(Postgres);

impl Pg {
    fn at(&self, address: SocketAddr, database: &str, password: &str) -> Arc<dyn StateStore> {
        let url = format!("postgres://postgres:{password}@{address}/{database}?sslmode=disable");
        Arc::new(store(&url, &[]))
    }
}

impl Subject for Pg {
    fn client(&self) -> Arc<dyn StateStore> {
        self.at(self.0.address, "postgres", PASSWORD)
    }

    fn key(&self, name: &str) -> StateKey {
        workspace(name)
    }

    fn awkward_key(&self, name: &str, characters: &str) -> Option<StateKey> {
        Some(workspace(&format!("{name}{characters}")))
    }

    fn in_workspace(&self, key: &StateKey, name: &str) -> StateKey {
        workspace(&format!("{}-{name}", key.workspace))
    }

    fn wrong_credentials(&self) -> Option<Arc<dyn StateStore>> {
        Some(self.at(self.0.address, "postgres", "wrong"))
    }

    fn missing_container(&self) -> Option<Arc<dyn StateStore>> {
        Some(self.at(self.0.address, "missing", PASSWORD))
    }

    fn server(&self) -> Option<SocketAddr> {
        Some(self.0.address)
    }

    fn client_at(&self, address: SocketAddr) -> Option<Arc<dyn StateStore>> {
        Some(self.at(address, "postgres", PASSWORD))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn passes_the_suite() {
    let subject = Pg(Postgres::start());
    let results = crate::suite::on_server("pg", &super::postgres::version(), &subject, &Options::default()).await;
    let applicable = results.iter().filter(|result| result.ending == Ending::Passed).count();
    assert_eq!(applicable, 16, "of {results:#?}");
}

/// Waits until somebody who is not us holds the lock.
async fn wait_for_lock(store: &PgStore, key: &StateKey) -> LockInfo {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(info) = store.lock_info(key).await.unwrap() {
            return info;
        }
        assert!(Instant::now() < deadline, "nobody takes the lock");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn wait_for_no_lock(store: &PgStore, key: &StateKey) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while store.lock_info(key).await.unwrap().is_some() {
        assert!(Instant::now() < deadline, "the lock stays");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn terraform_and_we_stop_each_other_and_share_states() {
    let server = Postgres::start();
    let terraform = Terraform::new("backend \"pg\" {}", &[("PG_CONN_STR", &server.conn_str("postgres"))]);
    let (store, key) = (store(&server.conn_str("postgres"), &[]), workspace("default"));
    let mut record = BesideTerraform::new("pg", super::postgres::version());

    // The table is ours, and terraform takes it for its own.
    let lock = store.lock(&key, ours()).await.unwrap();
    terraform.succeed(&["init", "-no-color"]);
    let (code, said) = terraform.run(&["apply", "-no-color", "-auto-approve"]);
    assert!(code == 1 && said.contains("locked for workspace creation"), "no row yet: {said}");
    lock.release().await.unwrap();
    terraform.succeed(&["apply", "-no-color", "-auto-approve"]);

    // Our lock stops terraform.
    let mut lock = store.lock(&key, ours()).await.unwrap();
    let (code, said) = terraform.run(&["apply", "-no-color", "-auto-approve"]);
    assert!(code == 1 && said.contains("Workspace is already locked: default"), "{said}");
    record.passed("our-lock-stops-terraform");

    // What we write under it, terraform takes for its own state.
    let read = lock.read().await.unwrap().unwrap();
    let mut state: serde_json::Value = serde_json::from_slice(&read.bytes).unwrap();
    state["serial"] = (state["serial"].as_u64().unwrap() + 1).into();
    let raised = serde_json::to_vec_pretty(&state).unwrap();
    let note = WriteNote::new("landfast@test", "state mv");
    lock.write(StateWrite::new(Expected::of(Some(&read)), raised.clone().into(), note)).await.unwrap();
    lock.release().await.unwrap();
    let (code, said) = terraform.run(&["plan", "-no-color", "-detailed-exitcode"]);
    assert!(code == 0 && said.contains("No changes"), "{said}");
    let kept = server.psql("SELECT data FROM terraform_remote_state.states WHERE name = 'default'").unwrap();
    assert_eq!(kept.trim_end().as_bytes(), raised);
    record.passed("terraform-goes-on-with-our-write");

    // Terraform's lock stops us, and its session is shown.
    terraform.configure("two");
    let waiting = terraform.waiting_apply();
    let shown = wait_for_lock(&store, &key).await;
    let refused = store.lock(&key, ours()).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Locked);
    assert_eq!(refused.holder.as_deref(), Some(&shown));
    assert!(shown.info.starts_with(&format!("PostgreSQL session {} of postgres@127.0.0.1", shown.id)), "{shown:?}");
    assert!(shown.created_at().is_some(), "{shown:?}");
    waiting.decline();
    wait_for_no_lock(&store, &key).await;
    store.lock(&key, ours()).await.unwrap().release().await.unwrap();
    record.passed("terraforms-lock-stops-us");

    // The lock of a killed terraform ends with it.
    let waiting = terraform.waiting_apply();
    wait_for_lock(&store, &key).await;
    waiting.kill();
    wait_for_no_lock(&store, &key).await;
    terraform.succeed(&["apply", "-no-color", "-auto-approve"]);
    record.passed("killed-terraforms-lock");
    record.not_applicable("terraform-removes-our-lock", "a lock ends with its holder");

    // A workspace of terraform's is one of ours.
    terraform.succeed(&["workspace", "new", "-no-color", "blue"]);
    assert_eq!(store.list("").await.unwrap(), [workspace("blue"), workspace("default")]);
    assert!(store.read(&workspace("blue")).await.unwrap().is_some());
    assert!(!terraform.folder().join("terraform.tfstate").exists(), "nothing is kept beside the store");
    record.passed("terraforms-workspaces-are-ours");
    record.leave();
}

const HOLDER: &str = "LANDFAST_TEST_HOLDER";

/// No test by itself: what `a_holder_that_is_killed_leaves_nothing` starts, in a process of its own.
#[tokio::test]
#[ignore = "holds a lock until it is killed"]
async fn holder_process() {
    let store = store(&std::env::var(HOLDER).unwrap(), &[]);
    let mut lock = store.lock(&workspace("default"), ours()).await.unwrap();
    lock.write(write(Expected::Absent, "{}")).await.unwrap();
    println!("\nheld {}", lock.info().id);
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_holder_that_is_killed_leaves_nothing() {
    let server = Postgres::start();
    let (store, key) = (store(&server.conn_str("postgres"), &[]), workspace("default"));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "live::pg::holder_process"])
        .env(HOLDER, server.conn_str("postgres"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let id = lines.find_map(|line| line.unwrap().strip_prefix("held ").map(str::to_owned)).unwrap();
    let refused = store.lock(&key, ours()).await.unwrap_err();
    let holder = refused.holder.clone().unwrap();
    assert_eq!((holder.id.as_str(), holder.who.as_str()), (id.as_str(), "landfast@test"), "{refused}");
    let asked = ForceUnlock::new(&id, "me", "it hangs", SystemTime::now(), &Nowhere);
    assert_eq!(store.force_unlock(&key, asked).await.unwrap_err().class, ErrorClass::Unsupported);
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for_no_lock(&store, &key).await;
    let mut lock = store.lock(&key, ours()).await.unwrap();
    let read = lock.read().await.unwrap();
    assert_eq!(read.as_ref().unwrap().bytes, "{}", "what was acknowledged stays");
    lock.write(write(Expected::of(read.as_ref()), "{\"serial\":2}")).await.unwrap();
    lock.release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lock_ends_with_its_session_and_what_comes_late_is_refused() {
    let server = Postgres::start();
    let (store, key) = (store(&server.conn_str("postgres"), &[]), workspace("default"));
    let mut lock = store.lock(&key, ours()).await.unwrap();
    let first = lock.write(write(Expected::Absent, "{}")).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'landfast %'";
    server.psql(end).unwrap();
    let mut next = store.lock(&key, ours()).await.unwrap();
    let error = lock.write(write(first.expected(), "{\"late\":1}")).await.unwrap_err();
    assert_eq!((error.class, error.outcome), (ErrorClass::Transient, WriteOutcome::NotWritten), "{error}");
    let error = lock.write(write(first.expected(), "{\"late\":2}")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict, "{error}");
    assert_eq!(lock.release().await.unwrap_err().class, ErrorClass::Conflict);
    next.write(write(first.expected(), "{\"next\":1}")).await.unwrap();

    // Whoever writes without a lock is noticed all the same, also in the middle of our write.
    let read = next.read().await.unwrap();
    server.psql("UPDATE terraform_remote_state.states SET data = '{\"intruder\":1}'").unwrap();
    let error = next.write(write(Expected::of(read.as_ref()), "{\"next\":2}")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict, "{error}");
    let read = next.read().await.unwrap();
    assert_eq!(read.as_ref().unwrap().bytes, "{\"intruder\":1}");

    // A write that is given up, here while somebody else holds the row, takes its session and the lock along, and changes
    // nothing.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let row = "BEGIN; SELECT id FROM terraform_remote_state.states FOR UPDATE; SELECT pg_sleep(3); ROLLBACK";
            server.psql(row).unwrap();
        });
        let asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        while server.psql(asleep).unwrap().trim() == "0" {
            std::thread::sleep(Duration::from_millis(20));
        }
        let given_up = next.write(write(Expected::of(read.as_ref()), "{\"next\":3}"));
        let given_up = tokio::time::timeout(Duration::from_millis(500), given_up);
        let ended = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(given_up));
        assert!(ended.is_err(), "{ended:?}");
    });
    assert_eq!(next.write(write(Expected::of(read.as_ref()), "{}")).await.unwrap_err().class, ErrorClass::Conflict);
    wait_for_no_lock(&store, &key).await;
    assert_eq!(store.read(&key).await.unwrap().unwrap().bytes, "{\"intruder\":1}");

    // An empty row is no state; what text cannot hold is refused.
    server.psql("UPDATE terraform_remote_state.states SET data = ''").unwrap();
    assert!(store.read(&key).await.unwrap().is_none() && store.list("").await.unwrap().is_empty());
    let mut lock = store.lock(&key, ours()).await.unwrap();
    let error = lock.write(write(Expected::Absent, "\0")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported, "{error}");
    lock.write(write(Expected::Absent, "{}")).await.unwrap();
    lock.release().await.unwrap();
}

/// Each takes the creation lock of the whole database for a moment, which must not stop the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn states_that_are_there_are_locked_at_the_same_moment() {
    let server = Postgres::start();
    let store = store(&server.conn_str("postgres"), &[]);
    let keys: Vec<_> = (0..16).map(|nth| workspace(&format!("w{nth}"))).collect();
    for key in &keys {
        let mut lock = store.lock(key, ours()).await.unwrap();
        lock.write(write(Expected::Absent, "{}")).await.unwrap();
        lock.release().await.unwrap();
    }
    for _ in 0..5 {
        let mut tasks = tokio::task::JoinSet::new();
        for key in keys.clone() {
            let store = store.clone();
            tasks.spawn(async move { store.lock(&key, ours()).await });
        }
        for lock in tasks.join_all().await {
            lock.unwrap().release().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn schemas_are_made_as_the_settings_say() {
    let server = Postgres::start();
    let conn_str = server.conn_str("postgres");
    let key = workspace("default");
    // Many make the table at the same moment.
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let store = store(&conn_str, &[("schema_name", "odd \"name\"")]);
        tasks.spawn(async move { store.lock(&workspace("default"), ours()).await });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let others = answers.iter().filter_map(|answer| answer.as_ref().err());
    assert!(others.clone().all(|error| error.class == ErrorClass::Locked), "{:?}", others.collect::<Vec<_>>());
    drop(answers);
    let columns = "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) \
                   FROM information_schema.columns WHERE table_schema = 'odd \"name\"'";
    assert_eq!(server.psql(columns).unwrap().trim(), "id bigint, name text, data text");

    // Nothing is made by reading, nor where that is switched off.
    let fresh = store(&conn_str, &[("schema_name", "fresh")]);
    assert!(fresh.read(&key).await.unwrap().is_none());
    assert!(fresh.list("").await.unwrap().is_empty());
    let none = store(&conn_str, &[("schema_name", "fresh"), ("skip_table_creation", "true")]);
    for error in [none.read(&key).await.map(|_| ()), none.lock(&key, ours()).await.map(|_| ())] {
        assert_eq!(error.unwrap_err().class, ErrorClass::NotFound);
    }
    let no_schema = store(&conn_str, &[("schema_name", "fresh"), ("skip_schema_creation", "true")]);
    assert_eq!(no_schema.lock(&key, ours()).await.unwrap_err().class, ErrorClass::NotFound);
    assert_eq!(server.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'fresh'").unwrap().trim(), "0");
}

#[tokio::test]
async fn no_error_shows_the_password() {
    let server = Postgres::start();
    let key = workspace("default");
    let mut errors: Vec<StoreError> = Vec::new();
    for (conn_str, class) in [
        (server.conn_str("missing"), ErrorClass::NotFound),
        (server.conn_str("postgres").replace(PASSWORD, "hunter3"), ErrorClass::Unauthenticated),
        (server.conn_str("postgres").replace("sslmode=disable", "sslmode=require"), ErrorClass::Configuration),
        (format!("postgres://postgres:{PASSWORD}@127.0.0.1:1/postgres?sslmode=disable"), ErrorClass::Transient),
    ] {
        let store = store(&conn_str, &[]);
        let error = store.read(&key).await.unwrap_err();
        assert_eq!(error.class, class, "{error}");
        assert!(!format!("{store:?} {}", store.place(&key)).contains("hunter"), "{store:?}");
        errors.extend([error, store.lock(&key, ours()).await.unwrap_err()]);
    }
    for error in errors {
        assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
    }
}
