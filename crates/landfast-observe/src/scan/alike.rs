//! Reasons of many objects that are the same but for the names of the objects in them.

use landfast_state::{ResourceObject, Value};

/// What stands for a text that differs from object to object.
const ANY: &str = "*";
/// The attributes by which messages name an object.
const NAMES: [&str; 4] = ["arn", "id", "name", "self_link"];
/// The shortest name that is looked for: shorter ones are parts of words.
const SHORTEST_NAME: usize = 3;
/// The shortest word with letters and digits that is taken for the id of a request.
const SHORTEST_ID: usize = 16;

/// The reason with what names the object, and what looks like the id of a request, left open.
pub(super) fn in_general(reason: &str, object: &ResourceObject) -> String {
    let mut general = reason.to_owned();
    if let Value::Object(members) = object.value() {
        let mut names: Vec<&str> = NAMES.iter().filter_map(|name| text(members.get(*name)?)).collect();
        // An ARN has the name in it.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        for name in names {
            general = without(&general, name);
        }
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut out = String::with_capacity(general.len());
    let mut rest = general.as_str();
    while let Some(c) = rest.chars().next() {
        let end = rest.find(|c| is_part(c) != is_part(rest.chars().next().unwrap_or(c))).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let has = |kind: fn(&char) -> bool| word.chars().any(|c| kind(&c));
        let is_id =
            is_part(c) && word.len() >= SHORTEST_ID && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
        out.push_str(if is_id { ANY } else { word });
        rest = after;
    }
    out
}

/// The text with the name left open, where it is not a part of a word.
fn without(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(name) {
        out.push_str(before);
        let of_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_part = of_word(out.chars().next_back()) || of_word(after.chars().next());
        out.push_str(if is_part { name } else { ANY });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) if text.len() >= SHORTEST_NAME => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_of_requests_are_left_open() {
        let text = |text: &str| Value::String(text.to_owned());
        let members = [("arn", "arn:x:web-1"), ("id", "web-1"), ("name", "read")];
        let members = members.map(|(name, value)| (name.to_owned(), text(value))).into();
        let object = ResourceObject::bare("aws_a.b".parse().unwrap(), "registry.terraform.io/hashicorp/aws");
        let object = object.with_value(&members).unwrap();
        let general = |reason: &str| in_general(reason, &object);
        assert_eq!(general("error reading arn:x:web-1 (web-1), not web-10"), "error reading * (*), not web-10");
        assert_eq!(
            general("denied, status code: 403, request id: 0f3e2a10-3b1c-4c39-a0c4-6a1f4c0f1b2d"),
            "denied, status code: 403, request id: *"
        );
        for same in ["", "an-ordinary-word-with-dashes", "12345678901234567890", "größer als erlaubt"] {
            assert_eq!(general(same), same);
        }
    }
}
