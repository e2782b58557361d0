//! `authorised`: everybody who has a part in this may have it.

use crate::authority::{Authority, Right, Ruling};
use crate::builtin::{Judge, Overriding};
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::{Actor, Context, Need};
use crate::outcome::Level;
use crate::people::{local, may_be_same};

impl Judge for Authority {
    const ID: &'static str = "authorised";
    const QUESTION: &'static str = "May those who planned, approved and execute this do that in this environment?";
    const ADVICE: &'static str =
        "have somebody do it who has the right, or have the roles changed by those who are responsible for them";
    const LEVEL: Level = Level::Allow;
    const OVERRIDE: Overriding = Overriding::Never;
    const NEEDS: &'static [Need] = &[Need::Actor];

    fn validate(&self) -> Result<(), String> {
        self.problem().map_or(Ok(()), Err)
    }

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let (proposal, facts) = (context.proposal(), context.facts());
        let Some(actor) = &facts.actor else { return Err(CheckError::not_known(Need::Actor.to_string())) };
        if actor.name.trim().is_empty() {
            return Err(CheckError::not_known(Need::Actor.to_string()));
        }
        if proposal.author.trim().is_empty() {
            return Err(CheckError::not_known("who made the plan"));
        }
        if !self.has_roles() {
            return Err(CheckError::not_known("who may do what, since no role is configured"));
        }
        let environment = proposal.target.environment.as_str();
        let mut rulings = vec![(actor.name.as_str(), Right::Apply, self.ruling(actor, Right::Apply, environment)?)];
        if let Some(forced) = context.forced() {
            let ruling = self.ruling(actor, Right::Force, environment)?;
            rulings.push((&actor.name, Right::Force, ruling));
            if !may_be_same(forced.who(), &actor.name) {
                let found = format!("overrides checks, and {} executes the plan", actor.name);
                return Ok(Verdict::fail(vec![Evidence::about(forced.who(), found)]));
            }
        }
        rulings.push((&proposal.author, Right::Plan, self.of_author(&proposal.author, actor, environment)?));
        for given in facts.approvals.iter().flatten() {
            let name = given.approval().approver();
            let approver = Actor { name: name.to_owned(), groups: Default::default() };
            rulings.push((name, Right::Approve, self.ruling(&approver, Right::Approve, environment)?));
        }
        let passes = rulings.iter().all(|(.., ruling)| matches!(ruling, Ruling::Granted { .. }));
        let evidence = rulings
            .into_iter()
            .map(|(who, right, ruling)| Evidence::about(who, format!("{right}: {ruling}")))
            .collect();
        Ok(if passes { Verdict::Pass(evidence) } else { Verdict::fail(evidence) })
    }
}

impl Authority {
    /// Whether the author may plan. Plans name him with the machine that he worked on, roles do not.
    fn of_author(&self, author: &str, actor: &Actor, environment: &str) -> Result<Ruling, CheckError> {
        let acts = [author, local(author)].contains(&actor.name.as_str());
        let groups = if acts { actor.groups.clone() } else { Default::default() };
        let whole =
            self.ruling(&Actor { name: author.to_owned(), groups: groups.clone() }, Right::Plan, environment)?;
        if whole != Ruling::NotGranted {
            return Ok(whole);
        }
        self.ruling(&Actor { name: local(author).to_owned(), groups }, Right::Plan, environment)
    }
}
