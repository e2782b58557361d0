//! Changes of resource objects and outputs: what a plan means to do, and what terraform found changed.

use bytes::Bytes;

use super::actions::Actions;
use super::mask::{read_mask, read_path};
use super::naming::{Naming, Problem, parsed};
use super::optional::{Read, each_element, each_member, flag, object, pass, raw, text};
use crate::address::{InstanceAddress, ObjectAddress};
use crate::attribute_path::AttributePath;
use crate::json::{Kind, RawJson, Reader};
use crate::snapshot::{Attributes, ResourceObject};
use crate::value::Value;

/// A change from one value to another. `Debug` shows no values.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Change {
    /// What terraform does.
    pub actions: Actions,
    /// The value before, `None` where there is none.
    pub before: Option<RawJson>,
    /// The value after as far as it is known, `None` where there is none.
    pub after: Option<RawJson>,
    /// Paths to sensitive values in `before`.
    pub before_sensitive: Vec<AttributePath>,
    /// Paths to sensitive values in `after`, those that are not known yet included.
    pub after_sensitive: Vec<AttributePath>,
    /// Paths to values that only the apply will tell; the root where nothing is known.
    pub after_unknown: Vec<AttributePath>,
    /// Paths to the attributes that force a replacement.
    pub replace_paths: Vec<AttributePath>,
    /// The object that is imported, if one is.
    pub importing: Option<Importing>,
    /// Configuration that terraform generated for an import, as a JSON string.
    pub generated_config: Option<RawJson>,
    /// The object's identity before.
    pub before_identity: Option<RawJson>,
    /// The object's identity after.
    pub after_identity: Option<RawJson>,
}

/// How an object that is imported is found.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Importing {
    /// Its id, when it is imported by id.
    pub id: Option<Box<str>>,
    /// Its identity, when it is imported by identity.
    pub identity: Option<RawJson>,
    /// Whether the id or identity is not known yet.
    pub unknown: bool,
}

/// A change of one resource object.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResourceChange {
    /// The object's address, after any move.
    pub address: ObjectAddress,
    /// The address before, where the plan moves the object.
    pub previous_address: Option<InstanceAddress>,
    /// The provider as the document names it; empty where it does not.
    pub provider: Box<str>,
    /// What changes.
    pub change: Change,
    /// Why, in terraform's words, such as `replace_because_tainted`. Versions of terraform add more of them.
    pub action_reason: Option<Box<str>>,
}

/// A change of one output of the root module.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OutputChange {
    /// The output's name.
    pub name: Box<str>,
    /// What changes.
    pub change: Change,
}

/// An entry of `resource_changes` or `resource_drift` before it is settled which object it is about.
#[derive(Debug)]
pub(super) struct ChangeEntry {
    pub(super) naming: Naming,
    previous_address: Option<InstanceAddress>,
    provider: Box<str>,
    pub(super) change: Change,
    action_reason: Option<Box<str>>,
}

/// Which values a change may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    Objects,
    Any,
}

impl Change {
    /// The value before, sensitive values marked.
    #[must_use]
    pub fn before_value(&self) -> Option<Value> {
        Some(Value::from_raw(self.before.as_ref()?.as_raw(), &self.before_sensitive))
    }

    /// The value after, sensitive and unknown values marked. `None` where there will be none.
    #[must_use]
    pub fn after_value(&self) -> Option<Value> {
        if self.after_unknown.iter().any(|path| path.steps.is_empty()) {
            return Some(Value::Unknown);
        }
        let mut value = Value::from_raw(self.after.as_ref()?.as_raw(), &self.after_sensitive);
        for path in &self.after_unknown {
            crate::snapshot::put(&mut value, path, Value::Unknown);
        }
        Some(value)
    }

