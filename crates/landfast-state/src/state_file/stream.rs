//! Reading a state of format 4 object by object, without holding it.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Cursor, Read, Seek};
use std::sync::Arc;

use super::Header;
use super::order::Order;
use super::resource::{Head, InstanceParts, KnownProvider, Named, RESOURCE_MEMBERS, count_instance, read_instance};
use super::stream_object::StreamedObject;
use super::v4::{STATE_MEMBERS, read_outputs};
use crate::json::{
    Beginning, CHUNK, JsonError, JsonErrorKind, Kind, Limits, NameFilter, Raw, Reader, Window, WindowError,
};
use crate::origin::{Origin, SourceKind};
use crate::read_error::ReadError;
use crate::redact::SecretTexts;
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
    pub(super) window: Window<R>,
    pub(super) file: String,
    pub(super) phase: Phase,
    version: Option<u64>,
    header: Header,
    secrets: SecretTexts,
    pub(super) ignored: Vec<(Named, usize)>,
    pub(super) instances: usize,
    /// The present object, and where in its attributes names that are watched for stand.
    pub(super) current: Option<(Named, InstanceParts, Vec<usize>)>,
    watch: Option<Watch>,
    pub(super) order: Order,
    /// The provider of the resource before, which most have as well.
    provider: Option<KnownProvider>,
    /// How the present resource begins.
    pub(super) beginning: Option<Beginning>,
    /// The names to watch for in the present resource.
    pub(super) names: Option<Arc<NameFilter>>,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Phase {
    /// A member of the state.
    Top,
    /// A resource.
    Resources,
    /// An instance of a resource.
    Instances(Named),
    /// Instances that were read already, because only what follows them named their resource.
    Kept(Named, Option<Arc<NameFilter>>, VecDeque<InstanceParts>),
    /// A member of a resource, after its instances.
    Tail,
    End,
}

/// How far a resource was read.
enum ReadTo {
    /// To its end: it has no instances.
    End(Named),
    /// To its instances.
    Entered(Named),
    /// To its end.
    Kept(Named, VecDeque<InstanceParts>),
}

