//! Locks: between processes, within one, and over a replacement.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use landfast_durable::{
    Holder, LockError, LockOptions, LockedFile, Missing, ReadError, ReplaceLockedError, ReplaceOptions, Symlinks, Wait,
    lock_holder, read,
};

use crate::child::{self, NEW, OLD};
use crate::{TOMBSTONE, names};

fn state() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    fs::write(&path, OLD).unwrap();
    (folder, path)
}

fn waiting(time: Duration) -> LockOptions {
    let mut options = LockOptions::default();
    options.wait = Wait::For(time);
    options
}

#[test]
fn another_process_is_stopped_and_named() {
    let (_folder, path) = state();
    let mut holder = child::start("hold", &path, &[]);
    holder.says("held");
    let start = Instant::now();
    let error = LockedFile::acquire(&path, &waiting(Duration::from_millis(200))).unwrap_err();
    assert!(start.elapsed() >= Duration::from_millis(200));
    let pid = holder.id();
    assert!(matches!(error, LockError::Held { holder: Holder::Process(process), .. } if process == pid), "{error}");
    assert_eq!(lock_holder(&path, Symlinks::Refuse).unwrap(), Some(Holder::Process(pid)));
    assert!(holder.finish().0.success());
    assert_eq!(lock_holder(&path, Symlinks::Refuse).unwrap(), None);
    LockedFile::acquire(&path, &LockOptions::default()).unwrap();
}

#[test]
fn the_lock_of_a_killed_process_is_free() {
    let (_folder, path) = state();
    let mut holder = child::start("hold", &path, &[]);
    holder.says("held");
    holder.kill();
    LockedFile::acquire(&path, &LockOptions::default()).unwrap();
}

#[test]
fn one_process_has_it_once() {
    let (_folder, path) = state();
    let first = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
    assert_eq!(lock_holder(&path, Symlinks::Refuse).unwrap(), Some(Holder::ThisProcess));
    // By another name, too.
    let other = path.with_file_name("other");
    fs::hard_link(&path, &other).unwrap();
    for path in [&path, &other] {
        let error = LockedFile::acquire(path, &LockOptions::default()).unwrap_err();
        assert!(matches!(error, LockError::Held { holder: Holder::ThisProcess, .. }), "{error}");
    }
    std::thread::scope(|scope| {
        let second = scope.spawn(|| LockedFile::acquire(&path, &waiting(Duration::from_secs(60))).map(drop));
        std::thread::sleep(Duration::from_millis(50));
        drop(first);
        second.join().unwrap().unwrap();
    });
}

#[test]
fn reading_and_refusing_do_not_end_the_lock() {
    let (_folder, path) = state();
    let locked = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
    assert_eq!(read(&path, 1000, Symlinks::Refuse).unwrap(), OLD);
    LockedFile::acquire(&path, &LockOptions::default()).unwrap_err();
    // Another process sees whether the lock still stands.
    let mut other = child::start("wait", &path, &[]);
    std::thread::sleep(Duration::from_millis(300));
    locked.write_at(b"?", 0).unwrap();
    drop(locked);
    other.says(&format!("read ?{}", std::str::from_utf8(&OLD[1..]).unwrap()));
    assert!(other.finish().0.success());
}

#[test]
fn any_other_descriptor_ends_the_lock_which_is_why_it_is_forbidden() {
    // Not what the crate wants, but what the system does: if this changes, the registry has lost its reason.
    let (_folder, path) = state();
    let _locked = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
    drop(fs::File::open(&path).unwrap());
    let mut other = child::start("hold", &path, &[]);
    other.says("held");
    assert!(other.finish().0.success());
}

#[test]
fn who_waits_for_a_replaced_file_gets_the_new_one() {
    let (folder, path) = state();
    let mut locked = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
    let mut before = child::start("wait", &path, &[]);
    std::thread::sleep(Duration::from_millis(300));
    let old = fs::metadata(&path).unwrap().ino();
    locked.replace_with(NEW, TOMBSTONE, &ReplaceOptions::default()).unwrap();
    assert_ne!(fs::metadata(&path).unwrap().ino(), old);
    let mut after = child::start("wait", &path, &[]);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(locked.read_all(1000).unwrap(), NEW);
    locked.replace_with(OLD, TOMBSTONE, &ReplaceOptions::default()).unwrap();
    locked.release().unwrap();
    for child in [&mut before, &mut after] {
        child.says(&format!("read {}", std::str::from_utf8(OLD).unwrap()));
    }
    assert!(before.finish().0.success() && after.finish().0.success());
    assert_eq!(names(folder.path()), ["state"]);
}

#[test]
fn who_holds_the_old_file_finds_the_tombstone() {
    let (folder, path) = state();
    let second_name = folder.path().join("second");
    fs::hard_link(&path, &second_name).unwrap();
    let mut locked = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
    locked.replace_with(NEW, TOMBSTONE, &ReplaceOptions::default()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), NEW);
    locked.release().unwrap();
    assert_eq!(fs::read(&second_name).unwrap(), TOMBSTONE);
}

