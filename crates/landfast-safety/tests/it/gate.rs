//! What the gate makes of checks that answer, and of those that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use landfast_safety::{
    Check, CheckError, CheckFuture, CheckId, Context, Evidence, Gate, GateError, JudgeError, Level, LockFact, Need,
    Outcome, Proposal, SafetySettings, Verdict,
};

use crate::scene::{Ledger, Scene, block_on, evidence, forcing, gate_of, judge, object};

/// What a check does when it is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Does {
    Pass,
    Fail,
    Err,
    Sleep,
    Block,
    PanicInApplies,
    PanicInJudge,
    PanicInPoll,
    Abstains,
    NeedsLock,
}

#[derive(Debug)]
struct Probe(&'static str, Does);

impl Check for Probe {
    fn id(&self) -> CheckId {
        CheckId::new(self.0).unwrap()
    }

    fn question(&self) -> &str {
        "Is it so?"
    }

    fn advice(&self) -> &str {
        "make it so"
    }

    fn needs(&self) -> &[Need] {
        if self.1 == Does::NeedsLock { &[Need::Lock] } else { &[] }
    }

    fn applies(&self, _: &Proposal) -> bool {
        assert!(self.1 != Does::PanicInApplies, "a secret word");
        self.1 != Does::Abstains
    }

    fn settings(&self) -> String {
        format!("{:?}", self.1)
    }

    fn judge<'a>(&'a self, _: &'a Context) -> CheckFuture<'a> {
        assert!(self.1 != Does::PanicInJudge, "a secret word");
        Box::pin(async move {
            match self.1 {
                Does::Fail => {
                    return Ok(Verdict::fail(vec![Evidence::about("it", "is not so, tells hunter2-hunter2")]));
                }
                Does::Err => return Err(CheckError::failed("it broke")),
                Does::Sleep => tokio::time::sleep(Duration::from_secs(600)).await,
                Does::Block => std::thread::sleep(Duration::from_secs(30)),
                Does::PanicInPoll => {
                    tokio::task::yield_now().await;
                    panic!("a secret word");
                }
                _ => {}
            }
            Ok(Verdict::pass())
        })
    }
}

fn outcome(does: Does, level: Level) -> (Outcome, String, bool) {
    let gate = gate_of(Probe("probe", does), level).with_timeout(Duration::from_millis(300));
    let report = judge(&gate, &Scene::update().context());
    let result = &report.results()[0];
    assert_eq!(report.is_clear(), !result.outcome.refuses());
    assert_eq!(report.worst(), result.outcome);
    (result.outcome, evidence(result), report.into_clearance().is_ok())
}

#[test]
fn levels_decide_what_a_failure_is_and_never_excuse_an_error() {
    for (does, level, expected) in [
        (Does::Pass, Level::Deny, Outcome::Pass),
        (Does::Pass, Level::Warn, Outcome::Pass),
        (Does::Fail, Level::Deny, Outcome::Fail),
        (Does::Fail, Level::Warn, Outcome::Warn),
        (Does::Fail, Level::Allow, Outcome::Skipped),
        (Does::PanicInApplies, Level::Allow, Outcome::Skipped),
        (Does::Abstains, Level::Deny, Outcome::Skipped),
        (Does::Err, Level::Deny, Outcome::Error),
        (Does::Err, Level::Warn, Outcome::Error),
        (Does::NeedsLock, Level::Warn, Outcome::Error),
        (Does::Sleep, Level::Warn, Outcome::Error),
        (Does::Block, Level::Warn, Outcome::Error),
        (Does::PanicInApplies, Level::Warn, Outcome::Error),
        (Does::PanicInJudge, Level::Warn, Outcome::Error),
        (Does::PanicInPoll, Level::Warn, Outcome::Error),
    ] {
        let (found, evidence, cleared) = outcome(does, level);
        assert_eq!(found, expected, "{does:?} at {level}: {evidence}");
        assert_eq!(cleared, !expected.refuses(), "{does:?} at {level}");
        assert!(!evidence.contains("a secret word"), "{evidence}");
    }
    assert_eq!(outcome(Does::PanicInPoll, Level::Deny).1, "it panicked");
    assert_eq!(outcome(Does::Err, Level::Deny).1, "it broke");
    assert_eq!(outcome(Does::NeedsLock, Level::Deny).1, "it is not known who holds the lock of the state");
}

#[test]
fn what_is_known_is_not_missing() {
    let known = Scene::update().knowing(|facts| facts.lock = Some(LockFact::Free));
    let report = judge(&gate_of(Probe("probe", Does::NeedsLock), Level::Deny), &known.context());
    assert!(report.is_clear());
}

#[test]
fn a_check_that_blocks_holds_up_neither_the_others_nor_the_time_out() {
    let mut gate = Gate::empty().with_timeout(Duration::from_millis(500));
    for (id, does) in
        [("a-block", Does::Block), ("b-pass", Does::Pass), ("c-sleep", Does::Sleep), ("d-fail", Does::Fail)]
    {
        gate.add(Arc::new(Probe(id, does)), Level::Deny).unwrap();
    }
    let began = Instant::now();
    let report = judge(&gate, &Scene::update().context());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let outcomes: Vec<_> = report.results().iter().map(|result| result.outcome).collect();
    assert_eq!(outcomes, [Outcome::Error, Outcome::Pass, Outcome::Error, Outcome::Fail]);
    assert_eq!(evidence(&report.results()[0]), "it did not answer within 0.5 s");
    assert_eq!(report.into_clearance().unwrap_err().to_string(), "refused by a-block, c-sleep, d-fail");
}

#[test]
fn checks_run_side_by_side() {
    #[derive(Debug)]
    struct Meets(&'static str, Arc<AtomicUsize>);
    impl Check for Meets {
        fn id(&self) -> CheckId {
            CheckId::new(self.0).unwrap()
        }
        fn question(&self) -> &str {
            "Is the other one there?"
        }
        fn advice(&self) -> &str {
            "wait"
        }
        fn settings(&self) -> String {
            String::new()
        }
        fn judge<'a>(&'a self, _: &'a Context) -> CheckFuture<'a> {
            Box::pin(async move {
                self.1.fetch_add(1, Ordering::SeqCst);
                while self.1.load(Ordering::SeqCst) < 2 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Ok(Verdict::pass())
            })
        }
    }
    let met = Arc::new(AtomicUsize::new(0));
    let mut gate = Gate::empty().with_timeout(Duration::from_secs(20));
    gate.add(Arc::new(Meets("one", Arc::clone(&met))), Level::Deny).unwrap();
    gate.add(Arc::new(Meets("two", met)), Level::Deny).unwrap();
    assert!(judge(&gate, &Scene::update().context()).is_clear());
}

#[test]
fn evidence_and_advice_show_no_secret() {
    let mut secret = object("test_thing.a", r#"{"x": 1, "token": "hunter2-hunter2"}"#);
    secret.sensitive = vec!["token".parse().unwrap()];
    let scene = Scene::update().but(|scene| scene.recorded = vec![secret]);
    let report = judge(&gate_of(Probe("probe", Does::Fail), Level::Deny), &scene.context());
    assert_eq!(evidence(&report.results()[0]), "it: is not so, tells (sensitive value)");
    assert_eq!(report.results()[0].advice, "make it so");
    // Nobody marked this one; the rules know that it is a secret.
    let known = object("aws_db_instance.a", r#"{"password": "hunter2-hunter2"}"#);
    let scene = Scene::update().but(|scene| scene.after.push(known));
    let report = judge(&gate_of(Probe("probe", Does::Fail), Level::Deny), &scene.context());
    assert_eq!(evidence(&report.results()[0]), "it: is not so, tells (sensitive value)");
}

#[test]
fn an_override_is_recorded_before_it_counts() {
    let (context, gate) = (Scene::update().context(), gate_of(Probe("probe", Does::Fail), Level::Deny));
    let ledger = Ledger::default();
    let report = block_on(gate.judge(&context, Some(forcing(&["probe"])), &ledger)).unwrap();
    assert!(report.is_clear() && report.results()[0].overridden);
    assert_eq!(report.results()[0].outcome, Outcome::Fail);
    assert!(report.into_clearance().is_ok());
    let events = ledger.events.into_inner().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].who.as_str(), events[0].action.as_str()), ("alice", "force"));
    assert_eq!(events[0].reason, "the site is down");
    assert!(events[0].details.contains(&("checks".into(), "probe".into())));

    let full = Ledger { full: true, ..Ledger::default() };
    let refused = block_on(gate.judge(&context, Some(forcing(&["probe"])), &full));
    assert!(matches!(refused, Err(JudgeError::Audit(_))));
}

#[test]
fn an_override_reaches_no_further_than_the_checks_it_names() {
    let mut gate = gate_of(Probe("one", Does::Fail), Level::Deny);
    gate.add(Arc::new(Probe("two", Does::Err)), Level::Deny).unwrap();
    let context = Scene::update().context();
    let report = block_on(gate.judge(&context, Some(forcing(&["one"])), &Ledger::default())).unwrap();
    assert!(!report.is_clear());
    let ledger = Ledger::default();
    let unknown = block_on(gate.judge(&context, Some(forcing(&["three"])), &ledger));
    assert!(matches!(unknown, Err(JudgeError::CannotOverride { .. })));
    let builtin = Gate::builtin(&SafetySettings::default()).unwrap();
    for never in ["lock-held", "concurrent-operation"] {
        let refused = block_on(builtin.judge(&context, Some(forcing(&["no-drift", never])), &ledger)).unwrap_err();
        assert!(refused.to_string().starts_with(&format!("the check {never} cannot be overridden")), "{refused}");
    }
    assert!(ledger.events.into_inner().unwrap().is_empty());
}

fn builtin(settings: &str) -> Result<Gate, GateError> {
    Gate::builtin(&toml::from_str(settings).unwrap())
}

#[test]
fn settings_errors_name_their_place() {
    for (settings, message) in [
        ("levels.no-such = 'deny'", "safety.levels.no-such is not about any check"),
        ("checks.no-such = {}", "safety.checks.no-such is not about any check"),
        ("levels.lock-held = 'warn'", "safety.levels.lock-held cannot be warn: nobody may override this check"),
        (
            "levels.concurrent-operation = 'allow'",
            "safety.levels.concurrent-operation cannot be allow: nobody may override this check",
        ),
        ("checks.blast-radius.maximum = 3", "the settings of the check blast-radius cannot be read"),
        (
            "checks.blast-radius.max-percent = 101.0",
            "the settings of the check blast-radius make no sense: max-percent is 101, and a share is from 0 to 100",
        ),
        (
            "checks.no-drift.fail-on = 'none'",
            "the settings of the check no-drift make no sense: fail-on is none, which nothing could pass",
        ),
    ] {
        assert_eq!(builtin(settings).unwrap_err().to_string(), message);
    }
    for unknown in ["timeout = 3", "levels.no-drift = 'forbid'"] {
        assert!(toml::from_str::<SafetySettings>(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn the_policy_changes_with_whatever_decides() {
    let all = [
        "",
        "levels.no-drift = 'warn'",
        "checks.no-drift.fail-on = 'minor'",
        "[[commands]]\nid = 'own'\nquestion = 'q'\nadvice = 'a'\nargv = ['true']",
        "[[commands]]\nid = 'own'\nquestion = 'q'\nadvice = 'a'\nargv = ['true', 'x']",
        "[[commands]]\nid = 'own'\nquestion = 'q'\nadvice = 'a'\nargv = ['true']\napplies.actions = ['delete']",
    ]
    .map(|settings| builtin(settings).unwrap().policy());
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(builtin("checks.no-drift.fail-on = 'major'").unwrap().policy(), all[0], "it is what holds anyway");
}

#[test]
fn the_same_is_judged_alike() {
    let context = Scene::update().context();
    let gate = Gate::builtin(&SafetySettings::default()).unwrap();
    let shown = || {
        let report = judge(&gate, &context);
        let results = report.results().iter().map(|result| {
            format!("{} {} {} {:?} {}", result.id, result.level, result.outcome, result.evidence, result.advice)
        });
        (results.collect::<Vec<_>>(), report.policy(), report.plan(), report.state())
    };
    let first = shown();
    assert!(first.0.is_sorted());
    for _ in 0..5 {
        assert_eq!(shown(), first);
    }
}

#[test]
fn two_checks_cannot_have_one_id() {
    let mut gate = gate_of(Probe("probe", Does::Pass), Level::Deny);
    let error = gate.add(Arc::new(Probe("probe", Does::Fail)), Level::Deny).unwrap_err();
    assert_eq!(error.to_string(), "there are two checks with the id probe");
}
