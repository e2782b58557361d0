//! Keys: what is kept of states is encrypted, read with the key and not without it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use age::secrecy::ExposeSecret as _;

use crate::run::{Run, finish};
use crate::workspace::{STATE, Workspace};

const SECRET: &[u8] = b"CANARY";
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// Everything below a folder but live states that holds the secret of the state.
fn in_clear(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut in_clear(&path));
        } else if fs::read(&path).unwrap().windows(SECRET.len()).any(|it| it == SECRET) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

/// Writes, reads, compares and restores with these arguments for keys, and fails to read without them.
fn keeps_encrypted(workspace: &Workspace, to_write: &[&str], to_read: &[&str]) {
    let with = |arguments: &[&'static str], keys: &[&str]| {
        workspace.ok(&[arguments, keys].concat().iter().map(|it| &**it).collect::<Vec<_>>())
    };
    with(&["state", "rm", "module.db"], to_write);
    assert_eq!(in_clear(&workspace.path("")), ["terraform.tfstate", "terraform.tfstate.backup"]);

    let history = with(&["state", "history"], to_read);
    assert!(history.contains("@8") && history.contains("@7") && !history.contains("[not kept]"), "{history}");
    assert_eq!(with(&["state", "pull", "--state", "terraform.tfstate@7"], to_read), STATE);
    let diff = workspace.run(&[&["state", "diff", "@7", "@"], to_read].concat());
    assert!(diff.code == 2 && diff.out.contains("module.db.aws_db_instance.main"), "{}{}", diff.out, diff.err);

    let without = workspace.refused(&["state", "pull", "--state", "terraform.tfstate@7"]);
    assert!(without.contains("is encrypted, and no key was given") && without.contains("name a key:"), "{without}");
    let without = workspace.refused(&["state", "restore", "--state", "@7"]);
    assert!(without.contains("is encrypted, and no key was given"), "{without}");

    let both = if to_write == to_read { to_write.to_vec() } else { [to_write, to_read].concat() };
    with(&["state", "restore", "--state", "@7"], &both);
    assert!(workspace.read("terraform.tfstate").contains("aws_db_instance"));
    assert_eq!(in_clear(&workspace.path("")), ["terraform.tfstate", "terraform.tfstate.backup"]);
}

#[test]
fn a_key_file_keeps_the_history() {
    let workspace = Workspace::new();
    workspace.folder.file("key", KEY);
    keeps_encrypted(&workspace, &["--key-file", "key"], &["--key-file", "key"]);
    workspace.folder.file("other", KEY.replace('0', "1"));
    let wrong = workspace.refused(&["state", "pull", "--state", "@7", "--key-file", "other"]);
    assert!(wrong.contains("none of the given keys opens it"), "{wrong}");
    // What would be lost to the others is not written.
    let wrong = workspace.refused(&["state", "rm", "aws_instance.web", "--key-file", "other"]);
    assert!(wrong.contains("none of the given keys opens it"), "{wrong}");
    let missing = workspace.refused(&["state", "rm", "aws_instance.web", "--key-file", "nowhere"]);
    assert!(missing.contains("nowhere: the key cannot be read"), "{missing}");
}

#[test]
fn a_passphrase_keeps_the_history_and_a_wrong_one_is_told() {
    let workspace = Workspace::new();
    workspace.folder.file("pass", "correct horse battery\n");
    workspace.folder.file("wrong", "incorrect horse battery\n");
    keeps_encrypted(&workspace, &["--passphrase-file", "pass"], &["--passphrase-file", "pass"]);
    let wrong = workspace.refused(&["state", "pull", "--state", "@7", "--passphrase-file", "wrong"]);
    assert!(wrong.contains("the passphrase is wrong") && wrong.contains("name a key:"), "{wrong}");
}

