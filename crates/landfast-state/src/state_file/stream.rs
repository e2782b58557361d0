//! Reading a state of format 4 object by object, without holding it.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::order::Order;
use super::resource::{Head, InstanceParts, Named, RESOURCE_MEMBERS, count_instance, read_instance};
use super::stream_object::{Located, StreamedObject};
use super::v4::{STATE_MEMBERS, read_outputs};
use super::{Header, IgnoredResource};
use crate::address::ObjectAddress;
use crate::json::{CHUNK, JsonError, JsonErrorKind, Kind, Limits, NameFilter, Place, Reader, Window, WindowError};
use crate::read_error::ReadError;
use crate::redact::SecretTexts;
use crate::snapshot::{Origin, ResourceObject, SourceKind};
use crate::value::Value;

/// Why a state cannot be read as a stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The input cannot be read.
    #[error("{file}: cannot be read")]
    Io {
        /// The name that the stream was given.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What it holds cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is no state of format 4, or one that is written so that it must be read as a whole. A
    /// [`Document`](crate::Document) reads it, or says what is wrong.
    #[error("{file}: cannot be read as a stream: {reason}")]
    Whole {
        /// The name that the stream was given.
        file: String,
        /// Why.
        reason: &'static str,
    },
}

/// Which names of members to watch for in the objects of a resource type.
type Watch = Box<dyn Fn(&str) -> Option<Arc<NameFilter>> + Send>;

/// A state of format 4 that is read object by object, with the same checks as [`StateFile`](super::StateFile), in memory that
/// does not grow with the file: one window of the text, of 128 KiB or of twice the longest object.
///
/// That the addresses differ is not checked: who needs to know compares them.
///
/// ```
/// use landfast_state::{Limits, StateStream};
///
/// let text = r#"{"version": 4, "serial": 3, "lineage": "a", "outputs": {}, "resources": [
///     {"mode": "managed", "type": "aws_vpc", "name": "main", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
///      "instances": [{"schema_version": 1, "attributes": {"id": "vpc-1"}}]}]}"#;
/// let mut stream = StateStream::open(std::io::Cursor::new(text), "prod.tfstate", &Limits::default())?;
/// while let Some(object) = stream.advance()? {
///     assert_eq!(object.address().to_string(), "aws_vpc.main");
/// }
/// assert_eq!(stream.origin().serial, Some(3));
/// # Ok::<(), landfast_state::StreamError>(())
/// ```
pub struct StateStream<R> {
    window: Window<R>,
    file: String,
    phase: Phase,
    version: Option<u64>,
    header: Header,
    secrets: SecretTexts,
    ignored: Vec<(Named, usize)>,
    instances: usize,
    current: Option<(Named, InstanceParts, Noticed)>,
    watch: Option<Watch>,
    order: Order,
}

/// Whether a name that is watched for stands in an object.
#[derive(Debug, Clone)]
enum Noticed {
    Known(bool),
    /// The names were not known when the object was read.
    Unknown(Option<Arc<NameFilter>>),
}

/// What comes next.
#[derive(Debug)]
enum Phase {
    /// A member of the state.
    Top,
    /// A resource.
    Resources,
    /// A member of a resource, before its instances.
    Resource(Head),
    /// An instance of a resource.
    Instances(Named),
    /// Instances that were read already, because only what follows them named their resource.
    Kept(Named, Option<Arc<NameFilter>>, VecDeque<InstanceParts>),
    /// A member of a resource, after its instances.
    Tail,
    End,
}

/// What a member of a resource was.
enum Member {
    End(Named),
    Head(Head),
    Entered(Named),
    Kept(Named, VecDeque<InstanceParts>),
}

impl<R: Read + Seek> StateStream<R> {
    /// Begins to read. `file` is the name that errors and origins carry.
    ///
    /// # Errors
    /// When the input cannot be read or is empty.
    pub fn open(input: R, file: &str, limits: &Limits) -> Result<Self, StreamError> {
        Self::open_in_chunks(input, file, limits, CHUNK)
    }

    fn open_in_chunks(input: R, file: &str, limits: &Limits, chunk: usize) -> Result<Self, StreamError> {
        let window = Window::open(input, limits, chunk).map_err(|error| match error {
            WindowError::Io(source) => StreamError::Io { file: file.to_owned(), source },
            WindowError::Json(error) => ReadError::json(file, error).into(),
        })?;
        let mut stream = Self {
            window,
            file: file.to_owned(),
            phase: Phase::Top,
            version: None,
            header: Header::default(),
            secrets: SecretTexts::default(),
            ignored: Vec::new(),
            instances: 0,
            current: None,
            watch: None,
            order: Order::default(),
        };
        if stream.step(|reader| reader.peek())? != Kind::Object {
            return Err(stream.whole("not a JSON object"));
        }
        stream.step(|reader| reader.enter_object())?;
        Ok(stream)
    }

