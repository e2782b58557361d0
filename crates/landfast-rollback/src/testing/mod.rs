//! A world in memory in which everything goes wrong on demand, for tests of programs that embed this crate.
//!
//! It is there with the feature `testing` only, which no other crate of Landfast asks for outside of its tests.

mod journal;
mod kind;
mod ports;
pub mod simulation;
mod stage;
mod world;
pub mod worlds;

pub use journal::{AppendFault, MemoryJournal};
pub use kind::Kind;
pub use ports::{MemoryAudit, MemoryHold, MemoryJudge, MemoryProbe};
use stage::at;
pub use stage::{Curtain, Stage};
pub use world::{ActFault, Deed, Item, Meddling, MemoryWorld, ReadFault};
