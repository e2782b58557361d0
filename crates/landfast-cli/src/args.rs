//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use landfast::drift::Severity;

#[cfg(unix)]
pub(crate) use crate::live_args::LiveArgs;
#[cfg(unix)]
pub(crate) use crate::operation_args::{Op, PlanCommand};
pub(crate) use crate::state_args::{Select, State, StateAt, StateCommand};

const AFTER_HELP: &str = "\
Sources are paths, - for standard input, or URLs of states in stores. What a file is (state, plan or show JSON, snapshot, \
observation) is detected. Behind @ stands the serial, or the id, of an earlier version of a state: prod.tfstate@7.

Exit codes: 0 clean, 1 error, 2 drift at or above --fail-on (for diff: different), 3 refused by a check or a policy, 4 gaps with --strict, or \
cancelled, 5 failed and rolled back, 6 failed and not rolled back, 64 usage.";

/// Finds where infrastructure has drifted from what was declared, and says how bad each drift is and why.
#[derive(Debug, Parser)]
#[command(name = "landfast", version, after_help = AFTER_HELP, max_term_width = 100)]
#[command(propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Global {
    /// Write the result to this file instead of standard output; it is replaced as a whole or not at all
    #[arg(long, short, alias = "out", global = true, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// When to use colours; by default on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
    /// Show more: everything in the report, and traces on standard error (-vv for more of them)
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// The keys: those of the flags where a command has such flags, and those of the environment and the settings.
    #[cfg(unix)]
    #[arg(skip)]
    pub(crate) keys: crate::keys::KeySource,
}

#[cfg(unix)]
impl Global {
    /// The same for a command that has flags for keys.
    pub(crate) fn with_keys(&self, flags: &crate::key_args::KeyArgs) -> Self {
        Self { keys: crate::keys::KeySource::of_flags(flags), ..self.clone() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Is anything drifted? Compares what was recorded with what was observed
    ///
    /// States of different lineages, and an observed state that is older than the recorded one, are compared all the same,
    /// with a warning on standard error: what such a comparison finds may be no drift.
    Check(Check),
    /// Capture what is there, as a file that stands for it in later checks
    Observe(Observe),
    /// Compare any two states, plans, snapshots or observations
    ///
    /// Both stand for what they hold, and nothing says that they belong together: neither lineage nor serial is looked at.
    ///
    /// A plan holds two sides: as the first source it stands for what it found written down, as the second one for what it
    /// saw when it refreshed. So `landfast diff P P` of one plan shows the drift that it found, and exits with 2 when there
    /// is some.
    Diff(Diff),
    /// Look at a state, change it, and take changes back, wherever it is kept
    State(StateCommand),
    /// Keep many states at once, check what was kept, and put it back
    #[cfg(unix)]
    Backup(crate::backup_args::BackupCommand),
    /// Make plans and look at them
    #[cfg(unix)]
    #[command(subcommand)]
    Plan(crate::operation_args::PlanCommand),
    /// Approve a plan: sign with your key that exactly this plan may be executed, once
    ///
    /// Shows the plan and asks. The signed approval goes to --output, or to standard output, and to `landfast apply --approval`.
    /// Whose approvals count, and how many are needed, stands below [safety.checks.approvals] in landfast.toml. Exits with 3
    /// where it would not count: the plan is your own, or has expired.
    #[cfg(unix)]
    Approve(crate::approve_args::Approve),
    /// Execute a plan: checked, journalled before each step, verified after it, and taken back when something fails
    ///
    /// A plan is executed on the state that it was made on, once, and as it is in its file. Exits with 3 when it is refused,
    /// and nothing was changed then; with 5 when it failed and was taken back, with 6 when somebody must look, with 4 when it
    /// was cancelled.
    #[cfg(unix)]
    Apply(crate::operation_args::Apply),
    /// Take an operation back that has ended: plans the way from what is there now to what was before it, and executes that
    ///
    /// What somebody changed since stays as it is and is named. What comes of it is an operation of its own, which can be taken
    /// back too. Exits like `landfast apply`.
    #[cfg(unix)]
    Rollback(crate::operation_args::Rollback),
    /// Look at operations, and take up those whose process ended
    #[cfg(unix)]
    #[command(subcommand)]
    Op(crate::operation_args::Op),
    /// Capture sources as a snapshot file, in which sensitive values are fingerprints
    #[command(subcommand)]
    Snapshot(Snapshot),
    /// Show what depends on what
    Graph(Graph),
    /// Judge plans and configurations by policies in Rego, and test policies
    #[cfg(feature = "policy")]
    #[command(subcommand)]
    Policy(crate::policy_args::Policy),
    /// Print a completion script for a shell
    Completions(Completions),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    /// A folder with a configuration that was initialised; by default the working folder
    #[arg(value_name = "DIR", conflicts_with_all = ["recorded", "observed"])]
    pub(crate) folder: Option<PathBuf>,
    /// What was recorded; several sources are taken together. By default the state that the folder's configuration names
    #[arg(long, value_name = "SRC", conflicts_with = "via")]
    pub(crate) recorded: Vec<PathBuf>,
    /// What was observed; by default what is there is read live, through the providers
    #[arg(long, value_name = "SRC", requires = "recorded", conflicts_with = "via")]
    pub(crate) observed: Option<PathBuf>,
    /// Look at what is there through this tool instead, which also says what was recorded. Nothing is locked or written
    #[arg(long, value_name = "TOOL")]
    pub(crate) via: Option<Via>,
    #[command(flatten)]
    pub(crate) tool: ToolArgs,
    /// Exit with 2 for drift of this severity or a higher one
    #[arg(long, value_name = "SEVERITY", default_value = "minor")]
    pub(crate) fail_on: FailOnSeverity,
    /// Exit with 4 when anything could not be read or compared
    #[arg(long)]
    pub(crate) strict: bool,
    /// Whether to read two states side by side without holding the files; the report is the same. By default wherever that
    /// is possible: with one recorded state and one observed, both in format 4. What comes through a pipe is held in memory
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) streaming: Streaming,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[cfg(unix)]
    #[command(flatten)]
    pub(crate) live: LiveArgs,
}

/// When states are read as streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Streaming {
    /// Where it is possible
    Auto,
    /// Always: it is an error where it is not possible
    Always,
    /// Never: files are held in memory too
    Never,
}

