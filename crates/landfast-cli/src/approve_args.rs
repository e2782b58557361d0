//! Arguments of `landfast approve`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};

use crate::duration::parse as duration;

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Approve {
    #[command(subcommand)]
    pub(crate) command: Option<ApproveCommand>,
    /// The file of the plan
    #[arg(value_name = "PLAN", required = true)]
    pub(crate) plan: Option<PathBuf>,
    /// Your private key. It says who you are: landfast.toml lists the public key that belongs to it
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) key: Option<PathBuf>,
    /// How long the approval holds: 30m, 8h
    #[arg(long, value_name = "TIME", default_value = "8h", value_parser = duration)]
    pub(crate) life: Duration,
    /// Approve without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApproveCommand {
    /// Make a key for an approver, in a new file that only its owner can read, and print the lines for landfast.toml
    Keygen(Keygen),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Keygen {
    /// The new file of the private key; one that is there is never replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The approver's name; by default the name of the user
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}
