//! Real providers, from `.ci/install-live-tools` and `.ci/install-provider-tools`: the client does with each of them what it must do with all.

mod aws;
mod aws_schema;
mod conformance;
mod endings;
mod lies;
mod locate;
mod odd;
mod plain;
mod scan;
mod services;
mod tools;
mod unmanaged;
