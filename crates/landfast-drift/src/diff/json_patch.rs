//! A difference as a JSON Patch (RFC 6902).

use landfast_state::{AttributePath, Value};
use serde::Serialize;

use super::{Diff, Edit, ElementEdit, MemberEdit};

/// One operation of a JSON Patch; a list of them, serialised by serde_json, is the document of RFC 6902. Numbers keep
/// their exact text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum PatchOperation {
    /// Adds a member, or an element before the place that the path names.
    Add {
        /// Where, as a JSON pointer (RFC 6901).
        path: String,
        /// What.
        value: Value,
    },
    /// Removes a member or an element.
    Remove {
        /// Where, as a JSON pointer (RFC 6901).
        path: String,
    },
    /// Puts another value in the place of one.
    Replace {
        /// Where, as a JSON pointer (RFC 6901).
        path: String,
        /// What stands there afterwards.
        value: Value,
    },
}

impl Diff {
    /// The difference as the operations of a JSON Patch, to be applied in this order. Sensitive values in it serialise as
    /// [`SENSITIVE_TEXT`](landfast_state::SENSITIVE_TEXT), so a patch is for showing and for values without secrets.
    #[must_use]
    pub fn to_json_patch(&self) -> Vec<PatchOperation> {
        let mut operations = Vec::new();
        if let Some(edit) = &self.root {
            write(edit, &AttributePath::ROOT, &mut operations);
        }
        operations
    }
}

fn write(edit: &Edit, path: &AttributePath, out: &mut Vec<PatchOperation>) {
    match edit {
        Edit::Replace { after, .. } => {
            out.push(PatchOperation::Replace { path: path.to_json_pointer(), value: after.clone() });
        }
        Edit::Object(members) => {
            for (name, edit) in members {
                let path = path.key(name);
                match edit {
                    MemberEdit::Added(value) => {
                        out.push(PatchOperation::Add { path: path.to_json_pointer(), value: value.clone() });
                    }
                    MemberEdit::Removed(_) => out.push(PatchOperation::Remove { path: path.to_json_pointer() }),
                    MemberEdit::Edited(edit) => write(edit, &path, out),
                }
            }
        }
        Edit::List(elements) => {
            // Operations apply one after the other, so the place counts in the list as it is by then.
            let mut at = 0;
            for edit in elements {
                let path = path.index(at);
                match edit {
                    ElementEdit::Keep(count) => at += count,
                    ElementEdit::Added(value) => {
                        out.push(PatchOperation::Add { path: path.to_json_pointer(), value: value.clone() });
                        at += 1;
                    }
                    ElementEdit::Removed(_) => out.push(PatchOperation::Remove { path: path.to_json_pointer() }),
                    ElementEdit::Edited(edit) => {
                        write(edit, &path, out);
                        at += 1;
                    }
                }
            }
        }
    }
}
