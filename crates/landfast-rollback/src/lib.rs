//! wip
mod actuator;
mod executor;
pub mod journal;
mod operation;
pub mod plan;
mod ports;
mod sameness;
mod time;
mod values;
pub use actuator::*;
pub use executor::*;
pub use operation::{IllegalTransition, Mode, OnFailure, OperationOptions, OperationState};
pub use ports::*;
pub use values::*;
