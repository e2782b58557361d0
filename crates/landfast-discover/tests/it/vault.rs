//! A server that answers as it is told to, for what a real one does not do on demand.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use landfast_discover::{SecretError, SecretReference, SecretSource as _, Vault, VaultOptions};

/// Answers requests one after another with these statuses and bodies, and keeps their first lines.
fn server(answers: Vec<(&'static str, &'static str)>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&asked);
    std::thread::spawn(move || {
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap()).lines();
            lines.lock().unwrap().push(request.next().unwrap().unwrap());
            while !request.next().unwrap().unwrap().is_empty() {}
            if status == "silence" {
                std::thread::sleep(Duration::from_secs(3));
                continue;
            }
            let length = body.len();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
        }
    });
    (address, asked)
}

const LOOKUP: (&str, &str) = ("200 OK", r#"{"data": {"ttl": 0, "renewable": false}}"#);
const MOUNT: (&str, &str) = ("200 OK", r#"{"data": {"path": "kv/", "options": {"version": "2"}}}"#);
const SECRET: (&str, &str) = ("200 OK", r#"{"data": {"data": {"key": "hidden-value"}}}"#);

async fn resolve(address: &str) -> Result<String, SecretError> {
    let mut options = VaultOptions::default();
    options.timeout = Duration::from_millis(500);
    let vault = Vault::new(address, "s.hidden-token", &options).unwrap();
    let reference = SecretReference::parse("vault://kv/team/a b#key").unwrap().unwrap();
    vault.resolve(&reference).await.map(|secret| secret.expose().unwrap().to_string())
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    let busy = ("503 Service Unavailable", r#"{"errors": ["sealed"]}"#);
    let (address, asked) = server(vec![busy, ("429 Too Many Requests", ""), LOOKUP, MOUNT, busy, SECRET]);
    assert_eq!(resolve(&address).await.unwrap(), "\"hidden-value\"");
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked[3], "GET /v1/sys/internal/ui/mounts/kv/team/a%20b HTTP/1.1");
    assert_eq!(asked[5], "GET /v1/kv/data/team/a%20b HTTP/1.1");

    let (address, _) = server(vec![LOOKUP, MOUNT, busy, busy, busy]);
    let error = resolve(&address).await.unwrap_err().to_string();
    assert_eq!(error, "vault://kv/team/a b#key cannot be had: 503 Service Unavailable (sealed)");
}

#[tokio::test]
async fn silence_ends() {
    let (address, _) = server(vec![LOOKUP, MOUNT, ("silence", "")]);
    let begun = Instant::now();
    let error = resolve(&address).await.unwrap_err();
    assert!(matches!(error, SecretError::Unreachable { .. }) && begun.elapsed() < Duration::from_secs(10), "{error:?}");
    assert!(!format!("{error:?}").contains("hidden"));
}

#[tokio::test]
async fn answers_of_others_are_refused() {
    for (answers, message) in [
        (vec![LOOKUP, ("200 OK", "<html>")], "the answer about the mount cannot be understood"),
        (vec![LOOKUP, MOUNT, ("200 OK", "<html>")], "the answer is none of a key-value engine"),
        (vec![LOOKUP, MOUNT, ("302 Found", "")], "302 Found"),
        (
            vec![LOOKUP, MOUNT, ("400 Bad Request", "{\"errors\": [\"a\\u001b[31m\\nb\"]}")],
            "400 Bad Request (a [31m b)",
        ),
    ] {
        let (address, _) = server(answers);
        let error = resolve(&address).await.unwrap_err().to_string();
        assert_eq!(error, format!("vault://kv/team/a b#key cannot be had: {message}"));
    }
    let (address, _) = server(vec![("403 Forbidden", r#"{"errors": ["permission denied"]}"#)]);
    assert!(matches!(resolve(&address).await, Err(SecretError::Denied { .. })));
}

#[test]
fn the_environment_names_the_server_and_the_token() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap().to_owned();
    let from = |variables: &[(&str, &str)]| {
        let get = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Vault::from_environment(&get, VaultOptions::default())
            .map(|vault| format!("{vault:?}"))
            .map_err(|e| e.to_string())
    };
    let address = "http://127.0.0.1:1";
    assert_eq!(from(&[]).unwrap_err(), "secrets cannot be asked for: neither BAO_ADDR nor VAULT_ADDR is set");
    assert_eq!(
        from(&[("VAULT_ADDR", address)]).unwrap_err(),
        "secrets cannot be asked for: neither BAO_TOKEN nor VAULT_TOKEN is set"
    );
    assert!(from(&[("VAULT_ADDR", address), ("HOME", &path)]).unwrap_err().contains(".vault-token cannot be read"));
    std::fs::write(home.path().join(".vault-token"), "s.hidden\n").unwrap();
    let shown = from(&[("VAULT_ADDR", address), ("HOME", &path), ("BAO_NAMESPACE", "team")]).unwrap();
    assert!(shown.contains("team") && !shown.contains("hidden"), "{shown}");
    assert!(from(&[("BAO_ADDR", "ftp://x"), ("BAO_TOKEN", "x")]).unwrap_err().contains("no http or https URL"));
    assert!(from(&[("BAO_ADDR", "http://u:p@x"), ("BAO_TOKEN", "x")]).unwrap_err().contains("holds credentials"));
    let missing = [("BAO_ADDR", address), ("BAO_TOKEN", "x"), ("BAO_CACERT", "none.pem")];
    assert!(from(&missing).unwrap_err().contains("none.pem: the certificates cannot be read"));
}
