//! Secrets in files.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use landfast_state::{Sensitive, Value};

use super::{SecretError, SecretFuture, SecretReference, SecretSource};

/// The largest secret in a file, in bytes.
const MAX_SECRET: u64 = 1 << 20;

/// Files as secrets: each is one, without the line break at its end. Reading blocks for as long as a small file takes.
#[derive(Debug, Clone, Default)]
pub struct FileSecrets {
    folder: PathBuf,
}

impl FileSecrets {
    /// Files, relative ones from this folder on.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn read(&self, path: &str) -> io::Result<String> {
        let path = self.folder.join(path);
        // What is no file, such as a pipe, could keep us for ever.
        if !fs::metadata(&path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_SECRET + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_SECRET {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB"));
        }
        // The error of the conversion would hold the bytes.
        let text = String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "no UTF-8"))?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
    }
}

impl SecretSource for FileSecrets {
    fn resolve<'a>(&'a self, reference: &'a SecretReference) -> SecretFuture<'a> {
        Box::pin(async move {
            let text = self.read(reference.path()).map_err(|error| SecretError::Unreachable {
                reference: reference.to_string(),
                source: Box::new(error),
            })?;
            Ok(Sensitive::new(Value::String(text)))
        })
    }
}
