//! Commands on more than one state: moves between two, backups of many, and the probe of a store.

use std::fs;

use crate::via::files_in;
use crate::workspace::{STATE, Workspace};

fn other_state(workspace: &Workspace) {
    let text = STATE.replace("11111111", "99999999").replace("\"web\"", "\"other\"").replace("CANARY", "SECOND");
    fs::write(workspace.path("other.tfstate"), text).unwrap();
}

#[test]
fn objects_move_from_one_state_to_another() {
    let workspace = Workspace::new();
    other_state(&workspace);
    let moved = ["state", "mv", "--state-out", "other.tfstate", "aws_instance.web", "module.app.aws_instance.web"];
    let shown = workspace.ok(&moved);
    assert!(shown.contains("aws_instance.web[\"dev\"] -> module.app.aws_instance.web[\"dev\"]"), "{shown}");
    assert!(!workspace.ok(&["state", "list"]).contains("aws_instance.web"));
    let there = workspace.ok(&["state", "list", "--state", "other.tfstate"]);
    assert!(there.contains("module.app.aws_instance.web[\"prod-1\"]"), "{there}");
    // Nothing is left of it, and there is nothing to resume.
    let again = workspace.ok(&["state", "mv", "--state-out", "other.tfstate", "--resume"]);
    assert!(again.starts_with("nothing was interrupted between"), "{again}");

    // A state that is not there is made, and into the same one nothing goes.
    workspace.ok(&["state", "mv", "--state-out", "new/new.tfstate", "module.db", "module.db"]);
    assert!(workspace.ok(&["state", "list", "--state", "new/new.tfstate"]).contains("module.db."));
    let same =
        workspace.run(&["state", "mv", "--state-out", "terraform.tfstate", "data.aws_ami.base", "data.aws_ami.b"]);
    assert_eq!(same.code, 1);
    assert!(same.err.contains("both states are this one"), "{}", same.err);
}

#[test]
fn many_states_are_kept_checked_and_put_back() {
    let workspace = Workspace::new();
    other_state(&workspace);
    fs::write(workspace.path("pass"), "correct horse battery\n").unwrap();
    for key in [&[][..], &["--passphrase-file", "pass"]] {
        let folder = if key.is_empty() { "plain" } else { "sealed" };
        let with_key = |arguments: &[&'static str]| [arguments, key].concat();
        let made = workspace.run(&with_key(&[
            "backup",
            "create",
            "terraform.tfstate",
            "other.tfstate",
            "none.tfstate",
            "--into",
            folder,
        ]));
        assert_eq!(made.code, 4, "{}", made.err);
        assert!(made.err.contains("none.tfstate: not in the backup: there is no state"), "{}", made.err);
        let checked = workspace.run(&with_key(&["backup", "verify", folder]));
        assert_eq!(checked.code, 4, "{}", checked.err);
        assert!(checked.out.contains("terraform.tfstate: serial 7"), "{}", checked.out);
    }
    for entry in fs::read_dir(workspace.path("sealed")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            assert!(!bytes.windows(6).any(|it| it == b"CANARY" || it == b"SECOND"), "{}", path.display());
        }
    }
    let without = workspace.run(&["backup", "verify", "sealed"]);
    assert_eq!(without.code, 1, "{}", without.out);
    let enforced = workspace.run(&["backup", "create", "terraform.tfstate", "--into", "never", "--require-encryption"]);
    assert_eq!(enforced.code, 1);
    assert!(!workspace.path("never").exists());

    workspace.ok(&["state", "rm", "aws_instance.web"]);
    let back =
        workspace.ok(&["backup", "restore", "sealed", "--only", "terraform.tfstate", "--passphrase-file", "pass"]);
    assert_eq!(back, "terraform.tfstate: serial 7 of the backup is serial 9 now\n");
    assert_eq!(workspace.read("terraform.tfstate"), STATE.replace("\"serial\": 7", "\"serial\": 9"));
    workspace.ok(&["backup", "restore", "plain", "--only", "other.tfstate", "--to", "other.tfstate=copy.tfstate"]);
    assert_eq!(workspace.read("copy.tfstate"), workspace.read("other.tfstate"));

    // A file of it that was changed is noticed, and nothing is put back from it.
    let damaged = fs::read_dir(workspace.path("sealed")).unwrap().map(|it| it.unwrap().path());
    let damaged = damaged.filter(|it| it.extension().is_some_and(|it| it == "sealed")).min().unwrap();
    let mut bytes = fs::read(&damaged).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    let checked = workspace.run(&["backup", "verify", "sealed", "--passphrase-file", "pass"]);
    assert_eq!(checked.code, 1, "{}", checked.out);
}

#[test]
fn a_store_is_probed_and_left_as_it_was() {
    let workspace = Workspace::new();
    let before = files_in(workspace.path("").as_path());
    let shown = workspace.run(&["state", "lock", "--probe"]);
    assert_eq!(shown.code, 0, "{}{}", shown.out, shown.err);
    assert_eq!(workspace.read("terraform.tfstate"), STATE);
    assert_eq!(files_in(workspace.path("").as_path()), before);
}
