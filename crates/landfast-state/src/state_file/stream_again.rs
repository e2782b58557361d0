//! Going back in a stream: to an object that was passed, to the place of an offset, to the beginning.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read, Seek, SeekFrom};

use super::IgnoredResource;
use super::resource::read_instance;
use super::stream::{StateStream, StreamError};
use super::stream_object::{Located, StreamedObject};
use crate::address::ObjectAddress;
use crate::json::{JsonError, JsonErrorKind, Limits, Place, Reader};
use crate::read_error::ReadError;
use crate::snapshot::ResourceObject;

impl<R: Read + Seek> StateStream<R> {
    /// Reads an object again that was passed before.
    ///
    /// # Errors
    /// When the input cannot be read, or does not hold any more what it held.
    pub fn reread(&mut self, object: &Located) -> Result<ResourceObject, StreamError> {
        let mut bytes = vec![0; object.len];
        let behind = self.window.read();
        let input = self.window.input();
        let found = seek(input, object.offset).and_then(|()| input.read_exact(&mut bytes));
        let back = seek(input, behind);
        found.and(back).map_err(|source| StreamError::Io { file: self.file.clone(), source })?;
        let changed = |_| self.whole("it changed while it was read");
        let mut reader = Reader::new(&bytes, &Limits::default().of_any_size()).map_err(changed)?;
        let parts = read_instance(&mut reader).map_err(changed)?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        Ok(StreamedObject::new(&object.named, &parts, text, 0).to_object())
    }

    /// The resources that terraform passes over, as far as the state has been read.
    ///
    /// # Errors
    /// When the input cannot be read again to find their places.
    pub fn ignored(&mut self) -> Result<Vec<IgnoredResource>, StreamError> {
        let found = self.ignored.clone();
        let mut ignored = Vec::new();
        for (named, offset) in found {
            if let Err(reason) = (*named.provider).clone() {
                let address = (*named.address).clone();
                ignored.push(IgnoredResource { address, place: self.place(offset)?, reason });
            }
        }
        Ok(ignored)
    }

    /// Where an object stands in the file.
    ///
    /// # Errors
    /// When the input cannot be read again.
    pub fn place_of(&mut self, object: &Located) -> Result<Place, StreamError> {
        self.place(object.offset)
    }

    /// Refuses a state in which an address stands twice, once it has been read to its end. Where its objects came in
    /// terraform's order that is known; from where they did not, 8 bytes were kept for each, and what stands before is read
    /// once more.
    ///
    /// # Errors
    /// When an address stands twice, or the input cannot be read again.
    pub fn check_unique(&mut self) -> Result<(), StreamError> {
        if self.order.is_kept() {
            return Ok(());
        }
        let file = self.file.clone();
        let input = self.window.input();
        seek(input, 0).map_err(|source| StreamError::Io { file: file.clone(), source })?;
        let limits = Limits::default().of_any_size();
        let mut again = StateStream::open(&mut *input, &file, &limits)?;
        for _ in 0..self.order.ordered() {
            let Some(object) = again.advance()? else { break };
            self.order.see_again(object.resource(), object.key(), object.deposed());
        }
        if !self.order.may_repeat() {
            return Ok(());
        }
        // Addresses, as good as certainly: they are told with their places.
        seek(input, 0).map_err(|source| StreamError::Io { file: file.clone(), source })?;
        let twice = StateStream::open(input, &file, &limits)?.find_twice()?;
        let Some((address, first, second)) = twice else { return Ok(()) };
        let first = self.place(first)?;
        let kind = JsonErrorKind::Invalid(format!("{address} stands twice (first at {first})"));
        let error = JsonError { kind, place: self.place(second)?, path: String::from("resources") };
        Err(ReadError::json(&self.file, error).into())
    }

    /// The first object whose address stood before, with the offsets of both.
    fn find_twice(&mut self) -> Result<Option<(ObjectAddress, usize, usize)>, StreamError> {
        // Two hashes with keys of their own are as good as the address.
        let keys = [RandomState::default(), RandomState::default()];
        let mut seen: HashMap<(u64, u64), usize> = HashMap::new();
        while let Some(object) = self.advance()? {
            let address = object.address();
            let [a, b] = [&keys[0], &keys[1]].map(|key| key.hash_one(&address));
            let offset = object.located().offset;
            if let Some(first) = seen.insert((a, b), offset) {
                return Ok(Some((address, first, offset)));
            }
        }
        Ok(None)
    }

    /// The place of an offset: what stands before it is read once more.
    pub(super) fn place(&mut self, offset: usize) -> Result<Place, StreamError> {
        let behind = self.window.read();
        let input = self.window.input();
        let found =
            seek(input, 0).and_then(|()| Place::in_stream(input.take(u64::try_from(offset).unwrap_or(u64::MAX))));
        let back = seek(input, behind);
        let place = found.and_then(|place| back.map(|()| place));
        place.map_err(|source| StreamError::Io { file: self.file.clone(), source })
    }
}

fn seek(input: &mut impl Seek, offset: usize) -> io::Result<()> {
    input.seek(SeekFrom::Start(u64::try_from(offset).unwrap_or(u64::MAX))).map(drop)
}
