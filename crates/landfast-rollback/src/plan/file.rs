//! Files of plans.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use landfast_safety::{ActionKind, Flag, InverseClass, Promise, ProposalKind, Target};
use landfast_state::address::ObjectAddress;
use landfast_state::{AttributePath, BytesDigest, FingerprintKey, Limits, read_snapshot, write_snapshot};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Plan;
use super::build::PlanParts;
use super::error::PlanFileError;
use super::step::{Batch, Inverse, Step, StepId};
use crate::time;

/// The format that is written, and the newest that is read. Readers refuse every other one: what they do not know might be
/// what makes a plan dangerous.
pub const PLAN_FORMAT: &str = "1.0";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    landfast: String,
    format_version: String,
    digest: String,
    #[serde(borrow)]
    plan: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    rollback_of: Option<String>,
    target: Target,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    configuration: Option<String>,
    author: String,
    created: String,
    expires: String,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    promises: BTreeSet<Promise>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    providers: BTreeMap<String, String>,
    steps: Vec<StepDocument>,
    batches: Vec<Batch>,
    before: Box<RawValue>,
    after: Box<RawValue>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepDocument {
    id: StepId,
    action: ActionKind,
    address: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    moves_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    deposes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    replaced: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    attributes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    needs: Vec<StepId>,
    timeout_ms: u64,
    inverse: InverseDocument,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    flags: BTreeSet<Flag>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InverseDocument {
    class: InverseClass,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    reasons: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    renewed: Vec<String>,
}

/// The file of a plan, as text.
#[must_use]
pub fn write_plan(plan: &Plan) -> String {
    format!(
        "{{\"landfast\":\"plan\",\"format_version\":\"{PLAN_FORMAT}\",\"digest\":\"{}\",\"plan\":{}}}\n",
        plan.digest(),
        plan.text()
    )
}

/// Reads the file of a plan and checks that it is what was written. `file` is its name for messages.
///
/// # Errors
/// When it is no plan, of another format, changed since it was written, or contradicts itself.
pub fn read_plan(text: &str, file: &str, limits: &Limits) -> Result<Plan, PlanFileError> {
    let not_a_plan = |source| PlanFileError::NotAPlan { file: file.to_owned(), source };
    let json = |error| not_a_plan(Some(Box::new(error)));
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(json)?;
    if envelope.landfast != "plan" {
        return Err(not_a_plan(None));
    }
    if envelope.format_version != PLAN_FORMAT {
        let (file, version) = (file.to_owned(), envelope.format_version);
        return Err(PlanFileError::Version { file, version, ours: PLAN_FORMAT });
    }
    if BytesDigest::of(envelope.plan.get().as_bytes()).to_string() != envelope.digest {
        return Err(PlanFileError::Changed { file: file.to_owned() });
    }
    let parts = from_text(envelope.plan.get(), file, limits)?;
    Ok(Plan::of_text(parts, envelope.plan.get().into()))
}

pub(super) fn to_text(parts: &PlanParts, key: &FingerprintKey) -> String {
    let raw = |text: String| RawValue::from_string(text.trim().to_owned()).unwrap_or_default();
    let document = Document {
        rollback_of: match &parts.kind {
            ProposalKind::Forward => None,
            ProposalKind::Rollback { operation } => Some(operation.clone()),
        },
        target: parts.target.clone(),
        state: parts.state.to_string(),
        configuration: parts.configuration.map(|digest| digest.to_string()),
        author: parts.author.clone(),
        created: time::to_text(parts.created),
        expires: time::to_text(parts.expires),
        promises: parts.promises.clone(),
        providers: parts.providers.clone(),
        steps: parts.steps.iter().map(StepDocument::of).collect(),
        batches: parts.batches.clone(),
        before: raw(write_snapshot(&parts.before, key)),
        after: raw(write_snapshot(&parts.after, key)),
    };
    serde_json::to_string(&document).unwrap_or_default()
}

fn from_text(text: &str, file: &str, limits: &Limits) -> Result<PlanParts, PlanFileError> {
    let document: Document = serde_json::from_str(text)
        .map_err(|error| PlanFileError::NotAPlan { file: file.to_owned(), source: Some(Box::new(error)) })?;
    let part = |what: &'static str, text: &str| PlanFileError::Part {
        file: file.to_owned(),
        what,
        text: text.chars().take(80).collect(),
    };
    let digest = |what, text: &str| BytesDigest::from_hex(text).ok_or_else(|| part(what, text));
    let moment = |what, text: &str| -> Result<SystemTime, PlanFileError> {
        time::from_text(text).ok_or_else(|| part(what, text))
    };
    let snapshot = |raw: &RawValue| {
        read_snapshot(Bytes::copy_from_slice(raw.get().as_bytes()), file, limits)
            .map_err(|source| PlanFileError::Objects { file: file.to_owned(), source: Box::new(source) })
    };
    let steps: Result<Vec<Step>, PlanFileError> =
        document.steps.into_iter().map(|step| step.into_step(&part)).collect();
    let parts = PlanParts {
        kind: document.rollback_of.map_or(ProposalKind::Forward, |operation| ProposalKind::Rollback { operation }),
        target: document.target,
        state: digest("state", &document.state)?,
        configuration: document.configuration.map(|text| digest("configuration", &text)).transpose()?,
        author: document.author,
        created: moment("created", &document.created)?,
        expires: moment("expires", &document.expires)?,
        before: snapshot(&document.before)?,
        after: snapshot(&document.after)?,
        steps: steps?,
        batches: document.batches,
        promises: document.promises,
        providers: document.providers,
    };
    parts.check().map_err(|source| PlanFileError::Plan { file: file.to_owned(), source })?;
    Ok(parts)
}

impl StepDocument {
    fn of(step: &Step) -> Self {
        Self {
            id: step.id,
            action: step.action,
            address: step.address.to_string(),
            moves_to: step.moves_to.as_ref().map(ToString::to_string),
            deposes: step.deposes.as_deref().map(str::to_owned),
            replaced: step.replaced.as_ref().map(ToString::to_string),
            attributes: step.attributes.iter().map(ToString::to_string).collect(),
            needs: step.needs.clone(),
            timeout_ms: u64::try_from(step.timeout.as_millis()).unwrap_or(u64::MAX),
            inverse: InverseDocument {
                class: step.inverse.class,
                reasons: step.inverse.reasons.clone(),
                renewed: step.inverse.renewed.iter().map(ToString::to_string).collect(),
            },
            flags: step.flags.clone(),
        }
    }

    fn into_step(self, part: &impl Fn(&'static str, &str) -> PlanFileError) -> Result<Step, PlanFileError> {
        let address = |text: &str| text.parse::<ObjectAddress>().map_err(|_| part("an address", text));
        let path = |text: &String| text.parse::<AttributePath>().map_err(|_| part("an attribute", text));
        Ok(Step {
            id: self.id,
            action: self.action,
            address: address(&self.address)?,
            moves_to: self.moves_to.as_deref().map(address).transpose()?,
            deposes: self.deposes.map(Into::into),
            replaced: self.replaced.as_deref().map(address).transpose()?,
            attributes: self.attributes.iter().map(path).collect::<Result<_, _>>()?,
            needs: self.needs,
            timeout: Duration::from_millis(self.timeout_ms),
            inverse: Inverse {
                class: self.inverse.class,
                reasons: self.inverse.reasons,
                renewed: self.inverse.renewed.iter().map(path).collect::<Result<_, _>>()?,
            },
            flags: self.flags,
        })
    }
}
