//! Proposals, worlds and gates for tests, from a few words.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use landfast_drift::CompareOptions;
use landfast_safety::{
    ActionKind, Check, CheckResult, Context, Facts, Gate, Level, OperationFact, Outcome, Override, Proposal,
    ProposedChange, SafetyReport, SafetySettings, Target,
};
use landfast_state::json::{Limits, RawJson};
use landfast_state::{
    Attributes, AuditError, AuditEvent, AuditSink, BytesDigest, Gap, GapKind, Observation, Origin, ResourceObject,
    SecretTexts, Snapshot, SourceKind,
};

pub(crate) const PROVIDER: &str = "registry.terraform.io/hashicorp/test";

/// An object with these attributes, as JSON.
pub(crate) fn object(address: &str, attributes: &str) -> ResourceObject {
    let mut object = ResourceObject::bare(address.parse().unwrap(), PROVIDER);
    let attributes = RawJson::check(attributes.to_owned().into(), &Limits::default()).unwrap();
    object.attributes = Attributes::Nested(attributes);
    object
}

pub(crate) fn snapshot(objects: &[ResourceObject]) -> Snapshot {
    Snapshot::new(Origin::new(SourceKind::State, "test"), objects.to_vec(), SecretTexts::default()).unwrap()
}

pub(crate) fn digest(text: &str) -> BytesDigest {
    BytesDigest::of(text.as_bytes())
}

/// Noon of the tests.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub(crate) fn operation(id: &str) -> OperationFact {
    OperationFact {
        id: id.into(),
        state: "applied".into(),
        ended: true,
        successful: true,
        left_something: true,
        began: now() - Duration::from_secs(3600),
        changes: 1,
        plan: digest("another plan"),
    }
}

/// A world, a proposal to change it, and what is known beside.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) proposal: Proposal,
    pub(crate) before: Vec<ResourceObject>,
    pub(crate) after: Vec<ResourceObject>,
    pub(crate) recorded: Vec<ResourceObject>,
    pub(crate) observed: Vec<ResourceObject>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) facts: Facts,
}

impl Scene {
    /// An empty world in which nothing is to happen.
    pub(crate) fn empty() -> Self {
        let target = Target {
            environment: "prod".into(),
            store: "states/prod.tfstate".into(),
            workspace: "default".into(),
            lineage: "lineage".into(),
            serial: 7,
        };
        let mut proposal = Proposal::new(digest("plan"), target, snapshot(&[]), snapshot(&[]));
        proposal.state = digest("state");
        proposal.created = now() - Duration::from_secs(60);
        proposal.expires = now() + Duration::from_secs(3600);
        Self {
            proposal,
            before: Vec::new(),
            after: Vec::new(),
            recorded: Vec::new(),
            observed: Vec::new(),
            gaps: Vec::new(),
            facts: Facts::default(),
        }
    }

