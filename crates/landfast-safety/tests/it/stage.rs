//! A proposal with its surroundings, in which a test changes what it is about, judged through the gate of built-in checks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use landfast_drift::CompareOptions;
use landfast_safety::{
    ActionKind, Actor, CheckId, CheckResult, Context, Facts, Gate, Outcome, Override, Proposal, ProposedChange,
    SafetySettings, Target,
};
use landfast_state::{AuditError, AuditEvent, AuditSink, BytesDigest, Document, Limits, Observation, Snapshot};

#[derive(Debug)]
struct Nowhere;

impl AuditSink for Nowhere {
    fn record(&self, _: &AuditEvent) -> Result<(), AuditError> {
        Ok(())
    }
}

/// Everything that a check may look at.
pub(crate) struct Stage {
    pub(crate) proposal: Proposal,
    pub(crate) recorded: Snapshot,
    pub(crate) observed: Observation,
    pub(crate) facts: Facts,
    pub(crate) now: SystemTime,
}

/// A moment by its text.
pub(crate) fn at(text: &str) -> SystemTime {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

/// The state of these resources: address of a root resource, JSON of its attributes, what it depends on.
pub(crate) fn state(resources: &[(&str, &str, &[&str])]) -> Snapshot {
    let resources: Vec<String> = resources
        .iter()
        .map(|(address, attributes, dependencies)| {
            let (module, address) = match address.rsplit_once("/") {
                Some((module, address)) => (format!("\"module\": \"{module}\","), address),
                None => (String::new(), *address),
            };
            let (kind, name) = address.split_once('.').unwrap();
            format!(
                r#"{{{module} "mode": "managed", "type": "{kind}", "name": "{name}",
                "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
                "instances": [{{"attributes": {attributes}, "dependencies": {dependencies:?}}}]}}"#
            )
        })
        .collect();
    let text = format!(
        r#"{{"version": 4, "serial": 7, "lineage": "l", "outputs": {{}}, "resources": [{}]}}"#,
        resources.join(",")
    );
    Document::read(text.into(), "test.tfstate", &Limits::default()).unwrap().recorded()
}

/// A change that can be taken back exactly.
pub(crate) fn change(address: &str, action: ActionKind) -> ProposedChange {
    ProposedChange::new(address.parse().unwrap(), action)
}

impl Stage {
    /// Bob plans nothing in `prod`, and carol executes it at noon.
    pub(crate) fn new() -> Self {
        let target = Target {
            environment: "prod".to_owned(),
            store: "/srv/prod.tfstate".to_owned(),
            workspace: "default".to_owned(),
            lineage: "l".to_owned(),
            serial: 7,
        };
        let empty = state(&[]);
        let mut proposal = Proposal::new(BytesDigest::of(b"plan"), target, empty.clone(), empty.clone());
        let now = at("2026-11-21T12:00:00Z");
        proposal.state = BytesDigest::of(b"state");
        proposal.author = "bob@laptop".to_owned();
        proposal.created = now - Duration::from_secs(3600);
        proposal.expires = now + Duration::from_secs(3600);
        let mut facts = Facts::default();
        facts.actor = Some(Actor { name: "carol".to_owned(), groups: BTreeSet::new() });
        Self { proposal, recorded: empty.clone(), observed: Observation::complete(empty), facts, now }
    }

    /// The same world recorded, planned on and observed.
    pub(crate) fn of(world: &Snapshot) -> Self {
        let mut stage = Self::new();
        stage.proposal.before = world.clone();
        stage.proposal.after = world.clone();
        stage.recorded = world.clone();
        stage.observed = Observation::complete(world.clone());
        stage
    }

    /// What this check says, with these settings of `[checks]` and levels.
    pub(crate) fn ask(&self, id: &str, settings: &str) -> CheckResult {
        self.ask_forced(id, settings, None)
    }

    pub(crate) fn ask_forced(&self, id: &str, settings: &str, forced: Option<Override>) -> CheckResult {
        let settings: SafetySettings = toml::from_str(settings).unwrap();
        let gate = Gate::builtin(&settings).unwrap();
        let context = Context::new(
            Arc::new(self.proposal.clone()),
            self.recorded.clone(),
            self.observed.clone(),
            self.facts.clone(),
            self.now,
            &CompareOptions::default(),
        );
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let report = runtime.block_on(gate.judge(&context, forced, &Nowhere)).unwrap();
        let id = CheckId::new(id).unwrap();
        report.results().iter().find(|result| result.id == id).unwrap().clone()
    }

    /// Asserts what this check comes to, and that its evidence says so.
    #[track_caller]
    pub(crate) fn expect(&self, id: &str, settings: &str, outcome: Outcome, says: &str) {
        let result = self.ask(id, settings);
        assert_eq!(result.outcome, outcome, "{:?}", result.evidence);
        let text = text(&result);
        assert!(text.contains(says), "{says:?} is not in {text}");
        assert_eq!(
            result.advice.is_empty(),
            outcome == Outcome::Pass || outcome == Outcome::Skipped,
            "{}",
            result.advice
        );
    }
}

/// All that a check found.
pub(crate) fn text(result: &CheckResult) -> String {
    let lines: Vec<String> =
        result.evidence.iter().map(|evidence| format!("{}: {}", evidence.about, evidence.found)).collect();
    lines.join("\n")
}

/// Why there is no gate with these settings.
#[track_caller]
pub(crate) fn settings_error(settings: &str) -> String {
    let settings: SafetySettings = toml::from_str(settings).unwrap();
    let error = Gate::builtin(&settings).unwrap_err();
    let mut text = error.to_string();
    let mut next = std::error::Error::source(&error);
    while let Some(source) = next {
        text.push_str(&format!(": {source}"));
        next = source.source();
    }
    text
}

/// A time before all calendars.
pub(crate) fn before_everything() -> SystemTime {
    UNIX_EPOCH - Duration::from_secs(400_000_000_000)
}
