//! Saying that a state was written while it was read.

use std::path::Path;
use std::time::SystemTime;

use crate::output::warn;

/// What tells one content of a file from the next without reading it: it was replaced, or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    file: Option<(u64, u64)>,
    length: u64,
    modified: Option<SystemTime>,
}

impl Standing {
    /// How a file stands now; `None` for what is no file.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        #[cfg(unix)]
        let file = {
            use std::os::unix::fs::MetadataExt as _;
            Some((metadata.dev(), metadata.ino()))
        };
        #[cfg(not(unix))]
        let file = None;
        Some(Self { file, length: metadata.len(), modified: metadata.modified().ok() })
    }
}

/// Runs what reads a file, and warns where that was written meanwhile, also when reading it failed.
pub(crate) fn watching<T>(path: &Path, read: impl FnOnce() -> T) -> T {
    let before = Standing::of(path);
    let result = read();
    if before.is_some() && before != Standing::of(path) {
        warn(&format!("{}: it was written while it was read; what is there now may be something else", path.display()));
    }
    result
}

/// Warns where a state moved while it was read from its store.
#[cfg(unix)]
pub(crate) fn warn_of_move(place: &str, read: &landfast::backends::change::ReadState) {
    use landfast::backends::change::Moved;
    let serial = read.state.serial();
    match read.moved {
        Moved::No => {}
        Moved::Since { first: Some(first) } => {
            warn(&format!(
                "{place}: it was written while it was read: serial {first} came first, and this is serial {serial}"
            ));
        }
        Moved::Since { first: None } => {
            warn(&format!(
                "{place}: it was written while it was read: half of it came first, and this is serial {serial}"
            ));
        }
        Moved::Still => {
            warn(&format!("{place}: it is written again and again: this is serial {serial}, which is there no more"));
        }
        Moved::Gone => warn(&format!("{place}: it was taken away after serial {serial} was read")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_replaced_or_written_stands_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&path, "one").unwrap();
        let first = Standing::of(&path);
        assert_eq!(first, Standing::of(&path));
        // Of the same length and time, in another file.
        std::fs::write(&other, "two").unwrap();
        let time = std::fs::metadata(&path).unwrap().modified().unwrap();
        std::fs::File::options().append(true).open(&other).unwrap().set_modified(time).unwrap();
        std::fs::rename(&other, &path).unwrap();
        let replaced = Standing::of(&path);
        assert_ne!(first, replaced);
        std::fs::write(&path, "three").unwrap();
        assert_ne!(replaced, Standing::of(&path));
        assert_eq!(Standing::of(folder.path()), None);
        assert_eq!(watching(&path, || 7), 7);
    }
}
