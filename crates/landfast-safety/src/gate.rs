//! Runs checks over a proposal.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use landfast_state::{AuditError, AuditEvent, AuditSink, BytesDigest};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::builtin::Overriding;
use crate::check::{Check, CheckId, Evidence, Verdict};
use crate::context::Context;
use crate::force::Override;
use crate::outcome::{Level, Outcome};
use crate::report::{CheckResult, SafetyReport};

/// How long a check may take where nothing else is said.
pub const DEFAULT_CHECK_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a clearance holds where nothing else is said.
pub const DEFAULT_CLEARANCE_LIFE: Duration = Duration::from_secs(600);

/// No check may take longer than this, whatever configuration says: a day.
const LONGEST: Duration = Duration::from_secs(86_400);

/// How long checks that took too long have to let go of what they hold, such as a process, before the gate answers.
const GRACE: Duration = Duration::from_millis(250);

#[derive(Debug, Clone)]
struct Entry {
    check: Arc<dyn Check>,
    level: Level,
    overriding: Overriding,
    // Asked once, when the check is added, so that nothing of a check runs outside of the fence while it judges.
    question: String,
    advice: String,
    settings: String,
}

/// A set of checks, each with its level. It judges proposals.
#[derive(Debug, Clone)]
pub struct Gate {
    entries: BTreeMap<CheckId, Entry>,
    timeout: Duration,
    clearance_life: Duration,
}

/// A check with this id is there already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there are two checks with the id {id}")]
pub struct DuplicateCheck {
    /// The id.
    pub id: CheckId,
}

/// Why a gate did not judge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// A check was to be overridden that is not there, or that nobody may override.
    #[error("the check {id} cannot be overridden: {why}")]
    CannotOverride {
        /// The check.
        id: CheckId,
        /// Why not.
        why: &'static str,
    },
    /// The override could not be recorded, so it does not happen.
    #[error("the override could not be recorded")]
    Audit(#[source] AuditError),
}

impl Default for Gate {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), timeout: DEFAULT_CHECK_TIMEOUT, clearance_life: DEFAULT_CLEARANCE_LIFE }
    }
}

impl Gate {
    /// A gate without checks. It lets everything through: [`Gate::builtin`](crate::Gate::builtin) is what most programs want.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a check at this level.
    ///
    /// # Errors
    /// When there is a check with its id.
    pub fn add(&mut self, check: Arc<dyn Check>, level: Level) -> Result<(), DuplicateCheck> {
        self.insert(check, level, Overriding::WithReason)
    }

    /// Puts a check in the place of the one that has its id, or adds it. So policies take the place of the built-in
    /// `no-policy-violation`, which only knows what others have judged.
    ///
    /// # Errors
    /// When nobody may override the check that is there, and so nobody may take it away.
    pub fn replace(&mut self, check: Arc<dyn Check>, level: Level) -> Result<(), DuplicateCheck> {
        let id = check.id();
        if self.entries.get(&id).is_some_and(|entry| entry.overriding == Overriding::Never) {
            return Err(DuplicateCheck { id });
        }
        self.entries.remove(&id);
        self.insert(check, level, Overriding::WithReason)
    }

    pub(crate) fn insert(
        &mut self,
        check: Arc<dyn Check>,
        level: Level,
        overriding: Overriding,
    ) -> Result<(), DuplicateCheck> {
        let id = check.id();
        if self.entries.contains_key(&id) {
            return Err(DuplicateCheck { id });
        }
        let (question, advice) = (check.question().to_owned(), check.advice().to_owned());
        let settings = check.settings();
        self.entries.insert(id, Entry { check, level, overriding, question, advice, settings });
        Ok(())
    }

    /// The same gate where each check may take this long.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The same gate whose clearances hold this long; never longer than the plan does.
    #[must_use]
    pub fn with_clearance_life(self, clearance_life: Duration) -> Self {
        Self { clearance_life, ..self }
    }

