//! The messages of a log stream that are read.

use super::naming::parsed;
use super::optional::{Read, each_member, flag, pass, text};
use super::version::WrittenVersion;
use crate::address::InstanceAddress;
use crate::json::Reader;

/// What a stream says terraform does with a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamAction {
    /// Nothing.
    NoOp,
    /// Create the object.
    Create,
    /// Read a data source during the apply.
    Read,
    /// Change the object in place.
    Update,
    /// Destroy the object and create another, in either order.
    Replace,
    /// Destroy the object.
    Delete,
    /// Move the object to another address.
    Move,
    /// Import the object.
    Import,
    /// Forget the object.
    Remove,
    /// An action that this crate does not know. Nothing may be concluded from it.
    Other(Box<str>),
}

/// A message about one resource: drift, or a planned change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamChange {
    /// The instance.
    pub address: InstanceAddress,
    /// Where the instance was before, when it moves.
    pub previous_address: Option<InstanceAddress>,
    /// What terraform does, or in a message about drift, what was done to the object.
    pub action: StreamAction,
    /// Why, in terraform's words.
    pub reason: Option<Box<str>>,
}

/// How many objects an operation adds, changes and removes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeSummary {
    /// Objects to be created, or created.
    pub add: u64,
    /// Objects to be changed, or changed.
    pub change: u64,
    /// Objects to be imported, or imported.
    pub import: u64,
    /// Objects to be destroyed, or destroyed.
    pub remove: u64,
    /// The operation: `plan`, `apply` or `destroy`.
    pub operation: Box<str>,
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiagnosticSeverity {
    /// An error, or a severity that this crate does not know.
    Error,
    /// A warning.
    Warning,
}

/// An error or warning. Its texts come from the stream as they are: escape them before they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: DiagnosticSeverity,
    /// What is wrong, in a line.
    pub summary: Box<str>,
    /// What is wrong, at length; may be empty.
    pub detail: Box<str>,
    /// The address of the resource that it is about, where there is one.
    pub address: Option<Box<str>>,
}

/// An output that a stream names. Its value is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamOutput {
    /// Its name.
    pub name: Box<str>,
    /// Whether the configuration marks it as sensitive.
    pub sensitive: bool,
    /// What terraform does with it; absent after an apply.
    pub action: Option<StreamAction>,
}

/// The parts of one message, before its type is known: that member comes last.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub(super) kind: Option<Box<str>>,
    pub(super) terraform: Option<Box<str>>,
    pub(super) ui: Option<WrittenVersion>,
    pub(super) change: Option<StreamChange>,
    pub(super) summary: Option<ChangeSummary>,
    pub(super) diagnostic: Option<Diagnostic>,
    pub(super) outputs: Vec<StreamOutput>,
}

impl Message {
    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut message = Self::default();
        reader.enter_object()?;
        while let Some(key) = reader.next_member()? {
            match &*key {
                "type" => message.kind = text(reader)?,
                "terraform" | "tofu" => message.terraform = text(reader)?,
                "ui" => message.ui = WrittenVersion::read(reader)?,
                "change" => message.change = StreamChange::read(reader)?,
                "changes" => message.summary = Some(ChangeSummary::read(reader)?),
                "diagnostic" => message.diagnostic = Some(Diagnostic::read(reader)?),
                "outputs" => each_member(reader, |reader, name| {
                    message.outputs.push(StreamOutput::read(reader, name)?);
                    Ok(())
                })?,
                _ => pass(reader)?,
            }
        }
        Ok(message)
    }
}

impl StreamAction {
    fn read(reader: &mut Reader<'_>) -> Read<Option<Self>> {
        Ok(text(reader)?.map(|name| match &*name {
            "noop" => Self::NoOp,
            "create" => Self::Create,
            "read" => Self::Read,
            "update" => Self::Update,
            "replace" => Self::Replace,
            "delete" => Self::Delete,
            "move" => Self::Move,
            "import" => Self::Import,
            "remove" | "forget" => Self::Remove,
            _ => Self::Other(name),
        }))
    }
}

impl StreamChange {
    fn read(reader: &mut Reader<'_>) -> Read<Option<Self>> {
        let at = reader.offset();
        let (mut address, mut previous_address, mut action, mut reason) = (None, None, None, None);
        each_member(reader, |reader, key| {
            match key {
                "resource" => address = read_resource(reader)?,
                "previous_resource" => previous_address = read_resource(reader)?,
                "action" => action = StreamAction::read(reader)?,
                "reason" => reason = text(reader)?,
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        match (address, action) {
            (Some(address), Some(action)) => Ok(Some(Self { address, previous_address, action, reason })),
            (None, None) => Ok(None),
            _ => Err(reader.invalid_at(at, "the change lacks its resource or its action")),
        }
    }
}

fn read_resource(reader: &mut Reader<'_>) -> Read<Option<InstanceAddress>> {
    let mut address = None;
    each_member(reader, |reader, key| {
        match key {
            "addr" => address = parsed(reader)?,
            _ => pass(reader)?,
        }
        Ok(())
    })?;
    Ok(address)
}

impl ChangeSummary {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut summary = Self::default();
        each_member(reader, |reader, key| {
            match key {
                "add" => summary.add = reader.unsigned()?,
                "change" => summary.change = reader.unsigned()?,
                "import" => summary.import = reader.unsigned()?,
                "remove" => summary.remove = reader.unsigned()?,
                "operation" => summary.operation = text(reader)?.unwrap_or_default(),
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        Ok(summary)
    }
}

impl Diagnostic {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let (mut severity, mut summary, mut detail, mut address) = (None, None, None, None);
        each_member(reader, |reader, key| {
            match key {
                "severity" => severity = text(reader)?,
                "summary" => summary = text(reader)?,
                "detail" => detail = text(reader)?,
                "address" => address = text(reader)?,
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        let severity = match severity.as_deref() {
            Some("warning") => DiagnosticSeverity::Warning,
            _ => DiagnosticSeverity::Error,
        };
        Ok(Self { severity, summary: summary.unwrap_or_default(), detail: detail.unwrap_or_default(), address })
    }
}

impl StreamOutput {
    fn read(reader: &mut Reader<'_>, name: &str) -> Read<Self> {
        let mut output = Self { name: name.into(), sensitive: false, action: None };
        each_member(reader, |reader, key| {
            match key {
                "sensitive" => output.sensitive = flag(reader)?.unwrap_or_default(),
                "action" => output.action = StreamAction::read(reader)?,
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        Ok(output)
    }
}
