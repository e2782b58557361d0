//! What the schemas of providers say about places in objects: which lists are sets, which objects are maps, who sets what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfast_state::PathStep;
use landfast_state::address::ResourceAddress;
use landfast_state::schema::{Attribute, AttributeShape, Block, Nesting, Schema, Setting, ValueType};

use crate::report::RuleId;
use crate::rules::HintKind;

/// The id under which a report names the schema as the reason for how something compares.
pub(crate) const PROVIDER_SCHEMA: &str = "provider-schema";

/// The shapes of objects by their resource types, as providers tell them.
///
/// A type that two providers shape differently has none: nothing in an address tells which of them it is.
#[derive(Debug, Clone, Default)]
pub struct Shapes {
    types: BTreeMap<Box<str>, Option<Arc<Schema>>>,
}

impl Shapes {
    /// Adds the shape of a resource type.
    pub fn add(&mut self, resource_type: &str, schema: Arc<Schema>) {
        match self.types.get_mut(resource_type) {
            None => {
                self.types.insert(resource_type.into(), Some(schema));
            }
            Some(known) if known.as_ref().is_some_and(|known| **known == *schema) => {}
            Some(known) => *known = None,
        }
    }

    /// The shape of a resource type, where it is known.
    #[must_use]
    pub fn get(&self, resource_type: &str) -> Option<&Arc<Schema>> {
        self.types.get(resource_type)?.as_ref()
    }
}

/// Which attributes and blocks configurations write, by resource.
///
/// Null and zero are the same only in what is not written: who writes `""` means it.
#[derive(Debug, Clone, Default)]
pub struct Written {
    resources: BTreeMap<ResourceAddress, BTreeSet<Box<str>>>,
}

impl Written {
    /// Adds the names of the attributes and blocks that stand in the block of a resource. Keys of modules in `resource` say
    /// nothing: all instances have one block.
    pub fn add(&mut self, resource: &ResourceAddress, names: impl IntoIterator<Item = Box<str>>) {
        self.resources.entry(resource.without_keys()).or_default().extend(names);
    }

    /// The names that are written for a resource, where its block is known.
    pub(crate) fn of(&self, resource: &ResourceAddress) -> Option<&BTreeSet<Box<str>>> {
        if self.resources.is_empty() { None } else { self.resources.get(&resource.without_keys()) }
    }
}

/// The shape of one resource type, to be asked about places.
#[derive(Debug)]
pub(crate) struct Shape<'s> {
    schema: &'s Schema,
    id: RuleId,
}

