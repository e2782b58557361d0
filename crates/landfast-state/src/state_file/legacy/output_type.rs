//! Types of outputs. Before format 4 an output's type said little, so terraform takes it from the value: arrays of one
//! type become lists, objects of one type maps.

use std::collections::BTreeMap;

use super::print::Printer;
use crate::json::{Raw, RawKind};

/// A type, as format 4 writes it beside an output's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Primitive(&'static str),
    List(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(BTreeMap<String, Type>),
}

/// The type of an output with this value.
pub(super) fn of(value: Raw<'_>) -> Type {
    simplify(implied(value))
}

/// The exact type of a value. The call depth is the value's, which the reader has bounded.
fn implied(value: Raw<'_>) -> Type {
    match value.kind() {
        RawKind::Null => Type::Primitive("dynamic"),
        RawKind::Bool(_) => Type::Primitive("bool"),
        RawKind::Number(_) => Type::Primitive("number"),
        RawKind::String(_) => Type::Primitive("string"),
        RawKind::Array(elements) => Type::Tuple(elements.map(implied).collect()),
        RawKind::Object(members) => {
            Type::Object(members.map(|(name, value)| (name.into_owned(), implied(value))).collect())
        }
    }
}

/// Makes lists of tuples and maps of objects, where all that is in them has one exact type. Where it has not, what is
/// inside stays exact too.
fn simplify(exact: Type) -> Type {
    match exact {
        Type::Tuple(types) if all_equal(types.iter()) => match types.into_iter().next() {
            Some(element) => Type::List(Box::new(simplify(element))),
            None => Type::Tuple(Vec::new()),
        },
        Type::Object(types) if all_equal(types.values()) => match types.into_values().next() {
            Some(element) => Type::Map(Box::new(simplify(element))),
            None => Type::Object(BTreeMap::new()),
        },
        exact => exact,
    }
}

fn all_equal<'t>(mut types: impl Iterator<Item = &'t Type>) -> bool {
    let first = types.next();
    types.all(|other| Some(other) == first)
}

impl Type {
    /// How deep the JSON text of the type nests.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Primitive(_) => 0,
            Self::List(element) | Self::Map(element) => 1 + element.depth(),
            Self::Tuple(types) => 2 + types.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(types) => 2 + types.values().map(Self::depth).max().unwrap_or(0),
        }
    }

    pub(super) fn print(&self, printer: &mut Printer) {
        let (name, inner) = match self {
            Self::Primitive(name) => return printer.string(name),
            Self::List(element) => ("list", Some(element)),
            Self::Map(element) => ("map", Some(element)),
            Self::Tuple(_) => ("tuple", None),
            Self::Object(_) => ("object", None),
        };
        printer.open('[');
        printer.item();
        printer.string(name);
        printer.item();
        match self {
            Self::Tuple(types) => {
                printer.open('[');
                for element in types {
                    printer.item();
                    element.print(printer);
                }
                printer.close(']');
            }
            Self::Object(types) => {
                printer.open('{');
                for (name, element) in types {
                    printer.key(name);
                    element.print(printer);
                }
                printer.close('}');
            }
            _ => inner.into_iter().for_each(|element| element.print(printer)),
        }
        printer.close(']');
    }
}