    /// Has objects tell whether a member of one of these names may stand in their attributes
    /// ([`StreamedObject::is_noticed`]): `names` gives them for a resource type. They are looked for while the text is checked.
    pub fn watch(&mut self, names: impl Fn(&str) -> Option<Arc<NameFilter>> + Send + 'static) {
        self.watch = Some(Box::new(names));
    }

    /// The next object; `None` at the end of a state that was right to its end.
    ///
    /// # Errors
    /// On everything that [`StateFile::read`](super::StateFile::read) refuses, except that addresses may stand twice, and
    /// when the state must be read as a whole.
    pub fn advance(&mut self) -> Result<Option<StreamedObject<'_>>, StreamError> {
        self.current = None;
        while self.current.is_none() {
            match std::mem::replace(&mut self.phase, Phase::End) {
                Phase::Top => self.top_member()?,
                Phase::Resources => self.resource()?,
                Phase::Resource(head) => self.resource_member(head)?,
                Phase::Instances(named) => self.instance(named)?,
                Phase::Kept(named, names, mut kept) => match kept.pop_front() {
                    Some(parts) => {
                        self.current = Some((named.clone(), parts, Noticed::Unknown(names.clone())));
                        self.phase = Phase::Kept(named, names, kept);
                    }
                    None => self.phase = Phase::Resources,
                },
                Phase::Tail => self.tail_member()?,
                Phase::End => return Ok(None),
            }
        }
        if let Some((named, parts, _)) = &self.current {
            self.order.see(&named.address, &parts.key, parts.deposed.as_deref());
        }
        Ok(self.current())
    }

    /// Refuses a state in which an address stands twice, once it has been read to its end. Where its objects came in
    /// terraform's order that is known; otherwise they are read once more, and 24 bytes are kept for each.
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
        let mut again = StateStream::open(input, &file, &limits)?;
        let twice = again.find_twice()?;
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

    /// Passes the next object where it is an object of the same resource, written in the same way as `object`, which stands in
    /// another stream with the same limits: what was checked there need not be checked again, so this costs little more than
    /// reading. `false` where another object follows, or none: then nothing has been passed.
    ///
    /// # Errors
    /// As [`StateStream::advance`].
    pub fn pass_same(&mut self, object: &StreamedObject<'_>) -> Result<bool, StreamError> {
        self.current = None;
        let named = loop {
            match std::mem::replace(&mut self.phase, Phase::End) {
                Phase::Top => self.top_member()?,
                Phase::Resources => self.resource()?,
                Phase::Resource(head) => self.resource_member(head)?,
                Phase::Tail => self.tail_member()?,
                Phase::Instances(named) => break named,
                other @ (Phase::Kept(..) | Phase::End) => {
                    self.phase = other;
                    return Ok(false);
                }
            }
        };
        let (text, same_resource) = (object.text(), named.address == *object.resource());
        self.phase = Phase::Instances(named);
        if !same_resource {
            return Ok(false);
        }
        let passed = self.window.attempt(|reader| {
            Ok(match reader.next_element()? {
                false => Some(false),
                true => reader.pass_same(text)?.then_some(true),
            })
        });
        match self.placed(passed)? {
            Some(true) => {
                self.instances += 1;
                self.order.see(object.resource(), object.key(), object.deposed());
                Ok(true)
            }
            Some(false) => {
                self.end_instances();
                Ok(false)
            }
            None => Ok(false),
        }
    }

    /// The object that [`StateStream::advance`] gave last.
    #[must_use]
    pub fn current(&self) -> Option<StreamedObject<'_>> {
        let (named, parts, noticed) = self.current.as_ref()?;
        let text = self.window.text();
        let mut object = StreamedObject::new(named, parts, text, self.window.base());
        object.noticed = match (noticed, object.attributes()) {
            (Noticed::Known(noticed), _) => *noticed,
            (Noticed::Unknown(Some(names)), Some(attributes)) => names.occurs_in(attributes),
            (Noticed::Unknown(_), _) => false,
        };
        Some(object)
    }

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

    /// Where the state comes from, as far as it has been read: all of it at the end.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.header.origin(SourceKind::State, &self.file)
    }

    /// Texts of sensitive outputs, as far as the state has been read. Those of objects are for who reads them to gather.
    #[must_use]
    pub fn secrets(&self) -> &SecretTexts {
        &self.secrets
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

    /// The most bytes of the text that were held at a time.
    #[must_use]
    pub fn longest_window(&self) -> usize {
        self.window.longest()
    }

    /// The name that the stream was given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Where an object stands in the file.
    ///
    /// # Errors
    /// When the input cannot be read again.
    pub fn place_of(&mut self, object: &Located) -> Result<Place, StreamError> {
        self.place(object.offset)
    }

    fn top_member(&mut self) -> Result<(), StreamError> {
        let (mut header, mut secrets) = (std::mem::take(&mut self.header), std::mem::take(&mut self.secrets));
        let version = self.version;
        let read = self.step(|reader| {
            let Some(key) = reader.next_known_member(STATE_MEMBERS)? else { return Ok(TopMember::End) };
            match &*key {
                "version" => return reader.unsigned().map(TopMember::Version),
                // Members that tell another kind of document, or a state that cannot be read.
                "encrypted_data" | "format_version" | "landfast" => return Ok(TopMember::Other),
                "outputs" => {
                    for (_, value, _) in read_outputs(reader)?.into_iter().filter(|(_, _, sensitive)| *sensitive) {
                        let value = value.map(|span| Value::from_raw(reader.slice(span), &[]));
                        value.iter().for_each(|value| secrets.add_all(value));
                    }
                }
                "resources" if !reader.null()? => {
                    reader.enter_array()?;
                    return Ok(TopMember::Resources);
                }
                "resources" => {}
                // Of another version these may mean something else: that shows at the end.
                key => header.read(reader, key)?,
            }
            Ok(TopMember::Passed)
        });
        (self.header, self.secrets) = (header, secrets);
        self.phase = match read {
            // A state whose version follows may be of another format, and right.
            Err(StreamError::Read(_)) if version.is_none() => return Err(self.whole("its version does not come first")),
            read => match read? {
                TopMember::Passed => Phase::Top,
                TopMember::Resources => Phase::Resources,
                TopMember::Version(4) => {
                    self.version = Some(4);
                    Phase::Top
                }
                TopMember::Version(_) | TopMember::Other => return Err(self.whole("not a state of format 4")),
                TopMember::End if self.version.is_none() => return Err(self.whole("no version")),
                TopMember::End => {
                    self.step(|reader| reader.at_end())?;
                    Phase::End
                }
            },
        };
        Ok(())
    }

    fn resource(&mut self) -> Result<(), StreamError> {
        let head = self.step(|reader| {
            if !reader.next_element()? {
                return Ok(None);
            }
            let head = Head::of(reader);
            reader.enter_object()?;
            Ok(Some(head))
        })?;
        self.phase = head.map_or(Phase::Top, Phase::Resource);
        Ok(())
    }

    fn resource_member(&mut self, head: Head) -> Result<(), StreamError> {
        let offset = head.offset();
        let counted = self.instances;
        let mut count = counted;
        let member = self.step(|reader| {
            // The step may be taken again: it starts from the same each time.
            count = counted;
            let mut head = head.clone();
            let Some(key) = reader.next_known_member(RESOURCE_MEMBERS)? else {
                return head.finish(reader).map(Member::End);
            };
            match &*key {
                "instances" if head.is_passed_over() => drop(reader.raw()?),
                "instances" if reader.null()? => {}
                // What is wrong with its name is told behind everything else that is wrong with a resource.
                "instances" => match head.named_already(reader) {
                    Some(named) => {
                        reader.enter_array()?;
                        return Ok(Member::Entered(named));
                    }
                    None => {
                        let kept = keep_instances(reader, &mut head, &mut count)?;
                        return Ok(Member::Kept(head.finish(reader)?, kept));
                    }
                },
                key => head.read(reader, key)?,
            }
            Ok(Member::Head(head))
        })?;
        self.instances = count;
        self.phase = match member {
            Member::Head(head) => Phase::Resource(head),
            Member::End(named) | Member::Kept(named, _) if named.provider.is_err() => {
                self.ignored.push((named, offset));
                Phase::Resources
            }
            Member::End(_) => Phase::Resources,
            Member::Entered(named) => {
                let names = self.names(&named);
                self.window.open_mut().into_iter().for_each(|open| open.keys().watch(names.clone()));
                Phase::Instances(named)
            }
            Member::Kept(named, kept) => {
                let names = self.names(&named);
                Phase::Kept(named, names, kept)
            }
        };
        Ok(())
    }

    fn names(&self, named: &Named) -> Option<Arc<NameFilter>> {
        let names = self.watch.as_ref()?(&named.address.type_name)?;
        Some(names).filter(|names| !names.is_empty())
    }

    fn instance(&mut self, named: Named) -> Result<(), StreamError> {
        let counted = self.instances;
        let mut count = counted;
        let parts = self.step(|reader| {
            count = counted;
            if !reader.next_element()? {
                return Ok(None);
            }
            count_instance(reader, &mut count)?;
            read_instance(reader).map(Some)
        })?;
        self.instances = count;
        let noticed = self.window.open_mut().is_some_and(|open| open.keys().take_noticed());
        match parts {
            Some(parts) => {
                self.current = Some((named.clone(), parts, Noticed::Known(noticed)));
                self.phase = Phase::Instances(named);
            }
            None => self.end_instances(),
        }
        Ok(())
    }

    fn end_instances(&mut self) {
        self.window.open_mut().into_iter().for_each(|open| open.keys().watch(None));
        self.phase = Phase::Tail;
    }

    fn tail_member(&mut self) -> Result<(), StreamError> {
        let more = self.step(|reader| {
            let Some(key) = reader.next_known_member(RESOURCE_MEMBERS)? else { return Ok(Some(false)) };
            if Head::has(&key) {
                return Ok(None);
            }
            reader.raw()?;
            Ok(Some(true))
        })?;
        self.phase = match more {
            Some(true) => Phase::Tail,
            Some(false) => Phase::Resources,
            None => return Err(self.whole("a resource is named behind its instances")),
        };
        Ok(())
    }

    /// Takes a step; errors name the file and the right place.
    fn step<T>(&mut self, step: impl FnMut(&mut Reader<'_>) -> Result<T, JsonError>) -> Result<T, StreamError> {
        let taken = self.window.step(step);
        self.placed(taken)
    }

    /// Sets the place of an error right.
    fn placed<T>(&mut self, taken: Result<T, WindowError>) -> Result<T, StreamError> {
        match taken {
            Ok(taken) => Ok(taken),
            Err(WindowError::Io(source)) => Err(StreamError::Io { file: self.file.clone(), source }),
            Err(WindowError::Json(mut error)) => {
                error.place = self.place(error.place.offset)?;
                if let JsonErrorKind::DuplicateKey { first, .. } = &mut error.kind {
                    *first = self.place(first.offset)?;
                }
                Err(ReadError::json(&self.file, error).into())
            }
        }
    }

    /// The place of an offset: what stands before it is read once more.
    fn place(&mut self, offset: usize) -> Result<Place, StreamError> {
        let behind = self.window.read();
        let input = self.window.input();
        let found =
            seek(input, 0).and_then(|()| Place::in_stream(input.take(u64::try_from(offset).unwrap_or(u64::MAX))));
        let back = seek(input, behind);
        let place = found.and_then(|place| back.map(|()| place));
        place.map_err(|source| StreamError::Io { file: self.file.clone(), source })
    }

    fn whole(&self, reason: &'static str) -> StreamError {
        StreamError::Whole { file: self.file.clone(), reason }
    }
}

enum TopMember {
    Passed,
    Version(u64),
    Other,
    Resources,
    End,
}

/// Reads the instances of a resource that is not named yet, and the rest of the resource.
fn keep_instances(
    reader: &mut Reader<'_>,
    head: &mut Head,
    count: &mut usize,
) -> Result<VecDeque<InstanceParts>, JsonError> {
    let mut kept = VecDeque::new();
    reader.enter_array()?;
    while reader.next_element()? {
        count_instance(reader, count)?;
        kept.push_back(read_instance(reader)?);
    }
    while let Some(key) = reader.next_known_member(RESOURCE_MEMBERS)? {
        head.read(reader, &key)?;
    }
    Ok(kept)
}

fn seek(input: &mut impl Seek, offset: usize) -> io::Result<()> {
    input.seek(SeekFrom::Start(u64::try_from(offset).unwrap_or(u64::MAX))).map(drop)
}

impl<R> fmt::Debug for StateStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateStream")
            .field("file", &self.file)
            .field("instances", &self.instances)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
