//! `landfast snapshot create`

use landfast::ExitCode;
use landfast::state::{Document, Snapshot, write_snapshot};

use crate::args::{Global, SnapshotCreate};
use crate::error::CliError;
use crate::kept::write_kept;
use crate::output::Secrecy;
use crate::{input, key};

pub(crate) fn run(args: &SnapshotCreate, global: &Global) -> Result<ExitCode, CliError> {
    let rules = input::rules(&args.rules)?;
    let documents = input::documents(&args.sources, global)?;
    let snapshot = rules.mark_secrets(Snapshot::join(documents.into_iter().map(Document::into_recorded))?);
    let text = write_snapshot(&snapshot, &key::load_or_create()?);
    write_kept(&snapshot, &text, Secrecy::Ordinary, global)?;
    Ok(ExitCode::Clean)
}
