//! What a provider says about the shape of its objects, in no provider's words and in no protocol's.
//!
//! A [`Schema`] tells which attributes an object has, of which type, who sets them, and which must not be shown. It says
//! how nested blocks are counted, and so which lists of a state are sets.

mod implied;
mod marks;
mod value_type;

use std::collections::BTreeMap;

pub use value_type::{ValueType, ValueTypeError};

/// The shape of one kind of object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// Grows when the provider changes the shape so that stored objects must be upgraded.
    pub version: u64,
    /// What stands in it.
    pub block: Block,
}

/// Attributes and nested blocks that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// The attributes, by name.
    pub attributes: BTreeMap<String, Attribute>,
    /// The kinds of nested blocks, by name. No attribute has the name of one.
    pub blocks: BTreeMap<String, NestedBlock>,
    /// Whether the provider advises against using it.
    pub deprecated: bool,
}

/// One attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// What values it has.
    pub shape: AttributeShape,
    /// Who gives it a value.
    pub setting: Setting,
    /// Whether its value must not be shown.
    pub sensitive: bool,
    /// Whether it is set and never read: providers give back null.
    pub write_only: bool,
    /// Whether the provider advises against using it.
    pub deprecated: bool,
}

impl Attribute {
    /// An attribute of this type that is neither sensitive, write-only nor deprecated.
    #[must_use]
    pub fn new(value_type: ValueType, setting: Setting) -> Self {
        let shape = AttributeShape::Value(value_type);
        Self { shape, setting, sensitive: false, write_only: false, deprecated: false }
    }
}

/// What values an attribute has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeShape {
    /// Values of a type.
    Value(ValueType),
    /// Objects that have a schema of their own.
    Nested {
        /// How many, and how they are told apart.
        nesting: Nesting,
        /// The attributes of each of them, by name.
        attributes: BTreeMap<String, Attribute>,
    },
}

/// Who gives an attribute its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    /// The configuration must.
    Required,
    /// The configuration may; else it is null.
    Optional,
    /// The configuration may; else the provider does.
    OptionalComputed,
    /// The provider alone.
    Computed,
}

impl Setting {
    /// The name that machine formats use, in snake case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::OptionalComputed => "optional_computed",
            Self::Computed => "computed",
        }
    }

    /// Whether a configuration can set it.
    #[must_use]
    pub fn is_configurable(self) -> bool {
        self != Self::Computed
    }
}

/// Blocks of one kind inside a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NestedBlock {
    /// How many, and how they are told apart.
    pub nesting: Nesting,
    /// What stands in each of them.
    pub block: Block,
    /// How many there must be, at least; says nothing except of lists and sets.
    pub min_items: u64,
    /// How many there may be, at most; `None` for any number.
    pub max_items: Option<u64>,
}

/// How many objects there are in one place, and how they are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nesting {
    /// One or none.
    Single,
    /// One; where there is none, one without values.
    Group,
    /// Any number, told apart by their order.
    List,
    /// Any number, told apart by what they hold.
    Set,
    /// Any number, told apart by a key.
    Map,
}
