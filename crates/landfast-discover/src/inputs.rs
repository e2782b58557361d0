//! Values that are given to variables from outside, in terraform's order.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::ReadModuleError;
use crate::files;
use crate::json_syntax::{self, Texts};
use crate::native;
use crate::place::SourceText;
use crate::tree::Node;

/// What variables are given from outside, and what else a configuration depends on.
///
/// `Debug` shows no values.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Inputs {
    /// Variables of the environment that begin with `TF_VAR_`, without that, by name. Default: none.
    pub environment: BTreeMap<String, String>,
    /// What `-var` and `-var-file` say, in their order: later ones count more. Default: nothing.
    pub settings: Vec<InputSetting>,
    /// The workspace. Default: not known, and then what depends on it is not, either.
    pub workspace: Option<String>,
}

/// What one option of the command line says about variables.
#[derive(Clone, PartialEq, Eq)]
pub enum InputSetting {
    /// `-var NAME=TEXT`.
    Variable {
        /// The variable.
        name: String,
        /// Its value: a plain text where the variable is a text, a number or a boolean, else an expression.
        text: String,
    },
    /// `-var-file PATH`.
    File(PathBuf),
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.environment.keys().collect();
        f.debug_struct("Inputs")
            .field("environment", &names)
            .field("settings", &self.settings)
            .field("workspace", &self.workspace)
            .finish()
    }
}

impl fmt::Debug for InputSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { name, .. } => f.debug_tuple("Variable").field(name).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl Inputs {
    /// What an environment says: `TF_VAR_*` and `TF_WORKSPACE`. What is no text is passed over.
    #[must_use]
    pub fn of_environment(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut inputs = Self::default();
        for (name, value) in variables {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
            if let Some(name) = name.strip_prefix("TF_VAR_") {
                inputs.environment.insert(name.to_owned(), value.to_owned());
            } else if name == "TF_WORKSPACE" && !value.is_empty() {
                inputs.workspace = Some(value.to_owned());
            }
        }
        inputs
    }
}

/// A value that a variable was given.
#[derive(Clone)]
pub(crate) enum Given {
    /// As a text, from the place of that name.
    Text {
        text: String,
        from: String,
    },
    Node(Node),
}

/// What all variables are given: by files in the folder, and by the inputs.
#[derive(Clone, Default)]
pub(crate) struct GivenValues {
    pub(crate) values: BTreeMap<String, Given>,
    /// Those that must be there, since somebody named them one by one.
    pub(crate) wanted: Vec<String>,
}

impl GivenValues {
    pub(crate) fn gather(folder: &Path, names: &[String], inputs: &Inputs) -> Result<Self, ReadModuleError> {
        let mut given = Self::default();
        for (name, text) in &inputs.environment {
            let from = format!("TF_VAR_{name}");
            given.values.insert(name.clone(), Given::Text { text: text.clone(), from });
        }
        for path in files::variables(folder, names) {
            given.add_file(&path)?;
        }
        for setting in &inputs.settings {
            match setting {
                InputSetting::File(path) => given.add_file(path)?,
                InputSetting::Variable { name, text } => {
                    let from = format!("-var {name}");
                    given.values.insert(name.clone(), Given::Text { text: text.clone(), from });
                    given.wanted.push(name.clone());
                }
            }
        }
        Ok(given)
    }

    fn add_file(&mut self, path: &Path) -> Result<(), ReadModuleError> {
        let text = files::read(path)?;
        let source = SourceText::new(&path.to_string_lossy(), &text);
        let is_json = path.extension() == Some(OsStr::new("json"));
        let body = if is_json { json_syntax::body(&source, Texts::Plain)? } else { native::body(&source)? };
        if let Some(block) = body.blocks.first() {
            let what = "a file of variables has no blocks".to_owned();
            return Err(ReadModuleError::Form { place: block.place.clone(), what });
        }
        self.values.extend(body.attributes.into_iter().map(|(name, node)| (name, Given::Node(node))));
        Ok(())
    }
}