    /// The checks with their levels, sorted by id.
    pub fn checks(&self) -> impl Iterator<Item = (&dyn Check, Level)> {
        self.entries.values().map(|entry| (&*entry.check, entry.level))
    }

    /// Digest of all that decides what this gate says: checks, levels, settings.
    #[must_use]
    pub fn policy(&self) -> BytesDigest {
        let mut text = String::new();
        for (id, entry) in &self.entries {
            let settings = &entry.settings;
            // Lengths keep the settings of one check from looking like the next check.
            text.push_str(&format!("{id} {} {:?} {}\n{settings}\n", entry.level, entry.overriding, settings.len()));
        }
        BytesDigest::of(text.as_bytes())
    }

    /// Asks all checks side by side and says what came of it. An override is recorded before it counts.
    ///
    /// This runs on the tokio runtime of the caller, each check on a thread of the runtime's pool for blocking work: a check
    /// that blocks its thread holds up no other check and no time-out. Such a thread cannot be taken back from it, and a
    /// runtime that is dropped waits for it; `Runtime::shutdown_background` does not.
    ///
    /// # Errors
    /// When a check is to be overridden that cannot be, or the override cannot be recorded.
    pub async fn judge(
        &self,
        context: &Context,
        forced: Option<Override>,
        audit: &dyn AuditSink,
    ) -> Result<SafetyReport, JudgeError> {
        if let Some(forced) = &forced {
            self.record_override(context, forced, audit)?;
        }
        let mut results = self.ask(&context.clone().with_forced(forced.as_ref())).await;
        for result in &mut results {
            result.overridden =
                result.outcome.refuses() && forced.as_ref().is_some_and(|forced| forced.checks().contains(&result.id));
        }
        let proposal = context.proposal();
        Ok(SafetyReport {
            plan: proposal.plan,
            state: proposal.state,
            policy: self.policy(),
            target: proposal.target.clone(),
            judged: context.now(),
            expires: context
                .now()
                .checked_add(self.clearance_life)
                .map_or(proposal.expires, |end| end.min(proposal.expires)),
            results,
            forced,
        })
    }

    fn record_override(&self, context: &Context, forced: &Override, audit: &dyn AuditSink) -> Result<(), JudgeError> {
        for id in forced.checks() {
            let why = match self.entries.get(id) {
                None => "there is no such check",
                Some(entry) if entry.overriding == Overriding::Never => {
                    "it keeps operations apart, or says who may do what"
                }
                Some(_) => continue,
            };
            return Err(JudgeError::CannotOverride { id: id.clone(), why });
        }
        let proposal = context.proposal();
        let checks: Vec<&str> = forced.checks().iter().map(CheckId::as_str).collect();
        let event = AuditEvent::new(context.now(), forced.who(), "force", &proposal.target.store, forced.reason())
            .with("plan", proposal.plan)
            .with("environment", &proposal.target.environment)
            .with("checks", checks.join(","));
        audit.record(&event).map_err(JudgeError::Audit)
    }

