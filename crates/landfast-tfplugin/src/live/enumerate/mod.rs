//! Objects that nothing recorded owns: listed by data sources, imported and read.

mod imports;
mod lists;
mod rules;

pub use imports::Imports;
pub use lists::{Enumeration, FailedList, Folded, Owned};
pub use rules::{EnumerationRuleError, EnumerationRules};
