//! Hashes of packages that were found before: reading a program of hundreds of megabytes at each start takes longer than all else.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::package_hash;

/// The first line of an entry.
const FORMAT: &str = "landfast package hash, version 1";

/// Files that changed this recently may change again without it showing in their times, which have steps.
const SETTLED: Duration = Duration::from_secs(2);

/// Where hashes are kept between runs, if they are.
///
/// An entry stands for files of this device, number, size, and times of change. A program that is replaced or written to has others:
/// the time at which an inode changed cannot be set back, as that of its content can.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownHashes {
    folder: Option<PathBuf>,
}

impl KnownHashes {
    pub(super) fn in_folder(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The hash of a package, `h1:…`: of these files of a folder.
    pub(super) fn of_files(&self, folder: &Path, files: &[String]) -> io::Result<String> {
        let Some(entry) = self.entry(folder, files) else { return package_hash::of_files(folder, files) };
        let begun = SystemTime::now();
        let before = identity(folder, files, begun);
        if let Some(Identity { text, .. }) = &before
            && let Some(hash) = read(&entry, text)
        {
            return Ok(hash);
        }
        let hash = package_hash::of_files(folder, files)?;
        if let Some(Identity { text, settled: true }) = before
            && identity(folder, files, begun).is_some_and(|after| after.text == text)
            && let Err(error) = write(&entry, &text, &hash)
        {
            tracing::debug!(%error, entry = %entry.display(), "the hash of a package is not kept");
        }
        Ok(hash)
    }

    /// Where the hash of these files is kept.
    fn entry(&self, folder: &Path, files: &[String]) -> Option<PathBuf> {
        let name = format!("{}\n{}", folder.display(), files.join("\n"));
        Some(self.folder.as_ref()?.join(package_hash::hex_of(name.as_bytes())))
    }
}

/// What tells files from all others without reading them.
struct Identity {
    text: String,
    /// Whether their times are old enough to tell.
    settled: bool,
}

#[cfg(unix)]
fn identity(folder: &Path, files: &[String], now: SystemTime) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;

    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let (mut text, mut settled) = (format!("{FORMAT}\n"), true);
    for name in files {
        let it = fs::metadata(folder.join(name)).ok().filter(fs::Metadata::is_file)?;
        let newest = u64::try_from(it.mtime().max(it.ctime())).ok()?;
        settled &= Duration::from_secs(newest.checked_add(1)?).checked_add(SETTLED)? < now;
        let (written, changed) = ((it.mtime(), it.mtime_nsec()), (it.ctime(), it.ctime_nsec()));
        let _ = writeln!(text, "{} {} {} {written:?} {changed:?} {name}", it.dev(), it.ino(), it.size());
    }
    Some(Identity { text, settled })
}

/// Elsewhere files have no time that nobody can set.
#[cfg(not(unix))]
fn identity(_: &Path, _: &[String], _: SystemTime) -> Option<Identity> {
    None
}

/// The hash in an entry that is of these files, and that nobody else can have written.
fn read(entry: &Path, identity: &str) -> Option<String> {
    if !(is_ours_alone(entry) && is_ours_alone(entry.parent()?)) {
        return None;
    }
    let text = fs::read_to_string(entry).ok()?;
    let hash = text.strip_prefix(identity)?.strip_suffix('\n')?;
    hash.starts_with("h1:").then(|| hash.to_owned())
}

#[cfg(unix)]
fn is_ours_alone(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    fs::symlink_metadata(path)
        .is_ok_and(|it| !it.is_symlink() && it.uid() == rustix::process::geteuid().as_raw() && it.mode() & 0o022 == 0)
}

#[cfg(not(unix))]
fn is_ours_alone(_: &Path) -> bool {
    false
}

fn write(entry: &Path, identity: &str, hash: &str) -> io::Result<()> {
    let folder = entry.parent().unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(format!("{identity}{hash}\n").as_bytes())?;
    file.persist(entry)?;
    Ok(())
}
