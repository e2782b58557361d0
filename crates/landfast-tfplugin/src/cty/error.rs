//! What can be wrong with a value, and where in it. No message repeats a value.

use std::fmt;

use landfast_state::json::{JsonError, quote_safe};
use landfast_state::schema::{ValueType, ValueTypeError};
use landfast_state::{AttributePath, PathStep, Value};

/// What is wrong with a value, with the path to the attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// From the whole object to the attribute.
    pub path: AttributePath,
    /// What is wrong.
    pub kind: ValueErrorKind,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueErrorKind {
    /// Another kind of value than the type asks for.
    #[error("{expected} is expected, and {found} is there")]
    Mismatch {
        /// The kind that the type asks for.
        expected: &'static str,
        /// The kind that is there.
        found: &'static str,
    },
    /// A tuple has another number of elements than its type.
    #[error("a tuple of {expected} is expected, and {found} elements are there")]
    TupleLength {
        /// How many the type has.
        expected: usize,
        /// How many are there.
        found: usize,
    },
    /// An object has an attribute that its type does not have.
    #[error("there is no attribute {}", quote_safe(.name))]
    NoSuchAttribute {
        /// The name.
        name: String,
    },
    /// An object lacks an attribute of its type.
    #[error("the attribute {} is missing", quote_safe(.name))]
    MissingAttribute {
        /// The name.
        name: String,
    },
    /// The same key twice.
    #[error("the key {} is there twice", quote_safe(.name))]
    DuplicateKey {
        /// The key.
        name: String,
    },
    /// The bytes end inside of the value.
    #[error("the value ends too early")]
    Truncated,
    /// Something follows the value.
    #[error("something follows the value")]
    TrailingData,
    /// The bytes are not of the encoding.
    #[error("the bytes are not MessagePack")]
    NotMsgpack,
    /// A string is not text.
    #[error("a string is not UTF-8")]
    NotText,
    /// A number that no attribute can have.
    #[error("a number is infinite, none, or written in another way than numbers are")]
    NotANumber,
    /// Too many values in one another.
    #[error("nested deeper than the limit of {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// Too many values.
    #[error("more than {limit} values")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// The type that a value brings is none.
    #[error("the value brings no type: {0}")]
    Type(ValueTypeError),
    /// The text is not JSON.
    #[error("{0}")]
    Json(Box<JsonError>),
    /// The value is not known, and JSON has no way to say so.
    #[error("the value is unknown, which JSON cannot say")]
    Unknown,
    /// Only a fingerprint of the value is at hand.
    #[error("only the fingerprint of the value is known")]
    OnlyFingerprint,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.steps.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        self.kind.fmt(f)
    }
}

impl std::error::Error for ValueError {}

/// An error on its way out: the path grows from its end, and only when there is an error.
#[derive(Debug)]
pub(super) struct Fault {
    steps: Vec<PathStep>,
    kind: ValueErrorKind,
}

impl Fault {
    pub(super) fn mismatch(expected: &ValueType, found: &'static str) -> Self {
        ValueErrorKind::Mismatch { expected: expected.kind_name(), found }.into()
    }

    pub(super) fn mismatch_of(expected: &ValueType, found: &Value) -> Self {
        Self::mismatch(expected, found.kind_name())
    }

    /// The error as it is seen from outside of an object or map.
    pub(super) fn in_key(mut self, key: &str) -> Self {
        self.steps.push(PathStep::Key(key.into()));
        self
    }

    /// The error as it is seen from outside of a list.
    pub(super) fn in_element(mut self, at: usize) -> Self {
        self.steps.push(PathStep::Index(at));
        self
    }
}

impl From<ValueErrorKind> for Fault {
    fn from(kind: ValueErrorKind) -> Self {
        Self { steps: Vec::new(), kind }
    }
}

impl From<Fault> for ValueError {
    fn from(fault: Fault) -> Self {
        let Fault { mut steps, kind } = fault;
        steps.reverse();
        Self { path: AttributePath { steps }, kind }
    }
}
