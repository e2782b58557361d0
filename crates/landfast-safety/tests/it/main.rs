//! Tests of the public API.

mod approvals;
mod authorised;
mod damage;
mod key_files;
mod recovery;
mod scene;
mod time;
