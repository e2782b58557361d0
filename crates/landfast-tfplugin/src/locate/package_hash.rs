//! What packages hash to, in the two schemes of lock files.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Bounds of a package: providers are one program, and some texts.
const MAX_FILES: usize = 10_000;
const MAX_DEPTH: usize = 32;

/// The files in a folder, sorted: a package is all of them.
pub(super) fn files_of_folder(folder: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    gather(folder, "", 0, &mut files)?;
    files.sort();
    Ok(files)
}

/// The folder and the name of a package that would hold this program alone.
pub(super) fn file_of_program(program: &Path) -> io::Result<(&Path, Vec<String>)> {
    let name = program.file_name().and_then(|name| name.to_str()).ok_or_else(|| invalid("its name is no text"))?;
    Ok((program.parent().unwrap_or(Path::new("")), vec![name.to_owned()]))
}

/// The hash of these files of a folder, `h1:…`: of the list of them, each with its own.
pub(super) fn of_files(folder: &Path, files: &[String]) -> io::Result<String> {
    let mut all = Sha256::new();
    for name in files {
        all.update(line_of(&folder.join(name), name)?);
    }
    Ok(format!("h1:{}", STANDARD.encode(all.finalize())))
}

/// The hash of an archive, `zh:…`.
pub(super) fn of_archive(archive: &Path) -> io::Result<String> {
    Ok(format!("zh:{}", hex_of_file(archive)?))
}

/// The hash of some bytes, in hexadecimal digits.
pub(super) fn hex_of(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn line_of(file: &Path, name: &str) -> io::Result<String> {
    if name.contains('\n') {
        return Err(invalid("a file has a line break in its name"));
    }
    Ok(format!("{}  {name}\n", hex_of_file(file)?))
}

fn gather(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<String>) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(invalid("its folders nest too deep"));
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| invalid("the name of a file is no text"))?;
        let name = format!("{prefix}{name}");
        // A link counts as the file that it leads to, and may not lead to a folder, as for terraform.
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), &format!("{name}/"), depth + 1, files)?;
        } else if files.len() >= MAX_FILES {
            return Err(invalid("it has too many files"));
        } else {
            files.push(name);
        }
    }
    Ok(())
}

fn hex_of_file(path: &Path) -> io::Result<String> {
    // What is no file, such as a pipe, could be read for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(invalid("something in it is no file"));
    }
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; 256 << 10];
    loop {
        let length = file.read(&mut buffer)?;
        match buffer.get(..length) {
            None | Some([]) => break,
            Some(read) => hash.update(read),
        }
    }
    Ok(hex(hash))
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
