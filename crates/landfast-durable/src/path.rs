//! What a path names: links are refused or followed, only ordinary files are accepted.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::step::{Failed, Step};
use crate::sys;

/// What to do where the path of a file is a symbolic link. Links among the folders above it are always followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Symlinks {
    /// It is an error.
    #[default]
    Refuse,
    /// The file that the link names is meant, and the link stays. A link that leads nowhere means a file that is not there.
    Follow,
}

/// As many links as systems follow before they call it a loop.
const MOST_LINKS: usize = 40;

/// What a path names, and why it may not be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    Symlink,
    NotAFile,
    Failed(Failed),
}

impl From<Failed> for Unusable {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// The path of the file itself, with what is known about the file if there is one.
pub(crate) fn resolve(path: &Path, symlinks: Symlinks) -> Result<(PathBuf, Option<Metadata>), Unusable> {
    let mut path = path.to_owned();
    // Where the system itself is led by a link. What the text of the link says is not always a path: a pipe that is open, by
    // its name under /proc, is a link to `pipe:[12]`.
    let mut led_to = None;
    for _ in 0..MOST_LINKS {
        let named = sys::named(&path)?;
        match named {
            Some(metadata) if metadata.is_symlink() => match symlinks {
                Symlinks::Refuse => return Err(Unusable::Symlink),
                Symlinks::Follow => {
                    led_to = sys::followed(&path)?;
                    if led_to.as_ref().is_some_and(|metadata| !metadata.is_file()) {
                        return Err(Unusable::NotAFile);
                    }
                    path = folder_of(&path).join(sys::read_link(&path)?);
                }
            },
            Some(metadata) if !metadata.is_file() => return Err(Unusable::NotAFile),
            None if led_to.is_some() => return Err(Unusable::NotAFile),
            named => return Ok((path, named)),
        }
    }
    let source = io::Error::new(ErrorKind::InvalidInput, "too many symbolic links");
    Err(Failed { step: Step::ReadLink, source }.into())
}

/// The folder that a file stands in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
