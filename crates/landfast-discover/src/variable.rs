//! Variables as they are declared.

use landfast_state::Value;

use crate::error::ReadModuleError;
use crate::place::Place;
use crate::tree::{Body, Node, Term};
use crate::type_constraint::Constraint;

/// A variable as it is declared.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) default: Option<Node>,
    pub(crate) constraint: Constraint,
    /// Whether a type is written.
    pub(crate) typed: bool,
    pub(crate) visibility: Visibility,
    pub(crate) nullable: Nullable,
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    Plain,
    Sensitive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nullable {
    Yes,
    No,
}

impl Variable {
    pub(crate) fn of(body: &Body, place: &Place) -> Result<Self, ReadModuleError> {
        let constraint = body.attribute("type").map(Constraint::of).transpose()?;
        // What is not written, or not plainly, is taken for the side on which nothing is shown.
        let sensitive = body.attribute("sensitive");
        let visibility = match sensitive.map(|node| &node.term) {
            None | Some(Term::Literal(Value::Bool(false))) => Visibility::Plain,
            Some(_) => Visibility::Sensitive,
        };
        let nullable = match body.attribute("nullable").map(|node| &node.term) {
            Some(Term::Literal(Value::Bool(false))) => Nullable::No,
            _ => Nullable::Yes,
        };
        Ok(Self {
            default: body.attribute("default").cloned(),
            typed: constraint.is_some(),
            constraint: constraint.unwrap_or(Constraint::Any),
            visibility,
            nullable,
            place: place.clone(),
        })
    }
}
