//! Approvals through the command: who may give them, and what does not count.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use landfast::safety::approval::{Approval, PrivateKey, SignedApproval};

use crate::place::{Place, STATE};
use crate::run::Run;

const COMMON: [&str; 5] = ["--yes", "--values", "wanted.toml", "--state", "t.tfstate"];

/// A place where one of `bob` and `carol` has to approve, with their keys. `alice` plans.
struct Guarded(Place);

impl Guarded {
    fn new() -> Self {
        Self::needing(1)
    }

    fn needing(required: u32) -> Self {
        let place = Place::new();
        let mut settings = format!(
            "[[safety.checks.approvals.rules]]\nenvironments = [\"*\"]\nrequired = {required}\n[environments.prod]\n"
        );
        for name in ["alice", "bob", "carol"] {
            let key = format!("{name}.pem");
            settings.push_str(&place.ok(&["approve", "keygen", "--key", &key, "--name", name]));
        }
        place.0.file("landfast.toml", settings);
        place.plan();
        Self(place)
    }

    fn approve(&self, plan: &str, name: &str, file: &str, arguments: &[&str]) -> Run {
        let key = format!("{name}.pem");
        let common = ["approve", plan, "--key", &key, "--yes", "--output", file];
        self.0.run(&[&common[..], arguments].concat())
    }

    /// An approval that the command would not make: signed by this key, in this name.
    fn forge(&self, key: &str, approver: &str, life: Duration, file: &str) {
        let plan = landfast::rollback::read_plan(&self.0.read("plan.json"), "plan", &Default::default()).unwrap();
        let granted = SystemTime::now();
        let approval = Approval::new(approver, plan.digest(), &plan.target().environment, granted, life).unwrap();
        let key = PrivateKey::read(&self.0.0.path(key)).unwrap();
        self.0.0.file(file, approval.sign(&key).to_json());
    }

    /// Executes the plan with these approvals, which is refused for this reason; no step began.
    #[track_caller]
    fn refused(&self, approvals: &[&str], why: &str) {
        let mut arguments = Vec::new();
        for approval in approvals {
            arguments.extend(["--approval", *approval]);
        }
        self.0.refused(&arguments, why);
        assert_eq!(self.0.read("t.tfstate"), STATE);
        let operation = self.0.operations().pop().unwrap();
        assert_eq!((&operation["state"], operation["reached_applying"].as_bool()), (&"failed".into(), None));
        let log = self.0.ok(&["op", "log", self.0.last().as_str()]);
        assert!(!log.contains("applying"), "{log}");
    }
}

#[test]
fn an_approved_plan_is_executed_and_taken_back_with_another_approval() {
    let guarded = Guarded::new();
    let place = &guarded.0;
    guarded.refused(&[], "0 people approve, and 1 are needed");
    assert_eq!(guarded.approve("plan.json", "bob", "bob.json", &[]).code, 0);
    // What was refused before has not used it up.
    place.ok(&["apply", "plan.json", "--yes", "--approval", "bob.json"]);
    let first = place.last();
    let unapproved = place.run(&["rollback", &first, "--yes"]);
    assert!(unapproved.code == 3 && unapproved.err.contains("rollback --plan-only"), "{}", unapproved.err);
    place.ok(&["rollback", &first, "--plan-only", "--output", "back.json"]);
    assert_eq!(guarded.approve("back.json", "carol", "carol.json", &[]).code, 0);
    place.ok(&["apply", "back.json", "--yes", "--approval", "carol.json"]);
    assert_eq!(place.content()["resources"], serde_json::from_str::<serde_json::Value>(STATE).unwrap()["resources"]);
}