#[test]
fn a_removed_file_leaves_the_tombstone_too() {
    let (folder, path) = state();
    let second_name = folder.path().join("second");
    fs::hard_link(&path, &second_name).unwrap();
    LockedFile::acquire(&path, &LockOptions::default()).unwrap().remove(TOMBSTONE).unwrap();
    assert_eq!(names(folder.path()), ["second"]);
    assert_eq!(fs::read(&second_name).unwrap(), TOMBSTONE);
}

#[test]
fn tombstones_that_could_be_json_are_refused() {
    let (_folder, path) = state();
    let mut locked = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
    for line in
        ["", "\n", "{\n", " #\n", "null\n", "12\n", "-1\n", "\"x\"\n", "[\n", "# no line feed", "# two\n# lines\n"]
    {
        let error = locked.replace_with(NEW, line.as_bytes(), &ReplaceOptions::default()).unwrap_err();
        assert!(matches!(error, ReplaceLockedError::Tombstone), "{line:?}: {error}");
    }
    assert_eq!(locked.read_all(1000).unwrap(), OLD);
}

#[test]
fn a_file_that_others_replaced_is_not_overwritten() {
    let (folder, path) = state();
    let mut locked = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
    let theirs = folder.path().join("theirs");
    fs::write(&theirs, "theirs").unwrap();
    fs::rename(&theirs, &path).unwrap();
    assert!(!locked.is_intact().unwrap());
    let error = locked.replace_with(NEW, TOMBSTONE, &ReplaceOptions::default()).unwrap_err();
    assert!(matches!(error, ReplaceLockedError::Lost { .. }), "{error}");
    drop(locked);
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
    assert_eq!(names(folder.path()), ["state"]);
}

#[test]
fn a_file_is_made_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let error = LockedFile::acquire(&path, &LockOptions::default()).unwrap_err();
    assert!(matches!(error, LockError::Missing { .. }), "{error}");
    assert!(matches!(read(&path, 1, Symlinks::Refuse), Err(ReadError::Missing { .. })));
    let mut options = LockOptions::default();
    options.missing = Missing::CreateEmpty { mode: 0o600 };
    let locked = LockedFile::acquire(&path, &options).unwrap();
    assert!(locked.was_created() && locked.length().unwrap() == 0);
    drop(locked);
    assert!(!LockedFile::acquire(&path, &options).unwrap().was_created());
}

#[test]
fn what_is_no_file_is_neither_locked_nor_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&pipe, folder.path()] {
        assert!(matches!(LockedFile::acquire(path, &LockOptions::default()), Err(LockError::NotAFile { .. })));
        assert!(matches!(read(path, 10, Symlinks::Refuse), Err(ReadError::NotAFile { .. })));
    }
    let (_folder, path) = state();
    let link = path.with_file_name("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(LockedFile::acquire(&link, &LockOptions::default()), Err(LockError::Symlink { .. })));
    let mut options = LockOptions::default();
    options.symlinks = Symlinks::Follow;
    assert_eq!(LockedFile::acquire(&link, &options).unwrap().path(), path);
    assert!(matches!(read(&path, 5, Symlinks::Refuse), Err(ReadError::TooLarge { limit: 5, .. })));
}

#[test]
fn no_increment_is_lost_between_processes_and_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    fs::write(&path, "0").unwrap();
    let children = [child::start("increment", &path, &[]), child::start("increment", &path, &[])];
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let mut locked = LockedFile::acquire(&path, &waiting(Duration::from_secs(60))).unwrap();
                    let number: u64 = String::from_utf8(locked.read_all(1000).unwrap()).unwrap().parse().unwrap();
                    let text = (number + 1).to_string();
                    locked.replace_with(text.as_bytes(), TOMBSTONE, &ReplaceOptions::default()).unwrap();
                }
            });
        }
        // Readers without a lock see a number, never a tombstone and never nothing.
        for _ in 0..200 {
            let seen = match read(&path, 1000, Symlinks::Refuse) {
                Err(ReadError::Unsettled { .. }) => continue,
                seen => String::from_utf8(seen.unwrap()).unwrap(),
            };
            assert!(seen.parse::<u64>().is_ok(), "{seen:?}");
        }
    });
    for child in children {
        assert!(child.finish().0.success());
    }
    assert_eq!(fs::read(&path).unwrap(), b"800");
    assert_eq!(names(folder.path()), ["state"]);
}

/// Who does not get the lock leaves no empty file behind either.
#[test]
fn a_race_for_a_file_that_is_not_there_leaves_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut options = LockOptions::default();
    options.missing = Missing::CreateEmpty { mode: 0o600 };
    for _ in 0..200 {
        let start = std::sync::Barrier::new(6);
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    start.wait();
                    match LockedFile::acquire(&path, &options) {
                        Ok(locked) => {
                            assert!(locked.was_created());
                            locked.remove(TOMBSTONE).unwrap();
                        }
                        Err(error) => assert!(matches!(error, LockError::Held { .. }), "{error}"),
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

/// Several threads stand for processes: each makes the empty file that it locks, and takes it away again.
#[test]
fn a_file_that_others_make_and_take_away_can_be_locked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut options = waiting(Duration::from_secs(30));
    options.missing = Missing::CreateEmpty { mode: 0o600 };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..300 {
                    let locked = LockedFile::acquire(&path, &options).unwrap();
                    locked.remove(TOMBSTONE).unwrap();
                }
            });
        }
    });
    assert!(!path.exists());
}