    fn read(source: &Bytes, reader: &mut Reader<'_>, values: Values) -> Read<Self> {
        let at = reader.offset();
        let mut actions = None;
        let mut change = Self {
            actions: Actions::NoOp,
            before: None,
            after: None,
            before_sensitive: Vec::new(),
            after_sensitive: Vec::new(),
            after_unknown: Vec::new(),
            replace_paths: Vec::new(),
            importing: None,
            generated_config: None,
            before_identity: None,
            after_identity: None,
        };
        let value = |reader: &mut Reader<'_>| match values {
            Values::Objects => object(source, reader),
            Values::Any => raw(source, reader),
        };
        each_member(reader, |reader, key| {
            match key {
                "actions" => actions = Some(Actions::read(reader)?),
                "before" => change.before = value(reader)?,
                "after" => change.after = value(reader)?,
                "before_sensitive" => change.before_sensitive = read_mask(reader)?,
                "after_sensitive" => change.after_sensitive = read_mask(reader)?,
                "after_unknown" => change.after_unknown = read_mask(reader)?,
                "replace_paths" => each_element(reader, |reader| {
                    change.replace_paths.push(read_path(reader)?);
                    Ok(())
                })?,
                "importing" => change.importing = Importing::read(source, reader)?,
                "generated_config" if reader.peek()? != Kind::Null => {
                    reader.expect(Kind::String)?;
                    change.generated_config = raw(source, reader)?;
                }
                "before_identity" => change.before_identity = raw(source, reader)?,
                "after_identity" => change.after_identity = raw(source, reader)?,
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        change.actions = actions.ok_or_else(|| reader.invalid_at(at, "the actions of the change are missing"))?;
        Ok(change)
    }
}

impl Importing {
    fn read(source: &Bytes, reader: &mut Reader<'_>) -> Read<Option<Self>> {
        if reader.peek()? == Kind::Null {
            return pass(reader).map(|()| None);
        }
        let mut importing = Self::default();
        each_member(reader, |reader, key| {
            match key {
                "id" => importing.id = text(reader)?,
                "identity" => importing.identity = raw(source, reader)?,
                "unknown" => importing.unknown = flag(reader)?.unwrap_or_default(),
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        Ok(Some(importing))
    }
}

impl ChangeEntry {
    pub(super) fn read(source: &Bytes, reader: &mut Reader<'_>) -> Read<Self> {
        let mut naming = Naming::at(reader);
        let mut previous_address = None;
        let mut provider = None;
        let mut change = None;
        let mut action_reason = None;
        reader.expect(Kind::Object)?;
        each_member(reader, |reader, key| {
            match key {
                "previous_address" => previous_address = parsed(reader)?,
                "provider_name" => provider = text(reader)?,
                "change" => change = Some(Change::read(source, reader, Values::Objects)?),
                "action_reason" => action_reason = text(reader)?,
                _ if naming.read(reader, key)? => {}
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        let change = change.ok_or_else(|| reader.invalid_at(naming.at, "the change is missing"))?;
        Ok(Self { naming, previous_address, provider: provider.unwrap_or_default(), change, action_reason })
    }

    /// The change of the object that the entry itself names.
    pub(super) fn resolve(self) -> Result<ResourceChange, Problem> {
        let Self { naming, previous_address, provider, change, action_reason } = self;
        Ok(ResourceChange { address: naming.resolve(None)?, previous_address, provider, change, action_reason })
    }

    /// The change of the object at `address`.
    pub(super) fn place(self, address: ObjectAddress) -> ResourceChange {
        let Self { previous_address, provider, change, action_reason, .. } = self;
        ResourceChange { address, previous_address, provider, change, action_reason }
    }
}

impl OutputChange {
    pub(super) fn read(source: &Bytes, reader: &mut Reader<'_>, name: &str) -> Read<Self> {
        Ok(Self { name: name.into(), change: Change::read(source, reader, Values::Any)? })
    }
}

impl ResourceChange {
    /// The object as it was before, `None` where there was none. Plans do not say which schema version it has.
    #[must_use]
    pub fn before_object(&self) -> Option<ResourceObject> {
        let attributes = Attributes::Nested(self.change.before.clone()?);
        Some(ResourceObject { sensitive: self.change.before_sensitive.clone(), ..self.object(attributes) })
    }

    /// The object as it will be, `None` where there will be none.
    #[must_use]
    pub fn after_object(&self) -> Option<ResourceObject> {
        let attributes = Attributes::Nested(self.change.after.clone()?);
        Some(ResourceObject {
            sensitive: self.change.after_sensitive.clone(),
            unknown: self.change.after_unknown.clone(),
            fingerprints: Vec::new(),
            ..self.object(attributes)
        })
    }

    fn object(&self, attributes: Attributes) -> ResourceObject {
        ResourceObject {
            address: self.address.clone(),
            provider: self.provider.clone(),
            schema_version: 0,
            tainted: false,
            attributes,
            sensitive: Vec::new(),
            unknown: Vec::new(),
            fingerprints: Vec::new(),
            dependencies: Default::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    fn entry(text: &'static str) -> Result<ResourceChange, String> {
        let source = Bytes::from_static(text.as_bytes());
        let mut reader = Reader::new(&source, &Limits::default()).unwrap();
        let entry = ChangeEntry::read(&source, &mut reader).map_err(|error| error.to_string())?;
        entry.resolve().map_err(|problem| problem.behind(&reader).to_string())
    }

    #[test]
    fn reads_an_import_with_what_only_newer_versions_say() {
        let change = entry(
            r#"{"address":"t.n","provider_name":"p","action_reason":"new_reason","future":{"a":[1]},"change":{
                "actions":["update"],"before":{"a":null},"after":{"a":1},"after_unknown":{"b":true},"before_sensitive":false,
                "after_sensitive":{"a":true},"importing":{"id":"i-1","future":1},"generated_config":"resource {}",
                "replace_paths":[["a"],["b",0]],"before_identity":null,"after_identity":{"id":"i-1"},"future":true}}"#,
        )
        .unwrap();
        assert_eq!(change.address.to_string(), "t.n");
        assert_eq!(&*change.provider, "p");
        assert_eq!(change.action_reason.as_deref(), Some("new_reason"));
        assert_eq!(change.change.importing.as_ref().unwrap().id.as_deref(), Some("i-1"));
        assert_eq!(change.change.replace_paths.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "b[0]"]);
        assert!(change.change.before_identity.is_none() && change.change.after_identity.is_some());
        assert_eq!(change.change.before_value().unwrap().to_string(), r#"{"a": null}"#);
        let after = r#"{"a": (sensitive value), "b": (known after apply)}"#;
        assert_eq!(change.change.after_value().unwrap().to_string(), after);
        assert_eq!(change.after_object().unwrap().value().to_string(), after);
        assert!(change.before_object().unwrap().sensitive.is_empty());
    }

    #[test]
    fn reads_what_a_deletion_leaves_out() {
        let change =
            entry(r#"{"address":"t.n","deposed":"0a1b2c3d","change":{"actions":["delete"],"before":{"a":1}}}"#);
        let change = change.unwrap();
        assert_eq!(change.address.to_string(), "t.n (deposed object 0a1b2c3d)");
        assert!(change.after_object().is_none() && change.change.after_value().is_none());
    }

    #[test]
    fn refuses_entries_that_say_nothing() {
        insta::assert_snapshot!(entry(r#"{"address":"t.n"}"#).unwrap_err(), @"1:1: the change is missing");
        insta::assert_snapshot!(entry(r#"{"address":"t.n","change":{}}"#).unwrap_err(), @"1:27: at change: the actions of the change are missing");
        insta::assert_snapshot!(entry(r#"{"address":"t.n","change":{"actions":["create"],"after":"CANARY"}}"#).unwrap_err(), @"1:57: at change.after: expected an object, found a string");
        insta::assert_snapshot!(entry(r#"{"address":"CANARY n","change":{"actions":["create"]}}"#).unwrap_err(), @"1:12: at address: not a resource instance address: a dot and the resource's name are missing at column 7");
        insta::assert_snapshot!(entry("null").unwrap_err(), @"1:1: expected an object, found null");
    }
}
