//! Import blocks of the configuration language.

use landfast_state::address::{InstanceAddress, quote_hcl};

/// The `import` block that takes the object with this id into a state, at this address. Nothing in the id is a template.
///
/// ```
/// let block = landfast_report::import_block(&r#"aws_vpc.main["a"]"#.parse().unwrap(), "vpc-${1}");
/// assert_eq!(block, "import {\n  to = aws_vpc.main[\"a\"]\n  id = \"vpc-$${1}\"\n}\n");
/// ```
#[must_use]
pub fn import_block(address: &InstanceAddress, id: &str) -> String {
    format!("import {{\n  to = {address}\n  id = {}\n}}\n", quote_hcl(id))
}
