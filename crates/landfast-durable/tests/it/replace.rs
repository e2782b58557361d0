//! Replacing files.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use landfast_durable::{Inherit, ReplaceError, ReplaceOptions, Replacement, Symlinks, create, replace, sweep};

use crate::child::{self, NEW, OLD};
use crate::names;

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_file_is_made_or_replaced_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    for content in [OLD, NEW, b""] {
        replace(&path, content, &ReplaceOptions::default()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!((mode(&path), names(folder.path())), (0o600, vec!["state".to_owned()]));
    }
}

#[test]
fn dropping_without_a_commit_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    fs::write(&path, OLD).unwrap();
    let mut replacement = Replacement::begin(&path, &ReplaceOptions::default()).unwrap();
    write!(replacement, "half").unwrap();
    assert_eq!(names(folder.path()).len(), 2);
    drop(replacement);
    assert_eq!(fs::read(&path).unwrap(), OLD);
    assert_eq!(names(folder.path()), ["state"]);
}

#[test]
fn the_last_word_is_the_callers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    fs::write(&path, OLD).unwrap();
    let mut replacement = Replacement::begin(&path, &ReplaceOptions::default()).unwrap();
    replacement.append(NEW).unwrap();
    let error = replacement.commit_if(|| Err("the serial moved".into())).unwrap_err();
    assert!(matches!(&error, ReplaceError::Refused { source, .. } if source.to_string() == "the serial moved"));
    assert_eq!((fs::read(&path).unwrap().as_slice(), names(folder.path())), (OLD, vec!["state".to_owned()]));
}

#[test]
fn creating_never_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    create(&path, OLD, &ReplaceOptions::default()).unwrap();
    let error = create(&path, NEW, &ReplaceOptions::default()).unwrap_err();
    assert!(matches!(error, ReplaceError::Exists { .. }), "{error}");
    assert_eq!((fs::read(&path).unwrap().as_slice(), names(folder.path())), (OLD, vec!["state".to_owned()]));
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn sixteen_creators_make_one_file() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let path = folder.path().join(round.to_string());
        let made = std::thread::scope(|scope| {
            let creators: Vec<_> = (0..16_u8)
                .map(|number| {
                    let path = &path;
                    scope.spawn(move || (number, create(path, &[number; 100], &ReplaceOptions::default()).is_ok()))
                })
                .collect();
            creators.into_iter().map(|creator| creator.join().unwrap()).filter(|(_, made)| *made).collect::<Vec<_>>()
        });
        let [(number, _)] = made[..] else { panic!("{made:?}") };
        assert_eq!(fs::read(&path).unwrap(), [number; 100]);
    }
    assert_eq!(names(folder.path()).len(), 20);
}

#[test]
fn links_are_refused_or_followed() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("far")).unwrap();
    let (link, target) = (folder.path().join("link"), folder.path().join("far/state"));
    symlink("second", &link).unwrap();
    symlink("far/state", folder.path().join("second")).unwrap();
    let error = replace(&link, NEW, &ReplaceOptions::default()).unwrap_err();
    assert!(matches!(error, ReplaceError::Symlink { .. }), "{error}");

    let mut follow = ReplaceOptions::default();
    follow.symlinks = Symlinks::Follow;
    // A link that leads nowhere yet.
    replace(&link, OLD, &follow).unwrap();
    assert_eq!(fs::read(&target).unwrap(), OLD);
    replace(&link, NEW, &follow).unwrap();
    assert_eq!(fs::read(&target).unwrap(), NEW);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names(&folder.path().join("far")), ["state"]);

    symlink("loop", folder.path().join("loop")).unwrap();
    let error = replace(&folder.path().join("loop"), NEW, &follow).unwrap_err();
    assert!(matches!(error, ReplaceError::Io { .. }), "{error}");
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut follow = ReplaceOptions::default();
    follow.symlinks = Symlinks::Follow;
    symlink("/dev/null", folder.path().join("null")).unwrap();
    let mut paths = vec![folder.path().to_owned(), "/dev/null".into(), folder.path().join("null")];
    if cfg!(target_os = "linux") {
        // A link whose text is no path.
        let (pipe, _other_end) = std::io::pipe().unwrap();
        paths.push(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&pipe)).into());
        for path in &paths {
            let error = replace(path, NEW, &follow).unwrap_err();
            assert!(matches!(error, ReplaceError::NotAFile { .. }), "{error}");
        }
    }
    for path in &paths[..2] {
        let error = replace(path, NEW, &ReplaceOptions::default()).unwrap_err();
        assert!(matches!(error, ReplaceError::NotAFile { .. }), "{error}");
    }
    assert_eq!(names(folder.path()), ["null"]);
    let error = replace(&folder.path().join("none/state"), NEW, &ReplaceOptions::default()).unwrap_err();
    assert!(error.to_string().ends_with("none/state: creating a temporary file beside it failed"), "{error}");
    assert_eq!(error.io_error().unwrap().kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn permissions_are_taken_over_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    fs::write(&path, OLD).unwrap();
    let mut options = ReplaceOptions::default();
    for (before, mask, after) in
        [(0o640, 0o777, 0o640), (0o644, 0o700, 0o600), (0o400, 0o777, 0o400), (0o666, 0o777, 0o666)]
    {
        fs::set_permissions(&path, Permissions::from_mode(before)).unwrap();
        options.inherit = Inherit::Permissions { mask };
        replace(&path, NEW, &options).unwrap();
        assert_eq!(mode(&path), after, "{before:o} with {mask:o}");
    }
    options.inherit = Inherit::Nothing;
    replace(&path, NEW, &options).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_sweep_removes_what_dead_writers_left_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    fs::write(&path, OLD).unwrap();
    let (mut dead, mut alive) = (child::start("temporary", &path, &[]), child::start("temporary", &path, &[]));
    dead.says("written");
    alive.says("written");
    let own = Replacement::begin(&path, &ReplaceOptions::default()).unwrap();
    dead.kill();
    assert_eq!(names(folder.path()).len(), 4);

    let swept = sweep(folder.path()).unwrap();
    assert_eq!((swept.removed.len(), swept.in_use.len(), swept.failed.len()), (1, 2, 0), "{swept:?}");
    own.commit().unwrap();
    assert!(alive.finish().0.success());
    assert_eq!(names(folder.path()), ["state"]);
    let swept = sweep(folder.path()).unwrap();
    assert_eq!((swept.removed.len(), swept.in_use.len(), swept.failed.len()), (0, 0, 0), "{swept:?}");
}
