//! How a provider is configured, made to fit what it can be configured with.

use landfast_state::schema::{Attribute, AttributeShape, Block as SchemaBlock, NestedBlock, Nesting, Setting};
use landfast_state::{AttributePath, Members, Value};

use crate::error::EvaluationError;
use crate::evaluate::Evaluator;
use crate::module::RootModule;
use crate::place::Place;
use crate::resource::ProviderReference;
use crate::tree::{Block, Body, Node, Syntax};
use crate::type_constraint::{Constraint, Misfit};

/// A block that configures a provider.
#[derive(Clone)]
pub struct ProviderBlock {
    pub(crate) reference: ProviderReference,
    pub(crate) source: String,
    pub(crate) body: Body,
    pub(crate) place: Place,
}

impl std::fmt::Debug for ProviderBlock {
    /// Shows no values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderBlock")
            .field("reference", &self.reference)
            .field("source", &self.source)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// Why a provider cannot be configured. No message shows a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderConfigError {
    /// A value is not known.
    #[error(
        "{path} of the provider {provider} is not known: set it in landfast.toml, under [providers.\"{provider}\"]"
    )]
    NotKnown {
        /// The provider, as the settings name it.
        provider: String,
        /// What is not known.
        path: AttributePath,
        /// Why, and where.
        #[source]
        source: Box<EvaluationError>,
    },
    /// A value does not fit.
    #[error("{place}: {path} of the provider {provider} does not fit: {what}")]
    Misfit {
        /// The provider.
        provider: String,
        /// What does not fit.
        path: AttributePath,
        /// Where it is written: in a file, or in the settings.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A value is required, and nothing gives it.
    #[error(
        "{path} of the provider {provider} has no value: set it in landfast.toml, under [providers.\"{provider}\"]"
    )]
    Missing {
        /// The provider.
        provider: String,
        /// What is missing.
        path: AttributePath,
    },
}

/// What a block of a provider has that is terraform's own.
const OWN: [&str; 2] = ["alias", "version"];

impl ProviderBlock {
    /// Its name and alias.
    #[must_use]
    pub fn reference(&self) -> &ProviderReference {
        &self.reference
    }

    /// The source address of the provider, in full.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// The configuration of a provider, as its schema wants it: what `settings` say, then what the block in the configuration says.
/// What neither says is null, or no blocks; the provider itself looks at its environment. What the schema calls sensitive is
/// marked.
///
/// References to secrets in the settings are filled in before, by [`SecretSources::fill`](crate::SecretSources::fill).
///
/// What the settings say is not looked at in the block, so that they can say what cannot be computed. A block of the schema may be
/// an object in the settings, or a list of them.
///
/// # Errors
/// For the first value, by name, that is not known, does not fit, or is missing.
pub fn provider_config(
    provider: &str,
    schema: &SchemaBlock,
    settings: &Members,
    block: Option<(&RootModule, &ProviderBlock)>,
) -> Result<Members, ProviderConfigError> {
    let fit = Fit { provider, module: block.map(|(module, _)| module) };
    let empty = Body { attributes: Vec::new(), blocks: Vec::new(), syntax: Syntax::Native };
    let body = block.map_or(&empty, |(_, block)| &block.body);
    let mut members = fit.body(schema, body, &AttributePath::ROOT, settings)?;
    for (name, value) in settings {
        let path = AttributePath::ROOT.key(name);
        members.insert(name.clone(), fit.setting(schema, name, value, &path)?);
    }
    fit.required(schema, &members, &AttributePath::ROOT)?;
    Ok(schema.mark_sensitive(schema.complete(members)))
}

/// Where settings are, for messages.
const SETTINGS: &str = "landfast.toml";

struct Fit<'a> {
    provider: &'a str,
    module: Option<&'a RootModule>,
}

