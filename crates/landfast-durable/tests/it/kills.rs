//! A child process is killed at each of its system calls, and in the middle of each write.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use landfast_durable::fault::VARIABLE;
use landfast_durable::{LockOptions, LockedFile, Log, LogOptions, ReplaceOptions, create, replace, sweep};

use crate::child::{self, NEW, OLD, content};
use crate::{TOMBSTONE, names};

/// Runs the part once for each call, killed there, in a folder that `prepare` made; `check` looks at what is left and at what
/// the child said. Ends when the child comes through; how many children were killed.
fn kill_everywhere(part: &str, prepare: impl Fn(&Path), check: impl Fn(&Path, &str)) -> u64 {
    let mut killed = 0;
    for effect in ["kill", "tear"] {
        for at in 1.. {
            assert!(at < 200, "{part} does not end");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            prepare(&path);
            let (status, said) = child::start(part, &path, &[(VARIABLE, format!("{effect}@{at}"))]).finish();
            check(&path, &said);
            if status.success() {
                break;
            }
            assert_eq!(status.signal(), Some(9), "{part} with {effect}@{at}: {said}");
            killed += 1;
        }
    }
    killed
}

/// Nothing is left but the file and what a sweep removes.
fn sweeps_clean(path: &Path) {
    let folder = path.parent().unwrap();
    let swept = sweep(folder).unwrap();
    assert!(swept.removed.len() <= 1 && swept.in_use.is_empty() && swept.failed.is_empty(), "{swept:?}");
    let names = names(folder);
    assert!(names.is_empty() || names == ["file"], "{names:?}");
}

fn old_or_new(path: &Path) -> Vec<u8> {
    let content = fs::read(path).unwrap();
    assert!(content == OLD || content == NEW, "neither: {:?}", String::from_utf8_lossy(&content));
    content
}

#[test]
fn replacing_leaves_old_or_new() {
    let prepare = |path: &Path| fs::write(path, OLD).unwrap();
    let killed = kill_everywhere("replace", prepare, |path, _| {
        old_or_new(path);
        sweeps_clean(path);
        replace(path, OLD, &ReplaceOptions::default()).unwrap();
    });
    assert!(killed >= 16, "{killed}");
}

#[test]
fn creating_leaves_nothing_or_all() {
    let killed = kill_everywhere(
        "create",
        |_| {},
        |path, _| {
            assert!(!path.exists() || fs::read(path).unwrap() == NEW);
            sweeps_clean(path);
            if !path.exists() {
                create(path, NEW, &ReplaceOptions::default()).unwrap();
            }
        },
    );
    assert!(killed >= 16, "{killed}");
}

#[test]
fn replacing_under_a_lock_leaves_old_or_new() {
    let prepare = |path: &Path| {
        fs::write(path, OLD).unwrap();
        // The old file by a second name, as a program that waits for its lock has it.
        fs::hard_link(path, path.with_file_name("waiting")).unwrap();
    };
    let killed = kill_everywhere("replace-locked", prepare, |path, said| {
        let current = old_or_new(path);
        let waiting = path.with_file_name("waiting");
        let old_file = fs::read(&waiting).unwrap();
        if current == OLD {
            assert_eq!(old_file, OLD, "the file that has the name is overwritten");
        } else if old_file != OLD {
            assert!(old_file.starts_with(b"#"), "{:?}", String::from_utf8_lossy(&old_file));
        }
        if said.contains("<replaced>") {
            assert_eq!((current.as_slice(), old_file.as_slice()), (NEW, TOMBSTONE));
        }
        fs::remove_file(&waiting).unwrap();
        sweeps_clean(path);
        // The lock died with the process, and the next one can go on.
        let mut locked = LockedFile::acquire(path, &LockOptions::default()).unwrap();
        locked.replace_with(OLD, TOMBSTONE, &ReplaceOptions::default()).unwrap();
        locked.release().unwrap();
    });
    assert!(killed >= 30, "{killed}");
}

#[test]
fn the_log_has_every_record_that_was_acknowledged() {
    let torn = |path: &Path| {
        let (mut log, _) = Log::open(path, "test", &LogOptions::default()).unwrap();
        for sequence in 1..=2 {
            log.append(&content(sequence)).unwrap();
        }
        drop(log);
        let mut bytes = fs::read(path).unwrap();
        bytes.extend([9; 30]);
        fs::write(path, bytes).unwrap();
    };
    for (name, prepare, before) in [("new", &(|_: &Path| {}) as &dyn Fn(&Path), 0), ("torn", &torn, 2)] {
        let killed = kill_everywhere("append", prepare, |path, said| {
            let acknowledged = said.matches("<appended ").count() as u64 + before;
            let (mut log, recovery) = Log::open(path, "test", &LogOptions::default()).unwrap();
            assert!(
                recovery.records == acknowledged || recovery.records == acknowledged + 1,
                "{acknowledged} acknowledged, {} found",
                recovery.records
            );
            for (expected, record) in (1..).zip(log.records()) {
                assert_eq!(record.unwrap().content, content(expected));
            }
            assert_eq!(log.append(b"goes on").unwrap(), recovery.records + 1);
            drop(log);
            sweeps_clean(path);
        });
        assert!(killed >= 30, "{name}: {killed}");
    }
}

#[test]
fn a_fault_that_is_not_understood_stops_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let (status, _) = child::start("create", &path, &[(VARIABLE, "shoot@1".to_owned())]).finish();
    assert!(!status.success() && status.signal().is_none());
    assert!(names(folder.path()).is_empty());
}
