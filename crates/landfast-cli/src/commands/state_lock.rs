//! `landfast state lock`

use std::ffi::OsString;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use landfast::ExitCode;
use landfast::backends::{ErrorClass, HeldLock, LockInfo, Locking};

use crate::args::Global;
use crate::error::CliError;
use crate::interrupt;
use crate::output::{Secrecy, note, write};
use crate::state_args::StateLock;
use crate::stores::{Target, chain, of_store_at, who};

/// How long to wait before asking for the lock again.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) fn run(args: &StateLock, global: &Global) -> Result<ExitCode, CliError> {
    let target = Target::current(&args.at, global)?;
    if args.probe {
        return super::state_probe::run(&target, global);
    }
    let place = target.place();
    if target.store.capabilities().locking == Locking::None {
        return Err(CliError::new(format!("{place}: this store cannot lock, as it is configured")));
    }
    // One runtime from the first to the last: a lock may be a connection that lives on it.
    interrupt::run(async |signals| {
        let lock = interrupt::or_signal(signals, take(args, &target)).await??;
        let id = lock.info().id.clone();
        if let [program, arguments @ ..] = args.command.as_slice() {
            note(&format!("{place}: locked, id {id}"));
            let ended = run_command(program, arguments).await;
            release(lock).await?;
            return ended;
        }
        write(global, format!("{id}\n").as_bytes(), Secrecy::Ordinary)?;
        if target.store.capabilities().locking == Locking::Record {
            note(&format!(
                "{place}: locked; give it back with: landfast state unlock{} --id {id} --reason TEXT",
                target.flag()
            ));
            // Dropped without being given back, the record stays.
            drop(lock);
            return Ok(ExitCode::Clean);
        }
        note(&format!("{place}: locked until Ctrl-C"));
        signals.any().await;
        release(lock).await?;
        Ok(ExitCode::Clean)
    })?
}

async fn take(args: &StateLock, target: &Target) -> Result<Box<dyn HeldLock>, CliError> {
    let until = Instant::now() + args.lock_timeout;
    loop {
        let mut info = LockInfo::new("state lock", &who(), SystemTime::now());
        info.info = args.reason.clone().unwrap_or_default();
        match target.store.lock(&target.address.key, info).await {
            Err(error) if error.class == ErrorClass::Locked && Instant::now() < until => {
                tokio::time::sleep(PAUSE).await
            }
            locked => return locked.map_err(|error| of_store_at(&error, target)),
        }
    }
}

async fn release(lock: Box<dyn HeldLock>) -> Result<(), CliError> {
    lock.release().await.map_err(|error| CliError::new(chain(&error)))
}

/// Runs the command until it ends: a Ctrl-C reaches it as it reaches us, and it decides.
async fn run_command(program: &OsString, arguments: &[OsString]) -> Result<ExitCode, CliError> {
    let name = program.to_string_lossy().into_owned();
    let mut command = Command::new(program);
    command.args(arguments);
    let status = tokio::task::spawn_blocking(move || command.status()).await;
    let status = status.map_err(|error| CliError::new(format!("{name}: {error}")))?;
    let status = status.map_err(|error| CliError::new(format!("{name}: cannot be run: {error}")))?;
    if status.success() { Ok(ExitCode::Clean) } else { Err(CliError::new(format!("{name}: {status}"))) }
}
