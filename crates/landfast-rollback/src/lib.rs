//! Plans forward and back, and the operation that executes them.
//!
//! - [`planner`]: from what there is and what is to be, the steps, their order, and how well each can be taken back.
//! - [`plan`]: plans and their files, which a digest covers.
//! - [`Executor`]: executes a plan under a lock and with a clearance. What it is about to do is durable in the [`journal`]
//!   before it does it, and what came of it is judged by what is read afterwards, never by what the actuator says.
//! - [`take_back`]: the plan that takes an ended operation back, computed from what is there now.
//!
//! An operation can always say of each step whether it is not started, applied, reverted, failed or unknown; after a crash
//! what is unknown is read and never blindly tried again. Somebody else's change is a reason to stop and is not overwritten.
//!
//! This crate talks to no network: objects are read and changed through the port [`Actuator`], and time, locks, judgement and
//! probes come through ports as well. It starts no runtime.
//!
//! ```
//! use landfast_rollback::planner::Wanted;
//! use landfast_rollback::{Planner, Values};
//! use landfast_safety::{InverseClass, Target};
//! use landfast_state::{BytesDigest, FingerprintKey, Origin, ResourceObject, Snapshot, SourceKind, Value};
//!
//! let topic = |name: &str| {
//!     ResourceObject::bare("aws_sns_topic.alerts".parse().unwrap(), "registry.terraform.io/hashicorp/aws")
//!         .with_value(&[("name".to_owned(), Value::String(name.to_owned()))].into())
//! };
//! let empty = Snapshot::empty(Origin::new(SourceKind::Observation, "aws"));
//! let (before, after) = (empty.with_only([topic("alerts")?]), empty.with_only([topic("alarms")?]));
//! let target = Target {
//!     environment: "prod".into(), store: "prod.tfstate".into(), workspace: "default".into(), lineage: "l".into(), serial: 7,
//! };
//! let wanted = Wanted::new(target, BytesDigest::of(b"the state"), before.clone(), after);
//! let values = Values::new(FingerprintKey::from_bytes([7; 32]), vec![before]);
//! let plan = Planner::default().plan(&wanted, &values)?;
//! assert_eq!(plan.steps()[0].inverse.class, InverseClass::Exact);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod actuator;
mod approvals;
mod executor;
pub mod journal;
mod left_behind;
#[cfg(feature = "mutants")]
pub mod mutant;
#[cfg(not(feature = "mutants"))]
mod mutant;
mod operation;
pub mod plan;
pub mod planner;
mod ports;
mod renewed;
mod sameness;
mod taking_back;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod values;

pub use actuator::{Actuator, ActuatorError, ActuatorFailure, Change, Direction, PortFuture};
pub use approvals::{ApprovalLedger, LedgerError};
pub use executor::{Control, ExecuteError, Executor, Ports, Report, Resume};
pub use operation::{IllegalTransition, Mode, OnFailure, OperationOptions, OperationState};
pub use plan::{Plan, read_plan, write_plan};
pub use planner::Planner;
pub use ports::{Clock, Health, Hold, HoldError, Judge, JudgeFailed, Probe, ProbeError, SystemClock};
pub use taking_back::{ChangedSince, NotRestored, TakeBack, TakeBackError, TakingBack, take_back};
pub use values::{MissingValues, Values};
