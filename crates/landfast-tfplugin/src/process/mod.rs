//! A provider as a process: started so that it ends with us, watched, its output read, and ended for certain.
//!
//! Only a process that was started here, and what it has started in its group, is ever ended.

mod folder;
mod keeper;
mod lines;
mod output;
mod secrets;

pub(crate) use folder::ProviderFolder;
pub(crate) use keeper::{MAX_HANDSHAKE, Process, Started};
pub(crate) use lines::FirstLine;
pub(crate) use output::{OutputLog, cut};
pub(crate) use secrets::Secrets;
