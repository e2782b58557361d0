//! Sealing by the transit engine of a real OpenBao.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use landfast_backends::backup::{BackupOptions, BackupSource, create, verify};
use landfast_backends::change::{ChangeOptions, begin};
use landfast_backends::encrypt::{
    Binding, Compression, Expectation, KeyError, Keyring, OpenError, SealError, Transit, TransitOptions, inspect, open,
    seal,
};
use landfast_backends::history::History;
use landfast_backends::{Environment, ErrorClass, MemoryStore, Protection, StateKey};
use landfast_state::{Limits, StateFile};

const TOKEN: &str = "root-of-the-test";

struct Bao {
    server: Child,
    address: String,
}

impl Drop for Bao {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn binary() -> PathBuf {
    let root = std::env::var_os("LANDFAST_STORE_TOOLS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/store-tools"), PathBuf::from);
    let found = root.join("openbao/bao");
    assert!(found.exists(), "{} is not there: run .ci/install-stores", found.display());
    found
}

impl Bao {
    /// A server in memory, with the transit engine and the key `landfast`.
    fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let arguments = ["server", "-dev", "-dev-no-store-token"];
        let mut command = Command::new(binary());
        command.args(arguments).arg(format!("-dev-root-token-id={TOKEN}"));
        command.arg(format!("-dev-listen-address={listen}")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = command.spawn().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let bao = Self { server, address: format!("http://{listen}") };
        let begun = Instant::now();
        loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "bao ended");
            if line.contains("server started!") {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(60));
        }
        // It logs on, and must not stop because nobody reads it.
        std::thread::spawn(move || std::io::copy(&mut output.by_ref(), &mut std::io::sink()));
        bao.run(&["secrets", "enable", "transit"]);
        bao.run(&["write", "-f", "transit/keys/landfast"]);
        bao
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(binary());
        command.args(arguments).env("BAO_ADDR", &self.address).env("BAO_TOKEN", TOKEN);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn transit(&self, token: &str, name: &str) -> Transit {
        let variables = [("BAO_ADDR", self.address.as_str()), ("BAO_TOKEN", token)];
        let environment: Environment =
            variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Transit::from_environment(&environment, name, TransitOptions::default()).unwrap()
    }

    fn keys(&self) -> Keyring {
        Keyring::new().with_transit(self.transit(TOKEN, "landfast"))
    }
}

fn class_of(error: &KeyError) -> ErrorClass {
    let KeyError::Transit(source) = error else { panic!("{error:?}") };
    assert!(!format!("{source:?}").contains(TOKEN));
    source.class
}

#[tokio::test]
async fn what_one_run_seals_another_opens_by_asking() {
    let bao = Bao::start();
    let sealing = bao.keys();
    let binding = Binding::new("snapshot").of_state("s3://bucket/k", "default", "l", 1);
    let error = seal(b"state", &binding, &sealing, Compression::None).unwrap_err();
    assert!(matches!(error, SealError::NotPrepared { .. }), "{error}");
    sealing.prepare().await.unwrap();
    let sealed = seal(b"state", &binding, &sealing, Compression::None).unwrap();
    let sealed_for = inspect(&sealed, "it").unwrap().sealed_for;
    assert_eq!(sealed_for[0].to_string(), "the transit key transit/landfast");
    // Who sealed it has the key still; another run asks for it.
    assert_eq!(open(&sealed, "it", &sealing, &Expectation::exactly(&binding)).unwrap().plain, "state");
    let opening = bao.keys();
    let error = open(&sealed, "it", &opening, &Expectation::anything()).unwrap_err();
    assert!(matches!(error, OpenError::NoKey { .. }), "{error}");
    opening.learn(&sealed).await.unwrap();
    assert_eq!(open(&sealed, "it", &opening, &Expectation::exactly(&binding)).unwrap().plain, "state");
    assert!(!format!("{opening:?}").contains(TOKEN));
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&changed, "it", &opening, &Expectation::anything()).is_err(), "bit {bit}");
    }
    // After the engine's key was rotated, too.
    bao.run(&["write", "-f", "transit/keys/landfast/rotate"]);
    let later = bao.keys();
    later.learn(&sealed).await.unwrap();
    assert!(open(&sealed, "it", &later, &Expectation::anything()).is_ok());
}

#[tokio::test]
async fn who_may_not_or_asks_for_the_wrong_key_is_told_so() {
    let bao = Bao::start();
    let sealing = bao.keys();
    sealing.prepare().await.unwrap();
    let sealed = seal(b"state", &Binding::new("x"), &sealing, Compression::None).unwrap();
    let stranger = Keyring::new().with_transit(bao.transit("nobody", "landfast"));
    assert_eq!(class_of(&stranger.prepare().await.unwrap_err()), ErrorClass::PermissionDenied);
    assert_eq!(class_of(&stranger.learn(&sealed).await.unwrap_err()), ErrorClass::PermissionDenied);
    // A ring for another key does not ask about this one.
    let other = Keyring::new().with_transit(bao.transit(TOKEN, "another"));
    other.learn(&sealed).await.unwrap();
    let error = open(&sealed, "it", &other, &Expectation::anything()).unwrap_err().to_string();
    assert_eq!(error, "it: none of the given keys opens it: it was sealed for the transit key transit/landfast");
    let Bao { address, .. } = &bao;
    let (address, gone) = (address.clone(), bao.keys());
    drop(bao);
    let error = gone.prepare().await.unwrap_err();
    assert_eq!(class_of(&error), ErrorClass::Transient);
    let KeyError::Transit(source) = error else { panic!() };
    assert!(source.to_string().starts_with(&format!("{address}/v1/transit/datakey/plaintext/landfast: ")), "{source}");
    for (server, name) in [("not a url", "k"), ("ftp://x", "k"), ("http://x", "../../sys/seal"), ("http://x", "")] {
        assert!(Transit::new(server, TOKEN, name, TransitOptions::default()).is_err(), "{server} {name}");
    }
}

#[tokio::test]
async fn a_history_and_a_backup_are_sealed_by_the_engine() {
    let (bao, folder, store) = (Bao::start(), tempfile::tempdir().unwrap(), MemoryStore::new());
    let text =
        |serial| format!(r#"{{"version": 4, "serial": {serial}, "lineage": "l", "outputs": {{}}, "resources": []}}"#);
    let history = |keys| History::in_folder(folder.path().join("history")).with_protection(Protection::enforced(keys));
    for serial in 1..=2 {
        let history = history(bao.keys());
        let options = ChangeOptions::new("a@b", "test", SystemTime::now()).with_history(Some(history));
        let changing = begin(&store, &StateKey::new("k"), &options).await.unwrap();
        changing.commit(StateFile::read(text(serial).into(), "new", &Limits::default()).unwrap()).await.unwrap();
    }
    let reading = history(bao.keys());
    reading.prepare().await.unwrap();
    let entries = reading.entries().unwrap();
    assert_eq!(reading.content(&entries[1].after).unwrap(), text(1));
    assert_eq!(std::fs::read_dir(folder.path().join("history/keys")).unwrap().count(), 1);

    let options = BackupOptions::new("a@b", SystemTime::now()).with_protection(Protection::enforced(bao.keys()));
    let source = BackupSource { store: Arc::new(store), key: StateKey::new("k") };
    let path = folder.path().join("backup");
    create(&path, vec![source], &options).await.unwrap();
    let verified = verify(&path, &Protection::enforced(bao.keys()), &Limits::default()).await.unwrap();
    assert!(verified.is_whole(), "{:?}", verified.damaged);
}
