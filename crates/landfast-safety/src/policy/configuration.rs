//! Blocks of `*.tf` files, as they are written.

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Block, Body, Structure};
use landfast_drift::RuleSet;
use landfast_state::address::ObjectAddress;
use landfast_state::json::{Limits, RawJson};
use landfast_state::{Attributes, DuplicateObject, Origin, ResourceObject, SecretTexts, Snapshot, SourceKind};
use serde_json::{Map, Value as Json, json};

use super::input::{PolicyInput, document, resource};
use super::set::PolicyFile;

/// Why there is no input of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// It is not HCL.
    #[error("{file}:{line}:{column}: {what}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// A block of a resource has no type and name, or none that terraform takes.
    #[error("{file}:{line}: this is no block of a resource: it needs a type and a name")]
    Labels {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// A resource stands twice.
    #[error("the files do not belong together")]
    Twice(#[from] DuplicateObject),
    /// A block holds more than fits.
    #[error("{file}:{line}: the block is too deep or too large")]
    TooLarge {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
    },
}

struct Found {
    object: ResourceObject,
    file: String,
    line: usize,
}

impl PolicyInput {
    /// The blocks of the files of one module, as they are written: nothing is evaluated.
    ///
    /// A literal is its value. Everything else is the text `${…}` with the expression between the braces, and a text with
    /// templates in it stays as it is written. A nested block is a list, since it may stand more than once. What is not
    /// written, such as an attribute's default, is not there.
    ///
    /// # Errors
    /// When a file is not HCL, or a resource stands twice.
    pub fn of_configuration(files: &[PolicyFile]) -> Result<Self, ConfigurationError> {
        let mut blocks = Map::new();
        let mut found = Vec::new();
        for file in files {
            let body = parsed(file)?;
            for block in body.blocks() {
                let name = block.ident.as_str();
                if matches!(name, "resource" | "data") {
                    found.push(object(file, block)?);
                } else {
                    let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
                    add(&mut blocks, &[&[name], &labels[..]].concat(), written(&file.text, &block.body));
                }
            }
        }
        let places: Vec<_> =
            found.iter().map(|found| (found.object.address.clone(), found.file.clone(), found.line)).collect();
        let origin = Origin::new(SourceKind::State, "configuration");
        let objects = found.into_iter().map(|found| found.object).collect();
        let snapshot = RuleSet::embedded().mark_secrets(Snapshot::new(origin, objects, SecretTexts::default())?);
        let redactor = Snapshot::redactor(&[&snapshot]);
        let mut resources = Vec::new();
        for object in snapshot.objects() {
            let mut entry = resource(object, &redactor);
            let place = places.iter().find(|(address, _, _)| *address == object.address);
            if let (Some((_, file, line)), Some(entry)) = (place, entry.as_object_mut()) {
                entry.insert("file".to_owned(), json!(file));
                entry.insert("line".to_owned(), json!(line));
            }
            let address = &object.address.instance.resource;
            let kind = if address.mode.as_str() == "data" { "data" } else { "resource" };
            let values = entry.get("values").cloned().unwrap_or_default();
            add(&mut blocks, &[kind, &address.type_name, &address.name], values);
            resources.push(entry);
        }
        let mut blocks = Json::Object(blocks);
        mask(&mut blocks, &|text| redactor.redact(text).into_owned());
        Ok(Self::of(document("configuration", Json::Null, Json::Null, resources.into(), blocks)))
    }
}

fn parsed(file: &PolicyFile) -> Result<Body, ConfigurationError> {
    hcl_edit::parser::parse_body(&file.text).map_err(|error| ConfigurationError::Syntax {
        file: file.name.clone(),
        line: error.location().line(),
        column: error.location().column(),
        what: error.message().to_owned(),
    })
}

fn object(file: &PolicyFile, block: &Block) -> Result<Found, ConfigurationError> {
    let line = line_of(&file.text, block.span().map_or(0, |span| span.start));
    let bad = || ConfigurationError::Labels { file: file.name.clone(), line };
    let [kind, name] = block.labels.as_slice() else { return Err(bad()) };
    let data = if block.ident.as_str() == "data" { "data." } else { "" };
    let address: ObjectAddress = format!("{data}{}.{}", kind.as_str(), name.as_str()).parse().map_err(|_| bad())?;
    let text = written(&file.text, &block.body).to_string();
    let values = RawJson::check(text.into(), &Limits::default());
    let values = values.map_err(|_| ConfigurationError::TooLarge { file: file.name.clone(), line })?;
    let object = ResourceObject { attributes: Attributes::Nested(values), ..ResourceObject::bare(address, "") };
    Ok(Found { object, file: file.name.clone(), line })
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Adds a block to the list at its labels.
fn add(blocks: &mut Map<String, Json>, path: &[&str], block: Json) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        let list = blocks.entry(*first).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(block);
        }
        return;
    }
    let below = blocks.entry(*first).or_insert_with(|| json!({}));
    if let Some(below) = below.as_object_mut() {
        add(below, rest, block);
    }
}

/// The parser bounds the depth.
fn written(text: &str, body: &Body) -> Json {
    let mut members = Map::new();
    for structure in body.iter() {
        match structure {
            Structure::Attribute(attribute) => {
                members.insert(attribute.key.as_str().to_owned(), value(text, &attribute.value));
            }
            Structure::Block(block) => {
                let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
                add(&mut members, &[&[block.ident.as_str()], &labels[..]].concat(), written(text, &block.body));
            }
        }
    }
    Json::Object(members)
}

fn value(text: &str, expression: &Expression) -> Json {
    match expression {
        Expression::Null(_) => Json::Null,
        Expression::Bool(value) => json!(value.value()),
        Expression::String(value) => json!(value.value()),
        Expression::Number(number) => {
            let written = number.value().to_string();
            let raw = landfast_state::json::Raw::check(written.as_bytes(), &Limits::default());
            raw.map_or_else(|_| json!(written), |raw| super::input::plain(&landfast_state::Value::from_raw(raw, &[])))
        }
        Expression::Array(elements) => elements.iter().map(|element| value(text, element)).collect::<Vec<_>>().into(),
        Expression::Object(members) => {
            let key = |key: &ObjectKey| match key {
                ObjectKey::Ident(name) => name.as_str().to_owned(),
                ObjectKey::Expression(expression) => match value(text, expression) {
                    Json::String(name) => name,
                    other => other.to_string(),
                },
            };
            Json::Object(members.iter().map(|(name, member)| (key(name), value(text, member.expr()))).collect())
        }
        Expression::Parenthesis(inner) if !matches!(inner.inner(), Expression::Variable(_)) => {
            value(text, inner.inner())
        }
        Expression::StringTemplate(_) => {
            let source = source(text, expression);
            json!(source.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(source))
        }
        Expression::HeredocTemplate(template) => json!(template.template.to_string()),
        _ => json!(format!("${{{}}}", source(text, expression))),
    }
}

fn source<'t>(text: &'t str, expression: &Expression) -> &'t str {
    expression.span().and_then(|span| text.get(span)).unwrap_or_default().trim()
}

fn mask(json: &mut Json, redact: &impl Fn(&str) -> String) {
    match json {
        Json::String(text) => *text = redact(text),
        Json::Array(elements) => elements.iter_mut().for_each(|element| mask(element, redact)),
        Json::Object(members) => members.values_mut().for_each(|member| mask(member, redact)),
        _ => {}
    }
}
