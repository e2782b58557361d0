//! Reading a plan: one pass over the document, then what needs all of it.

use bytes::Bytes;

use super::change::{ChangeEntry, OutputChange, ResourceChange};
use super::checks::{Check, RelevantAttribute};
use super::kind::TopMembers;
use super::naming::Problem;
use super::optional::{Read, each_element, each_member, flag, pass, raw, text};
use super::shown_state::StateMembers;
use super::snapshots::{Side, add_marks, place_drift, refuse_twins, snapshot, take_back};
use super::values::Values;
use super::version::{FormatVersion, WrittenVersion};
use super::{DeferredChange, Plan, secrets};
use crate::json::{JsonError, JsonErrorKind, Limits, Place, RawJson, Reader};
use crate::moves::Move;
use crate::origin::{Origin, SourceKind};
use crate::read_error::ReadError;
use crate::redact::SecretTexts;

const FORMAT: &str = "plan JSON";

/// The members of the document, as they come.
#[derive(Debug, Default)]
struct Members {
    format_version: Option<WrittenVersion>,
    terraform_version: Option<Box<str>>,
    timestamp: Option<Box<str>>,
    applyable: Option<bool>,
    complete: Option<bool>,
    errored: Option<bool>,
    prior: StateMembers,
    planned: Values,
    changes: Vec<(usize, ResourceChange)>,
    drift: Vec<ChangeEntry>,
    output_changes: Vec<OutputChange>,
    relevant_attributes: Vec<RelevantAttribute>,
    checks: Vec<Check>,
    deferred_changes: Vec<DeferredChange>,
    variables: Option<RawJson>,
    configuration: Option<RawJson>,
}

pub(super) fn read(source: &Bytes, file: &str, limits: &Limits) -> Result<Plan, ReadError> {
    let json = |error: JsonError| ReadError::json(file, error);
    let mut reader = Reader::new(source, limits).map_err(json)?;
    let mut top = TopMembers::default();
    let mut members = Members::default();
    let mut version = None;
    let start = reader.offset();
    reader.enter_object().map_err(json)?;
    while let Some(key) = reader.next_member().map_err(json)? {
        top.see(&key);
        members.read(source, &mut reader, &key).map_err(json)?;
        for found in [members.format_version.take(), members.prior.format_version.take()].into_iter().flatten() {
            let checked = FormatVersion::check(&found, FORMAT, file)?;
            if &*key == "format_version" {
                version = Some(checked);
            }
        }
    }
    reader.finish().map_err(json)?;
    let (Some(version), true) = (version, top.is_plan()) else {
        let wanted = "a plan as `terraform show -json` writes it";
        let (place, found) = (Place::of(source, start), top.found(version.is_some()));
        return Err(ReadError::Unrecognised { file: file.into(), place, wanted, found });
    };
    members.finish(source, file, version)
}

impl Members {
    fn read(&mut self, source: &Bytes, reader: &mut Reader<'_>, key: &str) -> Read<()> {
        match key {
            "format_version" => self.format_version = WrittenVersion::read(reader)?,
            "terraform_version" => self.terraform_version = text(reader)?,
            "timestamp" => self.timestamp = text(reader)?,
            "applyable" => self.applyable = flag(reader)?,
            "complete" => self.complete = flag(reader)?,
            "errored" => self.errored = flag(reader)?,
            "prior_state" => each_member(reader, |reader, key| self.prior.read(source, reader, key))?,
            "planned_values" => self.planned = Values::read(source, reader)?,
            "resource_changes" => each_entry(source, reader, |reader, entry| {
                let at = entry.naming.at;
                let change = entry.resolve().map_err(|problem| problem.behind(reader))?;
                self.changes.push((at, change));
                Ok(())
            })?,
            "resource_drift" => each_entry(source, reader, |_, entry| {
                self.drift.push(entry);
                Ok(())
            })?,
            "output_changes" => each_member(reader, |reader, name| {
                self.output_changes.push(OutputChange::read(source, reader, name)?);
                Ok(())
            })?,
            "relevant_attributes" => each_element(reader, |reader| {
                self.relevant_attributes.extend(RelevantAttribute::read(reader)?);
                Ok(())
            })?,
            "checks" => each_element(reader, |reader| {
                self.checks.push(Check::read(reader)?);
                Ok(())
            })?,
            "deferred_changes" => each_element(reader, |reader| {
                self.deferred_changes.push(DeferredChange::read(reader)?);
                Ok(())
            })?,
            "variables" => self.variables = raw(source, reader)?,
            "configuration" => self.configuration = raw(source, reader)?,
            _ => pass(reader)?,
        }
        Ok(())
    }

