//! Real providers, from `.ci/install-live-tools`: the client does with each of them what it must do with all.

mod aws;
mod aws_schema;
mod conformance;
mod endings;
mod tools;
