//! The arguments of the commands on states.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};

use crate::args::{ReportArgs, ReportFormat, RuleArgs};

const GLOBS: &str = "\
A `*` in an address stands for any text, dots, brackets and quotes included, and the pattern must fit the whole address of an \
instance, or that of its resource or of a module that holds it: `aws_instance.*`, `module.db.*`, `*[\"prod-*\"]`. `\\*` is a \
star itself. Without a star it is an address: a module with all that is in it, a resource with all its instances, or an \
instance.";

#[derive(Debug, Subcommand)]
pub(crate) enum State {
    /// List the addresses of resource instances, as `terraform state list` does; of show JSON and snapshots too
    #[command(after_long_help = GLOBS)]
    List(StateList),
    /// Show objects with their attributes, of show JSON and snapshots too; sensitive values are masked
    #[command(after_long_help = GLOBS)]
    Show(StateShow),
    /// Print the state in format 4; one that has it already stays as it is, byte for byte. It holds secrets in clear
    Convert(StateConvert),
    /// Print a state exactly as its store keeps it. It holds secrets in clear
    #[cfg(unix)]
    Pull(StatePull),
    /// Put a state in the place of the one that is there
    ///
    /// As `terraform state push`: another lineage, a lower serial, and other content under the same serial are refused, and
    /// the same content is nothing to do. What was there stays in the history.
    #[cfg(unix)]
    Push(StatePush),
    /// Give an object, a resource or a module another address, as `terraform state mv` does
    ///
    /// The infrastructure stays as it is. Dependencies of other objects on what was moved follow it.
    #[cfg(unix)]
    Mv(StateMv),
    /// Take objects out of a state: terraform forgets them, and what they stand for stays as it is
    #[cfg(unix)]
    #[command(after_long_help = GLOBS)]
    Rm(StateRm),
    /// Give resources another provider, as `terraform state replace-provider` does
    #[cfg(unix)]
    #[command(after_long_help = GLOBS)]
    ReplaceProvider(StateReplaceProvider),
    /// Print the `import` blocks that would take the objects of a state into another one
    ///
    /// The id is the attribute `id`, which is what most resource types are imported by. An object that has none is left out
    /// and named on standard error.
    #[command(after_long_help = GLOBS)]
    ImportBlock(StateImportBlock),
    /// List the versions of a state: who wrote each, when and why
    ///
    /// The versions are those of the store where it keeps any, and otherwise those that landfast wrote, or replaced.
    #[cfg(unix)]
    History(StateHistory),
    /// Compare two states, or two versions of one; exits with 2 when they differ
    #[cfg(unix)]
    Diff(StateDiff),
    /// Write an old version of a state again, with a higher serial: `--state SRC@3`
    ///
    /// Names first what appears, goes and changes in the state. It changes what terraform knows and nothing of what is there:
    /// what the old version does not have is forgotten and not destroyed, and what it has is expected to be there.
    #[cfg(unix)]
    Restore(StateRestore),
    /// Take the lock of a state, which stops terraform too
    ///
    /// With a command behind `--`, the lock is held while the command runs. Without one: where locks are records of the store, it
    /// is left there and its id is printed, to be given to `landfast state unlock`; where a lock ends with its holder (local
    /// files, PostgreSQL), it is held until Ctrl-C.
    #[cfg(unix)]
    Lock(StateLock),
    /// Remove a lock that somebody else left
    ///
    /// Never while its holder may live: what he writes afterwards is refused, or, where the store cannot see to that, lost or
    /// mixed with what others write. The removal is recorded first, in `audit.log` in the user's folder for states
    /// ($XDG_STATE_HOME/landfast).
    #[cfg(unix)]
    Unlock(StateUnlock),
    /// Check a state and what lies about beside it: is it sound, who holds its lock, since when, which version is it?
    ///
    /// Nothing is changed. Exits with 1 when there is no sound state.
    #[cfg(unix)]
    Verify(StateVerify),
}

/// Which state.
#[derive(Debug, ClapArgs)]
pub(crate) struct StateAt {
    /// The state: a path, a URL (s3://BUCKET/KEY, …), or - for standard input. By default the one that the working directory's
    /// configuration names
    ///
    /// Behind @ stands the serial, or the id, of an earlier version: prod.tfstate@7, or @7 of the working directory's state. A
    /// file that has such a name itself comes first.
    #[arg(long, value_name = "SRC")]
    pub(crate) state: Option<PathBuf>,
    /// The workspace; by default the one that is chosen in the working directory or in the URL
    #[arg(long, value_name = "NAME")]
    pub(crate) workspace: Option<String>,
}

