//! Each system call fails once, or from then on; what is left is the old or the new, and the error says so.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use landfast_durable::fault::{Effect, Fault, Lasting, Step, arm};
use landfast_durable::{
    AppendError, LockOptions, LockedFile, Log, LogOptions, OpenLogError, ReplaceError, ReplaceLockedError,
    ReplaceOptions, create, replace,
};

use crate::child::{NEW, OLD, content};
use crate::{TOMBSTONE, names};

const FAILURES: [(Effect, ErrorKind); 2] =
    [(Effect::NoSpace, ErrorKind::StorageFull), (Effect::InputOutput, ErrorKind::Other)];

/// Runs the action with a fault at each of its calls, until it makes fewer calls than that. `check` gets what it returned, and
/// whether the fault lasts.
fn fail_everywhere<T: std::fmt::Debug, E: std::fmt::Debug>(
    effect: Effect,
    prepare: impl Fn(&Path),
    action: impl Fn(&Path) -> Result<T, E>,
    check: impl Fn(&Path, Result<T, E>, Lasting, Step),
) {
    for lasting in [Lasting::Once, Lasting::FromThenOn] {
        for at in 1.. {
            assert!(at < 200, "it does not end");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            prepare(&path);
            let armed = arm(Some(Fault { at, effect, lasting }));
            let result = action(&path);
            let calls = armed.calls();
            drop(armed);
            let Some(step) = usize::try_from(at).ok().and_then(|at| calls.get(at - 1)) else {
                assert!(result.is_ok(), "{result:?}");
                break;
            };
            check(&path, result, lasting, *step);
        }
    }
}

fn holds(path: &Path, expected: &[u8]) {
    let content = fs::read(path).unwrap();
    assert_eq!(String::from_utf8_lossy(&content), String::from_utf8_lossy(expected));
}

/// Besides the file only what the error names is there.
fn leaves(path: &Path, expected: &[&str], left: Option<&Path>) {
    let mut all: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    all.extend(left.map(|left| left.file_name().unwrap().to_str().unwrap().to_owned()));
    all.sort();
    assert_eq!(names(path.parent().unwrap()), all);
}

#[test]
fn a_failure_while_replacing() {
    for (effect, kind) in FAILURES {
        fail_everywhere(
            effect,
            |path| fs::write(path, OLD).unwrap(),
            |path| replace(path, NEW, &ReplaceOptions::default()),
            |path, result, lasting, step| match result {
                Err(ReplaceError::Io { path: named, step: failed, source, left }) => {
                    assert_eq!((named.as_path(), failed), (path, step));
                    assert!(kind == ErrorKind::Other || source.kind() == kind, "{source:?}");
                    holds(path, OLD);
                    assert!(left.is_none() || lasting == Lasting::FromThenOn);
                    leaves(path, &["file"], left.as_deref());
                }
                Err(ReplaceError::Unsynced { .. }) => {
                    assert_eq!(step, Step::SyncFolder);
                    holds(path, NEW);
                    leaves(path, &["file"], None);
                }
                // Giving the lock of the temporary file back, which closing does as well.
                Ok(()) if step == Step::Unlock => holds(path, NEW),
                other => panic!("{step:?}: {other:?}"),
            },
        );
    }
}

#[test]
fn a_failure_while_creating() {
    for (effect, _) in FAILURES {
        fail_everywhere(
            effect,
            |_| {},
            |path| create(path, NEW, &ReplaceOptions::default()),
            |path, result, _, step| match result {
                Err(ReplaceError::Io { step: failed, left, .. }) => {
                    assert_eq!(failed, step);
                    leaves(path, &[], left.as_deref());
                }
                Err(ReplaceError::Unsynced { .. }) => holds(path, NEW),
                Ok(()) if step == Step::Unlock => holds(path, NEW),
                other => panic!("{step:?}: {other:?}"),
            },
        );
    }
}

