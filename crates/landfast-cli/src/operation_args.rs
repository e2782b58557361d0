//! The arguments of the commands on plans and operations.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use crate::args::{ReportFormat, RuleArgs, StateAt};
use crate::duration::{bounded, up_to_a_year};

#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Make a plan of wanted changes
    ///
    /// The file says what is to be forgotten, moved and adopted in a state, or created, updated and deleted by the commands of
    /// an in-house system (`[actuators.command]` in landfast.toml). Nothing is changed and no lock is taken.
    Create(PlanCreate),
    /// Show a plan: what cannot be undone first, then its steps
    Show(PlanShow),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PlanCreate {
    /// The wanted changes, in TOML
    #[arg(value_name = "WANTED")]
    pub(crate) wanted: PathBuf,
    #[command(flatten)]
    pub(crate) at: StateAt,
    /// How long the plan may be executed: 30m, 12h
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = bounded)]
    pub(crate) life: Duration,
    /// So many steps run alone, before all others
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) canary: usize,
    /// So many steps in a batch, at most
    #[arg(long, value_name = "COUNT", default_value = "10")]
    pub(crate) batch_size: NonZeroUsize,
    /// Wait so long between batches: 30s, 5m
    #[arg(long, value_name = "TIME", value_parser = up_to_a_year)]
    pub(crate) pause: Option<Duration>,
    /// Stop between batches, with exit code 4, until somebody goes on with `landfast op resume`
    #[arg(long, conflicts_with = "pause")]
    pub(crate) confirm: bool,
    /// How long each step may take: 30s, 10m
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = bounded)]
    pub(crate) step_timeout: Duration,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PlanShow {
    /// The file of the plan
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

/// How a plan is executed.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExecuteArgs {
    #[command(flatten)]
    pub(crate) at: StateAt,
    /// Execute without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Override this check; needs --reason, and is recorded
    #[arg(long, value_name = "CHECK", requires = "reason")]
    pub(crate) force: Vec<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// An approval of the plan, as `landfast approve` writes it; can be given several times. Each serves one operation
    #[arg(long, value_name = "FILE")]
    pub(crate) approval: Vec<PathBuf>,
    /// So many objects are lost, and that is meant: the exact number, for the check delete-threshold
    #[arg(long, value_name = "COUNT")]
    pub(crate) acknowledge_deletes: Option<u64>,
    /// Documents in which sensitive values of the plan stand in clear, such as the observation or the wanted changes that it was
    /// made from; the state is looked into anyway
    #[arg(long, value_name = "SRC")]
    pub(crate) values: Vec<PathBuf>,
    /// Wait so long for somebody else's lock: 30s, 5m
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = up_to_a_year)]
    pub(crate) lock_timeout: Duration,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    /// How to write what came of it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,
}

/// How a new operation runs. One that is taken up goes on as it was begun.
#[derive(Debug, ClapArgs)]
pub(crate) struct CourseArgs {
    /// Tolerate this many failed steps before nothing further begins; without it the first failure stops
    #[arg(long, value_name = "FAILURES")]
    pub(crate) lenient: Option<u32>,
    /// After a failure, leave everything as it is instead of taking back what was applied
    #[arg(long)]
    pub(crate) no_rollback: bool,
    /// Give up taking back after this time: 3m
    #[arg(long, value_name = "TIME", value_parser = bounded)]
    pub(crate) rollback_timeout: Option<Duration>,
    /// How long everything must stay as it is to be before it counts as applied: 30s
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = up_to_a_year)]
    pub(crate) settle: Duration,
    /// So many steps at a time, at most
    #[arg(long, value_name = "COUNT", default_value = "10")]
    pub(crate) parallel: NonZeroUsize,
}

/// Where operations are kept.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct FolderArgs {
    /// The folder of the journals; by default .landfast/operations in the folder of landfast.toml, or else in the working folder
    #[arg(long, value_name = "DIR")]
    pub(crate) operations: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Apply {
    /// The file of the plan
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    #[command(flatten)]
    pub(crate) execute: ExecuteArgs,
    #[command(flatten)]
    pub(crate) course: CourseArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Rollback {
    /// The operation that is taken back
    #[arg(value_name = "OPERATION")]
    pub(crate) operation: String,
    /// Only this object; can be given several times
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) address: Vec<String>,
    /// Take back what somebody changed after the operation too, which loses that change
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Write the plan, to --output or standard output, and execute nothing: for people to approve it, and for `landfast apply`
    #[arg(long)]
    pub(crate) plan_only: bool,
    /// Leave this object as it is, for the reason that --reason gives; can be given several times. It is recorded in the audit log
    #[arg(long, value_name = "ADDRESS", requires = "reason")]
    pub(crate) skip: Vec<String>,
    #[command(flatten)]
    pub(crate) execute: ExecuteArgs,
    #[command(flatten)]
    pub(crate) course: CourseArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Op {
    /// List operations, the oldest first
    List(OpList),
    /// Show an operation: its state and where each step stands
    Show(OpShow),
    /// Show the journal of an operation, record by record
    Log(OpShow),
    /// Take up an operation whose process ended: what it was doing is read, never just tried again
    Resume(Box<OpResume>),
    /// Write what somebody needs who takes over: what was done, what was not, and what a person must look at
    Handover(OpHandover),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OpList {
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    /// How to write them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OpShow {
    /// The operation
    #[arg(value_name = "OPERATION")]
    pub(crate) operation: String,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OpResume {
    /// The operation
    #[arg(value_name = "OPERATION")]
    pub(crate) operation: String,
    /// Take back what was applied, instead of going on
    #[arg(long, conflicts_with_all = ["force", "approval", "acknowledge_deletes"])]
    pub(crate) back: bool,
    #[command(flatten)]
    pub(crate) execute: ExecuteArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OpHandover {
    /// The operation
    #[arg(value_name = "OPERATION")]
    pub(crate) operation: String,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: HandoverFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HandoverFormat {
    Text,
    Markdown,
    Json,
}
