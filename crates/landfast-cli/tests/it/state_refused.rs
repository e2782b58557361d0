//! States, locks and histories that are not as they should be: a clear error, and nothing changed.

use std::os::unix::process::CommandExt as _;
use std::time::{Duration, Instant};

use crate::workspace::{STATE, Workspace};

#[test]
fn what_is_no_state_is_left_alone() {
    let mut shown = String::new();
    let encrypted = r#"{"meta": {}, "encrypted_data": "AAAA", "encryption_version": "v0"}"#;
    let twice = STATE.replace("\"name\": \"odd\"", "\"name\": \"odd\", \"name\": \"even\"");
    for state in ["", &STATE[..400], encrypted, "[1]", &twice, &STATE.replace("\"version\": 4", "\"version\": 9")] {
        let workspace = Workspace::with(state);
        workspace.folder.file("new", STATE);
        for command in [
            &["state", "mv", "module.db", "module.dbs"][..],
            &["state", "rm", "module.db", "--dry-run"],
            &["state", "verify"],
        ] {
            let before = workspace.read("terraform.tfstate");
            let run = workspace.run(command);
            assert_eq!(run.code, 1, "{command:?}: {}", run.err);
            assert_eq!(workspace.read("terraform.tfstate"), before);
            shown.push_str(&workspace.masked(&run.err));
        }
        let pulled = workspace.run(&["state", "pull"]);
        assert_eq!((pulled.code, &*pulled.out), (1, state));
        // Nothing is the one thing that a state may be put over.
        let pushed = workspace.run(&["state", "push", "new"]).code;
        assert_eq!(pushed, i32::from(!state.is_empty()));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_state_that_was_cut_off_names_its_backup() {
    let workspace = Workspace::with("");
    workspace.folder.file("terraform.tfstate.backup", STATE);
    let message = workspace.refused(&["state", "rm", "module.db"]);
    assert!(message.contains("the state before it is in terraform.tfstate.backup"), "{message}");
}

#[test]
fn addresses_that_nothing_has_change_nothing() {
    let workspace = Workspace::new();
    let mut shown = String::new();
    for arguments in [
        &["state", "rm", "module.db", "aws_vpc.none"][..],
        &["state", "rm", "module.db", "aws_vpc.*"],
        &["state", "mv", "aws_vpc.none", "aws_vpc.some"],
        &["state", "mv", "aws_instance.web[\"dev\"]", "aws_instance.web[\"prod-1\"]"],
        &["state", "mv", "aws_instance.web", "module.db"],
        &["state", "mv", "module.db.aws_db_instance.main", "aws_instance.main"],
        &["state", "replace-provider", "hashicorp/google", "acme/google"],
        &["state", "restore", "--state", "terraform.tfstate@3"],
        &["state", "pull", "--state", "terraform.tfstate@deadbeef99"],
        &["state", "pull", "--state", "none.tfstate"],
        &["state", "list", "--state", "ftp://user:hunter2@host/key"],
        &["state", "unlock", "--id", "x", "--reason", "y"],
    ] {
        shown.push_str(&workspace.refused(arguments));
    }
    insta::assert_snapshot!(shown);
    assert!(!shown.contains("hunter2"));
    for arguments in [
        &["state", "mv", "aws_instance.*", "aws_instance.one"][..],
        &["state", "rm", "not an address"],
        &["state", "rm"],
        &["state", "restore"],
        &["state", "rm", "--state", "terraform.tfstate@3", "module.db"],
        &["state", "replace-provider", "a b", "c"],
        &["state", "rm", "module.db", "--lock-timeout", "5 parsecs"],
    ] {
        let run = workspace.run(arguments);
        assert_eq!(run.code, 64, "{arguments:?}: {}", run.err);
        assert!(!run.err.is_empty());
    }
    assert_eq!(workspace.read("terraform.tfstate"), STATE);
}

#[test]
fn a_lock_stops_us_and_says_whose_it_is_and_how_old() {
    let workspace = Workspace::new();
    let mut holder = workspace.hold();
    let note = workspace.path(".terraform.tfstate.lock.info");
    let written = std::fs::read_to_string(&note).unwrap();
    let message = workspace.refused(&["state", "rm", "module.db"]);
    assert!(message.contains("locked by alice@HOST (state lock, TIME, id ID); the lock is"), "{message}");
    assert!(message.contains("hint: wait for it with --lock-timeout 5m; it ends with the process that holds it"));

    // A clock that jumped, here or at the holder's.
    let at = written.find("\"Created\":\"").unwrap() + 11;
    let future = format!("{}2099{}", &written[..at], &written[at + 4..]);
    std::fs::write(&note, &future).unwrap();
    let message = workspace.refused(&["state", "rm", "module.db"]);
    assert!(message.contains(" d in the future, so the clocks disagree"), "{message}");
    let verify = workspace.ok(&["state", "verify"]);
    assert!(verify.contains("held by alice@") && verify.contains("the clocks disagree"), "{verify}");

    // A note that says nothing is no reason to believe that nobody holds it.
    std::fs::write(&note, "").unwrap();
    let message = workspace.refused(&["state", "rm", "module.db"]);
    assert!(message.contains("locked by process"), "{message}");
    std::fs::remove_file(&note).unwrap();
    let message = workspace.refused(&["state", "rm", "module.db"]);
    assert!(message.contains("locked by process"), "{message}");
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_lock_of_a_dead_process_stops_nobody() {
    let workspace = Workspace::new();
    let mut holder = workspace.hold();
    holder.kill().unwrap();
    holder.wait().unwrap();
    let verify = workspace.ok(&["state", "verify"]);
    assert!(verify.contains("lock      free\n"), "{verify}");
    assert!(verify.contains("a note about a lock that nobody holds any more"), "{verify}");
    workspace.ok(&["state", "rm", "module.db"]);
    assert!(!workspace.path(".terraform.tfstate.lock.info").exists());
}

#[test]
fn a_lock_is_waited_for_and_waiting_can_be_stopped() {
    let workspace = Workspace::new();
    let mut holder = workspace.hold();
    let mut waiting = workspace.command(&["state", "rm", "module.db", "--lock-timeout", "1m"]);
    let waiting = waiting.process_group(0).stderr(std::process::Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let begun = Instant::now();
    interrupt(waiting.id());
    let output = waiting.wait_with_output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{message}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(message.contains("error: interrupted"), "{message}");

    let waiting = workspace.command(&["state", "rm", "module.db", "--lock-timeout", "1m"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    interrupt(holder.id());
    assert_eq!(holder.wait().unwrap().code(), Some(0));
    assert!(waiting.wait_with_output().unwrap().status.success());
    assert!(workspace.read("terraform.tfstate").contains("\"serial\": 8"));
}

fn interrupt(process: u32) {
    assert!(std::process::Command::new("kill").args(["-INT", &process.to_string()]).status().unwrap().success());
}

#[test]
fn what_cannot_be_written_is_saved() {
    let workspace = Workspace::new();
    // The backup has no room: a folder has its name.
    std::fs::create_dir(workspace.path("terraform.tfstate.backup")).unwrap();
    let mut shown = String::new();
    for name in ["errored.tfstate", "errored.1.tfstate"] {
        shown.push_str(&workspace.refused(&["state", "rm", "module.db"]));
        let saved = workspace.read(name);
        assert!(saved.contains("\"serial\": 8") && !saved.contains("aws_db_instance"), "{saved}");
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(workspace.path(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    insta::assert_snapshot!(shown);
    let verify = workspace.ok(&["state", "verify"]);
    assert!(verify.contains("errored.1.tfstate: a state that could not be written; push it, or remove it"), "{verify}");
    let history = workspace.ok(&["state", "history"]);
    assert!(history.contains("[not written]"), "{history}");
    // As the hint says.
    std::fs::remove_dir(workspace.path("terraform.tfstate.backup")).unwrap();
    workspace.ok(&["state", "push", "--state", "terraform.tfstate", "errored.tfstate"]);
    assert_eq!(workspace.read("terraform.tfstate"), workspace.read("errored.tfstate"));
}

#[test]
fn nothing_is_written_where_the_history_cannot_be() {
    let workspace = Workspace::new();
    workspace.folder.file(".landfast", "in the way");
    let message = workspace.refused(&["state", "rm", "module.db"]);
    assert!(message.contains("what is there cannot be kept, so nothing was written"), "{message}");
    std::fs::remove_file(workspace.path(".landfast")).unwrap();
    workspace.ok(&["state", "rm", "module.db"]);

    // A version that somebody edited is none.
    let folder = workspace.path(".landfast/history/terraform.tfstate");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "tfstate") {
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text.replace("i-dev", "i-DEV")).unwrap();
        }
    }
    let message = workspace.refused(&["state", "restore", "--state", "terraform.tfstate@7"]);
    assert!(message.contains("the content was changed after it was written"), "{message}");
}
