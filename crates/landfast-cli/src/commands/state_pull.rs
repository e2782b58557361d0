//! `landfast state pull`

use bytes::Bytes;
use landfast::ExitCode;
use landfast::state::{Limits, StateFile};

use crate::args::Global;
use crate::error::CliError;
use crate::interrupt;
use crate::output::{Secrecy, write};
use crate::state_args::StatePull;
use crate::stores::{Target, of_store, of_timeline};

pub(crate) fn run(args: &StatePull, global: &Global) -> Result<ExitCode, CliError> {
    let target = Target::of(&args.at)?;
    let bytes = bytes(&target)?;
    // What is printed is what is there; that it is no state is said, and is an error, before anybody keeps it as one.
    StateFile::read(bytes.clone(), &target.place(), &Limits::default())?;
    write(global, &bytes, Secrecy::Private)?;
    Ok(ExitCode::Clean)
}

fn bytes(target: &Target) -> Result<Bytes, CliError> {
    let limits = Limits::default();
    let key = &target.address.key;
    interrupt::wait(async {
        if let Some(version) = &target.version {
            let stored = target.timeline(&limits).read(version).await;
            return stored.map(|stored| stored.bytes).map_err(|error| of_timeline(&error));
        }
        // A state that terraform is writing is another one a moment later.
        match landfast::backends::change::read_state(&*target.store, key, &limits).await {
            Ok(Some((stored, _))) => Ok(stored.bytes),
            Ok(None) => Err(target.absent()),
            Err(landfast::backends::change::ChangeError::NoState(_)) => {
                let stored = target.store.read(key).await.map_err(|error| of_store(&error))?;
                stored.map(|stored| stored.bytes).ok_or_else(|| target.absent())
            }
            Err(error) => Err(crate::stores::of_change(&error, target)),
        }
    })?
}
