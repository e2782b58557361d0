//! What users want to have changed, in a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use landfast_rollback::{Actuator, ActuatorError};
use landfast_state::address::ObjectAddress;
use landfast_state::json::JsonError;
use landfast_state::{
    AttributePath, Members, Number, Origin, PathStep, ResourceObject, Sensitive, Snapshot, SourceKind, Value,
};
use serde::Deserialize;

/// Wanted changes, as a file has them: either of what a state says of objects, or of objects.
///
/// ```toml
/// [[forget]]
/// address = "aws_instance.old"
///
/// [[move]]
/// from = "aws_instance.web"
/// to = "module.app.aws_instance.web"
///
/// [[adopt]]
/// address = "aws_instance.found"
/// from = "observed.json" # a state, show JSON, a snapshot or an observation that has it, beside this file
/// ```
///
/// or, for commands of in-house systems:
///
/// ```toml
/// [[create]]
/// address = "dns_record.www"
/// attributes = { name = "www", value = "10.0.0.1" }
/// sensitive = ["token"]
///
/// [[update]]
/// address = "dns_record.api"
/// attributes = { value = "10.0.0.2" } # in the place of what is there; the others stay
///
/// [[delete]]
/// address = "dns_record.old"
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WantedFile {
    forget: Vec<Named>,
    r#move: Vec<Moved>,
    adopt: Vec<Adopted>,
    create: Vec<Made>,
    update: Vec<Made>,
    delete: Vec<Named>,
    #[serde(skip)]
    file: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    address: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    from: String,
    to: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Adopted {
    address: String,
    from: PathBuf,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    address: String,
    #[serde(default)]
    provider: String,
    attributes: toml::Table,
    #[serde(default)]
    sensitive: Vec<String>,
    #[serde(default)]
    unknown: Vec<String>,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The attributes may be secrets.
        write!(f, "Made({:?}, {} attributes)", self.address, self.attributes.len())
    }
}

/// Why nothing can be planned from a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WantedError {
    /// It is not such a file.
    #[error("{file}{}: {message}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Unreadable {
        /// The file.
        file: String,
        /// The line.
        line: Option<usize>,
        /// What is wrong. It shows nothing of the file but names.
        message: String,
    },
    /// It asks for nothing.
    #[error("{file} asks for nothing")]
    Nothing {
        /// The file.
        file: String,
    },
    /// It changes what is recorded and objects at once.
    #[error("{file} changes what a state says and objects too: make two plans")]
    Mixed {
        /// The file.
        file: String,
    },
    /// An address, or a path of an attribute, is none.
    #[error("{file}: {text:?} is no {what}")]
    Name {
        /// The file.
        file: String,
        /// What it should be.
        what: &'static str,
        /// What stands there.
        text: String,
    },
    /// An address stands there twice.
    #[error("{file}: {address} stands there twice")]
    Twice {
        /// The file.
        file: String,
        /// The address.
        address: ObjectAddress,
    },
    /// Nothing is where something is to be changed.
    #[error("{file}: there is nothing at {address}")]
    NotThere {
        /// The file, or the document in which it was looked for.
        file: String,
        /// The address.
        address: ObjectAddress,
    },
    /// Something is where something is to be made.
    #[error("{file}: there is something at {address} already")]
    There {
        /// The file.
        file: String,
        /// The address.
        address: ObjectAddress,
    },
    /// An object could not be read.
    #[error("{address} cannot be read")]
    Read {
        /// The object.
        address: ObjectAddress,
        /// Why.
        #[source]
        source: ActuatorError,
    },
    /// Attributes cannot be those of an object.
    #[error("{file}: the attributes of {address} cannot be written")]
    Attributes {
        /// The file.
        file: String,
        /// The object.
        address: ObjectAddress,
        /// Why.
        #[source]
        source: Box<JsonError>,
    },
}

/// What there is and what is to be, for a planner.
#[derive(Debug)]
#[non_exhaustive]
pub struct Draft {
    /// The objects that are to change, as they are.
    pub before: Snapshot,
    /// The objects as they are to be.
    pub after: Snapshot,
    /// Objects that get another address, from and to.
    pub moves: Vec<(ObjectAddress, ObjectAddress)>,
}

