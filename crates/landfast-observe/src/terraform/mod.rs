//! Terraform's command line as an observer.
//!
//! One refresh-only plan tells everything: what was recorded, and what is there. It takes no lock, writes no state, and its
//! exit code is not asked whether there is drift: terraform counts differences that mean nothing.

mod arguments;
mod classify;
mod coverage;
mod plan_file;
mod program;
mod secrets;
mod session;
mod stream;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use landfast_state::Limits;
use tokio::sync::oneshot;

use crate::error::ObserveError;
use crate::keeper::{Stopper, Supervisor};
use crate::observer::{ObserveFuture, ObserveRequest, Observer};
use session::Session;

/// How to run terraform.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TerraformOptions {
    /// Programs to try, in this order: names, which are looked up on the `PATH`, or paths. Default: `terraform`, `tofu`.
    pub programs: Vec<OsString>,
    /// Who cleans up when this process is killed. Default: nobody. A future that is dropped cleans up without one, in a
    /// thread of this process, which has to live on for as long as [`TerraformOptions::grace`].
    pub supervisor: Option<Supervisor>,
    /// How long each run of the program may take. Default: as long as it takes.
    pub time_limit: Option<Duration>,
    /// How long the program may take to end after it was interrupted, before it is killed. Default: two seconds.
    pub grace: Duration,
    /// Limits for what the program prints.
    pub limits: Limits,
}

impl Default for TerraformOptions {
    fn default() -> Self {
        Self {
            programs: vec!["terraform".into(), "tofu".into()],
            supervisor: None,
            time_limit: None,
            grace: Duration::from_secs(2),
            limits: Limits::default(),
        }
    }
}

/// Observes through the terraform or tofu of the user, in a folder that they initialised.
///
/// The program gets the environment of this process, so that `TF_DATA_DIR`, `TF_WORKSPACE`, `TF_VAR_…` and credentials work as
/// they do without Landfast. Options in `TF_CLI_ARGS` and `TF_CLI_ARGS_plan` hold too, except that those which would write,
/// lock or plan something else are overridden. It needs terraform 0.15.4, or any OpenTofu; with terraform before 1.4 one
/// resource that cannot be read fails the whole observation.
///
/// Everything it needs is done by threads, so that its futures run on any executor.
#[derive(Debug, Clone)]
pub struct TerraformCli {
    folder: PathBuf,
    name: String,
    options: TerraformOptions,
}

impl TerraformCli {
    /// An observer of what the configuration in `folder` manages.
    #[must_use]
    pub fn new(folder: &Path, options: TerraformOptions) -> Self {
        Self { folder: folder.to_owned(), name: format!("{} via terraform", folder.display()), options }
    }
}

impl Observer for TerraformCli {
    fn name(&self) -> &str {
        &self.name
    }

    fn observe(&self, request: ObserveRequest) -> ObserveFuture<'_> {
        let session = Session::new(&self.folder, &self.options, request);
        Box::pin(async move {
            let (tell, told) = oneshot::channel();
            let stopper = Arc::new(Stopper::default());
            let guard = StopOnDrop(Arc::clone(&stopper));
            thread::Builder::new()
                .name(String::from("landfast-terraform"))
                .spawn(move || {
                    // If nobody waits any more, nobody wants to know.
                    let _ = tell.send(session.run(&stopper));
                })
                .map_err(|source| ObserveError::CannotRun { program: String::from("terraform"), source })?;
            let result = told.await.unwrap_or(Err(ObserveError::Interrupted));
            drop(guard);
            result
        })
    }
}

/// Stops the run when the future goes away.
#[derive(Debug)]
struct StopOnDrop(Arc<Stopper>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
