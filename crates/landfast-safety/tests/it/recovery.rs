//! Checks of what keeps others out and leads back: `lock-held`, `backup-taken`.

use std::time::Duration;

use landfast_safety::{BackupFact, CheckId, LockFact, Outcome, Override};
use landfast_state::BytesDigest;

use crate::stage::{Stage, settings_error};

#[test]
fn the_lock_must_be_ours() {
    let mut stage = Stage::new();
    stage.expect("lock-held", "", Outcome::Error, "who holds the lock");
    stage.facts.lock = Some(LockFact::Ours { id: "lock-1".to_owned() });
    stage.expect("lock-held", "", Outcome::Pass, "locked as lock-1");
    stage.facts.lock = Some(LockFact::Others { holder: "erin@host".to_owned() });
    stage.expect("lock-held", "", Outcome::Fail, "locked by erin@host");
    stage.facts.lock = Some(LockFact::Free);
    stage.expect("lock-held", "", Outcome::Fail, "not locked");
    assert!(settings_error("[checks.lock-held]\nskip = true").contains("unknown field `skip`"));
}

#[test]
fn an_error_stays_an_error_as_a_warning() {
    let stage = Stage::new();
    let result = stage.ask("backup-taken", "levels = { backup-taken = \"warn\" }");
    assert_eq!(result.outcome, Outcome::Error);
    assert!(result.refuses());
    let forced = Override::new([CheckId::new("backup-taken").unwrap()], "the store has none", "carol").unwrap();
    assert!(stage.ask_forced("backup-taken", "", Some(forced)).overridden);
}

#[test]
fn the_backup_must_be_of_this_state_and_recent() {
    let mut stage = Stage::new();
    let (state, now) = (stage.proposal.state, stage.now);
    stage.expect("backup-taken", "", Outcome::Error, "whether a backup was taken");
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    for (state, at, outcome, says) in [
        (state, now, Outcome::Pass, "/backups/7: it is of this state"),
        (state, now - minutes(60), Outcome::Pass, "read back"),
        (state, now - minutes(61), Outcome::Fail, "it is 61 minutes old, and at most 60 pass"),
        (state, now + minutes(1), Outcome::Pass, "read back"),
        (state, now + minutes(2), Outcome::Fail, "120 seconds in the future"),
        (BytesDigest::of(b"earlier"), now, Outcome::Fail, "it is of the state"),
    ] {
        stage.facts.backup = Some(BackupFact::Taken { state, place: "/backups/7".to_owned(), at });
        stage.expect("backup-taken", "", outcome, says);
    }
    stage.facts.backup = Some(BackupFact::None);
    stage.expect("backup-taken", "", Outcome::Fail, "there is none");
}