#[test]
fn age_recipients_write_and_identities_read() {
    let workspace = Workspace::new();
    let identity = age::x25519::Identity::generate();
    workspace.folder.file("recipients", format!("# the team\n{}\n", identity.to_public()));
    workspace.folder.file("identity", identity.to_string().expose_secret());
    let (recipients, identities) = (["--age-recipients-file", "recipients"], ["--age-identities-file", "identity"]);
    keeps_encrypted(&workspace, &recipients, &identities);
    // Who has an identity writes where recipients have written before him, and begins nothing.
    let other = Workspace::new();
    other.folder.file("identity", identity.to_string().expose_secret());
    let cannot_write = other.refused(&["state", "rm", "aws_instance.web", "--age-identities-file", "identity"]);
    assert!(cannot_write.contains("there is no key to encrypt with"), "{cannot_write}");

    workspace.ok(&["backup", "create", "terraform.tfstate", "--into", "backup", recipients[0], recipients[1]]);
    workspace.ok(&["backup", "verify", "backup", identities[0], identities[1]]);
    let without = workspace.run(&["backup", "verify", "backup"]);
    assert!(without.code == 1 && without.err.contains("name a key:"), "{}", without.err);
}

#[test]
fn a_transit_key_keeps_the_history() {
    let workspace = Workspace::new();
    let address = transit();
    let run = |arguments: &[&str]| -> Run {
        finish(workspace.command(arguments).env("BAO_ADDR", &address).env("BAO_TOKEN", "token-of-the-test"))
    };
    let key = ["--transit-key", "engine/landfast"];
    let removed = run(&["state", "rm", "module.db", key[0], key[1]]);
    assert_eq!(removed.code, 0, "{}", removed.err);
    assert_eq!(in_clear(&workspace.path("")), ["terraform.tfstate", "terraform.tfstate.backup"]);
    let old = run(&["state", "pull", "--state", "@7", key[0], key[1]]);
    assert_eq!((old.code, &*old.out), (0, STATE), "{}", old.err);
    let restored = run(&["state", "restore", "--state", "@7", key[0], key[1]]);
    assert_eq!(restored.code, 0, "{}", restored.err);

    let unset = workspace.refused(&["state", "rm", "module.db", key[0], key[1]]);
    assert!(unset.contains("the environment variable BAO_TOKEN or VAULT_TOKEN is not set"), "{unset}");
    let mut command = workspace.command(&["state", "rm", "module.db", key[0], key[1]]);
    let refused = finish(command.env("VAULT_ADDR", &address).env("VAULT_TOKEN", "canary-of-nobody"));
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("permission denied") && !refused.err.contains("canary"), "{}", refused.err);
}

/// What a transit engine says, mounted at `engine`, with one key; it wraps by writing the digits backwards. It ends with the
/// test's process.
fn transit() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap());
        }
    });
    address
}