/// What looks at what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Via {
    /// `terraform` on the PATH, or else `tofu`
    Terraform,
    /// `tofu` on the PATH
    Tofu,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ToolArgs {
    /// The program to run instead of the one on the PATH
    #[arg(long, value_name = "FILE", requires = "via")]
    pub(crate) tool_path: Option<PathBuf>,
    /// Give up when a run of the tool takes longer than this
    #[arg(long, value_name = "SECONDS", requires = "via", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) time_limit: Option<u32>,
}

impl Check {
    /// Whether an option is given that is for reading live.
    pub(crate) fn reads_live(&self) -> bool {
        #[cfg(unix)]
        return !self.live.is_empty();
        #[cfg(not(unix))]
        false
    }
}

impl Observe {
    /// Whether an option is given that is for reading live.
    pub(crate) fn reads_live(&self) -> bool {
        #[cfg(unix)]
        return !self.live.is_empty();
        #[cfg(not(unix))]
        false
    }
}

impl ToolArgs {
    pub(crate) fn is_empty(&self) -> bool {
        self.tool_path.is_none() && self.time_limit.is_none()
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Observe {
    /// A folder with a configuration that was initialised; by default the working folder
    #[arg(value_name = "DIR", conflicts_with = "recorded")]
    pub(crate) folder: Option<PathBuf>,
    /// States whose objects are looked up; by default the state that the folder's configuration names
    #[arg(long, value_name = "SRC", conflicts_with = "via")]
    pub(crate) recorded: Vec<PathBuf>,
    /// Look at what is there through this tool instead of the providers. Nothing is locked or written
    #[arg(long, value_name = "TOOL")]
    pub(crate) via: Option<Via>,
    #[command(flatten)]
    pub(crate) tool: ToolArgs,
    /// Exit with 4 when anything could not be read; what could be is written all the same
    #[arg(long)]
    pub(crate) strict: bool,
    #[cfg(unix)]
    #[command(flatten)]
    pub(crate) live: LiveArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Diff {
    /// The first source; of a plan, what it found written down
    pub(crate) a: PathBuf,
    /// The second source; of a plan, what it saw when it refreshed
    pub(crate) b: PathBuf,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// How to write the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RuleArgs {
    /// Use these rules instead of the embedded ones: files or folders of *.toml. What the embedded ones know to be a secret
    /// stays hidden all the same
    #[arg(long, value_name = "PATH")]
    pub(crate) rules: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOnSeverity {
    Minor,
    Moderate,
    Major,
    Critical,
}

impl FailOnSeverity {
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Minor => Severity::Minor,
            Self::Moderate => Severity::Moderate,
            Self::Major => Severity::Major,
            Self::Critical => Severity::Critical,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Snapshot {
    /// Write a snapshot of one source, or of several together
    Create(SnapshotCreate),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SnapshotCreate {
    /// The sources
    #[arg(value_name = "SRC", required = true)]
    pub(crate) sources: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Graph {
    /// The source
    #[arg(value_name = "SRC")]
    pub(crate) source: PathBuf,
    /// Only what a change to this resource can touch: everything that depends on it, directly or through others
    ///
    /// As text, an address a line, without the resource itself; as dot or mermaid, the graph of these and of the resource.
    /// Dependencies are those of whole resources, so that a key in the address is passed over.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "orphans")]
    pub(crate) blast_radius: Option<String>,
    /// Only resources that depend on nothing and on which nothing depends
    #[arg(long)]
    pub(crate) orphans: bool,
    /// How to write the graph
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    Text,
    Dot,
    Mermaid,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}
