//! Resource blocks as parts of a text.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::address::{InstanceKey, ObjectAddress, ProviderConfigAddress, ResourceAddress, ResourceMode};
use crate::json::splice::{insertion, item_ranges, range_of, removal, replace};
use crate::json::{Raw, is_spelling, quote_go};
use crate::state_file::StateFile;
use crate::state_file::edit::member;

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
    pub(super) fn get<'a>(&'a self, source: &'a str) -> &'a str {
        match self {
            Self::Source(range) => source.get(range.clone()).unwrap_or_default(),
            Self::Made(text) => text,
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
        let text = Text::Made(self.text.get(as_text(source)).to_owned());
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

    pub(super) fn is_at(&self, resource: &ResourceAddress) -> bool {
        self.is_known() && *self.resource == *resource
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = ObjectAddress> {
        self.objects.iter().map(|object| object.address(&self.resource))
    }

    pub(super) fn holds(&self, address: &ObjectAddress) -> bool {
        self.is_at(&address.instance.resource)
            && self.objects.iter().any(|it| it.key == address.instance.key && it.deposed == address.deposed)
    }

    /// Whether it has objects of a resource, whatever the keys of its modules.
    pub(super) fn has_objects_of(&self, bare: &ResourceAddress) -> bool {
        !self.objects.is_empty()
            && self.resource.type_name == bare.type_name
            && self.resource.name == bare.name
            && self.resource.without_keys() == *bare
    }

    pub(super) fn with_objects(&self, objects: Vec<Object>) -> Self {
        Self { objects, place: None, is_changed: true, ..self.clone() }
    }

    /// Takes out the objects that are wanted.
    pub(super) fn take(
        &mut self,
        source: &Bytes,
        wanted: &impl Fn(&ObjectAddress) -> bool,
        mut taken: impl FnMut(ObjectAddress, Object),
    ) {
        if !self.is_known() || !self.addresses().any(|address| wanted(&address)) {
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
            self.others = other_members(as_text(source), place);
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

pub(super) fn as_text(source: &Bytes) -> &str {
    // The source was checked to be UTF-8 when the state was read.
    std::str::from_utf8(source).unwrap_or_default()
}

/// Where the list of resources stands.
pub(super) fn resources_range(source: &str) -> Option<Range<usize>> {
    range_of(source, member(Raw::checked(source), "resources")?)
}

/// The blocks of a state, in the order of the file.
pub(super) fn blocks_of(state: &StateFile) -> Vec<Block> {
    let source = as_text(&state.source);
    let Some(resources) = member(Raw::checked(source), "resources") else { return Vec::new() };
    let mut known = state.resources.iter().filter(|resource| !resource.instances.is_empty()).peekable();
    let mut blocks = Vec::new();
    for place in item_ranges(source, resources) {
        let here = known.next_if(|it| it.instances.first().is_some_and(|first| place.contains(&first.offset)));
        let block = match here {
            Some(resource) => Block {
                resource: Arc::clone(&resource.address),
                provider: Some(resource.provider.clone()),
                objects: resource
                    .instances
                    .iter()
                    .map(|instance| Object {
                        key: instance.key.clone(),
                        deposed: instance.deposed.clone(),
                        text: Text::Source(instance.offset..instance.offset + len_at(source, instance.offset)),
                    })
                    .collect(),
                place: Some(place),
                others: Vec::new(),
                is_changed: false,
            },
            None => Block {
                resource: Arc::new(passed_over()),
                provider: None,
                objects: Vec::new(),
                place: Some(place),
                others: Vec::new(),
                is_changed: false,
            },
        };
        blocks.push(block);
    }
    blocks
}

/// The length of the checked value that begins at `offset`.
fn len_at(source: &str, offset: usize) -> usize {
    crate::json::value_len(source.as_bytes().get(offset..).unwrap_or_default())
}

/// The address of a block that nobody can name.
fn passed_over() -> ResourceAddress {
    ResourceAddress { module: Default::default(), mode: ResourceMode::Managed, type_name: "".into(), name: "".into() }
}

/// The members of a block that are not known here, as they are written.
fn other_members(source: &str, place: &Range<usize>) -> Vec<String> {
    let block = Raw::checked(source.get(place.clone()).unwrap_or("{}"));
    let is_written = |key: &str| WRITTEN.iter().any(|known| is_spelling(key, known));
    let others = block.quoted_members().filter(|(key, _)| key.as_string().is_some_and(|key| !is_written(&key)));
    others.map(|(key, value)| format!("{}: {}", key.as_str(), value.as_str())).collect()
}

/// The text of the list of resources.
pub(super) fn write_all(blocks: &[Block], source: &str) -> String {
    let mut text = String::from("[");
    let mut is_first = true;
    for block in blocks {
        if block.is_changed && block.objects.is_empty() {
            continue;
        }
        text.push_str(if is_first { "" } else { "," });
        is_first = false;
        match &block.place {
            Some(place) => text.push_str(space_before(source, place.start)),
            None => text.push_str("\n    "),
        }
        match &block.place {
            Some(place) if !block.is_changed => text.push_str(source.get(place.clone()).unwrap_or_default()),
            _ => write_block(block, source, &mut text),
        }
    }
    text.push_str(if is_first { "]" } else { "\n  ]" });
    text
}

/// The white space before an element.
fn space_before(source: &str, at: usize) -> &str {
    let before = source.get(..at).unwrap_or_default();
    before.get(before.trim_ascii_end().len()..).unwrap_or_default()
}

/// Writes a block as terraform does.
fn write_block(block: &Block, source: &str, out: &mut String) {
    let resource = &block.resource;
    out.push('{');
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
    out.push_str("\n      \"instances\": [");
    for (at, object) in block.objects.iter().enumerate() {
        out.push_str(if at == 0 { "\n        " } else { ",\n        " });
        out.push_str(object.text.get(source));
    }
    out.push_str("\n      ]\n    }");
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
