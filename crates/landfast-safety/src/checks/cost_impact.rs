//! `cost-impact`: what promises to cost less costs less, and nothing costs more than is allowed.

use std::collections::BTreeSet;

use landfast_drift::cost::{Amount, CostImpact};
use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;
use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};
use crate::proposal::{Promise, Proposal};

/// What a plan does to the monthly cost. Plans that promise lower cost are held to it; others only where there is a limit.
///
/// Only programs that embed the library make plans that promise something.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CostImpactCheck {
    /// Whether any increase fails where lower cost is promised.
    strict: bool,
    /// Where it is not strict: the increase a month that passes though lower cost is promised, in the prices' currency.
    tolerance: Amount,
    /// The increase a month that any plan may bring, in the prices' currency; no limit where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_increase: Option<Amount>,
    /// What becomes of objects without a price.
    unpriced: Unpriced,
}

/// What becomes of objects without a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unpriced {
    /// The check does not know, and refuses.
    Refuse,
    /// They are listed, and the check judges by the others. Where there are no others, it refuses.
    List,
}

impl Default for CostImpactCheck {
    fn default() -> Self {
        Self { strict: true, tolerance: Amount::ZERO, max_increase: None, unpriced: Unpriced::Refuse }
    }
}

impl Judge for CostImpactCheck {
    const ID: &'static str = "cost-impact";
    const QUESTION: &'static str = "Does the plan cost what it promises, and no more than is allowed?";
    const ADVICE: &'static str = "look at what costs more, and drop the promise, change the plan or raise the limit; add prices for what has none";
    const NEEDS: &'static [Need] = &[Need::Prices];

    fn validate(&self) -> Result<(), String> {
        if self.tolerance.is_negative() || self.max_increase.is_some_and(Amount::is_negative) {
            return Err("an increase that is allowed is not below zero".into());
        }
        if self.strict && self.tolerance > Amount::ZERO {
            return Err("strict allows no tolerance".into());
        }
        Ok(())
    }

    fn applies(&self, proposal: &Proposal) -> bool {
        self.max_increase.is_some() || proposal.promises.contains(&Promise::LowerCost)
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let impact = impact_of(context, |_| true)?;
        let unpriced =
            impact.unpriced.iter().map(|(address, why)| Evidence::about(address, format!("unpriced: {why}")));
        if let Some((address, why)) = impact.unpriced.first_key_value()
            && (self.unpriced == Unpriced::Refuse || impact.priced == 0)
        {
            let more = match impact.unpriced.len() - 1 {
                0 => String::new(),
                more => format!(", nor of {more} more"),
            };
            return Err(CheckError::not_known(format!("the cost of {address} ({why}){more}")));
        }
        let increase = impact.increase().ok_or_else(|| CheckError::failed("the costs are too large to be compared"))?;
        let currency = &impact.currency;
        let mut evidence = vec![Evidence::of_all(format!(
            "{} {currency} a month before, {} {currency} afterwards",
            impact.before, impact.after
        ))];
        evidence.extend(unpriced);
        let allowed = if self.strict { Amount::ZERO } else { self.tolerance };
        let promised = context.proposal().promises.contains(&Promise::LowerCost);
        let mut fails = false;
        if promised && increase > allowed {
            fails = true;
            evidence.push(Evidence::of_all(format!("it promises lower cost, and costs {increase} {currency} more")));
        }
        if let Some(max) = self.max_increase.filter(|max| increase > *max) {
            fails = true;
            evidence.push(Evidence::of_all(format!("it costs {increase} {currency} more, and at most {max} pass")));
        }
        Ok(if fails { Verdict::fail(evidence) } else { Verdict::Pass(evidence) })
    }
}

/// What the proposal does to the cost of those of the objects that it changes that pass; what only the state learns costs
/// nothing.
pub(super) fn impact_of(context: &Context, passes: impl Fn(&ResourceObject) -> bool) -> Result<CostImpact, CheckError> {
    let prices = context.facts().prices.as_ref().ok_or_else(|| CheckError::not_known(Need::Prices.to_string()))?;
    let proposal = context.proposal();
    let changes = proposal.changes.iter().filter(|change| !change.action.is_bookkeeping());
    let changed: BTreeSet<&ObjectAddress> =
        changes.flat_map(|change| [Some(&change.address), change.moves_to.as_ref()]).flatten().collect();
    for change in &proposal.changes {
        missing_side(proposal, change)?;
    }
    let counts = |object: &&ResourceObject| changed.contains(&object.address) && passes(object);
    let before = proposal.before.objects().iter().filter(counts);
    let after = proposal.after.objects().iter().filter(counts);
    Ok(CostImpact::of(&**prices, before, after))
}

/// An object that its own proposal does not show cannot be priced.
fn missing_side(proposal: &Proposal, change: &crate::proposal::ProposedChange) -> Result<(), CheckError> {
    use crate::proposal::ActionKind::{Adopt, Create, Delete, Forget, Move, Replace, Update};
    let (before, after) = match change.action {
        Create => (false, true),
        Update | Replace => (true, true),
        Delete => (true, false),
        Adopt | Forget | Move => (false, false),
    };
    let end = change.moves_to.as_ref().unwrap_or(&change.address);
    if before && proposal.before.get(&change.address).is_none() {
        return Err(CheckError::not_known(format!("what {} was before", change.address)));
    }
    if after && proposal.after.get(end).is_none() {
        return Err(CheckError::not_known(format!("what {end} is to be")));
    }
    Ok(())
}