impl Fit<'_> {
    fn misfit(&self, path: &AttributePath, place: &str, what: impl Into<String>) -> ProviderConfigError {
        let provider = self.provider.to_owned();
        ProviderConfigError::Misfit { provider, path: path.clone(), place: place.to_owned(), what: what.into() }
    }

    fn not_known(&self, path: &AttributePath, source: EvaluationError) -> ProviderConfigError {
        ProviderConfigError::NotKnown {
            provider: self.provider.to_owned(),
            path: path.clone(),
            source: Box::new(source),
        }
    }

    fn value(&self, node: &Node, path: &AttributePath) -> Result<Value, ProviderConfigError> {
        match self.module {
            Some(module) => Evaluator::new(module).value(node).map_err(|error| self.not_known(path, error)),
            None => Ok(Value::Null),
        }
    }

    /// What a block says, except for what the settings say.
    fn body(
        &self,
        schema: &SchemaBlock,
        body: &Body,
        path: &AttributePath,
        settings: &Members,
    ) -> Result<Members, ProviderConfigError> {
        let is_root = path.steps.is_empty();
        let mut members = Members::new();
        for (name, node) in &body.attributes {
            if settings.contains_key(name) || (is_root && OWN.contains(&name.as_str())) {
                continue;
            }
            let path = path.key(name);
            let place = node.place.to_string();
            if let Some(attribute) = schema.attributes.get(name) {
                let value = self.attribute(attribute, self.value(node, &path)?, &path, &place)?;
                members.insert(name.clone(), value);
            } else if let Some(nested) = schema.blocks.get(name) {
                if body.syntax == Syntax::Native {
                    return Err(self.misfit(&path, &place, "it is a block, and has no equals sign"));
                }
                let value = self.nested_value(nested, self.value(node, &path)?, &path, &place)?;
                members.insert(name.clone(), value);
            } else {
                return Err(self.misfit(&path, &place, "the provider knows no such argument"));
            }
        }
        let mut kinds: Vec<&str> = body.blocks.iter().map(|block| block.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds.into_iter().filter(|kind| !settings.contains_key(*kind)) {
            let blocks: Vec<&Block> = body.blocks.iter().filter(|block| block.kind == kind).collect();
            members.insert(kind.to_owned(), self.blocks(schema, kind, &blocks, &path.key(kind))?);
        }
        Ok(members)
    }

    fn blocks(
        &self,
        schema: &SchemaBlock,
        kind: &str,
        blocks: &[&Block],
        path: &AttributePath,
    ) -> Result<Value, ProviderConfigError> {
        let place = blocks.first().map(|block| block.place.to_string()).unwrap_or_default();
        let none = Members::new();
        if kind == "dynamic" {
            let source = EvaluationError::NotComputed {
                place: blocks
                    .first()
                    .map_or_else(|| Place { file: "".into(), line: 1, column: 1 }, |it| it.place.clone()),
                expression: "dynamic".to_owned(),
                reason: "blocks that are made in a loop are not computed".to_owned(),
            };
            return Err(self.not_known(path, source));
        }
        let Some(nested) = schema.blocks.get(kind) else {
            // Some attributes are written as blocks.
            return match schema.attributes.get(kind).and_then(element_schema) {
                Some((nesting, inner)) => {
                    let nested = NestedBlock { nesting, block: inner, min_items: 0, max_items: None };
                    self.nested_blocks(&nested, blocks, path, &place, &none)
                }
                None => Err(self.misfit(path, &place, "the provider knows no such block")),
            };
        };
        self.nested_blocks(nested, blocks, path, &place, &none)
    }

    fn nested_blocks(
        &self,
        nested: &NestedBlock,
        blocks: &[&Block],
        path: &AttributePath,
        place: &str,
        none: &Members,
    ) -> Result<Value, ProviderConfigError> {
        match nested.nesting {
            Nesting::Single | Nesting::Group => match blocks {
                [block] => Ok(Value::Object(self.inner(&nested.block, &block.body, path, none)?)),
                _ => Err(self.misfit(path, place, "the block stands more than once")),
            },
            Nesting::List | Nesting::Set => {
                self.check_count(nested, blocks.len(), path, place)?;
                let element = |(at, block): (usize, &&Block)| {
                    self.inner(&nested.block, &block.body, &path.index(at), none).map(Value::Object)
                };
                Ok(Value::List(blocks.iter().enumerate().map(element).collect::<Result<_, _>>()?))
            }
            Nesting::Map => {
                let mut members = Members::new();
                for block in blocks {
                    let [key] = block.labels.as_slice() else {
                        return Err(self.misfit(path, &block.place.to_string(), "the block needs one label"));
                    };
                    let value = Value::Object(self.inner(&nested.block, &block.body, &path.key(key), none)?);
                    if members.insert(key.clone(), value).is_some() {
                        return Err(self.misfit(path, &block.place.to_string(), "two blocks have the same label"));
                    }
                }
                Ok(Value::Object(members))
            }
        }
    }

    fn inner(
        &self,
        schema: &SchemaBlock,
        body: &Body,
        path: &AttributePath,
        none: &Members,
    ) -> Result<Members, ProviderConfigError> {
        let members = self.body(schema, body, path, none)?;
        self.required(schema, &members, path)?;
        Ok(schema.complete(members))
    }

    fn check_count(
        &self,
        nested: &NestedBlock,
        count: usize,
        path: &AttributePath,
        place: &str,
    ) -> Result<(), ProviderConfigError> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        match nested.max_items.filter(|most| *most > 0) {
            Some(most) if count > most => {
                Err(self.misfit(path, place, format!("there are {count} blocks, and {most} may be")))
            }
            _ if count < nested.min_items => {
                Err(self.misfit(path, place, format!("there are {count} blocks, and {} must be", nested.min_items)))
            }
            _ => Ok(()),
        }
    }

    fn attribute(
        &self,
        attribute: &Attribute,
        value: Value,
        path: &AttributePath,
        place: &str,
    ) -> Result<Value, ProviderConfigError> {
        if attribute.setting == Setting::Computed && value != Value::Null {
            return Err(self.misfit(path, place, "only the provider sets it"));
        }
        let constraint = Constraint::from(&attribute.value_type());
        constraint.convert(value, &mut |_| None).map_err(|Misfit { path: inner, what }| {
            let path = inner.steps.iter().fold(path.clone(), |path, step| path.with(step.clone()));
            self.misfit(&path, place, what)
        })
    }

    /// A value for blocks: an object, or a list of them, or by key.
    fn nested_value(
        &self,
        nested: &NestedBlock,
        value: Value,
        path: &AttributePath,
        place: &str,
    ) -> Result<Value, ProviderConfigError> {
        match (nested.nesting, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Nesting::Single | Nesting::Group, Value::Object(members)) => {
                self.object(&nested.block, members, path, place)
            }
            (Nesting::Single | Nesting::Group, Value::List(mut elements)) if elements.len() == 1 => {
                self.nested_value(nested, elements.pop().unwrap_or(Value::Null), path, place)
            }
            (Nesting::List | Nesting::Set, Value::Object(members)) => {
                self.nested_value(nested, Value::List(vec![Value::Object(members)]), path, place)
            }
            (Nesting::List | Nesting::Set, Value::List(elements)) => {
                self.check_count(nested, elements.len(), path, place)?;
                let element = |(at, value): (usize, Value)| match value {
                    Value::Object(members) => self.object(&nested.block, members, &path.index(at), place),
                    other => Err(self.misfit(
                        &path.index(at),
                        place,
                        format!("a block is wanted, and this is {}", other.kind_name()),
                    )),
                };
                Ok(Value::List(elements.into_iter().enumerate().map(element).collect::<Result<_, _>>()?))
            }
            (Nesting::Map, Value::Object(members)) => {
                let member = |(key, value): (String, Value)| match value {
                    Value::Object(members) => {
                        let value = self.object(&nested.block, members, &path.key(&key), place)?;
                        Ok((key, value))
                    }
                    other => Err(self.misfit(
                        &path.key(&key),
                        place,
                        format!("a block is wanted, and this is {}", other.kind_name()),
                    )),
                };
                Ok(Value::Object(members.into_iter().map(member).collect::<Result<_, _>>()?))
            }
            (_, other) => {
                Err(self.misfit(path, place, format!("a block is wanted, and this is {}", other.kind_name())))
            }
        }
    }

    fn object(
        &self,
        schema: &SchemaBlock,
        members: Members,
        path: &AttributePath,
        place: &str,
    ) -> Result<Value, ProviderConfigError> {
        let mut fitted = Members::new();
        for (name, value) in members {
            let value = self.member(schema, &name, value, &path.key(&name), place)?;
            fitted.insert(name, value);
        }
        self.required(schema, &fitted, path)?;
        Ok(Value::Object(schema.complete(fitted)))
    }

    fn setting(
        &self,
        schema: &SchemaBlock,
        name: &str,
        value: &Value,
        path: &AttributePath,
    ) -> Result<Value, ProviderConfigError> {
        self.member(schema, name, value.clone(), path, SETTINGS)
    }

    fn member(
        &self,
        schema: &SchemaBlock,
        name: &str,
        value: Value,
        path: &AttributePath,
        place: &str,
    ) -> Result<Value, ProviderConfigError> {
        match (schema.attributes.get(name), schema.blocks.get(name)) {
            (Some(attribute), _) => self.attribute(attribute, value, path, place),
            (None, Some(nested)) => self.nested_value(nested, value, path, place),
            (None, None) => Err(self.misfit(path, place, "the provider knows no such argument")),
        }
    }

    fn required(
        &self,
        schema: &SchemaBlock,
        members: &Members,
        path: &AttributePath,
    ) -> Result<(), ProviderConfigError> {
        let is_missing = |name: &str| matches!(members.get(name), None | Some(Value::Null));
        let missing = schema
            .attributes
            .iter()
            .find(|(name, attribute)| attribute.setting == Setting::Required && is_missing(name))
            .map(|(name, _)| name);
        let missing = missing.or_else(|| {
            let is_needed =
                |nested: &NestedBlock| nested.min_items > 0 && matches!(nested.nesting, Nesting::List | Nesting::Set);
            schema.blocks.iter().find(|(name, nested)| is_needed(nested) && is_missing(name)).map(|(name, _)| name)
        });
        match missing {
            Some(name) => {
                Err(ProviderConfigError::Missing { provider: self.provider.to_owned(), path: path.key(name) })
            }
            None => Ok(()),
        }
    }
}

/// The schema of the elements of an attribute that may be written as blocks: a list or set of objects.
fn element_schema(attribute: &Attribute) -> Option<(Nesting, SchemaBlock)> {
    use landfast_state::schema::ValueType;
    let AttributeShape::Value(value_type) = &attribute.shape else { return None };
    let (nesting, element) = match value_type {
        ValueType::List(element) => (Nesting::List, element),
        ValueType::Set(element) => (Nesting::Set, element),
        _ => return None,
    };
    let ValueType::Object(members) = element.as_ref() else { return None };
    let attributes = members
        .iter()
        .map(|(name, value_type)| (name.clone(), Attribute::new(value_type.clone(), Setting::Optional)))
        .collect();
    Some((nesting, SchemaBlock { attributes, ..SchemaBlock::default() }))
}