    async fn ask(&self, context: &Context) -> Vec<CheckResult> {
        let shared = Arc::new(context.clone());
        let deadline = tokio::time::Instant::now() + self.timeout.min(LONGEST);
        let runtime = Handle::current();
        let (mut running, mut stops) = (JoinSet::new(), Vec::new());
        let mut results = BTreeMap::new();
        for (id, entry) in &self.entries {
            let result = CheckResult {
                id: id.clone(),
                question: entry.question.clone(),
                level: entry.level,
                outcome: Outcome::Skipped,
                evidence: Vec::new(),
                advice: String::new(),
                overridden: false,
                took: Duration::ZERO,
            };
            if entry.level == Level::Allow {
                results.insert(id.clone(), result);
                continue;
            }
            let (check, context, id) = (Arc::clone(&entry.check), Arc::clone(&shared), id.clone());
            // Until it answers it has failed to.
            results.insert(id.clone(), CheckResult { outcome: Outcome::Error, ..result });
            let (stop, stopped) = oneshot::channel::<()>();
            stops.push(stop);
            let runtime = runtime.clone();
            running.spawn_blocking(move || {
                let began = Instant::now();
                let answer = runtime.block_on(unless(stopped, answer(&*check, &context)));
                (id, answer, began.elapsed())
            });
        }
        while let Ok(Some(joined)) = tokio::time::timeout_at(deadline, running.join_next()).await {
            if let Ok((id, Some(answer), took)) = joined
                && let Some(result) = results.get_mut(&id)
            {
                result.took = took;
                take(answer, result);
            }
        }
        // What still runs is dropped, which ends what it started; nobody waits for what blocks its thread.
        drop(stops);
        let _ = tokio::time::timeout(GRACE, async { while running.join_next().await.is_some() {} }).await;
        for (id, result) in &mut results {
            let Some(entry) = self.entries.get(id) else { continue };
            if result.outcome == Outcome::Error && result.evidence.is_empty() {
                result.took = self.timeout;
                result.evidence =
                    vec![Evidence::of_all(format!("it did not answer within {} s", self.timeout.as_secs_f64()))];
            }
            if result.outcome != Outcome::Pass && result.advice.is_empty() && result.outcome != Outcome::Skipped {
                result.advice = entry.advice.clone();
            }
            for text in result.evidence.iter_mut().flat_map(|evidence| [&mut evidence.about, &mut evidence.found]) {
                *text = context.redactor().redact(text).into_owned();
            }
            result.advice = context.redactor().redact(&result.advice).into_owned();
        }
        results.into_values().collect()
    }
}

/// What came of asking a check.
enum Answer {
    NotAsked,
    Said(Verdict),
    Failed(String),
}

async fn answer(check: &dyn Check, context: &Context) -> Answer {
    // What a check panics over is not known to hold no secret, so it is not shown.
    let panicked = || Answer::Failed("it panicked".to_owned());
    let asked = std::panic::catch_unwind(AssertUnwindSafe(|| {
        if !check.applies(context.proposal()) {
            return Err(Answer::NotAsked);
        }
        let missing: Vec<String> =
            check.needs().iter().filter(|need| !context.facts().knows(**need)).map(ToString::to_string).collect();
        if missing.is_empty() {
            Ok(check.judge(context))
        } else {
            Err(Answer::Failed(format!("it is not known {}", missing.join(", nor "))))
        }
    }));
    let judged = match asked {
        Ok(Ok(judged)) => judged,
        Ok(Err(answer)) => return answer,
        Err(_) => return panicked(),
    };
    match Fenced(judged).await {
        Some(Ok(verdict)) => Answer::Said(verdict),
        Some(Err(error)) => Answer::Failed(with_sources(&error)),
        None => panicked(),
    }
}

fn take(answer: Answer, result: &mut CheckResult) {
    match answer {
        Answer::NotAsked => {
            result.outcome = Outcome::Skipped;
            result.evidence = vec![Evidence::of_all("it has nothing to ask about this kind of proposal")];
        }
        Answer::Said(Verdict::Pass(evidence)) => {
            result.outcome = Outcome::Pass;
            result.evidence = evidence;
        }
        Answer::Said(Verdict::Fail { evidence, advice }) => {
            result.outcome = if result.level == Level::Warn { Outcome::Warn } else { Outcome::Fail };
            result.evidence = evidence;
            result.advice = advice;
        }
        Answer::Failed(why) => {
            result.outcome = Outcome::Error;
            result.evidence = vec![Evidence::of_all(why)];
        }
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

/// What `future` comes to, unless the sender of `stopped` goes away first. The future is dropped then, on this thread.
async fn unless<F: Future>(mut stopped: oneshot::Receiver<()>, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match Pin::new(&mut stopped).poll(context) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => future.as_mut().poll(context).map(Some),
    })
    .await
}

/// A future whose panic is an answer.
struct Fenced<F>(F);

impl<F: Future + Unpin> Future for Fenced<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        let inner = Pin::new(&mut self.0);
        match std::panic::catch_unwind(AssertUnwindSafe(|| inner.poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} checks", self.entries.len())
    }
}
