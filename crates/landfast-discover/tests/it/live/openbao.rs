//! Secrets of a real OpenBao, from `.ci/install-stores`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use landfast_discover::{
    SecretError, SecretReference, SecretScheme, SecretSource as _, SecretSources, Vault, VaultOptions,
};
use landfast_state::{Members, Value};

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
    /// A server in memory, with versions at `secret/` and `team/kv/`, and without at `plain/`.
    fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let mut command = Command::new(binary());
        command.args(["server", "-dev", "-dev-no-store-token"]).arg(format!("-dev-root-token-id={TOKEN}"));
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
        bao.run(&["secrets", "enable", "-version=2", "-path=team/kv", "kv"]);
        bao.run(&["secrets", "enable", "-version=1", "-path=plain", "kv"]);
        bao
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(binary());
        command.args(arguments).env("BAO_ADDR", &self.address).env("BAO_TOKEN", TOKEN);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn vault(&self, token: &str) -> Vault {
        Vault::new(&self.address, token, &VaultOptions::default()).unwrap()
    }
}

async fn get(vault: &Vault, reference: &str) -> Result<Value, SecretError> {
    let reference = SecretReference::parse(reference).unwrap().unwrap();
    vault.resolve(&reference).await.map(|secret| secret.expose().unwrap().clone())
}

#[tokio::test]
async fn both_versions_of_the_engine_give_fields() {
    let bao = Bao::start();
    bao.run(&["kv", "put", "secret/aws/prod", "key=first"]);
    bao.run(&["kv", "put", "secret/aws/prod", "key=second", "other=x"]);
    bao.run(&["kv", "put", "team/kv/data/a", "key=deep"]);
    bao.run(&["kv", "put", "plain/aws", "key=plain"]);
    let vault = bao.vault(TOKEN);
    for (reference, value) in [
        ("vault://secret/aws/prod#key", "second"),
        ("vault://secret/aws/prod#other", "x"),
        ("vault://team/kv/data/a#key", "deep"),
        ("vault://plain/aws#key", "plain"),
    ] {
        assert_eq!(get(&vault, reference).await.unwrap(), Value::String(value.to_owned()), "{reference}");
    }
    let sources = SecretSources::none().with(SecretScheme::Vault, Arc::new(bao.vault(TOKEN)));
    let members = Members::from([("k".to_owned(), Value::String("vault://plain/aws#key".to_owned()))]);
    assert_eq!(Value::Object(sources.fill(members).await.unwrap()).to_string(), r#"{"k": (sensitive value)}"#);

    for (reference, message) in [
        ("vault://secret/aws/prod#none", "is not there: the secret has no field none, only key, other"),
        ("vault://secret/none#key", "is not there: there is no secret at this path, or it is deleted"),
        ("vault://plain/none#key", "is not there: there is no secret at this path, or it is deleted"),
        ("vault://nowhere/a#key", "may not be read: 403 Forbidden"),
    ] {
        let error = get(&vault, reference).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("{reference} {message}")), "{error}");
    }
    bao.run(&["kv", "delete", "secret/aws/prod"]);
    let error = get(&vault, "vault://secret/aws/prod#key").await.unwrap_err();
    assert!(matches!(error, SecretError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn who_may_not_read_is_told_so() {
    let bao = Bao::start();
    bao.run(&["kv", "put", "secret/a", "key=x"]);
    let error = get(&bao.vault("s.wrong-token"), "vault://secret/a#key").await.unwrap_err();
    assert!(matches!(error, SecretError::Denied { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("wrong-token"));
    // A token that may read nothing.
    let poor = bao.run(&["token", "create", "-policy=default", "-field=token"]);
    let error = get(&bao.vault(&poor), "vault://secret/a#key").await.unwrap_err();
    assert!(matches!(error, SecretError::Denied { .. }), "{error}");
}

#[tokio::test]
async fn a_token_is_renewed_while_it_is_used() {
    let bao = Bao::start();
    bao.run(&["kv", "put", "secret/a", "key=x"]);
    let token = bao.run(&["token", "create", "-policy=root", "-ttl=4s", "-field=token"]);
    let idle = bao.run(&["token", "create", "-policy=root", "-ttl=4s", "-field=token"]);
    let (vault, unused) = (bao.vault(&token), bao.vault(&idle));
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(7) {
        get(&vault, "vault://secret/a#key").await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    // One that nobody used is gone by now.
    let error = get(&unused, "vault://secret/a#key").await.unwrap_err();
    assert!(matches!(error, SecretError::Denied { .. }), "{error}");
}
