//! What a file is: found out from its first members, never asked.

use std::sync::Arc;

use bytes::Bytes;

use crate::address::InstanceKey;
use crate::json::{JsonError, Kind, Limits, Place, Reader, is_spelling, quote_safe};
use crate::origin::Origin;
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

/// What a document is that holds no resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Foreign {
    /// The log of a terraform run.
    RunLog,
    /// Something else, with its article.
    Other(&'static str),
}

impl Document {
    /// Reads a document of whatever kind it is. `file` is the name that errors and snapshots carry.
    ///
    /// # Errors
    /// On bad input, and when the document is of no kind that holds resources.
    pub fn read(source: Bytes, file: &str, limits: &Limits) -> Result<Self, ReadError> {
        let (kind, at) = sniff(&source, limits).map_err(|error| ReadError::json(file, error))?;
        match kind {
            Ok(DocumentKind::State) => StateFile::read(source, file, limits).map(Self::State),
            Ok(DocumentKind::Plan) => Plan::read(source, file, limits).map(|plan| Self::Plan(Box::new(plan))),
            Ok(DocumentKind::ShownState) => ShownState::read(source, file, limits).map(Self::ShownState),
            Ok(DocumentKind::Snapshot) => read_snapshot(source, file, limits).map(Self::Snapshot),
            Ok(DocumentKind::Observation) => read_observation(source, file, limits).map(Self::Observation),
            Err(Foreign::RunLog) => Err(ReadError::RunLog { file: file.to_owned(), place: Place::of(&source, at) }),
            Err(Foreign::Other(found)) => Err(ReadError::Unrecognised {
                file: file.to_owned(),
                place: Place::of(&source, at),
                wanted: "a state, plan, show JSON, snapshot or observation",
                found,
            }),
        }
    }

    /// What it is, with its article, in words for people.
    #[must_use]
    pub fn description(&self) -> &'static str {
        match self {
            Self::State(_) => "a state file",
            Self::Plan(_) => "a plan (JSON of `terraform show -json PLAN`)",
            Self::ShownState(_) => "a state as JSON of `terraform show -json`",
            Self::Snapshot(_) => "a snapshot of Landfast",
            Self::Observation(_) => "an observation of Landfast",
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

    /// As [`Document::recorded`], without the rest of the document: nothing is held twice.
    #[must_use]
    pub fn into_recorded(self) -> Snapshot {
        match self {
            Self::State(state) => state.into_snapshot(),
            Self::Plan(plan) => plan.recorded().clone(),
            Self::ShownState(shown) => shown.snapshot().clone(),
            Self::Snapshot(snapshot) => snapshot,
            Self::Observation(observation) => observation.snapshot,
        }
    }

    /// Where its recorded side comes from.
    #[must_use]
    pub fn origins(&self) -> Vec<Origin> {
        match self {
            Self::State(state) => vec![state.origin()],
            Self::Plan(plan) => plan.recorded().origins().to_vec(),
            Self::ShownState(shown) => shown.snapshot().origins().to_vec(),
            Self::Snapshot(snapshot) => snapshot.origins().to_vec(),
            Self::Observation(observation) => observation.snapshot.origins().to_vec(),
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

    /// As [`Document::observed`], without the rest of the document: nothing is held twice.
    #[must_use]
    pub fn into_observed(self) -> Observation {
        match self {
            Self::Plan(plan) => plan.observed(),
            Self::Observation(observation) => observation,
            other => {
                let gaps = other.ignored();
                Observation { snapshot: other.into_recorded(), gaps }
            }
        }
    }
}

/// A kind that can be read or what the document is instead, and the offset in bytes of what tells.
type Sniffed = (Result<DocumentKind, Foreign>, usize);

/// Looks at members until one tells the kind; the reader of that kind checks the whole.
fn sniff(source: &Bytes, limits: &Limits) -> Result<Sniffed, JsonError> {
    let mut reader = Reader::new(source, limits)?;
    let start = reader.offset();
    match reader.peek()? {
        Kind::Object => reader.enter_object()?,
        other => {
            reader.raw()?;
            reader.finish()?;
            return Ok((Err(Foreign::Other(other.name())), start));
        }
    }
    let (mut versioned, mut odd) = (false, None);
    while let Some(key) = reader.next_member()? {
        let at = reader.offset();
        let kind = match &*key {
            "landfast" => match &*reader.string()? {
                "snapshot" => Ok(DocumentKind::Snapshot),
                "observation" => Ok(DocumentKind::Observation),
                other => return Err(reader.invalid_at(at, format!("an unknown kind {}", quote_safe(other)))),
            },
            "version" | "serial" | "lineage" | "modules" | "encrypted_data" => Ok(DocumentKind::State),
            "@level" | "@message" => Err(Foreign::RunLog),
            "provider_schemas" => Err(Foreign::Other("a document of provider schemas")),
            "valid" | "diagnostics" | "error_count" => Err(Foreign::Other("the result of a validation")),
            "values" => Ok(DocumentKind::ShownState),
            "planned_values" | "resource_changes" | "prior_state" | "configuration" | "resource_drift"
            | "output_changes" | "variables" => Ok(DocumentKind::Plan),
            "format_version" => {
                versioned = true;
                reader.raw()?;
                continue;
            }
            // As terraform reads it, in whatever case; but `Version` has a meaning in many other documents.
            key if is_spelling(key, "version") => {
                let number = reader.peek()? == Kind::Number;
                odd = odd.or(number.then_some(at));
                reader.raw()?;
                continue;
            }
            _ => {
                reader.raw()?;
                continue;
            }
        };
        return Ok((kind, at));
    }
    reader.finish()?;
    if let Some(at) = odd {
        return Ok((Ok(DocumentKind::State), at));
    }
    // `terraform show -json` of nothing prints the version alone.
    let kind =
        if versioned { Ok(DocumentKind::ShownState) } else { Err(Foreign::Other("a JSON object of another kind")) };
    Ok((kind, start))
}
