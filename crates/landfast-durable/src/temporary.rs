//! Temporary files: made beside the file that they will replace, removed unless they take its name, recognisable by name and,
//! on Unix, by their lock for as long as their writer lives.

use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::step::{Failed, Step};
use crate::sys::{self, Access};

#[cfg(unix)]
use crate::registry::{Attempt, Tracked};

/// How the names of temporary files begin.
pub(crate) const PREFIX: &str = ".landfast-tmp-";

/// Names are tried until one is free. That so many are taken does not happen unless somebody makes it so.
const MOST_NAMES: usize = 64;

/// A file under a temporary name. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Temporary {
    // Dropped before the file, so that the name goes while the file is still locked.
    name: Name,
    #[cfg(unix)]
    file: Tracked,
    #[cfg(not(unix))]
    file: File,
}

/// The name of a temporary file, until the file has been given another one or was removed.
#[derive(Debug)]
struct Name(Option<PathBuf>);

impl Name {
    /// Removes the file. The path that is left where that fails.
    fn discard(&mut self) -> Option<PathBuf> {
        let path = self.0.take()?;
        sys::remove(&path).is_err().then_some(path)
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        self.discard();
    }
}

/// Why there is no temporary file.
#[derive(Debug)]
pub(crate) struct NotCreated {
    pub(crate) failed: Failed,
    /// Where it was made and could not be removed again.
    pub(crate) left: Option<PathBuf>,
}

impl From<Failed> for NotCreated {
    fn from(failed: Failed) -> Self {
        Self { failed, left: None }
    }
}

/// A name of its own for each call, in any process.
fn name() -> String {
    // Two hashers have keys of their own, which the system made random. Nothing relies on names that cannot be guessed:
    // a name must be free, and links are not followed.
    format!("{PREFIX}{:016x}", RandomState::new().build_hasher().finish())
}

impl Temporary {
    /// A new file with these permission bits, less the process's mask.
    pub(crate) fn create(folder: &Path, mode: u32) -> Result<Self, NotCreated> {
        for _ in 0..MOST_NAMES {
            let path = folder.join(name());
            match Self::open(&path, mode) {
                Ok(Some(temporary)) => return Ok(temporary),
                Ok(None) => {}
                Err(error) if error.failed.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let source = io::Error::new(ErrorKind::AlreadyExists, "no free name for it");
        Err(Failed { step: Step::CreateTemporary, source }.into())
    }

    /// None where a sweep took the file for an abandoned one, which it can until it is locked.
    #[cfg(unix)]
    fn open(path: &Path, mode: u32) -> Result<Option<Self>, NotCreated> {
        use std::os::unix::fs::MetadataExt as _;

        let file = match Tracked::open(path, Access::New(mode)) {
            Ok((file, _)) => file,
            Err(failed) if failed.step == Step::CreateTemporary => return Err(failed.into()),
            // It was made, and what it is could not be found out.
            Err(failed) => return Err(NotCreated { failed, left: Name(Some(path.to_owned())).discard() }),
        };
        let mut temporary = Self { name: Name(Some(path.to_owned())), file };
        let kept = temporary
            .file
            .try_lock()
            .and_then(|attempt| Ok(attempt == Attempt::Taken && sys::metadata(temporary.file())?.nlink() > 0));
        match kept {
            Ok(kept) => Ok(kept.then_some(temporary)),
            // Some file systems know no locks. What is left there by a kill is then nobody's to sweep.
            Err(failed) if is_no_lock(&failed) => Ok(Some(temporary)),
            Err(failed) => Err(NotCreated { failed, left: temporary.discard() }),
        }
    }

    #[cfg(not(unix))]
    fn open(path: &Path, mode: u32) -> Result<Option<Self>, NotCreated> {
        let file = sys::open(path, Access::New(mode))?;
        Ok(Some(Self { name: Name(Some(path.to_owned())), file }))
    }

    #[cfg(unix)]
    pub(crate) fn file(&self) -> &File {
        self.file.file()
    }

    #[cfg(not(unix))]
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Puts it in the place of another file.
    pub(crate) fn rename(&mut self, to: &Path) -> Result<(), Failed> {
        sys::rename(self.path(Step::Rename)?, to)?;
        self.name.0 = None;
        Ok(())
    }

    /// Gives it a name that must be free.
    pub(crate) fn rename_new(&mut self, to: &Path) -> Result<(), Failed> {
        sys::rename_new(self.path(Step::RenameNew)?, to)?;
        self.name.0 = None;
        Ok(())
    }

    fn path(&self, step: Step) -> Result<&Path, Failed> {
        let removed = || Failed { step, source: io::Error::new(ErrorKind::NotFound, "an earlier failure removed it") };
        self.name.0.as_deref().ok_or_else(removed)
    }

    /// Removes it. The path that is left where that fails.
    pub(crate) fn discard(&mut self) -> Option<PathBuf> {
        self.name.discard()
    }

    /// The descriptor, with its lock.
    #[cfg(unix)]
    pub(crate) fn tracked(&self) -> &Tracked {
        &self.file
    }

    /// The same, from a file that has been given its name.
    #[cfg(unix)]
    pub(crate) fn into_tracked(self) -> Tracked {
        self.file
    }
}

/// Whether the file system has no POSIX locks.
#[cfg(unix)]
fn is_no_lock(error: &Failed) -> bool {
    use rustix::io::Errno;
    let number = error.source.raw_os_error();
    let none = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::INVAL];
    error.step == Step::Lock && none.iter().any(|errno| number == Some(errno.raw_os_error()))
}
