//! Configurations in JSON, `*.tf.json`.

use landfast_state::Value;
use landfast_state::json::{Limits, Raw, RawKind};

use crate::error::ReadModuleError;
use crate::native;
use crate::place::SourceText;
use crate::tree::{Body, Key, Node, Term, body_of};

/// What texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    /// Templates.
    Templates,
    /// What they say: in files of variables, and in defaults of variables.
    Plain,
}

/// Nothing that people write nests deeper.
const MAX_DEPTH: usize = 64;

/// Reads a file as a body.
pub(crate) fn body(source: &SourceText<'_>, texts: Texts) -> Result<Body, ReadModuleError> {
    let mut limits = Limits::default();
    limits.max_depth = MAX_DEPTH;
    let raw = Raw::check(source.text.as_bytes(), &limits)
        .map_err(|error| ReadModuleError::Json { file: source.file.to_string(), source: Box::new(error) })?;
    let place = source.place(offset(source, raw));
    let Some(members) = raw.members() else {
        return Err(ReadModuleError::Syntax { place, what: "this is no object".to_owned() });
    };
    let mut converted = Vec::new();
    for (key, value) in members {
        // The defaults of variables are the only values of theirs, and are no templates.
        let texts = if key == "variable" { Texts::Plain } else { texts };
        converted.push((Key::Name(key.into_owned()), node(source, value, texts)?));
    }
    Ok(body_of(&Node { term: Term::Object(converted), place }))
}

fn offset(source: &SourceText<'_>, raw: Raw<'_>) -> usize {
    // Checked values are slices of the text.
    raw.as_str().as_ptr().addr().saturating_sub(source.text.as_ptr().addr()).min(source.text.len())
}

fn node(source: &SourceText<'_>, raw: Raw<'_>, texts: Texts) -> Result<Node, ReadModuleError> {
    let place = source.place(offset(source, raw));
    let term = match raw.kind() {
        RawKind::String(text) if texts == Texts::Templates && (text.contains("${") || text.contains("%{")) => {
            return native::template(&SourceText::within(&place, &text));
        }
        RawKind::String(text) => Term::Text(text.into_owned()),
        RawKind::Array(elements) => {
            Term::List(elements.map(|element| node(source, element, texts)).collect::<Result<_, _>>()?)
        }
        RawKind::Object(members) => {
            let mut converted = Vec::new();
            for (key, value) in members {
                let name = if texts == Texts::Templates && (key.contains("${") || key.contains("%{")) {
                    Key::Node(native::template(&SourceText::within(&place, &key))?)
                } else {
                    Key::Name(key.into_owned())
                };
                converted.push((name, node(source, value, texts)?));
            }
            Term::Object(converted)
        }
        RawKind::Null | RawKind::Bool(_) | RawKind::Number(_) => Term::Literal(Value::from_raw(raw, &[])),
    };
    Ok(Node { term, place })
}