#[test]
fn a_failure_while_replacing_under_a_lock() {
    for (effect, _) in FAILURES {
        fail_everywhere(
            effect,
            |path| {
                fs::write(path, OLD).unwrap();
                fs::hard_link(path, path.with_file_name("waiting")).unwrap();
            },
            |path| {
                let mut locked = match LockedFile::acquire(path, &LockOptions::default()) {
                    Ok(locked) => locked,
                    Err(error) => return Err((None, Some(error))),
                };
                let replaced = locked.replace_with(NEW, TOMBSTONE, &ReplaceOptions::default());
                if replaced.is_ok() {
                    assert_eq!(fs::read(path).unwrap(), NEW);
                }
                locked.release().or(Ok(())).and(replaced.map_err(|error| (Some(error), None)))
            },
            |path, result, lasting, step| {
                let old_file = fs::read(path.with_file_name("waiting")).unwrap();
                let unharmed = |left: Option<&Path>| {
                    holds(path, OLD);
                    assert_eq!(old_file, OLD);
                    leaves(path, &["file", "waiting"], left);
                };
                match result {
                    Err((None, Some(_))) => unharmed(None),
                    Err((Some(ReplaceLockedError::Io { step: failed, left, .. }), _))
                    | Err((Some(ReplaceLockedError::Replace(ReplaceError::Io { step: failed, left, .. })), _)) => {
                        assert_eq!(failed, step);
                        unharmed(left.as_deref());
                    }
                    Err((Some(ReplaceLockedError::Unsynced { .. }), _)) => {
                        assert_eq!(step, Step::SyncFolder);
                        holds(path, NEW);
                        // Unless the second attempt went well, the old file may be the one after a power failure.
                        assert_eq!(old_file, if lasting == Lasting::Once { TOMBSTONE } else { OLD });
                    }
                    Err((Some(ReplaceLockedError::NotBuried { .. }), _)) => {
                        assert!(matches!(step, Step::Write | Step::Truncate));
                        holds(path, NEW);
                        assert!(lasting == Lasting::FromThenOn || old_file == TOMBSTONE);
                    }
                    Ok(()) => {
                        assert_eq!(step, Step::Unlock);
                        holds(path, NEW);
                    }
                    other => panic!("{step:?}: {other:?}"),
                }
                // Whatever failed, the lock is free again.
                LockedFile::acquire(path, &LockOptions::default()).unwrap();
            },
        );
    }
}

#[test]
fn a_failure_while_appending() {
    for (effect, _) in FAILURES {
        fail_everywhere(
            effect,
            |_| {},
            |path| {
                let mut acknowledged = 0;
                let appended = Log::open(path, "test", &LogOptions::default()).map_err(Err).and_then(|(mut log, _)| {
                    for sequence in 1..=3 {
                        let at = log.append(&content(sequence)).map_err(|error| Ok((acknowledged, error)))?;
                        acknowledged = at;
                    }
                    Ok(())
                });
                appended.map_err(|error| (error, ()))
            },
            |path, result, lasting, step| {
                let at_least = match &result {
                    Ok(()) if step == Step::Unlock => 3,
                    Err((Ok((acknowledged, AppendError::Io { .. })), ())) => *acknowledged,
                    Err((Ok((acknowledged, AppendError::Unknown { .. })), ())) => {
                        assert!(step == Step::Sync || lasting == Lasting::FromThenOn, "{step:?}");
                        *acknowledged
                    }
                    Err((Err(OpenLogError::Create(_) | OpenLogError::Lock(_) | OpenLogError::Read(_)), ())) => 0,
                    other => panic!("{step:?}: {other:?}"),
                };
                let (log, recovery) = Log::open(path, "test", &LogOptions::default()).unwrap();
                let exact = matches!(&result, Err((Ok((_, AppendError::Io { .. })), ())));
                assert!(
                    recovery.records == at_least || (!exact && recovery.records == at_least + 1),
                    "{result:?} {recovery:?}"
                );
                for (expected, record) in (1..).zip(log.records()) {
                    assert_eq!(record.unwrap().content, content(expected));
                }
            },
        );
    }
}

