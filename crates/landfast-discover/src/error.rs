//! What goes wrong where configurations are read.

use std::io;
use std::path::PathBuf;

use landfast_state::json::JsonError;

use crate::place::Place;

/// Why the configuration of a folder cannot be read. Texts are as they came: escape them before they are shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadModuleError {
    /// A folder or file cannot be read.
    #[error("{}: cannot be read", .path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There are too many files, or one is too large.
    #[error("{}: {what}", .path.display())]
    TooLarge {
        /// The folder or file.
        path: PathBuf,
        /// Which bound it breaks.
        what: &'static str,
    },
    /// A file is not in the language.
    #[error("{place}: {what}")]
    Syntax {
        /// Where.
        place: Place,
        /// What is wrong.
        what: String,
    },
    /// A file is not JSON.
    #[error("{file}: no JSON")]
    Json {
        /// The file.
        file: String,
        /// Where, and what is wrong.
        #[source]
        source: Box<JsonError>,
    },
    /// Something stands twice that may stand once.
    #[error("{place}: {what} stands twice")]
    Twice {
        /// The second one.
        place: Place,
        /// What it is.
        what: String,
    },
    /// A block or attribute is not what terraform knows.
    #[error("{place}: {what}")]
    Form {
        /// Where.
        place: Place,
        /// What is wrong.
        what: String,
    },
    /// An override is of something that is not there.
    #[error("{place}: this overrides {what}, which is not there")]
    OverridesNothing {
        /// Where.
        place: Place,
        /// What it is for.
        what: String,
    },
    /// A value is given to a variable that is not there.
    #[error("a value is given to the variable {name}, which is not there")]
    NoSuchVariable {
        /// The variable.
        name: String,
    },
}

/// Why a value is not known. No message shows a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// Landfast does not compute such expressions.
    #[error("{place}: `{expression}` is not computed: {reason}")]
    NotComputed {
        /// Where.
        place: Place,
        /// The expression, without the texts in it.
        expression: String,
        /// Why.
        reason: String,
    },
    /// There is nothing of that name.
    #[error("{place}: there is no {what}")]
    Undeclared {
        /// Where it is used.
        place: Place,
        /// What is used.
        what: String,
    },
    /// A variable has neither a value nor a default.
    #[error("{place}: the variable {name} has no value: set TF_VAR_{name}, or give it in terraform.tfvars")]
    NoValue {
        /// Where it is declared.
        place: Place,
        /// The variable.
        name: String,
    },
    /// A value needs itself.
    #[error("{place}: {} needs itself", .names.join(" needs "))]
    Cycle {
        /// Where it is used again.
        place: Place,
        /// The names, from the first one to the one that uses it.
        names: Vec<String>,
    },
    /// A value is of another type than its place can have.
    #[error("{place}: {what}")]
    Mismatch {
        /// Where.
        place: Place,
        /// What does not fit.
        what: String,
    },
    /// The value would be too large or too deep.
    #[error("{place}: the value is too large or too deep to be computed")]
    TooLarge {
        /// Where.
        place: Place,
    },
}
