//! Reading the attributes of a backend block, and the environment variables that stand in for them.

use serde_json::Value;

use crate::address::StateAddress;
use crate::error::{ErrorClass, StoreError};
use crate::open::Environment;

/// The attributes of one backend block, with the environment behind them.
///
/// Values may be secret: no error shows one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attributes<'a> {
    address: &'a StateAddress,
    environment: &'a Environment,
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(address: &'a StateAddress, environment: &'a Environment) -> Self {
        Self { address, environment }
    }

    /// An error about the settings.
    pub(crate) fn wrong(&self, message: impl Into<String>) -> StoreError {
        StoreError::new(ErrorClass::Configuration, format!("backend {}", self.address.kind), message)
    }

    /// Refuses attributes that are not `known`: they could change where or how is written.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), StoreError> {
        match self.address.attributes.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(self.wrong(format!("the attribute {name} is not supported"))),
        }
    }

    /// A text: the attribute, or else the first variable that is set. Empty counts as not set.
    pub(crate) fn text(&self, name: &str, variables: &[&str]) -> Result<Option<String>, StoreError> {
        match self.address.attributes.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(Value::String(text)) => return Ok(Some(text.clone())),
            Some(_) => return Err(self.wrong(format!("the attribute {name} is not a text"))),
        }
        Ok(variables.iter().find_map(|variable| self.environment.get(variable)).map(str::to_owned))
    }

    /// A text that must be there.
    pub(crate) fn required(&self, name: &str, variables: &[&str]) -> Result<String, StoreError> {
        self.text(name, variables)?.ok_or_else(|| self.wrong(format!("the attribute {name} is missing")))
    }

    /// Whether something is switched on; `None` where nobody says.
    pub(crate) fn flag(&self, name: &str, variables: &[&str]) -> Result<Option<bool>, StoreError> {
        let text = match self.address.attributes.get(name) {
            None | Some(Value::Null) => variables.iter().find_map(|variable| self.environment.get(variable)),
            Some(Value::Bool(flag)) => return Ok(Some(*flag)),
            Some(Value::String(text)) => Some(text.as_str()),
            Some(_) => return Err(self.wrong(format!("the attribute {name} is neither true nor false"))),
        };
        match text {
            None | Some("") => Ok(None),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(Some(true)),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(Some(false)),
            Some(_) => Err(self.wrong(format!("the attribute {name} is neither true nor false"))),
        }
    }

    /// A whole number that is not negative, as a number or as text.
    #[cfg(feature = "http")]
    pub(crate) fn number(&self, name: &str, variables: &[&str]) -> Result<Option<u64>, StoreError> {
        let number = match self.address.attributes.get(name) {
            None | Some(Value::Null) => {
                variables.iter().find_map(|variable| self.environment.get(variable)).map(|text| text.parse().ok())
            }
            Some(Value::Number(number)) => Some(number.as_u64()),
            Some(Value::String(text)) => Some(text.parse().ok()),
            Some(_) => Some(None),
        };
        let wrong = || self.wrong(format!("the attribute {name} is not a whole number"));
        number.map(|number| number.ok_or_else(wrong)).transpose()
    }

    /// A list of texts, empty where the attribute is not set.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let wrong = || self.wrong(format!("the attribute {name} is not a list of texts"));
        match self.address.attributes.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
            }
            Some(_) => Err(wrong()),
        }
    }

    /// What a value means that is either a path of a file or what such a file holds, as terraform takes credentials and keys.
    pub(crate) fn path_or_contents(&self, what: &str, value: &str) -> Result<String, StoreError> {
        let path = match (value.strip_prefix("~/"), self.environment.get("HOME")) {
            (Some(rest), Some(home)) => std::path::Path::new(home).join(rest),
            _ => value.into(),
        };
        if !path.is_file() {
            return Ok(value.to_owned());
        }
        std::fs::read_to_string(&path)
            .map_err(|error| self.wrong(format!("the file with the {what} cannot be read")).because(error))
    }

    /// The text of a file that an attribute names.
    pub(crate) fn file(&self, attribute: &str, path: &str) -> Result<String, StoreError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            self.wrong(format!("the file that the attribute {attribute} names cannot be read")).because(error)
        })?;
        Ok(text.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_beat_variables_and_errors_show_no_value() {
        let attributes = serde_json::json!({
            "bucket": "b", "access_token": 7, "snapshot": "true", "empty": "", "list": ["a"], "mixed": ["hunter2", 1],
        });
        let serde_json::Value::Object(attributes) = attributes else { panic!("an object") };
        let address = StateAddress::from_backend("gcs", &attributes, "default").unwrap();
        let environment = Environment::from_iter([("B".to_owned(), "other".to_owned())]);
        let attributes = Attributes::new(&address, &environment);
        assert_eq!(attributes.text("bucket", &["B"]).unwrap().as_deref(), Some("b"));
        assert_eq!(attributes.text("empty", &["A", "B"]).unwrap().as_deref(), Some("other"));
        assert_eq!(attributes.flag("snapshot", &[]).unwrap(), Some(true));
        assert_eq!(attributes.texts("list").unwrap(), ["a"]);
        for error in [
            attributes.text("access_token", &[]).unwrap_err(),
            attributes.texts("mixed").unwrap_err(),
            attributes.flag("bucket", &[]).unwrap_err(),
            attributes.required("prefix", &[]).unwrap_err(),
            attributes.only(&["bucket"]).unwrap_err(),
        ] {
            assert_eq!(error.class, ErrorClass::Configuration);
            assert!(error.to_string().starts_with("backend gcs: the attribute "), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