/// How a state is changed.
#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) at: StateAt,
    /// Show what would become of the state, and write nothing. No lock is taken
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Why, for the history; by default the command
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Wait so long for somebody else's lock: 30s, 5m
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) lock_timeout: Duration,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateList {
    #[command(flatten)]
    pub(crate) select: Select,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateShow {
    #[command(flatten)]
    pub(crate) select: Select,
    /// How to write the objects
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Select {
    #[command(flatten)]
    pub(crate) at: StateAt,
    /// Addresses of modules, resources or instances, or patterns; by default everything
    #[arg(value_name = "ADDRESS")]
    pub(crate) addresses: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateConvert {
    #[command(flatten)]
    pub(crate) at: StateAt,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StatePull {
    #[command(flatten)]
    pub(crate) at: StateAt,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StatePush {
    /// The state that is to be there: a path, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Look at neither lineage nor serial. Where the serial is not higher than the one that is there, the state is written with
    /// the next higher one
    #[arg(long, requires = "reason")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StateMv {
    /// The address of an instance, a resource or a module
    #[arg(value_name = "FROM", required_unless_present_any = ["resume", "undo"])]
    pub(crate) from: Option<String>,
    /// The address that it gets
    #[arg(value_name = "TO", required_unless_present_any = ["resume", "undo"])]
    pub(crate) to: Option<String>,
    /// Move to this other state: a path or a URL. Where it does not exist it is made
    ///
    /// What both states are to become is kept in a journal ($XDG_STATE_HOME/landfast/transfers), and the one that gains the
    /// objects is written first: whatever happens, no object is in neither. Until a move that was interrupted is resumed or
    /// undone, neither state can be changed by landfast.
    #[arg(long, value_name = "SRC", conflicts_with = "dry_run")]
    pub(crate) state_out: Option<PathBuf>,
    /// Finish a move between these two states that was interrupted
    #[arg(long, requires = "state_out", conflicts_with_all = ["undo", "from"])]
    pub(crate) resume: bool,
    /// Take back a move between these two states that was interrupted
    #[arg(long, requires = "state_out", conflicts_with = "from")]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StateRm {
    /// Addresses of modules, resources or instances, or patterns
    #[arg(value_name = "ADDRESS", required = true)]
    pub(crate) addresses: Vec<String>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StateReplaceProvider {
    /// The provider that is to be replaced: aws, hashicorp/aws, registry.example.com/acme/aws
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// The provider that takes its place
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// Addresses of modules or resources, or patterns; by default everything
    #[arg(value_name = "ADDRESS")]
    pub(crate) addresses: Vec<String>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateImportBlock {
    #[command(flatten)]
    pub(crate) select: Select,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StateHistory {
    #[command(flatten)]
    pub(crate) at: StateAt,
    /// How to write the versions
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StateDiff {
    /// The first state
    #[arg(value_name = "A")]
    pub(crate) a: PathBuf,
    /// The second state
    #[arg(value_name = "B")]
    pub(crate) b: PathBuf,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StateRestore {
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StateLock {
    #[command(flatten)]
    pub(crate) at: StateAt,
    /// Why, for whoever meets the lock
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Wait so long for somebody else's lock: 30s, 5m
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) lock_timeout: Duration,
    /// Take no lock to keep: let many clients race for it, and say whether this store can be trusted to let one of them win
    ///
    /// The locks are those of a key beside the state, under which nothing is; the state and its lock are left as they are. Exits with 1 when several held the lock at once, or when nothing could be
    /// found out. That nothing is found is no proof.
    #[arg(long, conflicts_with_all = ["reason", "command"])]
    pub(crate) probe: bool,
    /// What to run while the lock is held. It ends with 1 when the command fails
    #[arg(value_name = "COMMAND", last = true)]
    pub(crate) command: Vec<OsString>,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StateUnlock {
    #[command(flatten)]
    pub(crate) at: StateAt,
    /// The exact id of the lock, as `landfast state verify` shows it
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    /// Why its holder will not come back
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[cfg(unix)]
#[derive(Debug, ClapArgs)]
pub(crate) struct StateVerify {
    #[command(flatten)]
    pub(crate) at: StateAt,
}

/// Reads a time such as `30s`, `5m` or `1h`; a number alone is seconds.
#[cfg(unix)]
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let end_of_digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end_of_digits).unwrap_or((text, ""));
    let seconds = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(String::from("a time is a number with s, m or h behind it, such as 30s")),
    };
    let number: u64 = number.parse().map_err(|_| String::from("a time begins with a whole number, such as 30s"))?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| String::from("this time is too long"))
}
