//! `approvals`: enough people have approved this plan.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::approval::{PublicKey, SignedApproval};
use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Context, Need};
use crate::environments::Environments;
use crate::outcome::Level;
use crate::people::may_be_same;

/// So many listed people, none of them its author, have signed that this plan may happen in this environment.
///
/// An approval counts when it is signed by a key of its approver, is for the digest of this plan and for this environment, was
/// given after the plan was made, has not expired, holds no longer than `max-age-hours`, and no operation has used it. An
/// approver counts once. What does not count is listed with the reason, and does not spoil what does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Approvals {
    /// How far apart the clocks of an approver and of this machine may be, in seconds.
    clock_skew_seconds: u64,
    /// How long an approval may hold, from when it is given to when it expires, in hours.
    max_age_hours: u64,
    /// Whether who executes the plan counts as little as its author.
    exclude_actor: bool,
    /// How many approvals are needed where. Every rule about an environment must be met; an environment that none is about is
    /// refused.
    rules: Vec<Rule>,
    /// Who may approve.
    approvers: Vec<Approver>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rule {
    /// Globs of environments; all of them where nothing is said.
    #[serde(default)]
    environments: Environments,
    /// How many people; none is a rule, too.
    required: u32,
    /// Only people in one of these groups count; everybody does where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<BTreeSet<String>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Approver {
    /// Name, as approvals have it.
    name: String,
    /// Other names under which he may plan, which make him the author, too.
    #[serde(default)]
    aliases: BTreeSet<String>,
    /// His keys.
    keys: Vec<PublicKey>,
    /// Where he may approve; everywhere where nothing is said.
    #[serde(default)]
    environments: Environments,
    /// Groups that he is in, for rules that ask for them.
    #[serde(default)]
    groups: BTreeSet<String>,
}

impl Default for Approvals {
    fn default() -> Self {
        Self {
            clock_skew_seconds: 60,
            max_age_hours: 72,
            exclude_actor: false,
            rules: Vec::new(),
            approvers: Vec::new(),
        }
    }
}

impl Approver {
    fn is(&self, name: &str) -> bool {
        may_be_same(&self.name, name) || self.aliases.iter().any(|alias| may_be_same(alias, name))
    }
}

impl Approvals {
    /// The name of the approver who is listed with this key.
    pub(crate) fn name_of(&self, key: &PublicKey) -> Option<&str> {
        self.approvers.iter().find(|approver| approver.keys.contains(key)).map(|approver| approver.name.as_str())
    }

    /// Whether the approver with this name may be this person.
    pub(crate) fn may_be(&self, approver: &str, person: &str) -> bool {
        self.approvers.iter().any(|listed| listed.name == approver && listed.is(person))
    }

    /// How long an approval may hold.
    pub(crate) fn max_age(&self) -> Duration {
        Duration::from_secs(self.max_age_hours.saturating_mul(3600))
    }

    /// Who gave this approval, or why it does not count.
    fn counts(&self, given: &SignedApproval, context: &Context) -> Result<&Approver, String> {
        let (approval, proposal) = (given.approval(), context.proposal());
        let skew = Duration::from_secs(self.clock_skew_seconds);
        let Some(approver) = self.approvers.iter().find(|approver| approver.name == approval.approver()) else {
            return Err("no approver with this name is configured".to_owned());
        };
        if !approver.keys.iter().any(|key| given.is_signed_by(key)) {
            return Err("it is not signed by a key of the approver".to_owned());
        }
        if approval.plan() != proposal.plan {
            return Err(format!("it is for the plan {}", approval.plan()));
        }
        if approval.environment() != proposal.target.environment {
            return Err(format!("it is for the environment {:?}", approval.environment()));
        }
        if !matches!(approver.environments.hold(approval.environment()), Ok(true)) {
            return Err("its approver may not approve for this environment".to_owned());
        }
        if approver.is(&proposal.author) {
            return Err(format!("its approver is the author of the plan, {}", proposal.author));
        }
        if self.exclude_actor && context.facts().actor.as_ref().is_some_and(|actor| approver.is(&actor.name)) {
            return Err("its approver executes the plan".to_owned());
        }
        if approval.granted() > context.now() + skew {
            return Err("it is from the future".to_owned());
        }
        // An approval has whole seconds, so one of the plan's own second may look older than the plan.
        if approval.granted() + skew + Duration::from_secs(1) <= proposal.created {
            return Err("it is older than the plan".to_owned());
        }
        if context.now() >= approval.expires() {
            return Err("it has expired".to_owned());
        }
        if approval.expires().duration_since(approval.granted()).is_ok_and(|life| life > self.max_age()) {
            return Err(format!("it holds for longer than {} hours", self.max_age_hours));
        }
        if context.facts().used_approvals.as_ref().is_some_and(|used| used.contains(approval.id())) {
            return Err("an operation has used it".to_owned());
        }
        Ok(approver)
    }
}