fn answer(mut stream: TcpStream) {
    const DATA_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_ascii_lowercase()),
        }
    }
    let length = lines.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let wrapped: String = DATA_KEY.chars().rev().collect();
    let (status, content) = match lines[0].split(' ').nth(1).unwrap() {
        _ if !lines.contains(&"x-vault-token: token-of-the-test".to_owned()) => {
            ("403 Forbidden", r#"{"errors": ["permission denied"]}"#.to_owned())
        }
        "/v1/engine/datakey/plaintext/landfast" => {
            ("200 OK", format!(r#"{{"data": {{"plaintext": "{DATA_KEY}", "ciphertext": "vault:v1:{wrapped}"}}}}"#))
        }
        "/v1/engine/decrypt/landfast" if String::from_utf8(body).unwrap().contains(&wrapped) => {
            ("200 OK", format!(r#"{{"data": {{"plaintext": "{DATA_KEY}"}}}}"#))
        }
        _ => ("400 Bad Request", r#"{"errors": ["no"]}"#.to_owned()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len());
    stream.write_all((head + &content).as_bytes()).unwrap();
}

#[test]
fn where_encryption_is_demanded_nothing_is_in_plain_text_but_the_live_state() {
    let workspace = Workspace::new();
    let without = workspace.refused(&["state", "rm", "module.db", "--require-encryption"]);
    assert!(
        without.contains("encryption is enforced and there is no key") && without.contains("name a key:"),
        "{without}"
    );
    assert!(!workspace.path(".landfast").exists());
    let without =
        workspace.refused(&["state", "mv", "module.db", "module.db", "--state-out", "b", "--require-encryption"]);
    assert!(without.contains("encryption is enforced and there is no key"), "{without}");
    assert!(!workspace.path("b").exists());

    workspace.folder.file("key", KEY);
    workspace.ok(&["state", "rm", "module.db", "--require-encryption", "--key-file", "key"]);
    assert_eq!(in_clear(&workspace.path("")), ["terraform.tfstate"]);
    assert!(!workspace.path("terraform.tfstate.backup").exists());
    // What somebody put there in plain text is not believed.
    let plain = Workspace::new();
    plain.folder.file("key", KEY);
    plain.ok(&["state", "rm", "module.db"]);
    let enforced = ["--require-encryption", "--key-file", "key"];
    let refused = plain.refused(&["state", "restore", "--state", "@7", enforced[0], enforced[1], enforced[2]]);
    assert!(refused.contains("in plain text, and encryption is enforced"), "{refused}");
    plain.ok(&["state", "restore", "--state", "@7", "--key-file", "key"]);
}

#[test]
fn a_state_that_cannot_be_written_is_saved_encrypted_and_pushed_with_the_key() {
    let workspace = Workspace::new();
    workspace.folder.file("key", KEY);
    fs::create_dir(workspace.path("terraform.tfstate.backup")).unwrap();
    let message = workspace.refused(&["state", "rm", "module.db", "--key-file", "key"]);
    assert!(message.contains("saved in errored.sealed") && message.contains("with the same key"), "{message}");
    assert_eq!(in_clear(&workspace.path("")), ["terraform.tfstate"]);
    let verify = workspace.ok(&["state", "verify"]);
    assert!(verify.contains("errored.sealed: a state that could not be written; push it, or remove it"), "{verify}");
    fs::remove_dir(workspace.path("terraform.tfstate.backup")).unwrap();
    let without = workspace.refused(&["state", "push", "errored.sealed"]);
    assert!(without.contains("errored.sealed: it is encrypted, for") && without.contains("name a key:"), "{without}");
    workspace.ok(&["state", "push", "errored.sealed", "--key-file", "key"]);
    assert!(!workspace.read("terraform.tfstate").contains("aws_db_instance"));
    // Any source may be such a file.
    let listed = workspace.ok(&["state", "list", "--state", "errored.sealed", "--key-file", "key"]);
    assert!(listed.contains("aws_instance.web[\"dev\"]"), "{listed}");
}

#[test]
fn the_journal_of_an_interrupted_move_is_encrypted() {
    let workspace = Workspace::new();
    workspace.folder.file("key", KEY);
    // The state that loses the objects is written last, and cannot be.
    fs::create_dir(workspace.path("terraform.tfstate.backup")).unwrap();
    let go =
        ["state", "mv", "--state-out", "other.tfstate", "aws_instance.web", "aws_instance.web", "--key-file", "key"];
    let message = workspace.refused(&go);
    assert!(message.contains("the objects are in both states now"), "{message}");
    assert_eq!(in_clear(&workspace.path("")), ["other.tfstate", "terraform.tfstate"]);
    assert_eq!(fs::read_dir(workspace.path("xdg-state/landfast/transfers")).unwrap().count(), 1);
    fs::remove_dir(workspace.path("terraform.tfstate.backup")).unwrap();
    let resume = ["state", "mv", "--state-out", "other.tfstate", "--resume"];
    let without = workspace.refused(&resume);
    assert!(without.contains("is encrypted, and no key was given") && without.contains("name a key:"), "{without}");
    let ended = workspace.ok(&[&resume[..], &["--key-file", "key"]].concat());
    assert_eq!(ended, "finished: the objects are in other.tfstate\n");
}

#[test]
fn settings_name_keys_too_and_flags_come_first() {
    let workspace = Workspace::new();
    workspace.folder.file("key", KEY);
    fs::create_dir(workspace.path("keys")).unwrap();
    fs::write(workspace.path("keys/landfast.key"), KEY).unwrap();
    let settings =
        "[encryption]\nkey_file = \"keys/landfast.key\"\nrequire = true\n\n[history]\nkeep = 2\nkeep_for = \"90d\"\n";
    workspace.folder.file("landfast.toml", settings);
    fs::create_dir(workspace.path("below")).unwrap();
    let mut command = workspace.command(&["state", "rm", "--state", "../terraform.tfstate", "module.db"]);
    let removed = finish(command.current_dir(workspace.path("below")));
    assert_eq!(removed.code, 0, "{}", removed.err);
    assert_eq!(in_clear(&workspace.path("")), ["terraform.tfstate"]);
    // Commands without flags for keys take them from there as well.
    let diff = workspace.run(&["diff", "terraform.tfstate@7", "terraform.tfstate"]);
    assert!(diff.code == 2 && diff.err.is_empty(), "{}", diff.err);
    // The environment comes before the file, and the flag before the environment.
    let mut command = workspace.command(&["state", "pull", "--state", "@7"]);
    let other = finish(command.env("LANDFAST_KEY", KEY.replace('0', "1")));
    assert!(other.code == 1 && other.err.contains("none of the given keys"), "{}", other.err);
    let mut command = workspace.command(&["state", "pull", "--state", "@7", "--key-file", "key"]);
    assert_eq!(finish(command.env("LANDFAST_KEY", KEY.replace('0', "1"))).out, STATE);
    // A file that belongs to somebody does not take back what another one demands.
    workspace.folder.file("landfast.toml", "[encryption]\nrequire = false\n");
    fs::create_dir_all(workspace.path("config/landfast")).unwrap();
    fs::write(workspace.path("config/landfast/landfast.toml"), "[encryption]\nrequire = true\n").unwrap();
    let mut command = workspace.command(&["state", "rm", "aws_instance.web"]);
    let refused = finish(command.env("XDG_CONFIG_HOME", workspace.path("config")));
    assert!(refused.code == 1 && refused.err.contains("encryption is enforced"), "{}", refused.err);

    for (text, message) in [
        ("[encryption]\npassphrase = \"hunter2\"\n", "landfast.toml: line 2: unknown field `passphrase`"),
        ("[history]\nkeep_for = \"soon\"\n", "landfast.toml: line 2: a time is a number with"),
        ("[history]\n\nkeep = 0\n", "landfast.toml: line 3: "),
    ] {
        workspace.folder.file("landfast.toml", text);
        let refused = workspace.refused(&["state", "rm", "aws_instance.web"]);
        assert!(refused.contains(message) && !refused.contains("hunter2"), "{refused}");
    }
}

#[test]
fn so_many_versions_are_kept_as_is_said() {
    let kept = |workspace: &Workspace| {
        let history = workspace.ok(&["state", "history"]);
        history.lines().skip(1).filter(|line| !line.contains("[not kept]")).count()
    };
    let workspace = Workspace::new();
    let change = |arguments: &[&str], workspace: &Workspace| {
        for (from, to) in [("module.db", "module.x"), ("module.x", "module.y"), ("module.y", "module.db")] {
            workspace.ok(&[&["state", "mv", from, to], arguments].concat());
        }
    };
    change(&[], &workspace);
    assert_eq!(kept(&workspace), 4);
    change(&["--keep", "2"], &workspace);
    // Two writes, and what the older of them replaced.
    assert_eq!(kept(&workspace), 3);
    assert!(finish(workspace.command(&["state", "rm", "module.db", "--keep", "0"]).env("X", "")).code == 64);

    // The age is that of the record: a moment is long ago a second later.
    let workspace = Workspace::new();
    change(&[], &workspace);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let mut command = workspace.command(&["state", "rm", "aws_instance.web"]);
    assert_eq!(finish(command.env("LANDFAST_KEEP_FOR", "1s")).code, 0);
    assert_eq!(kept(&workspace), 2);
}

#[test]
fn what_a_killed_writer_left_goes_with_the_next_write() {
    let workspace = Workspace::new();
    workspace.folder.file(".landfast-tmp-0123456789abcdef", "half a state");
    workspace.folder.file("landfast-tmp-of-somebody", "stays");
    workspace.ok(&["state", "list"]);
    assert!(workspace.path(".landfast-tmp-0123456789abcdef").exists());
    workspace.ok(&["state", "rm", "module.db"]);
    assert!(!workspace.path(".landfast-tmp-0123456789abcdef").exists());
    assert!(workspace.path("landfast-tmp-of-somebody").exists());
}
