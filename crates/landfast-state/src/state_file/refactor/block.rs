//! Resource blocks as parts of a text.

use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::address::{InstanceKey, ObjectAddress, ProviderConfigAddress, ResourceAddress, ResourceMode};
use crate::json::splice::{insertion, range_of, removal, replace};
use crate::json::{Raw, is_spelling, quote_go};
use crate::state_file::edit::member;
use crate::state_file::{StateFile, StateResource};

use super::RefactorError;

/// Members of a resource block that are written from what is known of it; `each`, which terraform wrote before 0.14 and reads
/// no more, is left out as terraform itself leaves it out.
const WRITTEN: [&str; 7] = ["module", "mode", "type", "name", "each", "provider", "instances"];

/// A text that stands in the source, or that was made.
#[derive(Clone)]
pub(super) enum Text {
    Source(Range<usize>),
    Made(String),
}

impl Text {
    pub(super) fn get<'a>(&'a self, source: &'a [u8]) -> &'a str {
        match self {
            Self::Source(range) => part(source, range),
            Self::Made(text) => text,
        }
    }

    pub(super) fn bytes<'a>(&'a self, source: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Source(range) => source.get(range.clone()).unwrap_or_default(),
            Self::Made(text) => text.as_bytes(),
        }
    }
}

/// One object of a block.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) key: InstanceKey,
    pub(super) deposed: Option<Box<str>>,
    pub(super) text: Text,
}

impl Object {
    /// The object with a text of its own, to be carried to another state.
    pub(super) fn owned(self, source: &Bytes) -> Self {
        let text = Text::Made(self.text.get(source).to_owned());
        Self { text, ..self }
    }
}

/// A resource block.
#[derive(Clone)]
pub(super) struct Block {
    /// Where it stands in the source; `None` for what was put in.
    pub(super) place: Option<Range<usize>>,
    pub(super) resource: Arc<ResourceAddress>,
    /// `None` for blocks that terraform passes over: they stay as they are.
    pub(super) provider: Option<ProviderConfigAddress>,
    pub(super) objects: Vec<Object>,
    /// Other members, written.
    pub(super) others: Vec<String>,
    pub(super) is_changed: bool,
}

