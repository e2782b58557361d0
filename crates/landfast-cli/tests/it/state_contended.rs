//! A state that others use too, or that cannot be had: what is said, and that nothing is changed.

use std::sync::{Arc, Mutex};

use crate::run::root;
use crate::state_server::{Held, initialised, serve};
use crate::workspace::{STATE, Workspace};

const LINEAGE: &str = "11111111-2222-3333-4444-555555555555";

fn with_serial(serial: u64) -> String {
    STATE.replace("\"serial\": 7", &format!("\"serial\": {serial}"))
}

fn stored(held: &Arc<Mutex<Held>>) -> String {
    String::from_utf8(held.lock().unwrap().state.clone().unwrap()).unwrap()
}

#[test]
fn a_state_that_moves_while_it_is_read_is_said_to() {
    let (address, held) = serve();
    let workspace = initialised(&address);
    let moves = |contents: &[String]| {
        let mut held = held.lock().unwrap();
        held.state = Some(STATE.into());
        held.coming = contents.iter().map(|text| text.clone().into_bytes()).collect();
    };
    let warning =
        format!("warning: {address}: it was written while it was read: serial 7 came first, and this is serial 8\n");
    let fewer = with_serial(8).replace("\"dev\"", "\"stage\"");
    for arguments in [&["state", "list"][..], &["state", "show"], &["state", "pull"]] {
        moves(std::slice::from_ref(&fewer));
        let run = workspace.run(arguments);
        assert_eq!((run.code, &run.err), (0, &warning), "{arguments:?}");
        assert!(
            run.out.contains("\"stage\"") && !run.out.contains("\"dev\""),
            "what came to rest is shown: {}",
            run.out
        );
    }
    moves(std::slice::from_ref(&fewer));
    let dry = workspace.run(&["state", "rm", "--dry-run", "module.db"]);
    assert!(dry.code == 0 && dry.err.starts_with(&warning), "{}", dry.err);

    moves(&(8..13).map(with_serial).collect::<Vec<_>>());
    let run = workspace.run(&["state", "list"]);
    let still = format!("{address}: it is written again and again: this is serial 10, which is there no more");
    assert!(run.code == 0 && run.err.contains(&still), "{}", run.err);

    moves(&[]);
    let run = workspace.run(&["state", "list"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "what rests is not spoken of");
}

/// Two folders whose configurations name one key: states of different infrastructure, one of which would be lost.
#[test]
fn a_state_of_other_infrastructure_under_the_same_key_is_refused() {
    let (address, held) = serve();
    let (first, second) = (initialised(&address), initialised(&address));
    first.ok(&["state", "mv", "module.db", "module.database"]);
    let there = stored(&held);
    second
        .folder
        .file("own.tfstate", STATE.replace(LINEAGE, "another-lineage").replace("\"serial\": 7", "\"serial\": 90"));
    for arguments in [&["state", "push", "own.tfstate"][..], &["state", "push", "--dry-run", "own.tfstate"]] {
        let run = second.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
        for said in [&*address, LINEAGE, "another-lineage", "hint: "] {
            assert!(run.err.contains(said), "{said}: {}", run.err);
        }
        assert_eq!(stored(&held), there);
        assert!(held.lock().unwrap().lock.is_none(), "the lock is given back");
    }
    // What the second one takes over by force is not lost, and the first one is stopped in its turn.
    first.ok(&["state", "pull", "--output", "mine.tfstate"]);
    second.ok(&["state", "push", "own.tfstate", "--force", "--reason", "it is ours"]);
    let taken = stored(&held);
    let run = first.run(&["state", "push", "mine.tfstate"]);
    assert!(run.code == 1 && run.err.contains(LINEAGE) && run.err.contains("another-lineage"), "{}", run.err);
    assert_eq!(stored(&held), taken);
    assert!(second.ok(&["state", "pull", "--state", "@8"]).contains("module.database"), "what was there is kept");
}

/// Two folders with one key and one lineage: each may write on what is there, and nobody on what was.
#[test]
fn who_writes_on_an_old_state_under_the_same_key_is_refused() {
    let (address, held) = serve();
    let (first, second) = (initialised(&address), initialised(&address));
    second.ok(&["state", "pull", "--output", "edited.tfstate"]);
    let edited = second.read("edited.tfstate").replace("\"serial\": 7", "\"serial\": 8").replace("i-dev", "i-edited");
    second.folder.file("edited.tfstate", edited);

    first.ok(&["state", "mv", "module.db", "module.database"]);
    let there = stored(&held);
    let run = second.run(&["state", "push", "edited.tfstate"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
    assert!(run.err.contains(&address) && run.err.contains("serial 8"), "{}", run.err);
    assert_eq!(stored(&held), there);

    // In turns, each on what the other one left.
    second.ok(&["state", "rm", "data.*"]);
    first.ok(&["state", "mv", "module.database", "module.db"]);
    let last = stored(&held);
    assert!(last.contains("\"serial\": 10") && last.contains("module.db\"") && !last.contains("aws_ami"), "{last}");
}

#[test]
fn an_encrypted_state_without_its_key_is_left_alone() {
    let folder = root().join("fixtures/opentofu");
    for name in ["default.encrypted", "openbao.encrypted"] {
        let encrypted = std::fs::read_to_string(folder.join(name)).unwrap();
        let (address, held) = serve();
        held.lock().unwrap().state = Some(encrypted.clone().into());
        let behind = initialised(&address);
        let local = Workspace::with(&encrypted);
        for (workspace, place) in [(&local, "terraform.tfstate"), (&behind, &*address)] {
            workspace.folder.file("new.tfstate", STATE);
            for arguments in [
                &["state", "list"][..],
                &["state", "show"],
                &["state", "verify"],
                &["state", "mv", "module.db", "module.database"],
                &["state", "mv", "--dry-run", "module.db", "module.database"],
                &["state", "rm", "module.db"],
                &["state", "replace-provider", "hashicorp/aws", "acme/aws"],
                &["state", "push", "new.tfstate"],
            ] {
                let run = workspace.run(arguments);
                assert_eq!(run.code, 1, "{name} {arguments:?}: {}", run.err);
                assert!(run.err.starts_with(&format!("error: {place}:1:")), "{arguments:?}: {}", run.err);
                assert!(run.err.contains("encrypted by OpenTofu") && run.err.contains("\nhint: "), "{}", run.err);
            }
            let pulled = workspace.run(&["state", "pull"]);
            assert_eq!((pulled.code, pulled.out), (1, encrypted.clone()), "it is printed as it is");
        }
        assert_eq!(stored(&held), encrypted);
        assert!(held.lock().unwrap().lock.is_none(), "no lock stays");
        assert_eq!(local.read("terraform.tfstate"), encrypted);
        for workspace in [&local, &behind] {
            assert!(
                !workspace.path("errored.tfstate").exists() && !workspace.path("terraform.tfstate.backup").exists()
            );
        }
    }
}

#[test]
fn a_server_that_refuses_or_is_down_changes_nothing() {
    for (status, said) in [
        ("401 Unauthorized", "hint: check the credentials"),
        ("403 Forbidden", "hint: ask for the permission to read, write and lock this state"),
        ("503 Service Unavailable", "hint: try again later"),
    ] {
        let (address, held) = serve();
        let workspace = initialised(&address);
        held.lock().unwrap().down = Some(status);
        for arguments in [
            &["state", "list"][..],
            &["state", "rm", "module.db"],
            &["state", "push", "terraform.tfstate"],
            &["state", "lock"],
            &["state", "verify"],
        ] {
            let run = workspace.run(arguments);
            assert_eq!(run.code, 1, "{status} {arguments:?}: {}", run.err);
            assert!(run.err.contains(&address), "the place is named: {}", run.err);
            assert!(run.err.contains(&status[..3]) && run.err.contains(said), "{arguments:?}: {}", run.err);
        }
        let mut held = held.lock().unwrap();
        held.down = None;
        assert_eq!((held.state.as_deref(), held.lock.is_some()), (Some(STATE.as_bytes()), false));
        assert!(!workspace.path("errored.tfstate").exists(), "nothing was made that would have to be saved");
    }
}

#[test]
fn an_empty_object_is_no_state_and_is_not_changed() {
    let (address, held) = serve();
    let workspace = initialised(&address);
    held.lock().unwrap().state = Some(Vec::new());
    for arguments in [&["state", "list"][..], &["state", "rm", "module.db"], &["state", "verify"]] {
        let run = workspace.run(arguments);
        assert_eq!(run.code, 1, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(&format!("{address}: there is no state, or an empty one\nhint: ")), "{}", run.err);
    }
    assert_eq!(stored(&held), "");
    assert!(held.lock().unwrap().lock.is_none());
}