#[test]
fn a_log_goes_on_after_a_full_disk_and_not_after_a_failed_sync() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (mut log, _) = Log::open(&path, "test", &LogOptions::default()).unwrap();
    let fault = |at, effect| Some(Fault { at, effect, lasting: Lasting::Once });
    let armed = arm(fault(1, Effect::NoSpace));
    assert!(matches!(log.append(b"one"), Err(AppendError::Io { step: Step::Write, .. })));
    assert_eq!(armed.calls(), [Step::Write, Step::Truncate]);
    drop(armed);
    assert_eq!(log.append(b"one").unwrap(), 1);
    let armed = arm(fault(2, Effect::InputOutput));
    assert!(matches!(log.append(b"two"), Err(AppendError::Unknown { step: Step::Sync, .. })));
    drop(armed);
    assert!(matches!(log.append(b"three"), Err(AppendError::Closed { .. })));
    assert!(matches!(log.sync(), Err(AppendError::Closed { .. })));
}

#[test]
fn short_writes_and_signals_change_nothing() {
    for effect in [Effect::ShortWrite, Effect::Interrupt] {
        fail_everywhere(
            effect,
            |path| fs::write(path, OLD).unwrap(),
            |path| {
                replace(path, NEW, &ReplaceOptions::default()).unwrap();
                let mut locked = LockedFile::acquire(path, &LockOptions::default()).unwrap();
                locked.replace_with(NEW, TOMBSTONE, &ReplaceOptions::default()).unwrap();
                locked.release().unwrap();
                let (mut log, _) = Log::open(&path.with_file_name("log"), "test", &LogOptions::default()).unwrap();
                log.append(&content(1)).map(drop)
            },
            |path, result, _, step| {
                assert!(result.is_ok(), "{step:?}: {result:?}");
                holds(path, NEW);
                let (_, recovery) = Log::open(&path.with_file_name("log"), "test", &LogOptions::default()).unwrap();
                assert_eq!((recovery.records, recovery.torn), (1, None));
                leaves(path, &["file", "log"], None);
            },
        );
    }
}

/// What a power failure leaves depends on what was synced before what.
#[test]
fn content_is_synced_before_its_name_and_the_name_before_the_tombstone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, OLD).unwrap();
    let changes = |calls: Vec<Step>| -> Vec<Step> {
        let change = |step: &Step| !matches!(step, Step::Inspect | Step::Lock | Step::Unlock);
        calls.into_iter().filter(change).collect()
    };
    let armed = arm(None);
    replace(&path, NEW, &ReplaceOptions::default()).unwrap();
    let replaced = [Step::CreateTemporary, Step::Write, Step::Sync, Step::Rename, Step::SyncFolder];
    assert_eq!(changes(armed.calls()), replaced);
    let armed = arm(None);
    create(&path.with_file_name("new"), NEW, &ReplaceOptions::default()).unwrap();
    let created = [Step::CreateTemporary, Step::Write, Step::Sync, Step::RenameNew, Step::SyncFolder];
    assert_eq!(changes(armed.calls()), created);
    let mut locked = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
    let armed = arm(None);
    locked.replace_with(NEW, TOMBSTONE, &ReplaceOptions::default()).unwrap();
    assert_eq!(changes(armed.calls()), [&replaced[..], &[Step::Write, Step::Truncate]].concat());
    let armed = arm(None);
    locked.remove(TOMBSTONE).unwrap();
    assert_eq!(changes(armed.calls()), [Step::Remove, Step::SyncFolder, Step::Write, Step::Truncate]);
    let (mut log, _) = Log::open(&path, "test", &LogOptions::default()).unwrap();
    let armed = arm(None);
    log.append(b"record").unwrap();
    assert_eq!(armed.calls(), [Step::Write, Step::Sync]);
}
