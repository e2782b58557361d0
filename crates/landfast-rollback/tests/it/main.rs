//! Tests through the public API.

mod planner;
mod scene;
mod taking_back;
