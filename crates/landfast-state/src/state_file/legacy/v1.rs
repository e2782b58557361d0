//! What format 1 has that format 2 has not.

use super::read::{Output, Source, Text};
use crate::json::{JsonError, Kind, Raw};

/// Some documents of format 1 have a module without a path: it is the root module.
pub(super) fn default_path(path: &mut Vec<Text<'_>>) {
    if path.is_empty() {
        path.push("root".into());
    }
}

impl<'a> Source<'a> {
    /// Outputs of format 1 are plain strings, none of them sensitive.
    pub(super) fn v1_output(&mut self) -> Result<Output<'a>, JsonError> {
        Ok(Output { value: self.string_value()?, sensitive: false })
    }

    /// Values of `meta` are strings in format 1.
    pub(super) fn v1_meta_value(&mut self) -> Result<Raw<'a>, JsonError> {
        self.string_value()
    }

    /// Passes the tainted objects of a resource. Format 2 marks the primary object as tainted instead, and terraform
    /// forgets the objects of this list.
    pub(super) fn v1_tainted(&mut self) -> Result<(), JsonError> {
        if self.enter_array()? {
            while self.reader.next_element()? {
                if !self.reader.null()? {
                    self.instance()?;
                }
            }
        }
        Ok(())
    }

    fn string_value(&mut self) -> Result<Raw<'a>, JsonError> {
        if self.reader.null()? {
            return Ok(Raw::EMPTY_STRING);
        }
        self.reader.expect(Kind::String)?;
        self.reader.raw()
    }
}
