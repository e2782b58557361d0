//! What repairs drift: actuators for the executor of [`landfast_rollback`], and the changes that users ask for.
//!
//! - [`HeldState`]: a state under its lock, for as long as an operation lasts.
//! - [`StateActuator`]: adopts, forgets and moves objects in that state.
//! - [`CommandActuator`]: creates, updates and deletes objects of in-house systems by commands, see [`command`].
//! - [`WantedFile`]: what users want to have changed, in TOML, to be planned.
//!
//! This crate does not judge: whether a plan may be executed is the business of `landfast-safety`, and in which order, and how
//! it is taken back, that of `landfast-rollback`.
//!
//! ```
//! use landfast_fix::WantedFile;
//!
//! let wanted = WantedFile::parse("[[forget]]\naddress = \"aws_instance.web\"\n", "wanted.toml")?;
//! assert!(wanted.is_bookkeeping());
//! # Ok::<(), landfast_fix::WantedError>(())
//! ```

#[cfg(unix)]
pub mod command;
#[cfg(unix)]
mod held_state;
#[cfg(unix)]
mod instance_text;
#[cfg(unix)]
mod state_actuator;
mod wanted;

#[cfg(unix)]
pub use command::{
    CommandActuator, CommandProbe, CommandSettings, CommandSupervisor, NoProgram, ProbeSettings, supervise_command,
};
#[cfg(unix)]
pub use held_state::{HeldState, HeldStateError};
#[cfg(unix)]
pub use state_actuator::StateActuator;
pub use wanted::{Draft, WantedError, WantedFile};
