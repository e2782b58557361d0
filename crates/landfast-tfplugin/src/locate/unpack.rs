//! Taking a packed provider out of its archive, into a folder of our own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use zip::ZipArchive;

/// Bounds of an archive. The largest providers are some hundred megabytes.
const MAX_FILES: usize = 1_000;
const MAX_UNPACKED: u64 = 4 << 30;

/// Unpacks an archive. Nothing is written outside of the folder: what would be is an error, as is a link.
pub(super) fn unpack(archive: &Path, folder: &Path) -> io::Result<()> {
    let mut archive = ZipArchive::new(File::open(archive)?).map_err(io::Error::other)?;
    if archive.len() > MAX_FILES {
        return Err(invalid("it has too many files"));
    }
    let mut left = MAX_UNPACKED;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(io::Error::other)?;
        let name = entry.enclosed_name().ok_or_else(|| invalid("a file in it leads out of it"))?;
        if entry.is_symlink() {
            return Err(invalid("there is a link in it"));
        }
        let path = folder.join(name);
        if entry.is_dir() {
            fs::create_dir_all(&path)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // Programs run, and nobody else does anything with them.
            let runs = entry.unix_mode().is_none_or(|mode| mode & 0o111 != 0);
            options.mode(if runs { 0o700 } else { 0o600 });
        }
        let mut file = options.open(&path)?;
        // What the archive says about sizes is not to be believed.
        let written = io::copy(&mut entry.by_ref().take(left.saturating_add(1)), &mut file)?;
        left = left.checked_sub(written).ok_or_else(|| invalid("it is larger than 4 GiB when it is unpacked"))?;
    }
    Ok(())
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(folder: &Path, files: &[(&str, &[u8])]) -> std::path::PathBuf {
        let path = folder.join("a.zip");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        for (name, content) in files {
            writer.start_file(*name, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap();
        path
    }

    #[test]
    fn files_come_out_as_they_went_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path(), &[("terraform-provider-x", b"program"), ("docs/readme", b"text")]);
        let out = folder.path().join("out");
        unpack(&path, &out).unwrap();
        assert_eq!(fs::read(out.join("terraform-provider-x")).unwrap(), b"program");
        assert_eq!(fs::read(out.join("docs/readme")).unwrap(), b"text");
    }

    #[test]
    fn what_leads_out_of_the_folder_is_refused() {
        for name in ["../out", "a/../../out", "/etc/out"] {
            let folder = tempfile::tempdir().unwrap();
            let path = archive(folder.path(), &[("first", b"1"), (name, b"2")]);
            let inside = folder.path().join("in");
            fs::create_dir(&inside).unwrap();
            let outcome = unpack(&path, &inside);
            let absolute = name.starts_with('/');
            assert!(outcome.is_err() || absolute, "{name}");
            assert!(!folder.path().join("out").exists() && !Path::new("/etc/out").exists(), "{name}");
        }
    }

    #[test]
    fn links_and_what_is_no_archive_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("link.zip");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        writer.add_symlink("terraform-provider-x", "/bin/sh", SimpleFileOptions::default()).unwrap();
        writer.finish().unwrap();
        assert_eq!(unpack(&path, &folder.path().join("out")).unwrap_err().to_string(), "there is a link in it");
        fs::write(&path, b"no archive").unwrap();
        assert!(unpack(&path, &folder.path().join("out")).is_err());
    }
}