    /// The update of one attribute of `test_thing.a` from 1 to 2.
    pub(crate) fn update() -> Self {
        Self::empty().with(
            ActionKind::Update,
            Some(object("test_thing.a", r#"{"x": 1}"#)),
            Some(object("test_thing.a", r#"{"x": 2}"#)),
        )
    }

    /// With a change of an object; what is before is recorded and observed, too.
    pub(crate) fn with(
        mut self,
        action: ActionKind,
        before: Option<ResourceObject>,
        after: Option<ResourceObject>,
    ) -> Self {
        let address = before.as_ref().or(after.as_ref()).unwrap().address.clone();
        let mut change = ProposedChange::new(address.clone(), action);
        change.moves_to = after.as_ref().map(|after| after.address.clone()).filter(|to| *to != address);
        self.proposal.changes.push(change);
        self.proposal.changes.sort_by(|a, b| a.address.cmp(&b.address));
        for side in [&mut self.before, &mut self.recorded, &mut self.observed] {
            side.extend(before.clone());
        }
        self.after.extend(after);
        self
    }

    /// With a change of the scene.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// With facts.
    pub(crate) fn knowing(self, change: impl FnOnce(&mut Facts)) -> Self {
        self.but(|scene| change(&mut scene.facts))
    }

    /// Where nothing is known of an object.
    pub(crate) fn blind_to(self, address: &str) -> Self {
        let gap = Gap { address: address.parse().unwrap(), kind: GapKind::Unreadable, reason: "no permission".into() };
        self.but(|scene| {
            scene.observed.retain(|object| object.address.instance != gap.address);
            scene.gaps.push(gap);
        })
    }

    pub(crate) fn context(&self) -> Context {
        let mut proposal = self.proposal.clone();
        (proposal.before, proposal.after) = (snapshot(&self.before), snapshot(&self.after));
        let observed = Observation { snapshot: snapshot(&self.observed), gaps: self.gaps.clone() };
        let facts = self.facts.clone();
        Context::new(Arc::new(proposal), snapshot(&self.recorded), observed, facts, now(), &CompareOptions::default())
    }

    /// What the built-in check comes to with these settings, in TOML.
    pub(crate) fn check(&self, id: &str, settings: &str) -> CheckResult {
        let mut all = SafetySettings::default();
        if !settings.is_empty() {
            all.checks.insert(id.into(), toml::from_str(settings).unwrap());
        }
        // Nobody may lower some of them, and the others are asked even where they are off by default.
        all.levels.insert(id.into(), Level::Deny);
        let report = judge(&Gate::builtin(&all).unwrap(), &self.context());
        report.results().iter().find(|result| result.id.as_str() == id).unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn passes(&self, id: &str, settings: &str) -> String {
        self.comes_to(Outcome::Pass, id, settings)
    }

    #[track_caller]
    pub(crate) fn fails(&self, id: &str, settings: &str) -> String {
        let result = self.check(id, settings);
        assert!(!result.advice.is_empty());
        self.comes_to(Outcome::Fail, id, settings)
    }

    #[track_caller]
    pub(crate) fn errs(&self, id: &str, settings: &str) -> String {
        self.comes_to(Outcome::Error, id, settings)
    }

    #[track_caller]
    pub(crate) fn is_skipped(&self, id: &str, settings: &str) {
        self.comes_to(Outcome::Skipped, id, settings);
    }

    #[track_caller]
    fn comes_to(&self, outcome: Outcome, id: &str, settings: &str) -> String {
        let result = self.check(id, settings);
        let evidence = evidence(&result);
        assert_eq!(result.outcome, outcome, "{id}: {evidence}");
        evidence
    }
}

/// The evidence on a line each.
pub(crate) fn evidence(result: &CheckResult) -> String {
    let line = |evidence: &landfast_safety::Evidence| match evidence.about.as_str() {
        "" => evidence.found.clone(),
        about => format!("{about}: {}", evidence.found),
    };
    result.evidence.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Keeps what it is given, or refuses it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) events: Mutex<Vec<AuditEvent>>,
    pub(crate) full: bool,
}

impl AuditSink for Ledger {
    fn record(&self, event: &AuditEvent) -> Result<(), AuditError> {
        if self.full {
            return Err(AuditError("the disk is full".into()));
        }
        self.events.lock().unwrap().push(event.clone());
        Ok(())
    }
}

/// Runs a future on one thread, as the program does.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let output = runtime.block_on(future);
    runtime.shutdown_background();
    output
}

pub(crate) fn judge(gate: &Gate, context: &Context) -> SafetyReport {
    block_on(gate.judge(context, None, &Ledger::default())).unwrap()
}

pub(crate) fn gate_of(check: impl Check, level: Level) -> Gate {
    let mut gate = Gate::empty();
    gate.add(Arc::new(check), level).unwrap();
    gate
}

pub(crate) fn forcing(ids: &[&str]) -> Override {
    let ids = ids.iter().map(|id| landfast_safety::CheckId::new(id).unwrap());
    Override::new(ids, "the site is down", "alice").unwrap()
}
