//! `no-slo-violation`: budgets are kept, per environment or team.

use std::collections::BTreeSet;

use landfast_drift::cost::{Amount, CostImpact};
use landfast_state::{AttributePath, ResourceObject, Value};
use serde::{Deserialize, Serialize};

use super::cost_impact::impact_of;
use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};
use crate::outcome::Level;
use crate::proposal::{ActionKind, Proposal};

/// No budget is exceeded by what a plan adds to what is used already. Where no budget is for the environment, there is
/// nothing to exceed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct NoSloViolation {
    /// The attribute that names the team of an object.
    team_attribute: String,
    /// The budgets.
    budgets: Vec<Budget>,
}

/// One budget.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Budget {
    /// Its name, under which its use is known.
    name: String,
    /// What it limits.
    kind: Kind,
    /// The most that may be used: money a month in the prices' currency, the error budget in its own unit, or objects.
    limit: Amount,
    /// The environment that it is for; all of them where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    /// The team that it is for; all of them where nothing is said. What names no team counts for every team.
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
}

/// What a budget limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// Money a month.
    MonthlyCost,
    /// Errors, down time or the like: while all of it is used up, nothing is changed.
    ErrorBudget,
    /// Objects.
    Count,
}

impl Default for NoSloViolation {
    fn default() -> Self {
        Self { team_attribute: "tags.team".into(), budgets: Vec::new() }
    }
}

impl Judge for NoSloViolation {
    const ID: &'static str = "no-slo-violation";
    const QUESTION: &'static str = "Are all budgets kept?";
    const ADVICE: &'static str =
        "wait until the budget recovers, make the plan smaller, or raise the budget with those who own it";
    const LEVEL: Level = Level::Allow;
    const NEEDS: &'static [Need] = &[Need::Budgets];

    fn validate(&self) -> Result<(), String> {
        if self.team_attribute.parse::<AttributePath>().is_err() {
            return Err(format!("team-attribute is {:?}, which is no path of an attribute", self.team_attribute));
        }
        let mut names = BTreeSet::new();
        for budget in &self.budgets {
            if budget.name.trim().is_empty() || !names.insert(&budget.name) {
                return Err(format!("there are two budgets named {:?}, or it is no name", budget.name));
            }
            if budget.limit.is_negative() {
                return Err(format!("the limit of the budget {} is below zero", budget.name));
            }
        }
        Ok(())
    }

    fn applies(&self, proposal: &Proposal) -> bool {
        self.budgets.iter().any(|budget| budget.is_for(proposal))
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let team = self.team_attribute.parse().map_err(|_| CheckError::failed("team-attribute is no path"))?;
        let Some(uses) = &context.facts().budgets else {
            return Err(CheckError::not_known(Need::Budgets.to_string()));
        };
        let (mut evidence, mut fails) = (Vec::new(), false);
        for budget in self.budgets.iter().filter(|budget| budget.is_for(context.proposal())) {
            let used = *uses
                .get(&budget.name)
                .ok_or_else(|| CheckError::not_known(format!("how much of the budget {} is used", budget.name)))?;
            let added = match budget.kind {
                Kind::MonthlyCost => budget.cost(context, &team)?,
                Kind::Count => budget.count(context.proposal(), &team)?,
                Kind::ErrorBudget => Amount::ZERO,
            };
            let sum = used.checked_add(added).ok_or_else(|| CheckError::failed("the sum is too large to be held"))?;
            // A plan that makes nothing worse may pass where money or objects are over the limit already.
            let exceeded = match budget.kind {
                Kind::ErrorBudget => sum >= budget.limit,
                Kind::MonthlyCost | Kind::Count => sum > budget.limit && added > Amount::ZERO,
            };
            fails |= exceeded;
            let verb = if exceeded { "exceeds it" } else { "keeps it" };
            let found = format!("{used} of {} is used, the plan adds {added}, which {verb}", budget.limit);
            evidence.push(Evidence::about(&budget.name, found));
        }
        Ok(if fails { Verdict::fail(evidence) } else { Verdict::Pass(evidence) })
    }
}

impl Budget {
    fn is_for(&self, proposal: &Proposal) -> bool {
        self.environment.as_ref().is_none_or(|environment| *environment == proposal.target.environment)
    }

    /// What the plan adds to the monthly cost.
    fn cost(&self, context: &Context, team: &AttributePath) -> Result<Amount, CheckError> {
        // What names no team is not known to relieve this one by going away.
        let stays = |object: &ResourceObject| context.proposal().after.get(&object.address).is_some();
        let impact: CostImpact =
            impact_of(context, |object| self.owns(object, team) || (self.counts(object, team) && stays(object)))?;
        if let Some((address, why)) = impact.unpriced.first_key_value() {
            return Err(CheckError::not_known(format!("the cost of {address} ({why})")));
        }
        impact.increase().ok_or_else(|| CheckError::failed("the costs are too large to be compared"))
    }

    /// How many objects more there are afterwards.
    fn count(&self, proposal: &Proposal, team: &AttributePath) -> Result<Amount, CheckError> {
        let mut added = Amount::ZERO;
        for change in &proposal.changes {
            let (object, side) = match change.action {
                ActionKind::Create => (proposal.after.get(&change.address), "is to be"),
                ActionKind::Delete => (proposal.before.get(&change.address), "was before"),
                _ => continue,
            };
            let object = object.ok_or_else(|| CheckError::not_known(format!("what {} {side}", change.address)))?;
            let one = Amount::from(1);
            let sum = match change.action {
                ActionKind::Create if self.counts(object, team) => added.checked_add(one),
                // What names no team is not known to relieve this one.
                ActionKind::Delete if self.owns(object, team) => added.checked_sub(one),
                _ => Some(added),
            };
            added = sum.ok_or_else(|| CheckError::failed("the sum is too large to be held"))?;
        }
        Ok(added)
    }

    /// Whether the object is this team's, or may be.
    fn counts(&self, object: &ResourceObject, team: &AttributePath) -> bool {
        let Some(wanted) = &self.team else { return true };
        match object.value().get(team) {
            Some(Value::String(name)) => name == wanted,
            _ => true,
        }
    }

    /// Whether the object is this team's for sure.
    fn owns(&self, object: &ResourceObject, team: &AttributePath) -> bool {
        let Some(wanted) = &self.team else { return true };
        matches!(object.value().get(team), Some(Value::String(name)) if name == wanted)
    }
}
