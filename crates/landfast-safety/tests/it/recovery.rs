//! Checks of what keeps others out and leads back: `lock-held`, `backup-taken`.

use std::time::Duration;

use landfast_safety::{BackupFact, CheckId, LockFact, Outcome, Override};
use landfast_state::BytesDigest;

use crate::scene::{Scene, settings_error};

#[test]
fn the_lock_must_be_ours() {
    let mut scene = Scene::new();
    scene.expect("lock-held", "", Outcome::Error, "who holds the lock");
    scene.facts.lock = Some(LockFact::Ours { id: "lock-1".to_owned() });
    scene.expect("lock-held", "", Outcome::Pass, "locked as lock-1");
    scene.facts.lock = Some(LockFact::Others { holder: "erin@host".to_owned() });
    scene.expect("lock-held", "", Outcome::Fail, "locked by erin@host");
    scene.facts.lock = Some(LockFact::Free);
    scene.expect("lock-held", "", Outcome::Fail, "not locked");
    assert!(settings_error("[checks.lock-held]\nskip = true").contains("unknown field `skip`"));
}

#[test]
fn an_error_stays_an_error_as_a_warning() {
    let scene = Scene::new();
    let result = scene.ask("backup-taken", "levels = { backup-taken = \"warn\" }");
    assert_eq!(result.outcome, Outcome::Error);
    assert!(result.refuses());
    let forced = Override::new([CheckId::new("backup-taken").unwrap()], "the store has none", "carol").unwrap();
    assert!(scene.ask_forced("backup-taken", "", Some(forced)).overridden);
}

#[test]
fn the_backup_must_be_of_this_state_and_recent() {
    let mut scene = Scene::new();
    let (state, now) = (scene.proposal.state, scene.now);
    scene.expect("backup-taken", "", Outcome::Error, "whether a backup was taken");
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    for (state, at, outcome, says) in [
        (state, now, Outcome::Pass, "/backups/7: it is of this state"),
        (state, now - minutes(60), Outcome::Pass, "read back"),
        (state, now - minutes(61), Outcome::Fail, "it is 61 minutes old, and at most 60 pass"),
        (state, now + minutes(1), Outcome::Pass, "read back"),
        (state, now + minutes(2), Outcome::Fail, "120 seconds in the future"),
        (BytesDigest::of(b"earlier"), now, Outcome::Fail, "it is of the state"),
    ] {
        scene.facts.backup = Some(BackupFact::Taken { state, place: "/backups/7".to_owned(), at });
        scene.expect("backup-taken", "", outcome, says);
    }
    scene.facts.backup = Some(BackupFact::None);
    scene.expect("backup-taken", "", Outcome::Fail, "there is none");
}