#[test]
fn a_replayed_approval_is_refused() {
    let guarded = Guarded::new();
    let place = &guarded.0;
    guarded.approve("plan.json", "bob", "bob.json", &[]);
    place.ok(&["apply", "plan.json", "--yes", "--approval", "bob.json"]);
    place.0.file("t.tfstate", STATE);
    // Even where nothing says any more that the plan was executed.
    for folder in [".landfast/operations", ".landfast/operations/approvals", "home/state/landfast/used"] {
        for entry in std::fs::read_dir(place.0.path(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "journal" || extension == "plan") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
    guarded.refused(&["bob.json"], "does not count: an operation has used it");
}

#[test]
fn another_folder_of_operations_makes_nothing_new() {
    let guarded = Guarded::new();
    let place = &guarded.0;
    guarded.approve("plan.json", "bob", "bob.json", &[]);
    place.ok(&["apply", "plan.json", "--yes", "--approval", "bob.json"]);
    let first = place.last();
    place.0.file("t.tfstate", STATE);
    let elsewhere = ["--operations", "elsewhere", "--approval", "bob.json"];
    place.refused(&elsewhere, &format!("operation {first} has executed this plan already"));
    for entry in std::fs::read_dir(place.0.path("home/state/landfast/used")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().unwrap() == "plan" {
            std::fs::remove_file(path).unwrap();
        }
    }
    place.refused(&elsewhere, "does not count: an operation has used it");
    // Where the settings name a folder, no other one is taken.
    place.0.file("landfast.toml", place.read("landfast.toml") + "[operations]\nfolder = \"kept\"\n");
    let run = place.run(&["op", "list", "--operations", "elsewhere"]);
    assert!(run.code == 64 && run.err.contains("as operations.folder in landfast.toml says"), "{}", run.err);
    place.ok(&["op", "list", "--operations", "./kept"]);
}

#[test]
fn what_does_not_count_is_refused() {
    let guarded = Guarded::needing(2);
    let place = &guarded.0;
    guarded.approve("plan.json", "bob", "bob.json", &[]);
    guarded.refused(&["bob.json"], "1 people approve, and 2 are needed");
    // The same person again, whatever the approval.
    guarded.approve("plan.json", "bob", "again.json", &[]);
    guarded.refused(&["bob.json", "again.json"], "its approver counts once");
    // Somebody else's name.
    guarded.forge("bob.pem", "carol", Duration::from_secs(60), "forged.json");
    guarded.refused(&["bob.json", "forged.json"], "it is not signed by a key of the approver");
    // An edited one.
    guarded.approve("plan.json", "carol", "carol.json", &[]);
    place
        .0
        .file("edited.json", place.read("carol.json").replace("\"environment\": \"prod\"", "\"environment\": \"dev\""));
    guarded.refused(&["bob.json", "edited.json"], "it is not signed by a key of the approver");
    // One that has expired.
    guarded.forge("carol.pem", "carol", Duration::from_secs(1), "expired.json");
    std::thread::sleep(Duration::from_millis(2100));
    guarded.refused(&["bob.json", "expired.json"], "it has expired");
    // One of another plan.
    place.ok(&["plan", "create", "wanted.toml", "--state", "t.tfstate", "--output", "other.json"]);
    guarded.approve("other.json", "carol", "other-carol.json", &[]);
    guarded.refused(&["bob.json", "other-carol.json"], "does not count: it is for the plan");
    place.ok(&["apply", "plan.json", "--yes", "--approval", "bob.json", "--approval", "carol.json"]);
}

#[test]
fn nobody_approves_a_plan_of_his_own() {
    let guarded = Guarded::new();
    let place = &guarded.0;
    // Planned by alice, as her machine says.
    let mut create = place.command(&["plan", "create", "wanted.toml", "--state", "t.tfstate", "--output", "plan.json"]);
    assert!(create.env("USER", "alice").status().unwrap().success());
    let own = guarded.approve("plan.json", "alice", "alice.json", &[]);
    assert_eq!(own.code, 3, "{}", own.err);
    assert!(
        own.err.contains("nobody approves a plan of his own") && !place.0.path("alice.json").exists(),
        "{}",
        own.err
    );
    guarded.forge("alice.pem", "alice", Duration::from_secs(60), "alice.json");
    guarded.refused(&["alice.json"], "does not count: its approver is the author of the plan");
}

#[test]
fn approving_says_what_is_wrong() {
    let guarded = Guarded::new();
    let place = &guarded.0;
    // Nobody is asked here, so nothing is signed without a word.
    let unasked = place.run(&["approve", "plan.json", "--key", "bob.pem"]);
    assert_eq!((unasked.code, unasked.out.as_str()), (64, ""));
    assert_eq!(place.run(&["approve", "plan.json"]).code, 64);
    assert_eq!(guarded.approve("plan.json", "bob", "bob.json", &["--life", "90d"]).code, 64);
    place.ok(&["approve", "keygen", "--key", "dave.pem", "--name", "dave"]);
    let stranger = guarded.approve("plan.json", "dave", "dave.json", &[]);
    assert!(stranger.code == 1 && stranger.err.contains("listed for no approver"), "{}", stranger.err);
    place.ok(&["plan", "create", "wanted.toml", "--state", "t.tfstate", "--life", "1s", "--output", "old.json"]);
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(guarded.approve("old.json", "bob", "bob.json", &[]).code, 3);
    place.0.file("edited.json", place.read("plan.json").replacen("aws_vpc.old", "aws_vpc.new", 1));
    assert_eq!(guarded.approve("edited.json", "bob", "bob.json", &[]).code, 3);
    assert!(!place.0.path("bob.json").exists());
    // What is no approval is an error before anything happens.
    place.0.file("broken.json", "{}");
    let broken = place.run(&["apply", "plan.json", "--yes", "--approval", "broken.json"]);
    assert_eq!(broken.code, 1, "{}", broken.err);
    assert_eq!(place.read("t.tfstate"), STATE);
}

#[test]
fn keys_are_private_and_never_replaced() {
    let place = Place::new();
    let line = place.ok(&["approve", "keygen", "--key", "k.pem", "--name", "bob \"b\""]);
    assert!(line.starts_with("[[safety.checks.approvals.approvers]]\nname = ") && line.contains("keys = [\"ed25519:"));
    assert_eq!(std::fs::metadata(place.0.path("k.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    let key = place.read("k.pem");
    assert!(!line.contains(key.lines().nth(1).unwrap()));
    let again = place.run(&["approve", "keygen", "--key", "k.pem"]);
    assert!(again.code == 1 && again.err.contains("never replaced"), "{}", again.err);
    assert_eq!(place.read("k.pem"), key);
    // A key that others can read is not used.
    place.plan();
    std::fs::set_permissions(place.0.path("k.pem"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = place.run(&["approve", "plan.json", "--key", "k.pem", "--yes"]);
    assert!(open.code == 1 && open.err.contains("only its owner"), "{}", open.err);
}

/// A place with a system of its own, where bob has to approve, and a plan that waits after its first step; his approval holds for
/// this long.
fn waiting(life: &str) -> (Place, String) {
    let place = Place::of_a_system();
    let keys = place.ok(&["approve", "keygen", "--key", "bob.pem", "--name", "bob"]);
    let settings = place.read("landfast.toml");
    place.0.file("landfast.toml", format!("{settings}[[safety.checks.approvals.rules]]\nrequired = 1\n{keys}"));
    let canary = ["--canary", "1", "--confirm", "--state", "t.tfstate", "--output", "plan.json"];
    place.ok(&[&["plan", "create", "wanted.toml"], &canary[..]].concat());
    place.ok(&["approve", "plan.json", "--key", "bob.pem", "--yes", "--life", life, "--output", "bob.json"]);
    let waiting = place.run(&[&["apply", "plan.json", "--approval", "bob.json"], &COMMON[..]].concat());
    assert_eq!(waiting.code, 4, "{}{}", waiting.out, waiting.err);
    let id = place.last();
    (place, id)
}

#[test]
fn an_approval_is_on_the_disk_before_the_first_step_and_serves_the_operation_when_it_is_taken_up() {
    let (place, id) = waiting("1h");
    let used =
        std::fs::read_dir(place.0.path(".landfast/operations/approvals")).unwrap().map(|entry| entry.unwrap().path());
    let used = used.into_iter().find(|path| path.extension().unwrap() == "approval").unwrap();
    assert!(used.to_str().unwrap().contains(&id));
    assert_eq!(SignedApproval::read(&used).unwrap().to_json(), place.read("bob.json"));
    // It goes on with what it was given, and needs nothing new.
    place.ok(&[&["op", "resume", &id], &COMMON[..]].concat());
    assert!(place.0.path("world/dns_record.www").exists());
}

#[test]
fn an_operation_does_not_go_on_with_an_approval_that_has_expired() {
    for renewed in [false, true] {
        let (place, id) = waiting("3s");
        std::thread::sleep(Duration::from_secs(4));
        if renewed {
            place.ok(&["approve", "plan.json", "--key", "bob.pem", "--yes", "--output", "again.json"]);
            place.ok(&[&["op", "resume", &id, "--approval", "again.json"], &COMMON[..]].concat());
        } else {
            let run = place.run(&[&["op", "resume", &id], &COMMON[..]].concat());
            assert_eq!(run.code, 3, "{}{}", run.out, run.err);
            assert!(run.out.contains("it has expired"), "{}", run.out);
            assert!(place.read("world/dns_record.api").contains("\"2\""), "it stays as it is");
        }
        assert_eq!(place.0.path("world/dns_record.www").exists(), renewed);
    }
}
