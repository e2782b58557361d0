//! Who wrote a version and why, as metadata of the object.

use std::fmt::Write as _;

use reqwest::header::{HeaderName, HeaderValue};

use crate::stored::WriteNote;

/// The header that carries it.
pub(super) const NAME: HeaderName = HeaderName::from_static("x-amz-meta-landfast");

/// S3 takes 2 KB of metadata, with the names.
const LIMIT: usize = 1900;

/// The note as a header: JSON in ASCII. Where it is too long, the words of who wrote it are cut.
pub(super) fn header(note: &WriteNote) -> Option<HeaderValue> {
    let mut note = note.clone();
    loop {
        let text = ascii(&serde_json::to_string(&note).ok()?);
        if text.len() <= LIMIT {
            return HeaderValue::from_str(&text).ok();
        }
        let longest = if note.why.len() >= note.who.len() { &mut note.why } else { &mut note.who };
        let kept = longest.chars().count() * 3 / 4;
        if longest.is_empty() {
            return None;
        }
        *longest = longest.chars().take(kept).collect();
    }
}

pub(super) fn of(header: Option<&str>) -> Option<WriteNote> {
    serde_json::from_str(header?).ok()
}

/// Escapes what no header can hold, and spaces in a row, which signatures count as one.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if (character.is_ascii() && !character.is_control()) && !(character == ' ' && text.ends_with(' ')) {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_ascii_and_comes_back() {
        let note = WriteNote::new("älice@laptop", "moved  the 🧊\r\nX-Evil: 1").with_serial(7);
        let value = header(&note).unwrap();
        let text = value.to_str().unwrap();
        assert!(text.is_ascii() && !text.contains("  "), "{text}");
        assert_eq!(of(Some(text)), Some(note));
    }

    #[test]
    fn a_long_note_is_cut_and_no_more() {
        let note = WriteNote::new("a@b", &"日本".repeat(2000)).with_serial(7);
        let value = header(&note).unwrap();
        assert!(value.len() <= LIMIT);
        let read = of(value.to_str().ok()).unwrap();
        assert!(note.why.starts_with(&read.why) && read.why.chars().count() > 100);
        assert_eq!((read.who.as_str(), read.serial), ("a@b", Some(7)));
        assert_eq!(of(Some("half {")), None);
    }
}
