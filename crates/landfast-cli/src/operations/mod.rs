//! Operations: their journals in a folder, and executing plans on a held state.

mod configuration;
mod facts;
mod folder;
mod gate;
mod run;
mod session;

pub(crate) use configuration::configuration;
pub(crate) use folder::Folder;
pub(crate) use run::{Doing, agrees, confirm, course, execute, seen, show_plan, to_json};
pub(crate) use session::{Session, command_actuator, moment, place_of, values_of};
