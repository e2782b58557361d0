//! Reading the attributes of a backend, with the environment variables that stand in for them.

use serde_json::{Map, Value};

use crate::address::StateAddress;
use crate::error::{ErrorClass, StoreError};
use crate::open::Environment;

/// The attributes of one backend. Errors name the attribute and never show its value.
#[derive(Debug)]
pub(crate) struct BackendAttributes<'a> {
    kind: &'a str,
    attributes: &'a Map<String, Value>,
    environment: &'a Environment,
}

impl<'a> BackendAttributes<'a> {
    /// The attributes of an address, of which only those in `known` may be there.
    pub(crate) fn of(
        address: &'a StateAddress,
        environment: &'a Environment,
        known: &[&str],
    ) -> Result<Self, StoreError> {
        let this = Self { kind: &address.kind, attributes: &address.attributes, environment };
        match address.attributes.keys().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => Err(this.wrong(format!("the attribute {unknown} is not known here"))),
            None => Ok(this),
        }
    }

    /// What is wrong with the settings.
    pub(crate) fn wrong(&self, message: impl Into<String>) -> StoreError {
        StoreError::new(ErrorClass::Configuration, format!("backend {}", self.kind), message)
    }

    /// A text; else the environment variable `variable`, where it is not empty. An empty text counts as none.
    pub(crate) fn text(&self, name: &str, variable: &str) -> Result<Option<&'a str>, StoreError> {
        match self.attributes.get(name) {
            None => Ok(self.environment.get(variable)),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(self.wrong(format!("the attribute {name} is not a text"))),
        }
    }

    /// A whole number that is not negative, as a number or as text.
    #[cfg(feature = "http")]
    pub(crate) fn number(&self, name: &str, variable: &str) -> Result<Option<u64>, StoreError> {
        let number = match self.attributes.get(name) {
            None => self.environment.get(variable).map(|text| text.parse().ok()),
            Some(Value::Number(number)) => Some(number.as_u64()),
            Some(Value::String(text)) => Some(text.parse().ok()),
            Some(_) => Some(None),
        };
        number.map(|number| number.ok_or_else(|| self.wrong(format!("{name} is not a whole number")))).transpose()
    }

    /// Whether something is switched on; off where nobody says.
    pub(crate) fn is_on(&self, name: &str, variable: &str) -> Result<bool, StoreError> {
        let text = match self.attributes.get(name) {
            Some(Value::Bool(on)) => return Ok(*on),
            Some(Value::String(text)) => text.as_str(),
            Some(_) => "no boolean",
            None => self.environment.get(variable).unwrap_or("false"),
        };
        // The texts that Go takes for booleans, which terraform takes from the environment.
        match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(self.wrong(format!("{name} is neither true nor false"))),
        }
    }
}