    /// Settles what needs the whole document.
    fn finish(mut self, source: &Bytes, file: &str, format_version: FormatVersion) -> Result<Plan, ReadError> {
        let changes = listed(source, file, self.changes)?;
        let prior = &mut self.prior.values.objects;
        let misplaced = |(position, Problem { at, what })| {
            let place = Place::of(source, at);
            let path = format!("resource_drift[{position}]");
            ReadError::json(file, JsonError { kind: JsonErrorKind::Invalid(what), place, path })
        };
        let drift = place_drift(self.drift, prior, &changes).map_err(misplaced)?;
        let drift = listed(source, file, drift)?;
        let planned = &mut self.planned.objects;
        add_marks(prior, &changes, Side::Before);
        add_marks(planned, &changes, Side::After);

        let mut hidden = SecretTexts::default();
        secrets::add_variables(&mut hidden, self.variables.as_ref(), self.configuration.as_ref());
        secrets::add_outputs(&mut hidden, &self.prior.values.outputs);
        secrets::add_outputs(&mut hidden, &self.planned.outputs);
        secrets::add_output_changes(&mut hidden, &self.output_changes);
        secrets::add_resource_changes(&mut hidden, &changes);
        secrets::add_resource_changes(&mut hidden, &drift);
        for (_, object) in prior.iter().chain(&*planned).filter(|(_, object)| !object.sensitive.is_empty()) {
            hidden.add(&object.value());
        }

        let mut origin = Origin::new(SourceKind::PlanJson, file);
        origin.timestamp = self.timestamp.as_deref().map(str::to_owned);
        origin.terraform_version =
            self.prior.terraform_version.as_deref().or(self.terraform_version.as_deref()).map(str::to_owned);
        let moves = moves(changes.iter().chain(&drift));
        let make = |objects| {
            let mut known = SecretTexts::default();
            known.extend(&hidden);
            snapshot(source, origin.clone(), objects, known).map(|snapshot| snapshot.with_moves(moves.clone()))
        };
        let recorded = if drift.is_empty() { None } else { Some(make(take_back(prior, &drift, planned))?) };
        let prior_state = make(self.prior.values.objects)?;
        let planned = make(self.planned.objects)?;
        let recorded = recorded.unwrap_or_else(|| prior_state.clone());
        self.output_changes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Plan {
            format_version,
            terraform_version: self.terraform_version,
            timestamp: self.timestamp,
            applyable: self.applyable,
            complete: self.complete,
            errored: self.errored,
            resource_changes: changes,
            resource_drift: drift,
            output_changes: self.output_changes,
            prior_outputs: self.prior.values.outputs,
            planned_outputs: self.planned.outputs,
            relevant_attributes: self.relevant_attributes,
            checks: self.checks,
            deferred_changes: self.deferred_changes,
            prior_state,
            recorded,
            planned,
            secrets: hidden,
        })
    }
}

/// The moves among these changes.
fn moves<'a>(changes: impl Iterator<Item = &'a ResourceChange>) -> Vec<Move> {
    let current = changes.filter(|change| change.address.deposed.is_none());
    let step = |change: &ResourceChange| {
        let to = change.address.instance.clone();
        change.previous_address.clone().filter(|from| *from != to).map(|from| Move { from, to })
    };
    current.filter_map(step).collect()
}

/// Sorts a list of changes by address and refuses two of one object.
fn listed(
    source: &Bytes,
    file: &str,
    mut changes: Vec<(usize, ResourceChange)>,
) -> Result<Vec<ResourceChange>, ReadError> {
    changes.sort_by(|(_, a), (_, b)| a.address.cmp(&b.address));
    refuse_twins(source, file, changes.iter().map(|(at, change)| (&change.address, *at)).collect())?;
    Ok(changes.into_iter().map(|(_, change)| change).collect())
}

/// Reads a list of changes.
fn each_entry<'a>(
    source: &Bytes,
    reader: &mut Reader<'a>,
    mut take: impl FnMut(&mut Reader<'a>, ChangeEntry) -> Read<()>,
) -> Read<()> {
    let limit = reader.limits().max_instances;
    let mut count = 0;
    each_element(reader, |reader| {
        if count >= limit {
            return Err(reader.error(JsonErrorKind::TooMany { what: "resource instances", limit }));
        }
        count += 1;
        let entry = ChangeEntry::read(source, reader)?;
        take(reader, entry)
    })
}

impl DeferredChange {
    /// Reads the reason and, from the change inside, the address as text.
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut deferred = Self::default();
        each_member(reader, |reader, key| {
            match key {
                "reason" => deferred.reason = text(reader)?.unwrap_or_default(),
                "resource_change" => {
                    let change = reader.raw()?;
                    let address = change.get("address").and_then(|address| address.as_string());
                    deferred.address = address.unwrap_or_default().into();
                }
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        Ok(deferred)
    }
}
