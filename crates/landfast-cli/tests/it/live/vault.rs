//! Settings of providers that name secrets of a real OpenBao, from `.ci/install-stores`.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::odd::{PASSWORD, Stage, address, resource, statuses};
use crate::run::{Run, finish, root};

const TOKEN: &str = "CANARY-token-of-the-vault";

/// A server in memory, ended with this value.
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
    let tools =
        std::env::var_os("LANDFAST_STORE_TOOLS").map_or_else(|| root().join("target/store-tools"), PathBuf::from);
    let found = tools.join("openbao/bao");
    assert!(found.exists(), "{} is not there: run .ci/install-stores", found.display());
    found
}

impl Bao {
    fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let mut command = Command::new(binary());
        command.args(["server", "-dev", "-dev-no-store-token"]).arg(format!("-dev-root-token-id={TOKEN}"));
        command.arg(format!("-dev-listen-address={listen}")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = command.spawn().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let bao = Self { server, address: format!("http://{listen}") };
        let mut line = String::new();
        while !line.contains("server started!") {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "bao ended");
        }
        // It logs on, and must not stop because nobody reads it.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        bao
    }

    fn put(&self, path: &str, fields: &[(&str, &str)]) {
        let mut command = Command::new(binary());
        command.args(["kv", "put", path]).args(fields.iter().map(|(name, value)| format!("{name}={value}")));
        let run = finish(command.env("BAO_ADDR", &self.address).env("BAO_TOKEN", TOKEN));
        assert_eq!(run.code, 0, "{}", run.err);
    }
}

/// Runs a check whose provider is configured like this, with these variables.
fn check(stage: &Stage, settings: &str, variables: &[(&str, &str)], more: &[&str]) -> Run {
    let text = format!("[providers.\"tests.example.org/tests/odd\"]\n{settings}\n");
    std::fs::write(stage.path("landfast.toml"), text).unwrap();
    let mut command = stage.command(more);
    for name in ["ADDR", "TOKEN", "NAMESPACE", "CACERT"] {
        command.env_remove(format!("BAO_{name}")).env_remove(format!("VAULT_{name}"));
    }
    finish(command.env("HOME", stage.path("")).envs(variables.iter().copied()))
}

const BOTH: &str = "folder = \"vault://secret/odd/prod#folder\"\npassword = \"vault://secret/odd/prod#password\"";

#[test]
fn settings_come_from_a_vault_and_show_nowhere() {
    let (bao, stage) = (Bao::start(), Stage::new(4));
    let things = stage.path("things");
    bao.put("secret/odd/prod", &[("folder", things.to_str().unwrap()), ("password", PASSWORD)]);
    let says = format!("not with {PASSWORD}");
    stage.put(1, json!({}), json!({"fail": says}));
    stage.put(2, json!({"size": 2}), json!({"warn": says, "log": says}));
    let files = ["journal", "events.jsonl"];
    let more = ["--format", "json", "--journal", files[0], "--events", files[1], "-vv"];
    let environment = [("BAO_ADDR", bao.address.as_str()), ("BAO_TOKEN", TOKEN)];
    let run = check(&stage, BOTH, &environment, &more);
    let report = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}: {}", run.code, run.err));
    // What is in the folder that the vault named was read.
    let found: Vec<String> = statuses(&report).into_values().collect();
    assert_eq!(found, ["in_sync", "unreadable", "drifted", "in_sync"], "{report}");
    assert!(resource(&report, &address(1)).to_string().contains("not with (sensitive value)"), "{report}");
    assert!(run.err.contains("not with (sensitive value)"), "{}", run.err);
    stage.assert_no_secret(&[&run.out, &run.err], &files);

    // The address in the variable of Vault, and the token where `bao login` leaves it.
    std::fs::write(stage.path("").join(".vault-token"), TOKEN).unwrap();
    let run = check(&stage, BOTH, &[("VAULT_ADDR", &bao.address)], &[]);
    assert_eq!(run.code, 2, "{}", run.err);
    stage.assert_no_secret(&[&run.out, &run.err], &[]);
}

#[test]
fn a_secret_that_is_not_known_is_told_with_the_file_and_the_setting() {
    let (bao, stage) = (Bao::start(), Stage::new(2));
    let things = stage.path("things");
    bao.put("secret/odd/prod", &[("folder", things.to_str().unwrap()), ("other", "CANARY-other")]);
    let address = bao.address.clone();
    let fails = |settings: &str, variables: &[(&str, &str)], says: &str| {
        let run = check(&stage, settings, variables, &["-vv"]);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
        assert!(run.err.contains(says), "{says:?} is not in: {}", run.err);
        stage.assert_no_secret(&[&run.err], &[]);
    };
    let password =
        "landfast.toml: password of the provider tests.example.org/tests/odd: vault://secret/odd/prod#password";
    let environment = [("BAO_ADDR", address.as_str()), ("BAO_TOKEN", TOKEN)];
    fails(
        BOTH,
        &environment,
        &format!("{password} is not there: the secret has no field password, only folder, other"),
    );
    let folder = "landfast.toml: folder of the provider tests.example.org/tests/odd: vault://secret/odd/prod#folder";
    let wrong = [("BAO_ADDR", address.as_str()), ("BAO_TOKEN", "CANARY-wrong")];
    fails(BOTH, &wrong, &format!("{folder} may not be read: 403 Forbidden"));
    let no_path = "folder = \"vault://secret/none#folder\"";
    let says = "folder of the provider tests.example.org/tests/odd: vault://secret/none#folder is not there: there is no secret";
    fails(no_path, &environment, says);
    let no_field = "folder = \"vault://secret/odd/prod\"";
    fails(
        no_field,
        &environment,
        "vault://secret/odd/prod names no secret: the field is missing, as in vault://PATH#FIELD",
    );
    fails(BOTH, &[], "neither BAO_ADDR nor VAULT_ADDR is set");
    fails(BOTH, &environment[..1], "neither BAO_TOKEN nor VAULT_TOKEN is set");
    drop(bao);
    fails(BOTH, &environment, &format!("{folder} cannot be read"));
}
