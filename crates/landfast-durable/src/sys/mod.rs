//! Every system call of the crate. Each goes through one gate, where the fault shim can make it fail, write short, or be the
//! last thing that the process does; each is repeated when a signal interrupts it.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(unix)]
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

#[cfg(not(unix))]
pub(crate) use other::{open, rename_new, sync_folder};
#[cfg(unix)]
pub(crate) use unix::{
    holder, open, read_at, rename_new, set_len, set_owner, set_permissions, sync_data, sync_folder, try_lock, unlock,
    write_at,
};

use crate::step::{Failed, Step};

pub(crate) type Result<T> = std::result::Result<T, Failed>;

/// How a file is opened. Links are never followed here, and the descriptor does not survive an exec.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Access {
    /// For reading.
    #[cfg(unix)]
    Read,
    /// For reading and writing; the file must be there.
    #[cfg(unix)]
    ReadWrite,
    /// A new file with these bits, less the process's mask.
    New(u32),
}

impl Access {
    fn step(self) -> Step {
        match self {
            #[cfg(unix)]
            Self::Read | Self::ReadWrite => Step::Open,
            Self::New(_) => Step::CreateTemporary,
        }
    }
}

/// What the gate lets a call do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gate {
    /// All of it.
    Whole,
    /// Only so many bytes of a write.
    #[cfg(feature = "fault")]
    AtMost(usize),
    /// Only so many bytes of a write, and then the process ends.
    #[cfg(feature = "fault")]
    Tear(usize),
}

#[cfg(feature = "fault")]
use crate::fault::gate;

#[cfg(not(feature = "fault"))]
#[inline]
#[expect(clippy::unnecessary_wraps, reason = "the gate of the fault shim has the same signature and does fail")]
fn gate(_: Step, _: usize) -> io::Result<Gate> {
    Ok(Gate::Whole)
}

/// Runs one call through the gate, again as long as signals interrupt it.
fn call<T>(step: Step, mut action: impl FnMut() -> io::Result<T>) -> Result<T> {
    loop {
        match gate(step, 0).and_then(|_| action()) {
            Err(source) if source.kind() == ErrorKind::Interrupted => {}
            done => return done.map_err(|source| Failed { step, source }),
        }
    }
}

/// Writes everything, in as many calls as it takes. `write` gets the bytes that are left and how many are done.
fn write_whole(bytes: &[u8], mut write: impl FnMut(&[u8], usize) -> io::Result<usize>) -> Result<()> {
    let mut done = 0;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        match write_gated(rest, done, &mut write) {
            Ok(0) => return Err(Failed { step: Step::Write, source: ErrorKind::WriteZero.into() }),
            Ok(count) => done += count,
            Err(source) if source.kind() == ErrorKind::Interrupted => {}
            Err(source) => return Err(Failed { step: Step::Write, source }),
        }
    }
    Ok(())
}

fn write_gated(
    rest: &[u8],
    done: usize,
    write: &mut impl FnMut(&[u8], usize) -> io::Result<usize>,
) -> io::Result<usize> {
    match gate(Step::Write, rest.len())? {
        Gate::Whole => write(rest, done),
        #[cfg(feature = "fault")]
        Gate::AtMost(limit) => write(rest.get(..limit).unwrap_or(rest), done),
        #[cfg(feature = "fault")]
        Gate::Tear(limit) => {
            let _ = write(rest.get(..limit).unwrap_or(rest), done);
            crate::fault::end_process()
        }
    }
}

/// Writes all the bytes where the file's cursor stands.
pub(crate) fn write(mut file: &File, bytes: &[u8]) -> Result<()> {
    write_whole(bytes, |rest, _| file.write(rest))
}

/// What the descriptor is of.
pub(crate) fn metadata(file: &File) -> Result<Metadata> {
    call(Step::Inspect, || file.metadata())
}

/// What the name is of, links not followed; none where nothing has it.
pub(crate) fn named(path: &Path) -> Result<Option<Metadata>> {
    call(Step::Inspect, || some_if_there(fs::symlink_metadata(path)))
}

/// What the name leads to, links followed; none where it leads nowhere.
pub(crate) fn followed(path: &Path) -> Result<Option<Metadata>> {
    call(Step::Inspect, || some_if_there(fs::metadata(path)))
}

fn some_if_there(metadata: io::Result<Metadata>) -> io::Result<Option<Metadata>> {
    match metadata {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn read_link(path: &Path) -> Result<PathBuf> {
    call(Step::ReadLink, || fs::read_link(path))
}

/// The names in a folder.
#[cfg(unix)]
pub(crate) fn list(folder: &Path) -> Result<Vec<OsString>> {
    call(Step::List, || fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect())
}

/// Syncs the content and everything that is known about the file.
pub(crate) fn sync(file: &File) -> Result<()> {
    call(Step::Sync, || file.sync_all())
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    call(Step::Rename, || fs::rename(from, to))
}

/// Removes a name. That it is gone already is as good.
pub(crate) fn remove(path: &Path) -> Result<()> {
    call(Step::Remove, || match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    })
}
