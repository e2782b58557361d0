//! Operations: their journals in a folder, and executing plans on a held state.

mod facts;
mod folder;
mod run;
mod session;

pub(crate) use folder::Folder;
pub(crate) use run::{Doing, confirm, execute, seen, show_plan, to_json};
pub(crate) use session::{Session, command_actuator, moment, place_of, values_of};
