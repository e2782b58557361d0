//! The arguments of `landfast backup`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use crate::key_args::{KeyArgs, RetentionArgs};

#[derive(Debug, ClapArgs)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct BackupCommand {
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    #[command(subcommand)]
    pub(crate) command: Backup,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Backup {
    /// Keep many states at once, in a new folder with a manifest
    ///
    /// No locks are taken. A state that cannot be read does not keep the others from being kept: it is named, and the exit code
    /// is 4. A folder without manifest is a backup that was interrupted, and is none.
    Create(BackupCreate),
    /// Read a backup back: every file decrypts, has the digest of the manifest, and is a state. Exits with 1 where one is not
    Verify(BackupVerify),
    /// Put states of a backup back, all or some, to where they were or elsewhere
    ///
    /// By lock, conditional write and history, as every change. A state over another one gets a higher serial. It changes what
    /// terraform knows, and nothing of what is there.
    Restore(BackupRestore),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BackupCreate {
    /// The folder to make; it must be empty or not there
    #[arg(long, value_name = "FOLDER")]
    pub(crate) into: PathBuf,
    /// The states: paths or URLs
    #[arg(value_name = "SRC", required = true)]
    pub(crate) sources: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BackupVerify {
    /// The folder of the backup
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BackupRestore {
    /// The folder of the backup
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// Only the state that lay there; can be given several times. By default all of them
    #[arg(long, value_name = "PLACE")]
    pub(crate) only: Vec<String>,
    /// Put the state that lay at PLACE to SRC instead
    #[arg(long, value_name = "PLACE=SRC")]
    pub(crate) to: Vec<String>,
    /// Why, for the history; by default the command
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) retention: RetentionArgs,
}
