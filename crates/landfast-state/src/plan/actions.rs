//! What terraform means to do with an object or output.

use std::fmt;

use super::optional::{Read, each_element, text};
use crate::json::Reader;

/// The actions of a change, in the order in which terraform takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actions {
    /// Nothing; or only a move to another address.
    NoOp,
    /// Create the object.
    Create,
    /// Read a data source during the apply.
    Read,
    /// Change the object in place.
    Update,
    /// Destroy the object.
    Delete,
    /// Replace it: destroy, then create.
    DeleteThenCreate,
    /// Replace it: create, then destroy.
    CreateThenDelete,
    /// Remove the object from the state and leave it as it is.
    Forget,
    /// Create a new object and forget the old one.
    CreateThenForget,
    /// A combination that this crate does not know, joined by commas. Nothing may be concluded from it.
    Other(Box<str>),
}

impl Actions {
    fn from_names(names: &[Box<str>]) -> Self {
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        match names.as_slice() {
            ["no-op"] => Self::NoOp,
            ["create"] => Self::Create,
            ["read"] => Self::Read,
            ["update"] => Self::Update,
            ["delete"] => Self::Delete,
            ["delete", "create"] => Self::DeleteThenCreate,
            ["create", "delete"] => Self::CreateThenDelete,
            ["forget"] => Self::Forget,
            ["create", "forget"] => Self::CreateThenForget,
            other => Self::Other(other.join(",").into()),
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut names = Vec::new();
        each_element(reader, |reader| {
            names.extend(text(reader)?);
            Ok(())
        })?;
        Ok(Self::from_names(&names))
    }

    /// The names of the actions as plan JSON has them, joined by commas.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::NoOp => "no-op",
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::DeleteThenCreate => "delete,create",
            Self::CreateThenDelete => "create,delete",
            Self::Forget => "forget",
            Self::CreateThenForget => "create,forget",
            Self::Other(names) => names,
        }
    }

    /// Whether the object is destroyed and another one created.
    #[must_use]
    pub fn is_replace(&self) -> bool {
        matches!(self, Self::DeleteThenCreate | Self::CreateThenDelete)
    }
}

/// Invisible characters of unknown actions are escaped.
impl fmt::Display for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(names) => f.write_str(&crate::json::quote_safe(names)),
            known => f.write_str(known.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    #[test]
    fn knows_each_combination_and_keeps_the_others() {
        let read = |text: &str| Actions::read(&mut Reader::new(text.as_bytes(), &Limits::default()).unwrap()).unwrap();
        for names in ["no-op", "create", "read", "update", "delete", "forget"] {
            let actions = read(&format!("[\"{names}\"]"));
            assert!(!matches!(actions, Actions::Other(_)));
            assert_eq!(actions.as_str(), names);
        }
        assert_eq!(read(r#"["delete", "create"]"#), Actions::DeleteThenCreate);
        assert_eq!(read(r#"["create", "delete"]"#), Actions::CreateThenDelete);
        assert_eq!(read(r#"["create", "forget"]"#), Actions::CreateThenForget);
        assert_eq!(read(r#"["open"]"#), Actions::Other("open".into()));
        assert_eq!(read(r#"["delete", "update"]"#).as_str(), "delete,update");
        assert_eq!(read("[]"), Actions::Other("".into()));
        assert_eq!(read("[\"\\u001b[31m\"]").to_string(), r#""\u001b[31m""#);
    }
}
