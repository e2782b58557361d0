//! `landfast backup`

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use landfast::ExitCode;
use landfast::backends::Protection;
use landfast::backends::backup::{
    BackupEntry, BackupOptions, BackupSource, Manifest, RestoreTarget, Restored, contents, create, restore, verify,
};
use landfast::backends::change::ChangeOptions;
use landfast::state::Limits;

use crate::args::{Global, StateAt};
use crate::backup_args::{Backup, BackupCreate, BackupRestore, BackupVerify};
use crate::error::CliError;
use crate::interrupt;
use crate::output::{Secrecy, warn, write};
use crate::stores::{Target, chain, of_backup, who};

pub(crate) fn run(backup: &Backup, global: &Global) -> Result<ExitCode, CliError> {
    match backup {
        Backup::Create(args) => make(args, global),
        Backup::Verify(args) => check(args, global),
        Backup::Restore(args) => put_back(args, global),
    }
}

/// How the arguments want it to be encrypted.
fn protection(global: &Global) -> Result<Protection, CliError> {
    Ok(global.keys.get()?.protection.clone())
}

fn target(source: &Path, global: &Global) -> Result<Target, CliError> {
    Target::current(&StateAt { state: Some(source.to_owned()), workspace: None }, global)
}

fn make(args: &BackupCreate, global: &Global) -> Result<ExitCode, CliError> {
    let protection = protection(global)?;
    let targets: Vec<Target> = args.sources.iter().map(|source| target(source, global)).collect::<Result<_, _>>()?;
    let sources =
        targets.into_iter().map(|target| BackupSource { store: target.store, key: target.address.key }).collect();
    let options = BackupOptions::new(&who(), SystemTime::now()).with_protection(protection);
    let manifest = interrupt::wait(async { create(&args.into, sources, &options).await })?;
    let manifest = manifest.map_err(|error| of_backup(&error))?;
    write(global, listing(&manifest, &args.into).as_bytes(), Secrecy::Ordinary)?;
    for gap in &manifest.gaps {
        warn(&format!("{}: not in the backup: {}", gap.place, gap.reason));
    }
    Ok(if manifest.gaps.is_empty() { ExitCode::Clean } else { ExitCode::Incomplete })
}

fn listing(manifest: &Manifest, folder: &Path) -> String {
    let line = |entry: &BackupEntry| format!("{}: serial {}, {} bytes\n", entry.place, entry.serial, entry.size);
    let lines: String = manifest.entries.iter().map(line).collect();
    format!("{lines}{} states in {}\n", manifest.entries.len(), folder.display())
}

fn check(args: &BackupVerify, global: &Global) -> Result<ExitCode, CliError> {
    let protection = protection(global)?;
    let verified = interrupt::wait(async { verify(&args.folder, &protection, &Limits::default()).await })?;
    let verified = verified.map_err(|error| of_backup(&error))?;
    write(global, listing(&verified.manifest, &args.folder).as_bytes(), Secrecy::Ordinary)?;
    for gap in &verified.manifest.gaps {
        warn(&format!("{}: not in the backup: {}", gap.place, gap.reason));
    }
    match verified.damaged.as_slice() {
        [] if verified.is_whole() => Ok(ExitCode::Clean),
        [] => Ok(ExitCode::Incomplete),
        [first, ..] => {
            let count = verified.damaged.len();
            Err(CliError::new(format!(
                "{}: {count} of its states are damaged: {}",
                args.folder.display(),
                chain(first)
            )))
        }
    }
}

fn put_back(args: &BackupRestore, global: &Global) -> Result<ExitCode, CliError> {
    let protection = protection(global)?;
    let manifest = interrupt::wait(async { contents(&args.folder, &protection).await })?;
    let manifest = manifest.map_err(|error| of_backup(&error))?;
    let elsewhere = args.to.iter().map(|pair| {
        let (place, source) =
            pair.split_once('=').ok_or_else(|| CliError::usage(format!("{pair}: PLACE=SRC is wanted")))?;
        Ok((place, source))
    });
    let elsewhere: BTreeMap<&str, &str> = elsewhere.collect::<Result<_, CliError>>()?;
    let named = args.only.iter().map(String::as_str).chain(elsewhere.keys().copied());
    for place in named {
        if !manifest.entries.iter().any(|entry| entry.place == place) {
            return Err(CliError::new(format!("{}: no state of {place} in it", args.folder.display()))
                .hint("landfast backup verify lists the places"));
        }
    }
    // Every place is looked up before the first state is written.
    let mut targets = BTreeMap::new();
    for entry in &manifest.entries {
        if args.only.is_empty() || args.only.contains(&entry.place) {
            let source = elsewhere.get(entry.place.as_str()).copied().unwrap_or(&entry.place);
            targets.insert(entry.place.clone(), target(Path::new(source), global)?);
        }
    }
    let options = ChangeOptions::new(&who(), args.reason.as_deref().unwrap_or("backup restore"), SystemTime::now())
        .with_retention(crate::keys::retention(&args.retention)?);
    let choose = |entry: &BackupEntry| {
        targets.get(&entry.place).map(|target| RestoreTarget {
            store: std::sync::Arc::clone(&target.store),
            key: target.address.key.clone(),
            history: target.history.clone(),
        })
    };
    let restored = interrupt::run(async |_| restore(&args.folder, &protection, choose, &options).await)?;
    let restored = restored.map_err(|error| of_backup(&error))?;
    let (mut text, mut failed) = (String::new(), Vec::new());
    for state in &restored {
        let what = match &state.outcome {
            Restored::Created => format!("a new state of serial {}", state.entry.serial),
            Restored::Replaced { serial } => {
                format!("serial {} of the backup is serial {serial} now", state.entry.serial)
            }
            Restored::WasThere => "nothing to do".to_owned(),
            Restored::Failed(error) => {
                failed.push(chain(error));
                "not put back".to_owned()
            }
        };
        text.push_str(&format!("{}: {what}\n", state.place));
    }
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    match failed.as_slice() {
        [] => Ok(ExitCode::Clean),
        [first, ..] => Err(CliError::new(format!("{} states were not put back: {first}", failed.len()))),
    }
}
