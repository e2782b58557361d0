//! What runs in processes of its own: one locker.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use landfast::backends::{Environment, ErrorClass, LockInfo, StateAddress, StateStore, open};

/// A process of a proof.
#[derive(Debug, clap::Args)]
pub(crate) struct ChildOptions {
    /// The state whose lock is taken.
    #[arg(long)]
    state: String,
    /// How often.
    #[arg(long)]
    rounds: u64,
    /// A file that is there while the lock is held: whoever finds it holds the lock with another one.
    #[arg(long)]
    marker: PathBuf,
    /// Take the lock once, say so, and hold it until killed.
    #[arg(long)]
    hold: bool,
}

pub(crate) fn run(options: &ChildOptions) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(lock_again_and_again(options))
}

async fn lock_again_and_again(options: &ChildOptions) -> Result<(), String> {
    let address = StateAddress::parse(&options.state).map_err(|error| error.to_string())?;
    let store = open(&address, &Environment::of_process()).map_err(|error| error.to_string())?;
    for _ in 0..options.rounds {
        let held = loop {
            let info = LockInfo::new("prove", "prove@landfast", SystemTime::now());
            match store.lock(&address.key, info).await {
                Ok(held) => break held,
                Err(error) if error.class == ErrorClass::Locked => {
                    tokio::time::sleep(Duration::from_micros(fastrand::u64(20..400))).await;
                }
                Err(error) => return Err(format!("{error}: {:?}", error.cause)),
            }
        };
        if options.hold {
            println!("held {}", held.info().id);
            std::io::stdout().flush().map_err(|error| error.to_string())?;
            std::future::pending::<()>().await;
        }
        let marker = OpenOptions::new().write(true).create_new(true).open(&options.marker);
        marker.map_err(|error| format!("two hold the lock at the same time: {error}"))?;
        std::fs::remove_file(&options.marker)
            .map_err(|error| format!("two held the lock at the same time: {error}"))?;
        held.release().await.map_err(|error| error.to_string())?;
    }
    Ok(())
}
