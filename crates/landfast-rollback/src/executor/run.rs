//! One run of an operation: its view, kept in step with its journal, and what every part of it needs.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Mutex as Held, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use landfast_safety::{CheckResult, SafetyReport};
use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;
use tokio::sync::Mutex;

use super::error::ExecuteError;
use super::secrets::Secrets;
use super::{Executor, Report};
use crate::actuator::{ActuatorError, ActuatorFailure};
use crate::journal::{Record, View};
use crate::mutant::{self, Mutant};
use crate::operation::{OperationOptions, OperationState};
use crate::plan::{Plan, StepId, write_plan};
use crate::time;

/// Time between two tries of a read, in milliseconds, times the number of tries.
const READ_PAUSE_MS: u64 = 200;

pub(super) struct Run<'e> {
    pub(super) executor: &'e Executor,
    pub(super) operation: String,
    pub(super) plan: Plan,
    pub(super) options: OperationOptions,
    /// Who executes it, or took it up.
    pub(super) who: String,
    secrets: Held<Secrets>,
    view: Mutex<View>,
    tried: Held<BTreeSet<StepId>>,
    said: Held<(Vec<CheckResult>, Option<Box<SafetyReport>>)>,
    stayed: Held<Option<String>>,
}

impl<'e> Run<'e> {
    pub(super) async fn open(
        executor: &'e Executor,
        operation: &str,
        plan: &Plan,
        options: &OperationOptions,
        who: &str,
    ) -> Result<Self, ExecuteError> {
        let opened = Record::Opened {
            operation: operation.to_owned(),
            plan: write_plan(plan),
            options: options.clone(),
            who: who.to_owned(),
            at: time::to_text(executor.ports.clock.now()),
        };
        let view = View::of([&opened])
            .map_err(|source| ExecuteError::View { operation: operation.to_owned(), source: Box::new(source) })?;
        let journal = &executor.ports.journal;
        journal
            .append(&opened)
            .await
            .map_err(|source| ExecuteError::Journal { operation: operation.to_owned(), source })?;
        // The caller's plan knows its sensitive values, and the one in the journal does not.
        Ok(Self::new(executor, view, plan.clone(), who))
    }

    pub(super) async fn take_up(executor: &'e Executor, view: View, who: &str) -> Result<Self, ExecuteError> {
        let plan = view.plan.clone();
        let run = Self::new(executor, view, plan, who);
        run.append(Record::TakenUp { who: who.to_owned(), at: run.now() }).await?;
        // Who takes it up wants it to go on.
        if run.view(|view| view.paused).await {
            run.append(Record::Paused { paused: false, at: run.now() }).await?;
        }
        Ok(run)
    }

    fn new(executor: &'e Executor, view: View, plan: Plan, who: &str) -> Self {
        let mut secrets = Secrets::default();
        secrets.learn(plan.before().objects().iter().chain(plan.after().objects()), executor.values.key());
        Self {
            executor,
            operation: view.operation.clone(),
            options: view.options.clone(),
            who: who.to_owned(),
            secrets: Held::new(secrets),
            plan,
            view: Mutex::new(view),
            tried: Held::default(),
            said: Held::default(),
            stayed: Held::default(),
        }
    }

    pub(super) fn into_report(self) -> Report {
        let (checks, refused) = self.said.into_inner().unwrap_or_else(PoisonError::into_inner);
        let stayed = self.stayed.into_inner().unwrap_or_else(PoisonError::into_inner);
        Report { view: self.view.into_inner(), checks, refused, stayed }
    }

    /// Why the operation stays as it is, though it was to go on.
    pub(super) fn stays(&self, why: String) {
        let why = self.redact(&why);
        *self.stayed.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }

    pub(super) fn say(&self, checks: Vec<CheckResult>, refused: Option<Box<SafetyReport>>) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = (checks, refused);
    }

    /// This process has tried a step, going forward.
    pub(super) fn tried_now(&self, step: StepId) {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).insert(step);
    }

    /// The steps that this process has tried, going forward.
    pub(super) fn tried(&self) -> BTreeSet<StepId> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The moment, as journals write it.
    pub(super) fn now(&self) -> String {
        time::to_text(self.executor.ports.clock.now())
    }

    /// Appends a record, and takes it into the view once it is durable.
    pub(super) async fn append(&self, record: Record) -> Result<(), ExecuteError> {
        // Records stand in the journal in the order in which the view takes them.
        let mut view = self.view.lock().await;
        match self.executor.ports.journal.append(&record).await {
            Err(_) if mutant::is(Mutant::JournalFailureIgnored) => {}
            other => {
                other.map_err(|source| ExecuteError::Journal { operation: self.operation.clone(), source })?;
            }
        }
        // The number is for messages about journals that are read; here the record is new.
        view.take(&record, 0)
            .map_err(|source| ExecuteError::View { operation: self.operation.clone(), source: Box::new(source) })
    }

    /// What the view says.
    pub(super) async fn view<T>(&self, ask: impl FnOnce(&View) -> T) -> T {
        ask(&*self.view.lock().await)
    }

    /// Goes from the state it is in to another one.
    pub(super) async fn go(&self, to: OperationState, why: &str) -> Result<(), ExecuteError> {
        let from = self.view(|view| view.state).await;
        let level = match to {
            OperationState::Failed | OperationState::RollingBack => "warn",
            OperationState::RollbackFailed => "error",
            _ => "info",
        };
        tracing::debug!(operation = %self.operation, %from, %to, why, "operation");
        let why = self.redact(why);
        self.append(Record::Went { from, to, level: level.to_owned(), why, at: self.now() }).await
    }

    /// The text without the secrets of the plan and of what was read.
    pub(super) fn redact(&self, text: &str) -> String {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).redact(text)
    }

    /// What was read, with what the rules know to be a secret marked: it goes into the journal.
    fn marked(&self, object: ResourceObject, address: &ObjectAddress) -> ResourceObject {
        // It stands where it was read, whatever the actuator calls it.
        let object = ResourceObject { address: address.clone(), ..object };
        let object = self.executor.compared.rules.mark_object(object);
        let key = self.executor.values.key();
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).learn([&object], key);
        object
    }

    /// Reads an object; reads that fail for a moment are tried again.
    pub(super) async fn read(
        &self,
        address: &ObjectAddress,
        known: Option<&ResourceObject>,
    ) -> Result<Option<ResourceObject>, ActuatorError> {
        let mut tries = 0;
        loop {
            match self.executor.ports.actuator.read(address, known).await {
                Err(error) if error.failure == ActuatorFailure::Transient && tries < self.options.read_retries => {
                    tries += 1;
                    let pause = Duration::from_millis(READ_PAUSE_MS * u64::from(tries));
                    self.executor.ports.clock.sleep(pause).await;
                }
                other => return other.map(|read| read.map(|object| self.marked(object, address))),
            }
        }
    }

    /// The same future, or `None` when it has not answered in time.
    pub(super) async fn in_time<T>(&self, time: Duration, future: impl Future<Output = T> + Send) -> Option<T> {
        let sleep = self.executor.ports.clock.sleep(time);
        match select(std::pin::pin!(future), sleep).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        }
    }
}
