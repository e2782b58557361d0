//! Documents that are in memory as a whole.

use std::fmt;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use bytes::Bytes;
use landfast_state::{Document, Limits, ReadError, StateStream, StreamError};

use crate::operations::OpenError;

/// A document in memory that has not been looked into yet, and the name that errors and reports give it.
///
/// `Debug` shows its name and its length only: it may hold secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct Held {
    /// The name: a path, or where the bytes came from.
    pub name: String,
    /// The document.
    pub bytes: Bytes,
}

impl Held {
    /// These bytes, under this name.
    pub fn new(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    /// The bytes of a file. Not more than the limit in size is read, whatever the file says of itself.
    ///
    /// # Errors
    /// When the file cannot be read. That it is too large is told by who looks into it.
    pub fn read(path: &Path, limits: &Limits) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        Self::read_some(&path.display().to_string(), file, size, limits).map_err(io)
    }

    /// What `input` gives to its end, such as standard input, under this name; not more than the limit in size.
    ///
    /// # Errors
    /// When it cannot be read. That it is too large is told by who looks into it.
    pub fn read_from(name: &str, input: impl Read, limits: &Limits) -> std::io::Result<Self> {
        Self::read_some(name, input, 0, limits)
    }

    /// What was read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn read_some(name: &str, input: impl Read, size: u64, limits: &Limits) -> std::io::Result<Self> {
        let mut bytes = Vec::new();
        // One byte more than allowed is enough to see that it is too long.
        let most = u64::try_from(limits.max_bytes).unwrap_or(u64::MAX).saturating_add(1);
        bytes.reserve_exact(usize::try_from(size.min(most)).unwrap_or_default().saturating_add(1));
        input.take(most).read_to_end(&mut bytes)?;
        Ok(Self::new(name, bytes))
    }

    /// The document, whatever it is: a state, plan, show JSON, snapshot or observation. It shares the memory.
    ///
    /// # Errors
    /// When it is none of these, or a broken one.
    pub fn document(&self, limits: &Limits) -> Result<Document, ReadError> {
        Document::read(self.bytes.clone(), &self.name, limits)
    }

    /// A state of format 4, to be read object by object where it stands in memory.
    ///
    /// # Errors
    /// When it is empty, too large, no UTF-8, or shows at once that it must be read as a whole.
    pub fn stream(&self, limits: &Limits) -> Result<StateStream<Cursor<&str>>, StreamError> {
        StateStream::of_bytes(&self.bytes, &self.name, limits)
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("name", &self.name).field("bytes", &self.bytes.len()).finish()
    }
}
