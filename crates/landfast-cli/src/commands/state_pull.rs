//! `landfast state pull`

use bytes::Bytes;
use landfast::ExitCode;
use landfast::backends::change::{ChangeError, read_state};
use landfast::state::{Limits, StateFile};

use crate::args::Global;
use crate::error::CliError;
use crate::interrupt;
use crate::output::{Secrecy, write};
use crate::state_args::StatePull;
use crate::stores::{Target, of_change, of_damage, of_store, of_timeline};

pub(crate) fn run(args: &StatePull, global: &Global) -> Result<ExitCode, CliError> {
    let target = Target::of(&args.at)?;
    let bytes = bytes(&target)?;
    // What is printed is what is there, since a state that is damaged must be had to be repaired; the code says what it is.
    write(global, &bytes, Secrecy::Private)?;
    match StateFile::read(bytes, &target.place(), &Limits::default()) {
        Ok(_) => Ok(ExitCode::Clean),
        Err(error) => Err(of_damage(error)),
    }
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
        match read_state(&*target.store, key, &limits).await {
            Ok(Some((stored, _))) => Ok(stored.bytes),
            Ok(None) => Err(target.absent()),
            Err(ChangeError::NoState(_)) => {
                let stored = target.store.read(key).await.map_err(|error| of_store(&error))?;
                stored.map(|stored| stored.bytes).ok_or_else(|| target.absent())
            }
            Err(error) => Err(of_change(&error, target)),
        }
    })?
}
