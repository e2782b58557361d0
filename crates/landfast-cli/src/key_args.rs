//! The arguments that name keys, and how long versions are kept.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;

use crate::duration::parse as duration;

const HEADING: &str = "Encryption";

/// Keys for what is kept beside states, and for states that OpenTofu encrypted. Flags beat the environment, which beats
/// `landfast.toml`; no flag holds a secret itself.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct KeyArgs {
    /// Encrypt what is kept (history, journals, errored states, backups), and read it, with the passphrase in this file. [env:
    /// LANDFAST_PASSPHRASE_FILE, or the passphrase itself in LANDFAST_PASSPHRASE]
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING, hide_short_help = true)]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The same with the key of 32 bytes in this file: as they are, in hexadecimal digits or Base64. [env: LANDFAST_KEY_FILE, or
    /// the key itself in LANDFAST_KEY]
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING, hide_short_help = true)]
    pub(crate) key_file: Option<PathBuf>,
    /// Encrypt what is kept for the age recipients (age1…) in this file. [env: LANDFAST_AGE_RECIPIENTS_FILE]
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING, hide_short_help = true)]
    pub(crate) age_recipients_file: Option<PathBuf>,
    /// Read what was encrypted for age recipients with the identities in this file. [env: LANDFAST_AGE_IDENTITIES_FILE]
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING, hide_short_help = true)]
    pub(crate) age_identities_file: Option<PathBuf>,
    /// Encrypt what is kept, and read it, with this key of the transit engine of Vault or OpenBao, at BAO_ADDR or VAULT_ADDR with
    /// BAO_TOKEN or VAULT_TOKEN. The engine is mounted at `transit` unless a mount is named. [env: LANDFAST_TRANSIT_KEY]
    #[arg(long, value_name = "[MOUNT/]NAME", global = true, help_heading = HEADING, hide_short_help = true)]
    pub(crate) transit_key: Option<String>,
    /// Keep nothing in plain text, temporary files and the `.backup` beside a local state included, and believe nothing that lies
    /// there in plain text: without a key nothing is done. [env: LANDFAST_REQUIRE_ENCRYPTION]
    #[arg(long, global = true, help_heading = HEADING, hide_short_help = true)]
    pub(crate) require_encryption: bool,
    /// Read and write states that OpenTofu encrypted, with the passphrase in this file. What is kept of them is encrypted with it
    /// too where no other key is named. [env: LANDFAST_TOFU_PASSPHRASE_FILE, or the passphrase itself in
    /// LANDFAST_TOFU_PASSPHRASE]
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING, hide_short_help = true)]
    pub(crate) tofu_passphrase_file: Option<PathBuf>,
}

/// How much of a history is kept.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct RetentionArgs {
    /// Keep the content of so many writes in the history, with what each replaced; by default 50. [env: LANDFAST_KEEP]
    #[arg(long, value_name = "COUNT", value_parser = parse_count)]
    pub(crate) keep: Option<usize>,
    /// Keep no content in the history that is older than this: 36h, 90d; by default none is too old. What is there now is always
    /// kept. [env: LANDFAST_KEEP_FOR]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) keep_for: Option<Duration>,
}

/// Reads how many writes are kept: at least one.
pub(crate) fn parse_count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| String::from("this is a whole number from 1 on"))
}
