//! Tests of the crate against outside inputs.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod legacy;
