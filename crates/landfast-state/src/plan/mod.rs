//! Plan and show JSON: what `terraform show -json` writes for a plan ([`Plan`]) and for a state ([`ShownState`]), and the
//! log that `terraform plan -json` and `terraform apply -json` write ([`PlanStream`]).
//!
//! Documents of format version 0.1 to 1.x are read. Members and minor versions that are not known are passed over, after
//! the same checks as the rest; a major version that is not known is refused by its name.
//!
//! Drift and pending change are two questions, and a plan answers both: [`Plan::resource_drift`] is what terraform found
//! changed when it refreshed, [`Plan::resource_changes`] what it means to do.

mod actions;
mod change;
mod checks;
mod kind;
mod mask;
mod naming;
mod optional;
mod read;
mod secrets;
mod shown_state;
mod snapshots;
mod stream;
mod stream_message;
mod values;
mod version;

pub use actions::Actions;
pub use change::{Change, Importing, OutputChange, ResourceChange};
pub use checks::{Check, CheckInstance, CheckStatus, RelevantAttribute};
pub use shown_state::ShownState;
pub use stream::PlanStream;
pub use stream_message::{ChangeSummary, Diagnostic, DiagnosticSeverity, StreamAction, StreamChange, StreamOutput};
pub use values::OutputValue;
pub use version::FormatVersion;

use bytes::Bytes;

use crate::address::ResourceMode;
use crate::json::Limits;
use crate::read_error::ReadError;
use crate::redact::SecretTexts;
use crate::snapshot::{Gap, GapKind, Observation, ResourceObject, Snapshot};

/// A plan as `terraform show -json PLAN` writes it. `Debug` shows no values.
#[derive(Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Version of the document's format.
    pub format_version: FormatVersion,
    /// Version of terraform that made the plan, where the document says.
    pub terraform_version: Option<Box<str>>,
    /// When the plan was made (RFC 3339), where the document says.
    pub timestamp: Option<Box<str>>,
    /// Whether an apply would do anything.
    pub applyable: Option<bool>,
    /// Whether the plan covers everything: `false` when it was limited to targets, ended early or deferred changes.
    pub complete: Option<bool>,
    /// Whether planning ended with an error.
    pub errored: Option<bool>,
    /// What terraform means to do, sorted by address.
    pub resource_changes: Vec<ResourceChange>,
    /// What terraform found changed since the state was written, sorted by address.
    pub resource_drift: Vec<ResourceChange>,
    /// Changes of outputs of the root module, sorted by name.
    pub output_changes: Vec<OutputChange>,
    /// Outputs of the root module as the state has them, sorted by name.
    pub prior_outputs: Vec<OutputValue>,
    /// Outputs of the root module as they will be, as far as they are known, sorted by name.
    pub planned_outputs: Vec<OutputValue>,
    /// Attributes that the plan depends on.
    pub relevant_attributes: Vec<RelevantAttribute>,
    /// Results of checks.
    pub checks: Vec<Check>,
    /// Changes that are put off to a later plan.
    pub deferred_changes: Vec<DeferredChange>,
    prior_state: Snapshot,
    recorded: Snapshot,
    planned: Snapshot,
    secrets: SecretTexts,
}

/// A change that terraform puts off to a later plan. Its texts come from the document as they are: escape them before they
/// are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeferredChange {
    /// Why, in terraform's words.
    pub reason: Box<str>,
    /// The address in terraform's words; it may stand for instances that are not known yet.
    pub address: Box<str>,
}

impl Plan {
    /// Reads the document in `source`, which `file` names in messages.
    ///
    /// ```
    /// use landfast_state::{json::Limits, plan::Plan};
    ///
    /// let text = r#"{"format_version":"1.2","resource_drift":[{"address":"null_resource.a","change":{
    ///     "actions":["delete"],"before":{"id":"1"},"after":null}}],"planned_values":{},"prior_state":{"values":{}}}"#;
    /// let plan = Plan::read(text.into(), "plan.json", &Limits::default())?;
    /// assert!(plan.prior_state().objects().is_empty());
    /// assert_eq!(plan.recorded().objects().len(), 1);
    /// # Ok::<(), landfast_state::ReadError>(())
    /// ```
    ///
    /// # Errors
    /// On everything that [`Reader`](crate::json::Reader) refuses, another kind of document, an unknown major version,
    /// addresses that contradict themselves or stand twice, and entries that do not show which object they are about.
    pub fn read(source: Bytes, file: &str, limits: &Limits) -> Result<Self, ReadError> {
        read::read(&source, file, limits)
    }

    /// The state that the plan was made against: as terraform refreshed it, unless it was told not to.
    #[must_use]
    pub fn prior_state(&self) -> &Snapshot {
        &self.prior_state
    }

    /// What terraform saw when it refreshed, as an observation.
    ///
    /// Where the document says that the plan is not complete (it was limited to targets, ended early or deferred changes),
    /// managed objects that it lists neither as changed nor as unchanged may not have been refreshed: they are gaps.
    /// Whether the plan was made with `-refresh=false` no document tells: then nothing was looked at, and this is what
    /// the state says.
    #[must_use]
    pub fn observed(&self) -> Observation {
        if self.complete != Some(false) && self.errored != Some(true) {
            return Observation::complete(self.prior_state.clone());
        }
        let listed = |list: &[ResourceChange], object: &ResourceObject| {
            list.binary_search_by(|change| change.address.cmp(&object.address)).is_ok()
        };
        let unseen = |object: &ResourceObject| {
            object.address.instance.resource.mode == ResourceMode::Managed
                && object.address.deposed.is_none()
                && !listed(&self.resource_changes, object)
                && !listed(&self.resource_drift, object)
        };
        let gap = |object: &ResourceObject| Gap {
            address: object.address.instance.clone(),
            kind: GapKind::Unreadable,
            reason: "the plan is not complete and does not say whether it refreshed this".to_owned(),
        };
        let gaps = self.prior_state.objects().iter().filter(|object| unseen(object)).map(gap).collect();
        Observation { snapshot: self.prior_state.filtered(|object| !unseen(object)), gaps }
    }

    /// What the state said before terraform refreshed it: [`Plan::prior_state`] with every entry of
    /// [`Plan::resource_drift`] taken back. Changed objects get their old attributes, deleted ones are put back.
    ///
    /// Objects that the plan moves stand at their new address, as they do in the prior state: a move is a change of
    /// configuration, not of infrastructure, and at two addresses one object would look like one missing and one too
    /// many. The old address is in [`ResourceChange::previous_address`] and, for comparisons with a state from before the
    /// move, in [`Snapshot::moves`].
    ///
    /// A plan does not repeat everything about an object that is gone: it has no dependencies here, and a schema version
    /// only where the plan creates it again.
    #[must_use]
    pub fn recorded(&self) -> &Snapshot {
        &self.recorded
    }

    /// What will be there after an apply, as far as it is known: values that are not known yet are marked so.
    #[must_use]
    pub fn planned(&self) -> &Snapshot {
        &self.planned
    }

    /// The texts of all sensitive values of the plan: of its objects before and after, outputs and variables. Each
    /// snapshot of the plan knows them all.
    #[must_use]
    pub fn secrets(&self) -> &SecretTexts {
        &self.secrets
    }
}

#[cfg(test)]
mod tests;