impl Judge for Approvals {
    const ID: &'static str = "approvals";
    const QUESTION: &'static str = "Have enough people approved exactly this plan?";
    const ADVICE: &'static str =
        "have people who are listed as approvers, and did not make the plan, look at it and sign it";
    const LEVEL: Level = Level::Allow;
    const NEEDS: &'static [Need] = &[Need::Approvals, Need::UsedApprovals];

    fn validate(&self) -> Result<(), String> {
        if self.clock_skew_seconds > 3600 {
            return Err(format!("clocks that are {} seconds apart are set wrong", self.clock_skew_seconds));
        }
        let mut names = BTreeSet::new();
        let mut keys: Vec<(&PublicKey, &str)> = Vec::new();
        for approver in &self.approvers {
            if approver.name.is_empty() {
                return Err("an approver has no name".to_owned());
            }
            if !names.insert(approver.name.to_lowercase()) {
                return Err(format!("the approver {} is listed twice", approver.name));
            }
            if approver.keys.is_empty() {
                return Err(format!("the approver {} has no key", approver.name));
            }
            for key in &approver.keys {
                if let Some((_, other)) = keys.iter().find(|(known, _)| *known == key) {
                    return Err(format!("the key {key} is listed for {other} and for {}", approver.name));
                }
                keys.push((key, &approver.name));
            }
        }
        for rule in &self.rules {
            let counting = self.approvers.iter().filter(|approver| rule.lets_count(approver)).count();
            if counting < rule.required as usize {
                return Err(format!("a rule asks for {} approvers, and {counting} are listed for it", rule.required));
            }
            if rule.environments.is_empty() {
                return Err("a rule is about no environment".to_owned());
            }
        }
        Ok(())
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let (proposal, facts) = (context.proposal(), context.facts());
        let environment = &proposal.target.environment;
        if self.rules.is_empty() {
            return Err(CheckError::not_known("how many approvals are needed, since no rule is configured"));
        }
        let mut rules = Vec::new();
        for rule in &self.rules {
            if rule.environments.hold(environment)? {
                rules.push(rule);
            }
        }
        if proposal.author.trim().is_empty() {
            return Err(CheckError::not_known("who made the plan"));
        }
        if self.exclude_actor && facts.actor.is_none() {
            return Err(CheckError::not_known(Need::Actor.to_string()));
        }
        let Some(given) = &facts.approvals else { return Err(CheckError::not_known(Need::Approvals.to_string())) };
        let mut counted: BTreeMap<&str, &Approver> = BTreeMap::new();
        let mut evidence = Vec::new();
        for approval in given {
            let about = format!("approval {} of {}", approval.approval().id(), approval.approval().approver());
            match self.counts(approval, context) {
                Ok(approver) if counted.contains_key(approver.name.as_str()) => {
                    evidence.push(Evidence::about(about, "does not count: its approver counts once"));
                }
                Ok(approver) => {
                    evidence.push(Evidence::about(about, "counts"));
                    counted.insert(&approver.name, approver);
                }
                Err(why) => evidence.push(Evidence::about(about, format!("does not count: {why}"))),
            }
        }
        let mut enough = !rules.is_empty();
        if rules.is_empty() {
            evidence.push(Evidence::of_all(format!("no rule says how many approvals {environment} needs")));
        }
        for rule in rules {
            let count = counted.values().filter(|approver| rule.lets_count(approver)).count();
            let of = rule.groups.as_ref().map_or_else(String::new, |groups| {
                format!(" of {}", groups.iter().map(String::as_str).collect::<Vec<_>>().join(" or "))
            });
            enough &= count >= rule.required as usize;
            evidence.push(Evidence::of_all(format!("{count} people{of} approve, and {} are needed", rule.required)));
        }
        Ok(if enough { Verdict::Pass(evidence) } else { Verdict::fail(evidence) })
    }
}

impl Rule {
    fn lets_count(&self, approver: &Approver) -> bool {
        self.groups.as_ref().is_none_or(|groups| !groups.is_disjoint(&approver.groups))
    }
}
