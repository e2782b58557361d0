//! What can be put around any store: trying again, limits of rate and size, a circuit breaker, a cache, traces.
//!
//! Each is made once and put [around](Retry::around) stores; what it counts is shared by all of them, so that one rate limit or
//! one circuit breaker can stand for a server behind several stores.
//!
//! Order matters. From the outside to the inside: [`Cache`], [`SizeLimit`], [`Retry`], [`CircuitBreaker`], [`RateLimit`],
//! [`Traced`], so that each attempt is limited, counted and traced.

mod around;
mod breaker;
mod cache;
mod rate;
mod retry;
mod size;
mod traced;

pub use around::Op;
#[cfg(feature = "conformance")]
pub(crate) use around::{Around, Call, Measured, wrap};
pub use breaker::{BreakerOptions, BreakerState, CircuitBreaker};
pub use cache::{Cache, CacheOptions};
pub use rate::{RateLimit, RateLimitOptions};
pub use retry::{Jitter, Retry, RetryOptions};
pub use size::SizeLimit;
pub use traced::Traced;