/// What stands at a place.
#[derive(Clone, Copy)]
enum Place<'s> {
    /// One object with attributes and blocks of its own.
    Block(&'s Block),
    /// One object with attributes of its own.
    Object(&'s BTreeMap<String, Attribute>, Setting),
    /// Nested blocks.
    Blocks(Nesting, &'s Block),
    /// Nested objects of an attribute.
    Objects(Nesting, &'s BTreeMap<String, Attribute>, Setting),
    /// A value of a type, in an attribute that is set so.
    Value(&'s ValueType, Setting),
}

impl<'s> Place<'s> {
    fn of(attribute: &'s Attribute) -> Self {
        match &attribute.shape {
            AttributeShape::Value(value_type) => Self::Value(value_type, attribute.setting),
            AttributeShape::Nested { nesting, attributes } => Self::Objects(*nesting, attributes, attribute.setting),
        }
    }

    /// What stands one step further down.
    fn below(self, step: &PathStep) -> Option<Self> {
        match (self, step) {
            (Self::Block(block), PathStep::Key(name)) => match block.blocks.get(&**name) {
                Some(nested) => Some(Self::Blocks(nested.nesting, &nested.block)),
                None => block.attributes.get(&**name).map(Self::of),
            },
            (Self::Object(attributes, _), PathStep::Key(name)) => attributes.get(&**name).map(Self::of),
            // One object stands where its block or attribute does.
            (Self::Blocks(Nesting::Single | Nesting::Group, block), step) => Self::Block(block).below(step),
            (Self::Objects(Nesting::Single | Nesting::Group, attributes, setting), step) => {
                Self::Object(attributes, setting).below(step)
            }
            (Self::Blocks(nesting, block), step) => is_element(nesting, step).then_some(Self::Block(block)),
            (Self::Objects(nesting, attributes, setting), step) => {
                is_element(nesting, step).then_some(Self::Object(attributes, setting))
            }
            (Self::Value(ValueType::List(of) | ValueType::Set(of), setting), PathStep::Index(_))
            | (Self::Value(ValueType::Map(of), setting), PathStep::Key(_)) => Some(Self::Value(of, setting)),
            (Self::Value(ValueType::Tuple(types), setting), PathStep::Index(at)) => {
                types.get(*at).map(|of| Self::Value(of, setting))
            }
            (Self::Value(ValueType::Object(types), setting), PathStep::Key(name)) => {
                types.get(&**name).map(|of| Self::Value(of, setting))
            }
            _ => None,
        }
    }

    fn is_set(self) -> bool {
        matches!(
            self,
            Self::Blocks(Nesting::Set, _) | Self::Objects(Nesting::Set, ..) | Self::Value(ValueType::Set(_), _)
        )
    }

    fn is_map(self) -> bool {
        matches!(
            self,
            Self::Blocks(Nesting::Map, _) | Self::Objects(Nesting::Map, ..) | Self::Value(ValueType::Map(_), _)
        )
    }

    /// Whether a set stands here or anywhere below.
    fn has_set(self) -> bool {
        self.is_set()
            || match self {
                Self::Block(block) | Self::Blocks(_, block) => block_has_set(block),
                Self::Object(attributes, _) | Self::Objects(_, attributes, _) => attributes_have_set(attributes),
                Self::Value(value_type, _) => type_has_set(value_type),
            }
    }
}

/// Whether the step leads from a collection to one of its elements.
fn is_element(nesting: Nesting, step: &PathStep) -> bool {
    matches!((nesting, step), (Nesting::List | Nesting::Set, PathStep::Index(_)) | (Nesting::Map, PathStep::Key(_)))
}

fn block_has_set(block: &Block) -> bool {
    attributes_have_set(&block.attributes)
        || block.blocks.values().any(|nested| Place::Blocks(nested.nesting, &nested.block).has_set())
}

fn attributes_have_set(attributes: &BTreeMap<String, Attribute>) -> bool {
    attributes.values().any(|attribute| Place::of(attribute).has_set())
}

fn type_has_set(value_type: &ValueType) -> bool {
    match value_type {
        ValueType::Set(_) => true,
        ValueType::List(of) | ValueType::Map(of) => type_has_set(of),
        ValueType::Tuple(types) => types.iter().any(type_has_set),
        ValueType::Object(types) => types.values().any(type_has_set),
        ValueType::Bool | ValueType::Number | ValueType::String | ValueType::Dynamic => false,
    }
}

impl<'s> Shape<'s> {
    pub(crate) fn new(schema: &'s Schema) -> Self {
        Self { schema, id: RuleId::new(PROVIDER_SCHEMA) }
    }

    fn at(&self, path: &[PathStep]) -> Option<Place<'s>> {
        path.iter().try_fold(Place::Block(&self.schema.block), Place::below)
    }

    /// How what stands at `path` compares, where the schema says so.
    pub(crate) fn hint(&self, path: &[PathStep]) -> Option<(HintKind, &RuleId)> {
        let place = self.at(path)?;
        if place.is_set() {
            Some((HintKind::Set, &self.id))
        } else if place.is_map() {
            Some((HintKind::Map, &self.id))
        } else {
            None
        }
    }

    /// Whether a set stands somewhere below `path`.
    pub(crate) fn has_set_below(&self, path: &[PathStep]) -> bool {
        self.at(path).is_some_and(|place| match place {
            Place::Blocks(_, block) => block_has_set(block),
            Place::Objects(_, attributes, _) => attributes_have_set(attributes),
            Place::Value(ValueType::Set(of), _) => type_has_set(of),
            other => other.has_set(),
        })
    }

    /// Whether one object with attributes of its own stands at `path`, as opposed to a map.
    pub(crate) fn is_object(&self, path: &[PathStep]) -> bool {
        matches!(
            self.at(path),
            Some(
                Place::Block(_)
                    | Place::Object(..)
                    | Place::Blocks(Nesting::Single | Nesting::Group, _)
                    | Place::Objects(Nesting::Single | Nesting::Group, ..)
                    | Place::Value(ValueType::Object(_), _)
            )
        )
    }

    /// Who sets what stands at `path`: of what stands inside an attribute, who sets that. `None` for blocks, and for what the
    /// schema does not know.
    pub(crate) fn setting(&self, path: &[PathStep]) -> Option<Setting> {
        match self.at(path)? {
            Place::Object(_, setting) | Place::Objects(_, _, setting) | Place::Value(_, setting) => Some(setting),
            Place::Block(_) | Place::Blocks(..) => None,
        }
    }

    /// Whether a configuration may leave out what stands at `path`: an optional attribute, or a block.
    pub(crate) fn is_optional(&self, path: &[PathStep]) -> bool {
        match self.at(path) {
            Some(Place::Block(_) | Place::Blocks(..)) => true,
            Some(_) => matches!(self.setting(path), Some(Setting::Optional | Setting::OptionalComputed)),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use landfast_state::AttributePath;
    use landfast_state::schema::NestedBlock;

    use super::*;

    fn attribute(value_type: &str, setting: Setting) -> Attribute {
        Attribute::new(ValueType::parse(value_type.as_bytes()).unwrap(), setting)
    }

    fn nested(nesting: Nesting) -> NestedBlock {
        let attributes = [
            ("size".to_owned(), attribute("\"number\"", Setting::Required)),
            ("names".to_owned(), attribute("[\"set\",\"string\"]", Setting::OptionalComputed)),
        ];
        let block = Block { attributes: attributes.into(), ..Block::default() };
        NestedBlock { nesting, block, min_items: 0, max_items: None }
    }

    fn schema() -> Schema {
        let objects = Attribute {
            shape: AttributeShape::Nested {
                nesting: Nesting::Map,
                attributes: [("id".to_owned(), attribute("\"string\"", Setting::Computed))].into(),
            },
            ..attribute("\"string\"", Setting::Optional)
        };
        let attributes = [
            ("arn".to_owned(), attribute("\"string\"", Setting::Computed)),
            ("tags".to_owned(), attribute("[\"map\",\"string\"]", Setting::Optional)),
            (
                "rules".to_owned(),
                attribute("[\"list\",[\"object\",{\"ports\":[\"set\",\"number\"]}]]", Setting::Optional),
            ),
            ("objects".to_owned(), objects),
        ];
        let blocks = [("disk".to_owned(), nested(Nesting::Set)), ("timeouts".to_owned(), nested(Nesting::Single))];
        Schema { version: 0, block: Block { attributes: attributes.into(), blocks: blocks.into(), deprecated: false } }
    }

    fn path(text: &str) -> Vec<PathStep> {
        text.split('.')
            .fold(AttributePath::ROOT, |path, step| match step.parse() {
                Ok(at) => path.index(at),
                Err(_) => path.key(step),
            })
            .steps
    }

    #[test]
    fn places_are_found_through_blocks_objects_and_types() {
        let schema = schema();
        let shape = Shape::new(&schema);
        let kind = |text: &str| shape.hint(&path(text)).map(|(kind, _)| kind);
        for set in ["disk", "disk.0.names", "timeouts.names", "rules.0.ports"] {
            assert_eq!(kind(set), Some(HintKind::Set), "{set}");
        }
        for map in ["tags", "objects"] {
            assert_eq!(kind(map), Some(HintKind::Map), "{map}");
        }
        for plain in
            ["arn", "rules", "timeouts", "disk.0", "disk.0.size", "objects.a", "objects.a.id", "nothing", "arn.0"]
        {
            assert_eq!(kind(plain), None, "{plain}");
        }
        assert_eq!(kind("disk.names"), None, "an element of a set has a place");
    }

    #[test]
    fn who_sets_what_is_that_of_the_attribute_around_it() {
        let schema = schema();
        let shape = Shape::new(&schema);
        let setting = |text: &str| shape.setting(&path(text));
        assert_eq!(setting("arn"), Some(Setting::Computed));
        assert_eq!(setting("rules.0.ports.1"), Some(Setting::Optional));
        assert_eq!(setting("objects.a.id"), Some(Setting::Computed));
        assert_eq!(setting("disk.0.size"), Some(Setting::Required));
        assert_eq!((setting("disk"), setting("disk.0"), setting("nothing")), (None, None, None));
        for optional in ["tags", "rules.0.ports", "disk", "timeouts", "disk.0.names", "objects"] {
            assert!(shape.is_optional(&path(optional)), "{optional}");
        }
        for not in ["arn", "disk.0.size", "objects.a.id", "nothing"] {
            assert!(!shape.is_optional(&path(not)), "{not}");
        }
    }

    #[test]
    fn objects_are_told_from_maps_and_sets_are_seen_from_above() {
        let schema = schema();
        let shape = Shape::new(&schema);
        for object in ["timeouts", "disk.0", "objects.a", "rules.0"] {
            assert!(shape.is_object(&path(object)), "{object}");
        }
        for not in ["tags", "objects", "disk", "arn"] {
            assert!(!shape.is_object(&path(not)), "{not}");
        }
        assert!(shape.has_set_below(&[]) && shape.has_set_below(&path("rules")) && shape.has_set_below(&path("disk")));
        assert!(!shape.has_set_below(&path("disk.0.names")) && !shape.has_set_below(&path("tags")));
    }

    #[test]
    fn a_type_of_two_shapes_has_none() {
        let mut shapes = Shapes::default();
        shapes.add("a", Arc::new(schema()));
        shapes.add("a", Arc::new(schema()));
        assert!(shapes.get("a").is_some() && shapes.get("b").is_none());
        shapes.add("a", Arc::new(Schema::default()));
        shapes.add("a", Arc::new(schema()));
        assert!(shapes.get("a").is_none());
    }
}
