//! Edits of a state's text: only what an edit touches changes.

use crate::address::ObjectAddress;
use crate::attribute_path::{AttributePath, PathStep};
use crate::json::splice::{insertion, range_of, removal, replace};
use crate::json::{Limits, Raw, is_spelling, quote_go};
use crate::read_error::ReadError;
use crate::value::Value;

use super::StateFile;

/// Why a state could not be edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The state has no such object.
    #[error("no object {address} in the state")]
    NoObject {
        /// Its address.
        address: String,
    },
    /// The object has nothing that could hold the attribute.
    #[error("{address} has no place for the attribute {path}")]
    NoAttribute {
        /// Address of the object.
        address: String,
        /// Path of the attribute.
        path: String,
    },
    /// A value that a state cannot hold: unknown, or known by its fingerprint only.
    #[error("a state cannot hold a value that is not known, as at {path} of {address}")]
    NotKnown {
        /// Address of the object.
        address: String,
        /// Path of the attribute.
        path: String,
    },
    /// The edited text is not a state any more.
    #[error("the edit would break the state")]
    Broken(#[source] ReadError),
}

/// An edit of a [`StateFile`] in the making. Dropped without [`StateEdit::finish`], it changes nothing.
///
/// Formats 1 to 3 are edited in their format-4 form.
#[derive(Clone)]
pub struct StateEdit {
    file: String,
    text: String,
}

impl StateEdit {
    pub(super) fn new(state: &StateFile) -> Self {
        // The text was checked to be UTF-8 when the state was read.
        Self { file: state.file.clone(), text: String::from_utf8_lossy(&state.source).into_owned() }
    }

    /// Sets the serial.
    ///
    /// # Errors
    /// Never for a state that was read with a serial or without one.
    pub fn set_serial(&mut self, serial: u64) -> Result<&mut Self, EditError> {
        let serial = serial.to_string();
        let document = self.document()?;
        let edited = match member(document, "serial").and_then(|old| range_of(&self.text, old)) {
            Some(range) => Some(replace(&self.text, range, &serial)),
            None => insertion(&self.text, document, "serial", &serial, 0)
                .map(|(at, member)| replace(&self.text, at..at, &member)),
        };
        self.text = edited.unwrap_or_else(|| self.text.clone());
        Ok(self)
    }

    /// Sets the attribute at `path` of an object: replaces the value that stands there, or adds the last step to the object
    /// or map that it leads to. A list element must be there already.
    ///
    /// # Errors
    /// When the object or the place is not there, or the value is not known.
    pub fn set_attribute(
        &mut self,
        address: &ObjectAddress,
        path: &AttributePath,
        value: &Value,
    ) -> Result<&mut Self, EditError> {
        let fail_path = || (address.to_string(), path.to_string());
        let no_attribute = || {
            let (address, path) = fail_path();
            EditError::NoAttribute { address, path }
        };
        let (_, _, instance) = self.find(address)?;
        // Attributes stand four levels below the document: resources, resource, instances, instance, attributes.
        let mut indent = 5;
        let mut at = member(instance, "attributes").ok_or_else(no_attribute)?;
        let (last, way) = path.steps.split_last().ok_or_else(no_attribute)?;
        for step in way {
            at = child(at, step).ok_or_else(no_attribute)?;
            indent += 1;
        }
        let mut text = String::new();
        if !write_indented(value, indent + 1, &mut text) {
            let (address, path) = fail_path();
            return Err(EditError::NotKnown { address, path });
        }
        let edited = match (child(at, last), last) {
            (Some(old), _) => range_of(&self.text, old).map(|range| replace(&self.text, range, &text)),
            (None, PathStep::Key(key)) if at.members().is_some() => insertion(&self.text, at, key, &text, indent)
                .map(|(offset, member)| replace(&self.text, offset..offset, &member)),
            _ => None,
        };
        self.text = edited.ok_or_else(no_attribute)?;
        Ok(self)
    }

