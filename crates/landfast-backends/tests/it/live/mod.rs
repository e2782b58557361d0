//! Stores on real servers, and beside the real terraform.

mod http;
mod pg;
mod postgres;
mod terraform;
