//! Checks and relevant attributes, as a plan or state tells them.

use super::mask::read_path;
use super::naming::parsed;
use super::optional::{Read, each_element, each_member, pass, text};
use crate::address::InstanceAddress;
use crate::attribute_path::AttributePath;
use crate::json::Reader;

/// What became of a check. Only [`CheckStatus::Pass`] is a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CheckStatus {
    /// The condition holds.
    Pass,
    /// The condition does not hold.
    Fail,
    /// The condition could not be evaluated.
    Error,
    /// Not evaluated yet, or a status that this crate does not know.
    #[default]
    Unknown,
}

/// Preconditions, postconditions, validations or assertions of one thing in the configuration. Its texts come from the
/// document as they are: escape them before they are shown.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Check {
    /// What is checked: `resource`, `output_value`, `check`, `var`.
    pub kind: Box<str>,
    /// Its address in terraform's words.
    pub address: Box<str>,
    /// The result over all instances.
    pub status: CheckStatus,
    /// The result for each instance.
    pub instances: Vec<CheckInstance>,
}

/// A check of one instance.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CheckInstance {
    /// The instance's address in terraform's words.
    pub address: Box<str>,
    /// Its result.
    pub status: CheckStatus,
    /// The messages of the conditions that do not hold.
    pub problems: Vec<Box<str>>,
}

/// An attribute that something in the plan reads, so that a change of it outside of terraform matters to the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelevantAttribute {
    /// The resource instance, or the resource where any of its instances may be meant.
    pub resource: InstanceAddress,
    /// The attribute.
    pub attribute: AttributePath,
}

impl CheckStatus {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        Ok(match text(reader)?.as_deref() {
            Some("pass") => Self::Pass,
            Some("fail") => Self::Fail,
            Some("error") => Self::Error,
            _ => Self::Unknown,
        })
    }
}

impl Check {
    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut check = Self::default();
        each_member(reader, |reader, key| {
            match key {
                "address" => (check.kind, check.address) = read_address(reader)?,
                "status" => check.status = CheckStatus::read(reader)?,
                "instances" => each_element(reader, |reader| {
                    check.instances.push(CheckInstance::read(reader)?);
                    Ok(())
                })?,
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        Ok(check)
    }
}

impl CheckInstance {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut instance = Self::default();
        each_member(reader, |reader, key| {
            match key {
                "address" => instance.address = read_address(reader)?.1,
                "status" => instance.status = CheckStatus::read(reader)?,
                "problems" => each_element(reader, |reader| {
                    each_member(reader, |reader, key| {
                        match key {
                            "message" => instance.problems.extend(text(reader)?),
                            _ => pass(reader)?,
                        }
                        Ok(())
                    })
                })?,
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        Ok(instance)
    }
}

/// The kind and the display form of a check's address.
fn read_address(reader: &mut Reader<'_>) -> Read<(Box<str>, Box<str>)> {
    let (mut kind, mut shown) = (None, None);
    each_member(reader, |reader, key| {
        match key {
            "kind" => kind = text(reader)?,
            "to_display" => shown = text(reader)?,
            _ => pass(reader)?,
        }
        Ok(())
    })?;
    Ok((kind.unwrap_or_default(), shown.unwrap_or_default()))
}

impl RelevantAttribute {
    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Option<Self>> {
        let (mut resource, mut attribute) = (None, AttributePath::ROOT);
        each_member(reader, |reader, key| {
            match key {
                "resource" => resource = parsed(reader)?,
                "attribute" => attribute = read_path(reader)?,
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        Ok(resource.map(|resource| Self { resource, attribute }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    #[test]
    fn keeps_messages_and_takes_unknown_statuses_for_unknown() {
        let text = br#"{"address":{"kind":"check","to_display":"check.c","name":"c"},"status":"fail","instances":[
            {"address":{"to_display":"check.c"},"status":"fail","problems":[{"message":"too old"},{"message":"too new"}]},
            {"address":{"to_display":"check.d"},"status":"some_new_status"}]}"#;
        let check = Check::read(&mut Reader::new(text, &Limits::default()).unwrap()).unwrap();
        assert_eq!((&*check.kind, &*check.address, check.status), ("check", "check.c", CheckStatus::Fail));
        let [first, second] = check.instances.as_slice() else { panic!("two instances") };
        assert_eq!(first.problems, ["too old".into(), "too new".into()]);
        assert_eq!(second.status, CheckStatus::Unknown);
    }

    #[test]
    fn reads_relevant_attributes() {
        let read = |text: &str| RelevantAttribute::read(&mut Reader::new(text.as_bytes(), &Limits::default()).unwrap());
        let relevant = read(r#"{"resource":"module.m.t.n[0]","attribute":["a",0,"b"]}"#).unwrap().unwrap();
        assert_eq!(relevant.resource.to_string(), "module.m.t.n[0]");
        assert_eq!(relevant.attribute.to_string(), "a[0].b");
        assert_eq!(read("{}").unwrap(), None);
        assert!(read(r#"{"resource":"not an address"}"#).is_err());
    }
}