    /// Removes an object; the resource with it when that was its last one. What depends on it is left as it is.
    ///
    /// # Errors
    /// When the object is not there.
    pub fn remove(&mut self, address: &ObjectAddress) -> Result<&mut Self, EditError> {
        let (at_resource, at_instance, _) = self.find(address)?;
        let no_object = || EditError::NoObject { address: address.to_string() };
        let resources = member(self.document()?, "resources").ok_or_else(no_object)?;
        let resource = resources.elements().and_then(|mut all| all.nth(at_resource)).ok_or_else(no_object)?;
        let instances = member(resource, "instances").ok_or_else(no_object)?;
        let range = if instances.elements().map_or(0, Iterator::count) == 1 {
            removal(&self.text, resources, at_resource)
        } else {
            removal(&self.text, instances, at_instance)
        };
        self.text = replace(&self.text, range.ok_or_else(no_object)?, "");
        Ok(self)
    }

    /// Reads the edited text as a state again: every check that a file must pass, an edit must pass too.
    ///
    /// # Errors
    /// When the text is not a state any more.
    pub fn finish(self, limits: &Limits) -> Result<StateFile, EditError> {
        StateFile::read(self.text.into(), &self.file, limits).map_err(EditError::Broken)
    }

    fn document(&self) -> Result<Raw<'_>, EditError> {
        let limits = Limits { max_bytes: usize::MAX, max_values: usize::MAX, ..Limits::default() };
        Raw::check(self.text.as_bytes(), &limits).map_err(|error| EditError::Broken(ReadError::json(&self.file, error)))
    }

    /// The object's resource and instance by position, and the instance's text.
    fn find(&self, address: &ObjectAddress) -> Result<(usize, usize, Raw<'_>), EditError> {
        let no_object = || EditError::NoObject { address: address.to_string() };
        let state =
            StateFile::read(self.text.clone().into(), &self.file, &Limits::default()).map_err(EditError::Broken)?;
        let mut instances =
            state.resources.iter().flat_map(|resource| resource.instances.iter().map(move |it| (resource, it)));
        let offset =
            instances.find(|(resource, instance)| instance.address(resource) == *address).map(|(_, it)| it.offset);
        let offset = offset.ok_or_else(no_object)?;
        // By its place in the text: the model leaves out resources that terraform passes over.
        let resources = member(self.document()?, "resources").and_then(Raw::elements);
        let mut resources = resources.into_iter().flatten().enumerate();
        let found = resources.find_map(|(at_resource, resource)| {
            let instances = member(resource, "instances").and_then(Raw::elements)?.enumerate();
            let mut here = instances.filter(|(_, instance)| instance.offset_in(&self.text) == Some(offset));
            here.next().map(|(at_instance, instance)| (at_resource, at_instance, instance))
        });
        let (at_resource, at_instance, instance) = found.ok_or_else(no_object)?;
        Ok((at_resource, at_instance, instance))
    }
}

impl std::fmt::Debug for StateEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StateEdit({:?}, {} bytes)", self.file, self.text.len())
    }
}

/// The member of this name, in whatever case: the state was read, so there is one at the most.
pub(super) fn member<'a>(object: Raw<'a>, name: &str) -> Option<Raw<'a>> {
    object.members()?.find(|(key, _)| is_spelling(key, name)).map(|(_, value)| value)
}

fn child<'a>(value: Raw<'a>, step: &PathStep) -> Option<Raw<'a>> {
    match step {
        PathStep::Key(key) => value.get(key),
        PathStep::Index(index) => value.elements()?.nth(*index),
    }
}

/// Writes a value as terraform does: two spaces a level, keys sorted, sensitive values in clear, since that is what a state
/// is for. `false` when the value holds something that is not known.
fn write_indented(value: &Value, level: usize, out: &mut String) -> bool {
    let line = |out: &mut String, level: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(level));
    };
    match value {
        Value::Unknown => return false,
        Value::Sensitive(sensitive) => {
            return sensitive.expose().is_some_and(|inner| write_indented(inner, level, out));
        }
        Value::List(elements) if !elements.is_empty() => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(out, level + 1);
                if !write_indented(element, level + 1, out) {
                    return false;
                }
            }
            line(out, level);
            out.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            out.push('{');
            for (at, (key, member)) in members.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(out, level + 1);
                out.push_str(&quote_go(key));
                out.push_str(": ");
                if !write_indented(member, level + 1, out) {
                    return false;
                }
            }
            line(out, level);
            out.push('}');
        }
        scalar => scalar.write_json(out),
    }
    true
}
