//! Members whose names are known, in whatever case they are written.
//!
//! Terraform reads its own documents with Go's `encoding/json`, which takes a key for a known one where they differ in case
//! only; of several the last one wins. Here such a key is taken for the known one too, and two spellings in one object are a
//! key that stands twice.

use std::borrow::Cow;

use super::error::JsonError;
use super::reader::Reader;

impl<'a> Reader<'a> {
    /// As [`Reader::next_member`], for an object in which terraform knows the members `known`, which are in lower case: a
    /// key that differs from one of them in case only is that one.
    ///
    /// # Errors
    /// As [`Reader::next_member`], and on a second spelling of a known key.
    #[inline]
    pub(crate) fn next_known_member(&mut self, known: &[&'static str]) -> Result<Option<Cow<'a, str>>, JsonError> {
        let Some(key) = self.next_member()? else { return Ok(None) };
        let from = self.open.frames.last().map_or(0, |frame| frame.keys_from);
        let usual = key.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        if usual && !self.open.keys.has_odd(from) {
            return Ok(Some(key));
        }
        self.known_in_any_case(key, from, known).map(Some)
    }

    #[cold]
    fn known_in_any_case(
        &mut self,
        key: Cow<'a, str>,
        from: usize,
        known: &[&'static str],
    ) -> Result<Cow<'a, str>, JsonError> {
        let Some(name) = known.iter().find(|name| is_spelling(&key, name)) else { return Ok(key) };
        if let Some(twice) = self.open.keys.other_spelling(self.text, self.open.base, from, name) {
            return Err(self.duplicate(&twice));
        }
        if key != *name {
            self.open.keys.note_odd();
        }
        Ok(Cow::Borrowed(name))
    }
}

/// Whether `key` is `name`, which is in lower case, by the simple case folding of Unicode.
pub(crate) fn is_spelling(key: &str, name: &str) -> bool {
    let folded = key.chars().map(|c| match c {
        // The long s and the sign for kelvin are the only other letters that fold to one of ASCII.
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    });
    folded.eq(name.chars())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    const KNOWN: &[&str] = &["resources", "lineage"];

    fn keys(text: &str) -> Result<Vec<String>, String> {
        let mut reader = Reader::new(text.as_bytes(), &Limits::default()).unwrap();
        reader.enter_object().unwrap();
        let mut keys = Vec::new();
        while let Some(key) = reader.next_known_member(KNOWN).map_err(|error| error.to_string())? {
            keys.push(key.into_owned());
            reader.raw().map_err(|error| error.to_string())?;
        }
        Ok(keys)
    }

    #[test]
    fn known_keys_are_found_in_any_case() {
        let text = r#"{"Resources":1,"LINEAGE":{"Lineage":1,"lineage":2},"Other":3,"other":4,"res\u006furce":5}"#;
        assert_eq!(keys(text).unwrap(), ["resources", "lineage", "Other", "other", "resource"]);
        assert_eq!(keys("{\"re\u{17f}ources\":1}").unwrap(), ["resources"]);
        assert_eq!(keys("{\"resour\u{e7}es\":1}").unwrap(), ["resour\u{e7}es"]);
    }

    #[test]
    fn two_spellings_are_one_key_twice() {
        for (text, error) in [
            (r#"{"resources":1,"Resources":2}"#, "1:16: duplicate key \"Resources\" (first at 1:2)"),
            (r#"{"Resources":1,"a":{"x":1},"resources":2}"#, "1:28: duplicate key \"resources\" (first at 1:2)"),
            (r#"{"RESOURCES":1,"\u0052esources":2}"#, "1:16: duplicate key \"Resources\" (first at 1:2)"),
        ] {
            assert_eq!(keys(text).unwrap_err(), error, "{text}");
        }
    }
}
