//! Stores, through the public API.

mod memory;
mod suite;
