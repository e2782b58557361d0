//! The note of a write as it is kept beside an object, where metadata is small.

use crate::stored::WriteNote;

/// How much of a reason is kept, in characters: Google takes 8 KiB of metadata for an object, and so does Azure, where it is Base64.
const WHY: usize = 300;
/// How much of a name is kept.
const WHO: usize = 80;

/// The JSON text of a note, in ASCII.
pub(crate) fn to_text(note: &WriteNote) -> String {
    let mut note = note.clone();
    for (text, limit) in [(&mut note.who, WHO), (&mut note.why, WHY)] {
        if let Some((end, _)) = text.char_indices().nth(limit) {
            text.truncate(end);
        }
    }
    let json = serde_json::to_string(&note).unwrap_or_default();
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

/// The note that a text is; `None` where it is none of ours.
pub(crate) fn from_text(text: &str) -> Option<WriteNote> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_survive_and_stay_small() {
        let note = WriteNote::new("ünï@cödé 🧊", "because \"of\"\nthat").with_serial(7);
        let text = to_text(&note);
        assert!(text.is_ascii());
        assert_eq!(from_text(&text), Some(note));
        let long = WriteNote::new(&"🧊".repeat(5000), &"ü".repeat(5000));
        assert!(to_text(&long).len() < 6000, "{}", to_text(&long).len());
        assert_eq!(from_text(&to_text(&long)).map(|note| note.why.chars().count()), Some(WHY));
    }
}
