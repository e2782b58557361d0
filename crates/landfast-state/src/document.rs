//! What a file is: found out from its first members, never asked.

use std::sync::Arc;

use bytes::Bytes;

use crate::address::InstanceKey;
use crate::json::{JsonError, JsonErrorKind, Kind, Limits, Reader, quote_safe};
use crate::plan::{Plan, ShownState};
use crate::read_error::ReadError;
use crate::snapshot::{Gap, GapKind, Observation, Snapshot};
use crate::snapshot_file::{read_observation, read_snapshot};
use crate::state_file::{IgnoredResource, StateFile};

/// A document of any kind that holds resources.
#[derive(Debug)]
#[non_exhaustive]
pub enum Document {
    /// A state file of any format.
    State(StateFile),
    /// A plan, as `terraform show -json PLAN` prints it.
    Plan(Box<Plan>),
    /// A state, as `terraform show -json` prints it.
    ShownState(ShownState),
    /// A snapshot file.
    Snapshot(Snapshot),
    /// An observation file.
    Observation(Observation),
}

/// The kind of a document that holds resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DocumentKind {
    State,
    Plan,
    ShownState,
    Snapshot,
    Observation,
}

impl Document {
    /// Reads a document of whatever kind it is. `file` is the name that errors and snapshots carry.
    ///
    /// # Errors
    /// On bad input, and when the document is of no kind that holds resources.
    pub fn read(source: Bytes, file: &str, limits: &Limits) -> Result<Self, ReadError> {
        let kind = sniff(&source, limits).map_err(|error| ReadError::json(file, error))?;
        match kind {
            Ok(DocumentKind::State) => StateFile::read(source, file, limits).map(Self::State),
            Ok(DocumentKind::Plan) => Plan::read(source, file, limits).map(|plan| Self::Plan(Box::new(plan))),
            Ok(DocumentKind::ShownState) => ShownState::read(source, file, limits).map(Self::ShownState),
            Ok(DocumentKind::Snapshot) => read_snapshot(source, file, limits).map(Self::Snapshot),
            Ok(DocumentKind::Observation) => read_observation(source, file, limits).map(Self::Observation),
            Err(found) => Err(ReadError::Unrecognised {
                file: file.to_owned(),
                wanted: "a state, plan, show JSON, snapshot or observation",
                found,
            }),
        }
    }

    /// The recorded side that this document stands for: of a plan, what was recorded before it refreshed.
    #[must_use]
    pub fn recorded(&self) -> Snapshot {
        match self {
            Self::State(state) => state.snapshot(),
            Self::Plan(plan) => plan.recorded().clone(),
            Self::ShownState(shown) => shown.snapshot().clone(),
            Self::Snapshot(snapshot) => snapshot.clone(),
            Self::Observation(observation) => observation.snapshot.clone(),
        }
    }

    /// The resources in it that terraform would pass over without a word, as gaps.
    #[must_use]
    pub fn ignored(&self) -> Vec<Gap> {
        let Self::State(state) = self else { return Vec::new() };
        let gap = |resource: &IgnoredResource| Gap {
            address: Arc::new(resource.address.clone()).instance(InstanceKey::None),
            kind: GapKind::Unreadable,
            reason: format!(
                "{}:{}: terraform passes this resource over: {}",
                state.file(),
                resource.place,
                resource.reason
            ),
        };
        state.ignored().iter().map(gap).collect()
    }

    /// The observed side that this document stands for: of a plan, what it found when it refreshed.
    #[must_use]
    pub fn observed(&self) -> Observation {
        match self {
            Self::Plan(plan) => plan.observed(),
            Self::Observation(observation) => observation.clone(),
            other => Observation { snapshot: other.recorded(), gaps: other.ignored() },
        }
    }
}

/// Looks at members until one tells the kind; the reader of that kind checks the whole. The inner error says what the
/// document is instead.
fn sniff(source: &Bytes, limits: &Limits) -> Result<Result<DocumentKind, &'static str>, JsonError> {
    let mut reader = Reader::new(source, limits)?;
    match reader.peek()? {
        Kind::Object => reader.enter_object()?,
        other => {
            reader.raw()?;
            reader.finish()?;
            return Ok(Err(other.name()));
        }
    }
    let mut versioned = false;
    while let Some(key) = reader.next_member()? {
        match &*key {
            "landfast" => {
                let at = reader.offset();
                return match &*reader.string()? {
                    "snapshot" => Ok(Ok(DocumentKind::Snapshot)),
                    "observation" => Ok(Ok(DocumentKind::Observation)),
                    other => {
                        let kind = JsonErrorKind::Invalid(format!("an unknown kind {}", quote_safe(other)));
                        Err(JsonError { place: crate::json::Place::of(source, at), ..reader.error(kind) })
                    }
                };
            }
            "version" | "serial" | "lineage" | "modules" | "encrypted_data" => return Ok(Ok(DocumentKind::State)),
            "@level" | "@message" => return Ok(Err("the log of a terraform run")),
            "provider_schemas" => return Ok(Err("a document of provider schemas")),
            "valid" | "diagnostics" | "error_count" => return Ok(Err("the result of a validation")),
            "format_version" => {
                versioned = true;
                reader.raw()?;
            }
            "values" => return Ok(Ok(DocumentKind::ShownState)),
            "planned_values" | "resource_changes" | "prior_state" | "configuration" | "resource_drift"
            | "output_changes" | "variables" => return Ok(Ok(DocumentKind::Plan)),
            _ => drop(reader.raw()?),
        }
    }
    reader.finish()?;
    // `terraform show -json` of nothing prints the version alone.
    Ok(if versioned { Ok(DocumentKind::ShownState) } else { Err("a JSON object of another kind") })
}
