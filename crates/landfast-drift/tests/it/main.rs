//! The tests of landfast-drift as its users see it.

mod attributes;
mod corpus;
mod grading;
mod hints;
mod laws;
mod secrets;
mod statuses;
mod world;
