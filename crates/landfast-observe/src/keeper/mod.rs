//! Running a program so that nothing is left of it: neither a process nor a file, however it ends.
//!
//! The program gets a process group and a private folder for temporary files of its own. A keeper watches it: when the
//! program ends, when time is up, or when the one who asked goes away, the keeper ends the whole group and removes the
//! folder. The keeper is a thread of this process, or, where there is a [`Supervisor`], a process of its own, which
//! outlives this one if that is killed.

mod group;
mod run;
mod stopper;
mod supervisor;
mod watch;

pub use supervisor::{Supervisor, supervise};

pub(crate) use run::{Finished, RunError, Task, run};
pub(crate) use stopper::Stopper;
pub(crate) use watch::{Leave, remove_folder};
