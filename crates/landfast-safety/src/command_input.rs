//! The JSON document that checks by command are given.

use std::time::SystemTime;

use landfast_drift::AttributeChange;
use landfast_state::address::ObjectAddress;
use landfast_state::{Snapshot, Value};
use serde_json::{Value as Json, json};

use crate::check::CheckId;
use crate::context::{BackupFact, Context, Health, LockFact};
use crate::proposal::{ProposalKind, ProposedChange};

/// Version of the document. It grows with every change that a reader of the last one could misunderstand.
const FORMAT_VERSION: u32 = 1;

/// The document about this context, with sensitive values masked.
pub(crate) fn input(check: &CheckId, context: &Context) -> Json {
    let document = json!({
        "format_version": FORMAT_VERSION,
        "check": check,
        "now": time(context.now()),
        "proposal": proposal(context),
        "drift": drift(context),
        "facts": facts(context),
    });
    masked(context, document)
}

/// The document with every copy of a known secret in its texts masked.
fn masked(context: &Context, document: Json) -> Json {
    match document {
        Json::String(text) => Json::String(context.redactor().redact(&text).into_owned()),
        Json::Number(number) => match context.redactor().redact(&number.to_string()) {
            std::borrow::Cow::Borrowed(_) => Json::Number(number),
            std::borrow::Cow::Owned(text) => Json::String(text),
        },
        Json::Array(elements) => elements.into_iter().map(|element| masked(context, element)).collect(),
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .map(|(name, member)| (context.redactor().redact(&name).into_owned(), masked(context, member)))
                .collect(),
        ),
        other => other,
    }
}

fn time(at: SystemTime) -> Json {
    jiff::Timestamp::try_from(at).map_or(Json::Null, |at| Json::String(at.to_string()))
}

/// The value with sensitive values as their text; numbers keep what they were written as where JSON can hold it.
fn value(of: &Value) -> Json {
    let mut text = String::new();
    of.write_json(&mut text);
    serde_json::from_str(&text).unwrap_or(Json::Null)
}

fn proposal(context: &Context) -> Json {
    let proposal = context.proposal();
    let (kind, takes_back) = match &proposal.kind {
        ProposalKind::Forward => ("forward", None),
        ProposalKind::Rollback { operation } => ("rollback", Some(operation)),
    };
    let changes: Vec<Json> = proposal.changes.iter().map(|proposed| change(context, proposed)).collect();
    json!({
        "plan": proposal.plan.to_string(),
        "kind": kind,
        "takes_back": takes_back,
        "target": proposal.target,
        "state": proposal.state.to_string(),
        "configuration": proposal.configuration.map(|digest| digest.to_string()),
        "author": proposal.author,
        "created": time(proposal.created),
        "expires": time(proposal.expires),
        "promises": proposal.promises,
        "providers": proposal.providers,
        "surroundings": proposal.surroundings,
        "changes": changes,
    })
}

fn change(context: &Context, change: &ProposedChange) -> Json {
    let side =
        |snapshot: &Snapshot, address: &ObjectAddress| snapshot.get(address).map(|object| value(&object.value()));
    let end = change.moves_to.as_ref().unwrap_or(&change.address);
    json!({
        "address": change.address.to_string(),
        "type": change.address.instance.resource.type_name,
        "action": change.action,
        "moves_to": change.moves_to.as_ref().map(ToString::to_string),
        "attributes": change.attributes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "inverse": change.inverse,
        "inverse_reasons": change.inverse_reasons,
        "flags": change.flags,
        "before": side(&context.shown().before, &change.address),
        "after": side(&context.shown().after, end),
    })
}

fn drift(context: &Context) -> Json {
    let attribute = |change: &AttributeChange| {
        json!({
            "path": change.path.to_string(),
            "kind": change.kind.as_str(),
            "before": change.before.as_ref().map(value),
            "after": change.after.as_ref().map(value),
            "class": change.class,
            "impacts": change.impacts,
        })
    };
    let resources = context.drift().resources.iter().map(|resource| {
        json!({
            "address": resource.address.to_string(),
            "status": resource.status,
            "severity": resource.severity,
            "class": resource.class,
            "impacts": resource.impacts,
            "changes": resource.changes.iter().map(attribute).collect::<Vec<_>>(),
            "reason": resource.reason,
        })
    });
    Json::Array(resources.collect())
}

/// The facts; what is not known is null.
fn facts(context: &Context) -> Json {
    let facts = context.facts();
    let lock = facts.lock.as_ref().map(|lock| match lock {
        LockFact::Ours { id } => json!({"held_by": "us", "id": id}),
        LockFact::Others { holder } => json!({"held_by": "others", "holder": holder}),
        LockFact::Free => json!({"held_by": "nobody"}),
    });
    let backup = facts.backup.as_ref().map(|backup| match backup {
        BackupFact::Taken { state, place, at } => {
            json!({"taken": true, "state": state.to_string(), "place": place, "at": time(*at)})
        }
        BackupFact::None => json!({"taken": false}),
    });
    let operation = |operation: &crate::context::OperationFact| {
        json!({
            "id": operation.id,
            "state": operation.state,
            "ended": operation.ended,
            "successful": operation.successful,
            "left_something": operation.left_something,
            "began": time(operation.began),
            "changes": operation.changes,
            "plan": operation.plan.to_string(),
        })
    };
    let health = facts.health.as_ref().map(|health| {
        let of = |(address, health): (&landfast_state::address::ResourceAddress, &Health)| match health {
            Health::Healthy => (address.to_string(), json!({"healthy": true})),
            Health::Unhealthy(why) => (address.to_string(), json!({"healthy": false, "why": why})),
        };
        Json::Object(health.iter().map(of).collect())
    });
    let missing = facts.missing_values.as_ref().map(|missing| {
        let of = |(address, path): &(ObjectAddress, landfast_state::AttributePath)| {
            json!({"address": address.to_string(), "path": path.to_string()})
        };
        missing.iter().map(of).collect::<Vec<_>>()
    });
    json!({
        "lock": lock,
        "backup": backup,
        "operations": facts.operations.as_ref().map(|all| all.iter().map(operation).collect::<Vec<_>>()),
        "actor": facts.actor.as_ref().map(|actor| json!({"name": actor.name, "groups": actor.groups})),
        "rolled_back": facts.rolled_back.as_ref().and_then(Option::as_ref).map(operation),
        "configuration": facts.configuration.map(|digest| digest.to_string()),
        "health": health,
        "missing_values": missing,
        "budgets": facts.budgets,
        "surroundings": facts.surroundings,
        "policies": facts.policies.as_ref().map(|policies| {
            let of = |violation: &crate::context::PolicyViolation| {
                json!({"policy": violation.policy, "about": violation.about, "message": violation.message})
            };
            let violations: Vec<Json> = policies.violations.iter().map(of).collect();
            json!({"evaluated": policies.evaluated, "violations": violations})
        }),
    })
}
