//! Reading the attributes of a backend block, and saying which one is wrong.

use serde_json::{Map, Value};

use crate::error::{ErrorClass, StoreError};

/// Attributes of a backend, or of a block in it.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'a> {
    members: &'a Map<String, Value>,
    /// Put before names in messages: empty, or the block with a dot.
    within: &'a str,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(members: &'a Map<String, Value>) -> Self {
        Self { members, within: "" }
    }

    /// The error that an attribute is.
    pub(super) fn wrong(&self, name: &str, must: &str) -> StoreError {
        wrong(&format!("{}{name}", self.within), must)
    }

    /// A text; an empty one counts as not set, as it does for terraform.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.any_text(name)?.filter(|text| !text.is_empty()))
    }

    /// A text that may be empty.
    pub(super) fn any_text(&self, name: &str) -> Result<Option<String>, StoreError> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.wrong(name, "must be a text")),
        }
    }

    /// True or false; `None` where it is not set. URLs and `-backend-config` give texts.
    pub(super) fn flag(&self, name: &str) -> Result<Option<Flag>, StoreError> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(true)) => Ok(Some(Flag::On)),
            Some(Value::Bool(false)) => Ok(Some(Flag::Off)),
            Some(Value::String(text)) => match text.as_str() {
                "" => Ok(None),
                "true" | "1" => Ok(Some(Flag::On)),
                "false" | "0" => Ok(Some(Flag::Off)),
                _ => Err(self.wrong(name, "must be true or false")),
            },
            Some(_) => Err(self.wrong(name, "must be true or false")),
        }
    }

    /// A list of texts; one text is a list of one.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let must = "must be a list of texts";
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text.clone()]),
            Some(Value::Array(texts)) => texts
                .iter()
                .map(|text| text.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name, must)))
                .collect(),
            Some(_) => Err(self.wrong(name, must)),
        }
    }

    /// Texts by name, in the order of the names.
    pub(super) fn map(&self, name: &str) -> Result<Vec<(String, String)>, StoreError> {
        let must = "must map texts to texts";
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Object(members)) => members
                .iter()
                .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| self.wrong(name, must)),
            Some(_) => Err(self.wrong(name, must)),
        }
    }

    /// A block: an object, or a list of at most one. `within` is its name with a dot.
    pub(super) fn block(&self, name: &str, within: &'a str) -> Result<Option<Attributes<'a>>, StoreError> {
        let value = match self.members.get(name) {
            Some(Value::Array(blocks)) if blocks.len() <= 1 => blocks.first(),
            other => other,
        };
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Attributes { members, within })),
            Some(_) => Err(self.wrong(name, "must be one block")),
        }
    }

    /// Refuses what is not among `known`: what is not understood could change where or how a state is written.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), StoreError> {
        let unknown = self.members.iter().find(|(name, value)| !value.is_null() && !known.contains(&name.as_str()));
        unknown.map_or(Ok(()), |(name, _)| Err(self.wrong(name, "is not supported")))
    }
}

/// Whether something is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    On,
    Off,
}

/// An error of a setting of this backend.
pub(super) fn wrong(name: &str, must: &str) -> StoreError {
    StoreError::new(ErrorClass::Configuration, "backend s3", format!("the attribute {name} {must}"))
}
