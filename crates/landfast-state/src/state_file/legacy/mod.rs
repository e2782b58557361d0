//! State formats 1, 2 and 3, taken to format 4 step by step as terraform takes them.
//!
//! | step | what it does | file |
//! |---|---|---|
//! | read | one structure for all three formats; each check of [`json::Reader`](crate::json::Reader) is on | `read.rs` |
//! | 1 to 2 | outputs become values, a missing module path becomes the root module, `tainted` objects go | `v1.rs` |
//! | 2 to 3 | the count of a flat map moves from `.#` to `.%`, counts of empty collections go | `v2.rs` |
//! | 3 to 4 | resource keys become addresses, `meta` becomes the schema version and `private`, outputs get types | `v3.rs` |
//! | write | the text of format 4, as `terraform state pull` prints it | `write.rs` |
//!
//! Like terraform, the upgrade drops `depends_on`, `remote`, `backend`, the outputs of child modules, the `tainted`
//! objects of format 1 and members that the formats do not have. It writes no `each`, and as `terraform_version` the
//! terraform whose answer this is, not the one that wrote the document.
//!
//! # Where the result is not terraform's
//! - A number that no 64-bit float holds, in an output or in `meta`, keeps its text; terraform rounds it.
//! - Text in an output keeps its characters; terraform brings it into Unicode's form NFC.
//! - The instances of one resource may name several providers. Format 4 has one for each resource: here it is the one of
//!   the instance with the lowest key, in terraform that of any instance, another one in each run.
//!
//! # Where a document is refused that terraform accepts
//! - Whatever the reader refuses: duplicate keys, lone surrogates, and more depth, size or instances than the limits.
//! - Two keys that differ from each other in case only, where the format knows them: terraform takes the last one.
//! - A resource whose type does not begin like the name of a provider (`1x.foo`), where it names none: terraform leaves
//!   the resource out of the result without a word.
//! - A provider reference that is broken in any instance; terraform looks at one instance of each resource.
//! - `schema_version` as a negative number or one from 2^63, for which terraform writes a number that depends on the machine.
//! - Provider references with comments, line breaks or an index after the alias.
//!
//! `null` for a module, a resource, a deposed object or an output of the root module makes terraform crash; here it is an
//! error like others.

mod output_type;
mod print;
mod provider;
mod read;
mod resource_key;
mod v1;
mod v2;
mod v3;
mod version;
mod write;

#[cfg(test)]
mod tests;

use crate::json::{JsonError, Limits};
use read::Format;
pub(super) use version::is_terraform_version;

/// The format-4 document that terraform 1.11.4 makes of `source`, a document of format `version` (1, 2 or 3), in the
/// text that `terraform state pull` prints. Any other version is read as format 3.
///
/// # Errors
/// On everything that the reader refuses, on values of the wrong kind, and where the upgrade has no answer.
pub(crate) fn upgrade(source: &[u8], version: u64, limits: &Limits) -> Result<String, JsonError> {
    let format = match version {
        1 => Format::V1,
        2 => Format::V2,
        _ => Format::V3,
    };
    let mut document = read::document(source, format, limits)?;
    if format != Format::V3 {
        v2::to_v3(&mut document);
    }
    let state = v3::to_v4(document, source)?;
    write::text(&state, limits)
}
