//! wip
mod actuator;
mod executor;
pub mod journal;
#[cfg(feature = "mutants")]
pub mod mutant;
#[cfg(not(feature = "mutants"))]
mod mutant;
mod operation;
pub mod plan;
mod ports;
mod sameness;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod values;
pub use actuator::*;
pub use executor::*;
pub use operation::{IllegalTransition, Mode, OnFailure, OperationOptions, OperationState};
pub use ports::*;
pub use values::*;
