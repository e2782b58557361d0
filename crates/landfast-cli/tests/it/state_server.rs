//! A state behind a server, where locks are records that outlive their holder.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::workspace::{STATE, Workspace};

/// What the server holds.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) state: Option<Vec<u8>>,
    pub(crate) lock: Option<Vec<u8>>,
    /// What is there after each reading, one after the other.
    pub(crate) coming: std::collections::VecDeque<Vec<u8>>,
    /// Answers everything with this status.
    pub(crate) down: Option<&'static str>,
    /// Answers every POST of a state with this status.
    refuse: Option<&'static str>,
}

/// Serves one state as terraform's `http` backend wants it. It ends with the test's process.
pub(crate) fn serve() -> (String, Arc<Mutex<Held>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/state", listener.local_addr().unwrap());
    let held = Arc::new(Mutex::new(Held { state: Some(STATE.into()), ..Held::default() }));
    let shared = Arc::clone(&held);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &mut shared.lock().unwrap());
        }
    });
    (address, held)
}

fn answer(mut stream: TcpStream, held: &mut Held) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let length = lines.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let method = lines[0].split(' ').next().unwrap();
    let id = |lock: &[u8]| serde_json::from_slice::<serde_json::Value>(lock).unwrap()["ID"].clone();
    let (status, content) = match (method, &held.lock) {
        _ if held.down.is_some() => (held.down.unwrap(), Vec::new()),
        ("GET", _) => {
            let next = held.coming.pop_front();
            let now = if next.is_some() { std::mem::replace(&mut held.state, next) } else { held.state.clone() };
            match now {
                Some(state) => ("200 OK", state),
                None => ("204 No Content", Vec::new()),
            }
        }
        ("POST", _) if held.refuse.is_some() => (held.refuse.unwrap(), Vec::new()),
        ("POST", Some(_)) => {
            held.state = Some(body);
            ("200 OK", Vec::new())
        }
        ("LOCK", Some(lock)) => ("423 Locked", lock.clone()),
        ("LOCK", None) => {
            held.lock = Some(body);
            ("200 OK", Vec::new())
        }
        ("UNLOCK", Some(lock)) if body.is_empty() || id(lock) == id(&body) => {
            held.lock = None;
            ("200 OK", Vec::new())
        }
        _ => ("409 Conflict", Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&content).unwrap();
}

/// A folder that is initialised for the server.
pub(crate) fn initialised(address: &str) -> Workspace {
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.path(".terraform")).unwrap();
    let record = serde_json::json!({"version": 3, "backend": {"type": "http", "config": {
        "address": address, "lock_address": address, "unlock_address": address, "retry_max": 0, "username": null,
    }}});
    workspace.folder.file(".terraform/terraform.tfstate", record.to_string());
    workspace
}

#[test]
fn a_state_behind_a_server_is_changed_and_taken_back() {
    let (address, held) = serve();
    let workspace = initialised(&address);
    workspace.ok(&["state", "rm", "module.db", "--reason", "moved"]);
    let state = String::from_utf8(held.lock().unwrap().state.clone().unwrap()).unwrap();
    assert!(state.contains("\"serial\": 8") && !state.contains("db-1"));
    assert!(held.lock().unwrap().lock.is_none());
    // Our history, in the user's folder.
    let history = workspace.ok(&["state", "history"]);
    assert!(history.contains("@8") && history.contains("moved") && history.contains("@7"), "{history}");
    assert!(!workspace.path(".landfast").exists() && workspace.path("xdg-state/landfast/history").is_dir());
    // By its URL too; without an address for locks it can be read only.
    assert!(workspace.ok(&["state", "list", "--state", &address]).contains("aws_instance.web"));
    let diff = workspace.run(&["diff", &format!("{address}@7"), &address]);
    assert!(diff.code == 2 && diff.out.contains("- module.db.aws_db_instance.main"), "{}{}", diff.out, diff.err);
    assert_eq!(workspace.run(&["state", "rm", "--state", &address, "data.*"]).code, 1);
    held.lock().unwrap().refuse = Some("500 Internal Server Error");
    let failed = workspace.run(&["state", "rm", "data.*"]);
    assert!(failed.code == 1 && failed.err.contains("saved in errored.tfstate"), "{}", failed.err);
    assert!(held.lock().unwrap().lock.is_none(), "the lock is given back");
    held.lock().unwrap().refuse = None;
    workspace.ok(&["state", "push", "errored.tfstate"]);
    assert_eq!(held.lock().unwrap().state, Some(workspace.read("errored.tfstate").into()));
    assert_eq!(workspace.read("terraform.tfstate"), STATE, "the file in the folder is none of it");
}

#[test]
fn a_lock_that_was_left_is_removed_with_its_id_and_a_reason_and_recorded() {
    let (address, held) = serve();
    let workspace = initialised(&address);
    let locked = workspace.ok(&["state", "lock", "--reason", "by hand"]);
    let id = locked.trim();
    let stopped = workspace.run(&["state", "rm", "module.db"]);
    assert_eq!(stopped.code, 1);
    assert!(stopped.err.contains(&format!("landfast state unlock --id {id} --reason TEXT")), "{}", stopped.err);
    assert!(stopped.err.contains("locked by alice@"), "{}", stopped.err);
    assert!(workspace.ok(&["state", "verify"]).contains("held by alice@"));
    let other = workspace.run(&["state", "unlock", "--id", "another", "--reason", "x"]);
    assert!(other.code == 1 && other.err.contains("and not another"), "{}", other.err);
    let empty = workspace.run(&["state", "unlock", "--id", id, "--reason", " "]);
    assert!(empty.code == 1 && empty.err.contains("only with a reason"), "{}", empty.err);
    // What cannot be recorded does not happen.
    let mut unrecorded = workspace.command(&["state", "unlock", "--id", id, "--reason", "its holder is gone"]);
    let unrecorded = crate::run::finish(unrecorded.env("XDG_STATE_HOME", workspace.path("terraform.tfstate")));
    assert_eq!(unrecorded.code, 1, "{}", unrecorded.err);
    assert!(held.lock().unwrap().lock.is_some());
    workspace.ok(&["state", "unlock", "--id", id, "--reason", "its holder is gone"]);
    assert!(held.lock().unwrap().lock.is_none());
    let log = std::fs::read(workspace.path("xdg-state/landfast/audit.log")).unwrap();
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("force-unlock") && log.contains("its holder is gone") && log.contains(id), "{log}");
    workspace.ok(&["state", "rm", "module.db"]);
}

#[test]
fn what_a_server_holds_and_is_no_state_is_left_alone() {
    for broken in ["{\"version\": 4, \"serial\"", "{}"] {
        let (address, held) = serve();
        let workspace = initialised(&address);
        held.lock().unwrap().state = Some(broken.into());
        for command in
            [&["state", "rm", "module.db"][..], &["state", "push", "terraform.tfstate"], &["state", "verify"]]
        {
            let run = workspace.run(command);
            assert_eq!(run.code, 1, "{command:?}: {}", run.err);
            assert!(run.err.contains(&address), "{}", run.err);
        }
        assert_eq!(held.lock().unwrap().state.as_deref(), Some(broken.as_bytes()));
        assert!(held.lock().unwrap().lock.is_none());
    }
}