impl WantedFile {
    /// Reads a file; `file` names it in errors.
    ///
    /// # Errors
    /// When it is no such file, asks for nothing, or for changes of two kinds.
    pub fn parse(text: &str, file: &str) -> Result<Self, WantedError> {
        let parsed: Self = toml::from_str(text).map_err(|error| WantedError::Unreadable {
            file: file.to_owned(),
            line: error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1),
            message: without_values(error.message()),
        })?;
        let wanted = Self { file: file.to_owned(), ..parsed };
        let books = wanted.forget.len() + wanted.r#move.len() + wanted.adopt.len();
        let objects = wanted.create.len() + wanted.update.len() + wanted.delete.len();
        match (books, objects) {
            (0, 0) => Err(WantedError::Nothing { file: file.to_owned() }),
            (1.., 1..) => Err(WantedError::Mixed { file: file.to_owned() }),
            _ => Ok(wanted),
        }
    }

    /// Whether only what a state says of objects is to change.
    #[must_use]
    pub fn is_bookkeeping(&self) -> bool {
        self.create.is_empty() && self.update.is_empty() && self.delete.is_empty()
    }

    /// The documents that hold the objects that are to be adopted, each once, as the file names them.
    #[must_use]
    pub fn sources(&self) -> BTreeSet<&Path> {
        self.adopt.iter().map(|adopted| adopted.from.as_path()).collect()
    }

    /// The objects that it says in full, for their values.
    ///
    /// # Errors
    /// When an address or a value is none.
    pub fn said(&self) -> Result<Snapshot, WantedError> {
        let objects: Result<Vec<ResourceObject>, WantedError> =
            self.create.iter().chain(&self.update).map(|made| self.made(made, None)).collect();
        Ok(empty(&self.file).with_only(objects?))
    }

    /// The draft of a change of what a state says. `recorded` is what it says, `observed` gives the objects of a source.
    ///
    /// # Errors
    /// When something is not there, or is there already.
    pub fn draft_bookkeeping<'s>(
        &self,
        recorded: &Snapshot,
        observed: impl Fn(&Path) -> Option<&'s Snapshot>,
    ) -> Result<Draft, WantedError> {
        let mut before = Vec::new();
        let mut after = Vec::new();
        let mut moves = Vec::new();
        let mut seen = Seen { file: &self.file, addresses: BTreeSet::new() };
        let there = |address: &ObjectAddress| {
            recorded
                .get(address)
                .cloned()
                .ok_or_else(|| WantedError::NotThere { file: self.file.clone(), address: address.clone() })
        };
        for named in &self.forget {
            let address = seen.address(&named.address)?;
            before.push(there(&address)?);
        }
        for moved in &self.r#move {
            let (from, to) = (seen.address(&moved.from)?, seen.address(&moved.to)?);
            let object = there(&from)?;
            if recorded.get(&to).is_some() {
                return Err(WantedError::There { file: self.file.clone(), address: to });
            }
            after.push(ResourceObject { address: to.clone(), ..object.clone() });
            before.push(object);
            moves.push((from, to));
        }
        for adopted in &self.adopt {
            let address = seen.address(&adopted.address)?;
            let object = observed(&adopted.from).and_then(|snapshot| snapshot.get(&address)).cloned();
            let file = adopted.from.display().to_string();
            after.push(object.ok_or_else(|| WantedError::NotThere { file, address: address.clone() })?);
            before.extend(recorded.get(&address).cloned());
        }
        Ok(Draft { before: recorded.with_only(before), after: recorded.with_only(after), moves })
    }

    /// The draft of a change of objects, which are read for it.
    ///
    /// # Errors
    /// When something is not there, is there already, or cannot be read.
    pub async fn draft_objects(&self, actuator: &dyn Actuator) -> Result<Draft, WantedError> {
        let mut before = Vec::new();
        let mut after = Vec::new();
        let mut seen = Seen { file: &self.file, addresses: BTreeSet::new() };
        for made in self.create.iter().chain(&self.update) {
            seen.address(&made.address)?;
        }
        for named in &self.delete {
            let address = seen.address(&named.address)?;
            before.push(self.read(actuator, &address).await?);
        }
        for made in &self.update {
            let address = seen.parse(&made.address)?;
            let there = self.read(actuator, &address).await?;
            after.push(self.made(made, Some(&there))?);
            before.push(there);
        }
        for made in &self.create {
            let object = self.made(made, None)?;
            let read = actuator.read(&object.address, None).await;
            match read.map_err(|source| WantedError::Read { address: object.address.clone(), source })? {
                None => after.push(object),
                Some(there) => return Err(WantedError::There { file: self.file.clone(), address: there.address }),
            }
        }
        Ok(Draft {
            before: empty(actuator.name()).with_only(before),
            after: empty(&self.file).with_only(after),
            moves: Vec::new(),
        })
    }

    async fn read(&self, actuator: &dyn Actuator, address: &ObjectAddress) -> Result<ResourceObject, WantedError> {
        let read = actuator.read(address, None).await;
        let read = read.map_err(|source| WantedError::Read { address: address.clone(), source })?;
        read.ok_or_else(|| WantedError::NotThere { file: self.file.clone(), address: address.clone() })
    }

    fn made(&self, made: &Made, there: Option<&ResourceObject>) -> Result<ResourceObject, WantedError> {
        let seen = Seen { file: &self.file, addresses: BTreeSet::new() };
        let address = seen.parse(&made.address)?;
        let mut members = match there.map(ResourceObject::value) {
            Some(Value::Object(members)) => members,
            _ => Members::new(),
        };
        let known: Vec<AttributePath> = there.map(|there| there.sensitive.clone()).unwrap_or_default();
        members.extend(made.attributes.iter().map(|(key, value)| (key.clone(), value_of(value))));
        let paths = |texts: &[String]| -> Result<Vec<AttributePath>, WantedError> {
            let path = |text: &String| text.parse().map_err(|_| seen.wrong("path of an attribute", text));
            texts.iter().map(path).collect()
        };
        for path in paths(&made.sensitive)?.iter().chain(&known) {
            change(&mut members, path, |value| match value {
                Value::Sensitive(_) => value,
                value => Value::Sensitive(Sensitive::new(value)),
            });
        }
        for path in paths(&made.unknown)? {
            if let [PathStep::Key(key)] = path.steps.as_slice() {
                members.entry(key.to_string()).or_insert(Value::Null);
            }
            change(&mut members, &path, |_| Value::Unknown);
        }
        let object = match there {
            Some(there) => there.clone(),
            None => ResourceObject::bare(address.clone(), &made.provider),
        };
        let attributes =
            |source| WantedError::Attributes { file: self.file.clone(), address, source: Box::new(source) };
        object.with_value(&members).map_err(attributes)
    }
}

