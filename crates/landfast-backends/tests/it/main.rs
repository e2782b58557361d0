//! Stores, through the public API.

mod http;
mod memory;
mod suite;
