//! Reading what is there: the [`Observer`] trait, observers, and scans.
//!
//! - [`TerraformCli`] runs the terraform or tofu that the user has, in their folder, and reads what it saw.
//! - [`Captured`] lets a file that was written earlier stand for what is observed.
//! - [`scan`] looks up every recorded object through whatever can read single ones: at the pace that providers bear, in bounded
//!   memory, with a journal that a killed scan is taken up from.
//!
//! An observer never writes to what it reads: the trait gives it no way to say so, and [`TerraformCli`] runs `plan
//! -refresh-only -lock=false` and `show` and nothing else. This crate does not compare, does not print, and starts no runtime:
//! its futures run on any executor, those of scans on tokio with time.
//!
//! Dropping a future of [`Observer::observe`] ends what it started. A process that is killed drops nothing; for that case
//! a program gives [`TerraformCli`] a [`Supervisor`], which is the program itself, started once more to call
//! [`supervise`].
//!
//! ```
//! use landfast_observe::{Captured, ObserveRequest, Observer};
//! use landfast_state::{Document, Limits};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let text = r#"{"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": [
//!   {"mode": "managed", "type": "aws_vpc", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
//!    "instances": [{"attributes": {"id": "vpc-1"}}]}]}"#;
//! let document = Document::read(text.into(), "prod.tfstate", &Limits::default())?;
//! let observer: Box<dyn Observer> = Box::new(Captured::new(&document));
//! let observed = observer.observe(ObserveRequest::default()).await?;
//! assert_eq!(observed.observation.snapshot.objects().len(), 1);
//! assert!(observed.observation.gaps.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod captured;
mod error;
mod keeper;
mod observer;
pub mod scan;
mod terraform;

pub use captured::Captured;
pub use error::{FailureClass, ObserveError};
pub use keeper::{Supervisor, supervise};
pub use observer::{
    Diagnostic, DiagnosticSeverity, ObserveFuture, ObserveRequest, Observed, Observer, Progress, ProgressSink, Scope,
};
pub use terraform::{TerraformCli, TerraformOptions};