/// A message of the parser without what stands in the file, which may be a secret.
fn without_values(message: &str) -> String {
    match message.split_once(", expected") {
        Some((start, expected)) if start.starts_with("invalid") => {
            let what: Vec<&str> = start.split(['"', '`']).take(1).collect();
            format!("{}, expected{expected}", what.concat().trim_end())
        }
        _ => message.to_owned(),
    }
}

fn empty(source: &str) -> Snapshot {
    Snapshot::empty(Origin::new(SourceKind::Observation, source))
}

struct Seen<'a> {
    file: &'a str,
    addresses: BTreeSet<ObjectAddress>,
}

impl Seen<'_> {
    fn wrong(&self, what: &'static str, text: &str) -> WantedError {
        WantedError::Name { file: self.file.to_owned(), what, text: text.chars().take(200).collect() }
    }

    fn parse(&self, text: &str) -> Result<ObjectAddress, WantedError> {
        text.parse().map_err(|_| self.wrong("address of an object", text))
    }

    fn address(&mut self, text: &str) -> Result<ObjectAddress, WantedError> {
        let address = self.parse(text)?;
        if self.addresses.insert(address.clone()) {
            Ok(address)
        } else {
            Err(WantedError::Twice { file: self.file.to_owned(), address })
        }
    }
}

fn value_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(number) => Value::Number(Number::from(*number)),
        toml::Value::Float(number) => {
            number.to_string().parse().map_or_else(|_| Value::String(number.to_string()), Value::Number)
        }
        toml::Value::Boolean(value) => Value::Bool(*value),
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(elements) => Value::List(elements.iter().map(value_of).collect()),
        toml::Value::Table(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), value_of(value))).collect())
        }
    }
}

/// Changes the value at a path, where there is one.
fn change(members: &mut Members, path: &AttributePath, new: impl FnOnce(Value) -> Value) {
    let Some((PathStep::Key(first), rest)) = path.steps.split_first() else { return };
    let place = rest.iter().try_fold(members.get_mut(&**first), |value, step| {
        Some(match (value?, step) {
            (Value::Object(members), PathStep::Key(key)) => members.get_mut(&**key),
            (Value::List(elements), PathStep::Index(index)) => elements.get_mut(*index),
            _ => None,
        })
    });
    if let Some(Some(place)) = place {
        *place = new(std::mem::replace(place, Value::Null));
    }
}
