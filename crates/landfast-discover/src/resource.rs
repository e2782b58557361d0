//! What blocks of resources say about how they are managed.

use std::collections::BTreeSet;
use std::fmt;

use landfast_state::address::{ModuleAddress, ResourceAddress, ResourceMode};
use landfast_state::{AttributePath, Value};

use crate::error::ReadModuleError;
use crate::native;
use crate::place::{Place, SourceText};
use crate::tree::{Block, Body, Node, Reference, Step, Term};

/// A block of a resource or of a data source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceBlock {
    /// Its address in the root module.
    pub address: ResourceAddress,
    /// The configuration of a provider that it asks for, where it does.
    pub provider: Option<ProviderReference>,
    /// The names of the attributes and blocks that stand in it. What a `dynamic` block may make counts.
    pub written: BTreeSet<String>,
    /// What changes outside it leaves alone.
    pub ignore_changes: IgnoreChanges,
    /// Whether it must not be destroyed.
    pub prevent_destroy: Prevention,
    /// Where it stands.
    pub place: Place,
}

/// The name of a configuration of a provider in a module, such as `aws.west`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderReference {
    /// The name of the provider in this module.
    pub name: String,
    /// The alias, where it has one.
    pub alias: Option<String>,
}

impl fmt::Display for ProviderReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.alias {
            Some(alias) => write!(f, "{}.{alias}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// What `ignore_changes` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IgnoreChanges {
    /// Nothing.
    #[default]
    Nothing,
    /// These attributes, and what is in them.
    Paths(Vec<AttributePath>),
    /// Everything.
    All,
}

/// What `prevent_destroy` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prevention {
    /// It may be destroyed.
    #[default]
    No,
    /// It must not.
    Yes,
}

impl ResourceBlock {
    pub(crate) fn of(block: &Block) -> Result<Self, ReadModuleError> {
        let wrong = |place: &Place, what: &str| ReadModuleError::Form { place: place.clone(), what: what.to_owned() };
        let [type_name, name] = block.labels.as_slice() else {
            return Err(wrong(&block.place, "a resource has a type and a name"));
        };
        let mode = if block.kind == "data" { ResourceMode::Data } else { ResourceMode::Managed };
        let provider = block.body.attribute("provider").map(|node| {
            provider_reference(node).ok_or_else(|| {
                wrong(&node.place, "a configuration of a provider is named by its name, and by its alias")
            })
        });
        let mut found = Self {
            address: ResourceAddress {
                module: ModuleAddress::default(),
                mode,
                type_name: type_name.as_str().into(),
                name: name.as_str().into(),
            },
            provider: provider.transpose()?,
            written: written(&block.body),
            ignore_changes: IgnoreChanges::default(),
            prevent_destroy: Prevention::default(),
            place: block.place.clone(),
        };
        for lifecycle in block.body.nested("lifecycle", 0) {
            found.add_lifecycle(&lifecycle.body)?;
        }
        Ok(found)
    }

    fn add_lifecycle(&mut self, body: &Body) -> Result<(), ReadModuleError> {
        if let Some(node) = body.attribute("prevent_destroy") {
            self.prevent_destroy = match literal_bool(node) {
                Some(true) => Prevention::Yes,
                Some(false) => Prevention::No,
                None => {
                    let what = "prevent_destroy is true or false".to_owned();
                    return Err(ReadModuleError::Form { place: node.place.clone(), what });
                }
            };
        }
        if let Some(node) = body.attribute("ignore_changes") {
            self.ignore_changes = ignore_changes(node)?;
        }
        Ok(())
    }
}

fn written(body: &Body) -> BTreeSet<String> {
    let attributes = body.attributes.iter().map(|(name, _)| name);
    let blocks = body.blocks.iter().map(|block| match block.labels.first() {
        Some(label) if block.kind == "dynamic" => label,
        _ => &block.kind,
    });
    attributes.chain(blocks).cloned().collect()
}

fn literal_bool(node: &Node) -> Option<bool> {
    match &node.term {
        Term::Literal(Value::Bool(value)) => Some(*value),
        Term::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// The reference that an expression is, or that stands in quotes.
fn reference(node: &Node) -> Option<Reference> {
    match &node.term {
        Term::Reference(reference) => Some(reference.clone()),
        Term::Text(text) => match native::expression(&SourceText::within(&node.place, text)).ok()?.term {
            Term::Reference(reference) => Some(reference),
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn provider_reference(node: &Node) -> Option<ProviderReference> {
    let found = reference(node)?;
    let alias = match found.steps.as_slice() {
        [] => None,
        [Step::Name(alias)] => Some(alias.clone()),
        _ => return None,
    };
    Some(ProviderReference { name: found.root, alias })
}

fn ignore_changes(node: &Node) -> Result<IgnoreChanges, ReadModuleError> {
    let wrong = |node: &Node| ReadModuleError::Form {
        place: node.place.clone(),
        what: "ignore_changes is a list of attributes, or all".to_owned(),
    };
    let elements = match &node.term {
        Term::List(elements) => elements,
        _ => {
            let found = reference(node).filter(|found| found.root == "all" && found.steps.is_empty());
            return found.map(|_| IgnoreChanges::All).ok_or_else(|| wrong(node));
        }
    };
    let mut paths = Vec::new();
    for element in elements {
        // What older versions wrote for all.
        if matches!(&element.term, Term::Text(text) if text == "*") {
            return Ok(IgnoreChanges::All);
        }
        paths.push(reference(element).and_then(|found| path(&found)).ok_or_else(|| wrong(element))?);
    }
    Ok(if paths.is_empty() { IgnoreChanges::Nothing } else { IgnoreChanges::Paths(paths) })
}

fn path(reference: &Reference) -> Option<AttributePath> {
    reference.steps.iter().try_fold(AttributePath::ROOT.key(&reference.root), |path, step| match step {
        Step::Name(name) => Some(path.key(name)),
        Step::Index(node) => match &node.term {
            Term::Text(key) => Some(path.key(key)),
            Term::Literal(Value::Number(at)) => at.as_str().parse().ok().map(|at| path.index(at)),
            _ => None,
        },
    })
}