impl Block {
    pub(super) fn is_known(&self) -> bool {
        self.provider.is_some()
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = ObjectAddress> {
        self.objects.iter().map(|object| object.address(&self.resource))
    }

    pub(super) fn with_objects(&self, objects: Vec<Object>) -> Self {
        Self { objects, place: None, is_changed: true, ..self.clone() }
    }

    /// Whether an object of it is wanted.
    pub(super) fn has(&self, wanted: &impl Fn(&ObjectAddress) -> bool) -> bool {
        self.is_known() && self.addresses().any(|address| wanted(&address))
    }

    /// Takes out the objects that are wanted.
    pub(super) fn take(
        &mut self,
        source: &Bytes,
        wanted: &impl Fn(&ObjectAddress) -> bool,
        mut taken: impl FnMut(ObjectAddress, Object),
    ) {
        if !self.has(wanted) {
            return;
        }
        self.touch(source);
        let resource = Arc::clone(&self.resource);
        for object in std::mem::take(&mut self.objects) {
            let address = object.address(&resource);
            if wanted(&address) { taken(address, object) } else { self.objects.push(object) }
        }
    }

    /// Has the block written anew.
    pub(super) fn touch(&mut self, source: &Bytes) {
        if !self.is_changed
            && let Some(place) = &self.place
        {
            self.others = other_members(part(source, place));
        }
        self.is_changed = true;
    }

    pub(super) fn check_provider(&self, others: &Self) -> Result<(), RefactorError> {
        match (&self.provider, &others.provider) {
            (Some(there), Some(here)) if there != here => Err(RefactorError::OtherProvider {
                address: self.resource.to_string(),
                there: there.to_string(),
                here: here.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

/// A part of the source that is text by itself.
pub(super) fn part<'a>(source: &'a [u8], range: &Range<usize>) -> &'a str {
    // Values begin and end between characters, and the source was checked to be UTF-8 when the state was read.
    std::str::from_utf8(source.get(range.clone()).unwrap_or_default()).unwrap_or_default()
}

/// The blocks of a state, in the order of the file.
pub(super) fn blocks_of(state: &StateFile) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(state.resources.len() + state.places.ignored.len());
    let mut ignored = state.places.ignored.iter().peekable();
    for resource in &state.resources {
        while let Some(place) = ignored.next_if(|place| place.start < resource.span.start) {
            blocks.push(Block::passed_over(place.clone()));
        }
        blocks.push(Block::of(resource));
    }
    blocks.extend(ignored.cloned().map(Block::passed_over));
    blocks
}

impl Block {
    fn of(resource: &StateResource) -> Self {
        let place = resource.span.clone();
        if resource.instances.is_empty() {
            return Self::passed_over(place);
        }
        let objects = resource.instances.iter().map(|instance| Object {
            key: instance.key.clone(),
            deposed: instance.deposed.clone(),
            text: Text::Source(instance.offset..instance.end),
        });
        Self {
            place: Some(place),
            resource: Arc::clone(&resource.address),
            provider: Some(resource.provider.clone()),
            objects: objects.collect(),
            others: Vec::new(),
            is_changed: false,
        }
    }

    fn passed_over(place: Range<usize>) -> Self {
        Self {
            place: Some(place),
            resource: Arc::new(passed_over()),
            provider: None,
            objects: Vec::new(),
            others: Vec::new(),
            is_changed: false,
        }
    }
}

/// The address of a block that nobody can name.
fn passed_over() -> ResourceAddress {
    ResourceAddress { module: Default::default(), mode: ResourceMode::Managed, type_name: "".into(), name: "".into() }
}

/// The members of a block that are not known here, as they are written.
fn other_members(block: &str) -> Vec<String> {
    let block = Raw::checked(block);
    let is_written = |key: &str| WRITTEN.iter().any(|known| is_spelling(key, known));
    let others = block.quoted_members().filter(|(key, _)| key.as_string().is_some_and(|key| !is_written(&key)));
    others.map(|(key, value)| format!("{}: {}", key.as_str(), value.as_str())).collect()
}

/// Writes the list of resources.
pub(super) fn write_all(blocks: &[Block], source: &[u8], out: &mut Vec<u8>) {
    out.push(b'[');
    let mut is_first = true;
    let mut untouched = None;
    for block in blocks {
        if block.is_changed && block.objects.is_empty() {
            continue;
        }
        // Blocks that follow one another in the source as they do here are copied at once.
        if let (false, Some(place), Some(Range { start, end })) = (block.is_changed, &block.place, untouched.clone())
            && source.get(end..place.start).is_some_and(is_between)
        {
            untouched = Some(start..place.end);
            continue;
        }
        copy(source, untouched.take(), out);
        out.extend_from_slice(if is_first { b"" } else { b"," });
        is_first = false;
        match &block.place {
            Some(place) => out.extend_from_slice(space_before(source, place.start)),
            None => out.extend_from_slice(b"\n    "),
        }
        match &block.place {
            Some(place) if !block.is_changed => untouched = Some(place.clone()),
            _ => write_block(block, source, out),
        }
    }
    copy(source, untouched, out);
    out.extend_from_slice(if is_first { b"]" } else { b"\n  ]" });
}

fn copy(source: &[u8], range: Option<Range<usize>>, out: &mut Vec<u8>) {
    out.extend_from_slice(range.and_then(|range| source.get(range)).unwrap_or_default());
}

/// Whether this stands between two neighbours and is what would be written there: a comma with white space behind it.
fn is_between(text: &[u8]) -> bool {
    text.split_first().is_some_and(|(first, rest)| *first == b',' && rest.trim_ascii().is_empty())
}

/// The white space before an element.
fn space_before(source: &[u8], at: usize) -> &[u8] {
    let before = source.get(..at).unwrap_or_default();
    before.get(before.trim_ascii_end().len()..).unwrap_or_default()
}

/// Writes a block as terraform does.
fn write_block(block: &Block, source: &[u8], out: &mut Vec<u8>) {
    let resource = &block.resource;
    out.push(b'{');
    // A list of bytes takes whatever is written.
    let mut line = |name: &str, value: &str| {
        let _ = write!(out, "\n      \"{name}\": {value},");
    };
    if !resource.module.is_root() {
        line("module", &quote_go(&resource.module.to_string()));
    }
    line("mode", &quote_go(resource.mode.as_str()));
    line("type", &quote_go(&resource.type_name));
    line("name", &quote_go(&resource.name));
    if let Some(provider) = &block.provider {
        line("provider", &quote_go(&provider.to_string()));
    }
    for other in &block.others {
        let _ = write!(out, "\n      {other},");
    }
    out.extend_from_slice(b"\n      \"instances\": [");
    for (at, object) in block.objects.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"\n        " } else { b",\n        " });
        out.extend_from_slice(object.text.bytes(source));
    }
    out.extend_from_slice(b"\n      ]\n    }");
}

/// The text of an object with this key.
pub(super) fn with_key(text: &str, key: &InstanceKey) -> String {
    let object = Raw::checked(text);
    let value = match key {
        InstanceKey::None => None,
        InstanceKey::Int(index) => Some(index.to_string()),
        InstanceKey::String(name) => Some(quote_go(name)),
    };
    let at = object.members().into_iter().flatten().position(|(name, _)| is_spelling(&name, "index_key"));
    let old = at.and_then(|_| member(object, "index_key"));
    let edited = match (value, old) {
        (Some(value), Some(old)) => range_of(text, old).map(|range| replace(text, range, &value)),
        // An object stands four levels below the document: resources, resource, instances, object.
        (Some(value), None) => {
            insertion(text, object, "index_key", &value, 4).map(|(at, new)| replace(text, at..at, &new))
        }
        (None, _) => at.and_then(|at| removal(text, object, at)).map(|range| replace(text, range, "")),
    };
    edited.unwrap_or_else(|| text.to_owned())
}