impl<'t> StateStream<Cursor<&'t str>> {
    /// Begins to read a state that is in memory already. Nothing of it is copied, so that this takes next to no memory of its own.
    ///
    /// # Errors
    /// When it is empty, larger than allowed, or no UTF-8.
    pub fn of_bytes(bytes: &'t [u8], file: &str, limits: &Limits) -> Result<Self, StreamError> {
        let text = Reader::new(bytes, limits).map_err(|error| ReadError::json(file, error))?.text();
        Self::begin(Window::hold(Cursor::new(text), |input| input.get_ref(), limits), file)
    }
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
        Self::begin(window, file)
    }

    fn begin(window: Window<R>, file: &str) -> Result<Self, StreamError> {
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
            provider: None,
            beginning: None,
            names: None,
        };
        if stream.step(|reader| reader.peek())? != Kind::Object {
            return Err(stream.whole("not a JSON object"));
        }
        stream.step(|reader| reader.enter_object())?;
        Ok(stream)
    }

    /// Has objects tell where members of these names stand in their attributes ([`StreamedObject::noticed`]): `names` gives them for a resource type. They are looked for while the text is checked.
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
                Phase::Instances(named) => self.instance(named)?,
                Phase::Kept(named, names, mut kept) => match kept.pop_front() {
                    Some(parts) => {
                        // The names were not known when it was read.
                        let attributes = parts.attributes.span().and_then(|span| self.window.text().get(span));
                        let offsets = |names: &NameFilter| attributes.map(|text| names.offsets(Raw::checked(text)));
                        let noticed = names.as_deref().and_then(offsets).unwrap_or_default();
                        self.current = Some((named.clone(), parts, noticed));
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

    /// The object that [`StateStream::advance`] gave last.
    #[must_use]
    pub fn current(&self) -> Option<StreamedObject<'_>> {
        let (named, parts, noticed) = self.current.as_ref()?;
        let text = self.window.text();
        let mut object = StreamedObject::new(named, parts, text, self.window.base());
        (object.beginning, object.names) = (self.beginning.as_ref(), self.names.as_ref());
        object.noticed = noticed;
        Some(object)
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

    pub(super) fn top_member(&mut self) -> Result<(), StreamError> {
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

    /// Passes the beginning of the next resource, to its instances; of one that is named behind them, all.
    pub(super) fn resource(&mut self) -> Result<(), StreamError> {
        self.beginning = None;
        let known = self.provider.clone();
        let counted = self.instances;
        let mut count = counted;
        let read = self.step(|reader| {
            count = counted;
            if !reader.next_element()? {
                return Ok(None);
            }
            let mut head = Head::of(reader).knowing(known.clone());
            reader.enter_object()?;
            let read = read_to_instances(reader, &mut head, &mut count)?;
            Ok(Some((head, read)))
        })?;
        self.instances = count;
        let Some((head, read)) = read else {
            self.phase = Phase::Top;
            return Ok(());
        };
        let offset = head.offset();
        self.phase = match read {
            ReadTo::End(named) | ReadTo::Kept(named, _) if named.provider.is_err() => {
                self.ignored.push((named, offset));
                Phase::Resources
            }
            ReadTo::End(_) => Phase::Resources,
            ReadTo::Entered(named) => {
                self.provider = head.provider();
                self.beginning = self.window.beginning(offset);
                self.names = self.names(&named);
                self.enter_instances(named)
            }
            ReadTo::Kept(named, kept) => {
                let names = self.names(&named);
                Phase::Kept(named, names, kept)
            }
        };
        Ok(())
    }

    pub(super) fn enter_instances(&mut self, named: Named) -> Phase {
        let names = self.names.clone();
        if let Some(open) = self.window.open_mut() {
            open.keys().watch(names);
        }
        Phase::Instances(named)
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
        let base = self.window.base();
        let mut noticed = self.window.open_mut().map(|open| open.keys().take_noticed()).unwrap_or_default();
        match parts {
            Some(parts) => {
                let attributes = parts.attributes.span().unwrap_or_default();
                let (start, end) = (base + attributes.start, base + attributes.end);
                noticed.retain(|at| (start..end).contains(at));
                noticed.iter_mut().for_each(|at| *at -= start);
                self.current = Some((named.clone(), parts, noticed));
                self.phase = Phase::Instances(named);
            }
            None => self.end_instances(),
        }
        Ok(())
    }

    pub(super) fn end_instances(&mut self) {
        self.window.open_mut().into_iter().for_each(|open| open.keys().watch(None));
        self.phase = Phase::Tail;
    }

    pub(super) fn tail_member(&mut self) -> Result<(), StreamError> {
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
    pub(super) fn placed<T>(&mut self, taken: Result<T, WindowError>) -> Result<T, StreamError> {
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

    pub(super) fn whole(&self, reason: &'static str) -> StreamError {
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

/// Reads the members of a resource, which was entered, before its instances.
fn read_to_instances(reader: &mut Reader<'_>, head: &mut Head, count: &mut usize) -> Result<ReadTo, JsonError> {
    while let Some(key) = reader.next_known_member(RESOURCE_MEMBERS)? {
        match &*key {
            "instances" if head.is_passed_over() => drop(reader.raw()?),
            "instances" if reader.null()? => {}
            "instances" => {
                reader.enter_array()?;
                // What is wrong with its name is told behind everything else that is wrong with a resource.
                if let Some(named) = head.named_already() {
                    return Ok(ReadTo::Entered(named));
                }
                let kept = keep_instances(reader, head, count)?;
                return Ok(ReadTo::Kept(head.finish(reader)?, kept));
            }
            key => head.read(reader, key)?,
        }
    }
    head.finish(reader).map(ReadTo::End)
}

/// Reads the instances of a resource that is not named yet, their array entered, and the rest of the resource.
fn keep_instances(
    reader: &mut Reader<'_>,
    head: &mut Head,
    count: &mut usize,
) -> Result<VecDeque<InstanceParts>, JsonError> {
    let mut kept = VecDeque::new();
    while reader.next_element()? {
        count_instance(reader, count)?;
        kept.push_back(read_instance(reader)?);
    }
    while let Some(key) = reader.next_known_member(RESOURCE_MEMBERS)? {
        head.read(reader, &key)?;
    }
    Ok(kept)
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
