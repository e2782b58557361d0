//! Paths to attributes inside a resource instance.

use std::fmt;
use std::str::FromStr;

use crate::json::push_path_key;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathStep {
    /// The attribute, block or map entry with this name.
    Key(Box<str>),
    /// The element at this position of a list, from 0.
    Index(usize),
}

/// A path from a resource instance's attributes to a value in them, printed as `root_block_device[0].volume_size` or
/// `tags["a b"]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct AttributePath {
    /// From the outermost step to the innermost; none for the whole object.
    pub steps: Vec<PathStep>,
}

impl AttributePath {
    /// The path to the whole object.
    pub const ROOT: Self = Self { steps: Vec::new() };

    /// This path with one more member step.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        self.with(PathStep::Key(name.into()))
    }

    /// This path with one more index step.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(PathStep::Index(index))
    }

    /// This path with one more step.
    #[must_use]
    pub fn with(&self, step: PathStep) -> Self {
        let mut steps = Vec::with_capacity(self.steps.len() + 1);
        steps.extend_from_slice(&self.steps);
        steps.push(step);
        Self { steps }
    }

    /// Whether `self` is `other` or leads into it.
    #[must_use]
    pub fn starts_with(&self, other: &Self) -> bool {
        self.steps.starts_with(&other.steps)
    }

    /// The path as a JSON pointer (RFC 6901).
    #[must_use]
    pub fn to_json_pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.steps {
            pointer.push('/');
            match step {
                PathStep::Key(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
                PathStep::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for step in &self.steps {
            match step {
                PathStep::Key(name) => push_path_key(&mut text, name),
                PathStep::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        f.write_str(&text)
    }
}

/// The text is not an attribute path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an attribute path: `name`, `.name`, `[0]` and `[\"key\"]` are its steps")]
pub struct AttributePathError;

impl FromStr for AttributePath {
    type Err = AttributePathError;

    fn from_str(text: &str) -> Result<Self, AttributePathError> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, tail) = if let Some(inside) = rest.strip_prefix('[') {
                bracket_step(inside)?
            } else {
                let rest = if steps.is_empty() { rest } else { rest.strip_prefix('.').ok_or(AttributePathError)? };
                let len = rest.find(['.', '[']).unwrap_or(rest.len());
                let (name, tail) =
                    rest.split_at_checked(len).filter(|(name, _)| !name.is_empty()).ok_or(AttributePathError)?;
                (PathStep::Key(name.into()), tail)
            };
            steps.push(step);
            rest = tail;
        }
        Ok(Self { steps })
    }
}

fn bracket_step(inside: &str) -> Result<(PathStep, &str), AttributePathError> {
    if inside.starts_with('"') {
        let mut stream = serde_json::Deserializer::from_str(inside).into_iter::<String>();
        let key = stream.next().and_then(Result::ok).ok_or(AttributePathError)?;
        let tail = inside.get(stream.byte_offset()..).and_then(|tail| tail.strip_prefix(']'));
        return Ok((PathStep::Key(key.into()), tail.ok_or(AttributePathError)?));
    }
    let (index, tail) = inside.split_once(']').ok_or(AttributePathError)?;
    Ok((PathStep::Index(index.parse().map_err(|_| AttributePathError)?), tail))
}
