//! A journal in memory that is lost, torn and full on demand.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::stage::Stage;
use crate::actuator::PortFuture;
use crate::journal::{Journal, JournalError, Record};

/// What goes wrong with one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppendFault {
    /// The process dies before anything is written.
    DieBefore,
    /// The process dies halfway: a torn end is left, which is cut off when the journal is taken up.
    DieTorn,
    /// The process dies when the record is durable, and before anybody is told.
    DieAfter,
    /// The disk is full: nothing is written, and the append fails, like all that follow.
    Full,
    /// The append fails, and the record is durable all the same.
    FailDurable,
}

/// A journal in memory. What it holds is what a journal in a file would hold after a crash. Copies are the same journal.
#[derive(Clone, Default)]
pub struct MemoryJournal(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    records: Vec<String>,
    stage: Option<Stage>,
    faults: Vec<(usize, AppendFault)>,
    appends: usize,
    is_full: bool,
    was_torn: bool,
}

/// The disk of the memory journal is full.
#[derive(Debug, thiserror::Error)]
#[error("no space is left on the disk")]
struct Full;

impl MemoryJournal {
    /// A journal without records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the journal on a stage.
    pub fn on_stage(&self, stage: &Stage) {
        self.held().stage = Some(stage.clone());
    }

    /// The append with this number goes wrong like this; the first one that is tried is 1, of whatever process. What dies
    /// dies on a [`Stage`]; without one it waits forever.
    pub fn spoil(&self, append: usize, fault: AppendFault) {
        self.held().faults.push((append, fault));
    }

    /// There is space on the disk again.
    pub fn make_space(&self) {
        self.held().is_full = false;
    }

    /// How many appends were tried.
    #[must_use]
    pub fn appends(&self) -> usize {
        self.held().appends
    }

    /// How many records are durable.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held().records.len()
    }

    /// Whether no record is durable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The durable records, as text.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.held().records.clone()
    }

    /// The durable records.
    ///
    /// # Errors
    /// When one cannot be read, which would be a defect of how records are written.
    pub fn records(&self) -> Result<Vec<Record>, serde_json::Error> {
        self.held().records.iter().map(|text| serde_json::from_str(text)).collect()
    }

    async fn take(&self, record: &Record) -> Result<(), JournalError> {
        let text = serde_json::to_string(record).map_err(|error| JournalError(Box::new(error)))?;
        let stage = self.held().stage.clone();
        if let Some(stage) = &stage {
            stage.point().await;
        }
        let fault = {
            let mut held = self.held();
            held.appends += 1;
            let appends = held.appends;
            let fault = held.faults.iter().find(|(at, _)| *at == appends).map(|(_, fault)| *fault);
            held.is_full |= fault == Some(AppendFault::Full);
            held.was_torn |= fault == Some(AppendFault::DieTorn);
            let is_written = !held.is_full && !matches!(fault, Some(AppendFault::DieBefore | AppendFault::DieTorn));
            if is_written {
                held.records.push(text.clone());
            }
            if held.is_full { Some(AppendFault::Full) } else { fault }
        };
        if let Some(stage) = &stage {
            let shown: String = if matches!(record, Record::Opened { .. } | Record::Before { .. }) {
                text.chars().take(40).collect()
            } else {
                text
            };
            stage.note(|| format!("append{}: {shown}", fault.map(|fault| format!(" ({fault:?})")).unwrap_or_default()));
        }
        match fault {
            Some(AppendFault::Full | AppendFault::FailDurable) => return Err(JournalError(Box::new(Full))),
            Some(AppendFault::DieBefore | AppendFault::DieTorn | AppendFault::DieAfter) => {
                if let Some(stage) = &stage {
                    stage.power_off();
                }
                std::future::pending::<()>().await;
            }
            None => {}
        }
        if let Some(stage) = &stage {
            stage.point().await;
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryJournal({} records)", self.len())
    }
}

impl Journal for MemoryJournal {
    fn append<'a>(&'a self, record: &'a Record) -> PortFuture<'a, Result<(), JournalError>> {
        Box::pin(self.take(record))
    }
}
