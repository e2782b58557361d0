//! `mirror`: an attribute that only repeats what another one says, such as `tags_all` beside `tags`.
//!
//! A mirror may hold more than what it repeats: `tags_all` also has the default tags of the provider. So a change of it
//! is one too many only if the other attribute has changed at the same place.

use landfast_state::{AttributePath, Value};

/// Whether a change of the attribute `mirror` at `path` repeats one of the attribute `of`, in the attributes of one
/// resource `before` and `after`.
pub(crate) fn repeats(before: &Value, after: &Value, path: &AttributePath, mirror: &str, of: &str) -> bool {
    let Some((_, inside)) = path.steps.split_first() else { return false };
    let mut original = AttributePath::ROOT.key(of);
    original.steps.extend_from_slice(inside);
    let (mirrored, repeated) = ((before.get(path), after.get(path)), (before.get(&original), after.get(&original)));
    if !inside.is_empty() {
        return follows(mirrored, repeated);
    }
    // The whole of it: a change of every entry that differs.
    let entries = |value: Option<&Value>| match value {
        Some(Value::Object(members)) => members.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let mut keys = entries(mirrored.0);
    keys.extend(entries(mirrored.1));
    !keys.is_empty()
        && AttributePath::ROOT.key(mirror) == *path
        && keys.iter().all(|key| {
            let (at, original) = (path.key(key), original.key(key));
            let entry = (before.get(&at), after.get(&at));
            entry.0 == entry.1 || follows(entry, (before.get(&original), after.get(&original)))
        })
}

/// Whether a change at `path` is that of a scalar attribute which is computed from the collection `of`, such as
/// `label_fingerprint` from `labels`: its values say nothing that can be compared, only that `of` has changed. Whether it
/// has is for the caller to say.
pub(crate) fn is_computed(before: &Value, after: &Value, path: &AttributePath, of: &str) -> bool {
    let original = AttributePath::ROOT.key(of);
    let collection = |side: &Value| matches!(side.get(&original), Some(Value::List(_) | Value::Object(_)));
    let scalar =
        |side: &Value| matches!(side.get(path), None | Some(Value::Null | Value::String(_) | Value::Number(_)));
    path.steps.len() == 1 && (collection(before) || collection(after)) && scalar(before) && scalar(after)
}

/// Whether the original changed as well, and to or from the same value as its mirror.
fn follows(mirrored: (Option<&Value>, Option<&Value>), original: (Option<&Value>, Option<&Value>)) -> bool {
    original.0 != original.1 && (mirrored.0 == original.0 || mirrored.1 == original.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::json_document::parse;

    fn tags_repeat(before: &str, after: &str, path: &str) -> bool {
        repeats(&parse(before).unwrap(), &parse(after).unwrap(), &path.parse().unwrap(), "tags_all", "tags")
    }

    #[test]
    fn a_change_that_the_original_shows_too() {
        let before = r#"{"tags":{"a":"1","b":"2"},"tags_all":{"a":"1","b":"2","default":"x"}}"#;
        let after = r#"{"tags":{"a":"9"},"tags_all":{"a":"9","default":"x"}}"#;
        assert!(tags_repeat(before, after, "tags_all.a"));
        assert!(tags_repeat(before, after, "tags_all.b"));
        // An own tag in the place of a default one.
        let after = r#"{"tags":{"a":"1","b":"2","default":"y"},"tags_all":{"a":"1","b":"2","default":"y"}}"#;
        assert!(tags_repeat(before, after, "tags_all.default"));
        assert!(tags_repeat(
            r#"{"tags":null,"tags_all":null}"#,
            r#"{"tags":{"a":"1"},"tags_all":{"a":"1"}}"#,
            "tags_all"
        ));
    }

    #[test]
    fn swallows_nothing_else() {
        // A default tag that was removed shows in the mirror only.
        let before = r#"{"tags":{"a":"1"},"tags_all":{"a":"1","default":"x"}}"#;
        let after = r#"{"tags":{"a":"2"},"tags_all":{"a":"3"}}"#;
        assert!(!tags_repeat(before, after, "tags_all.default"));
        // Both changed, but to and from different values.
        let after_other = r#"{"tags":{"a":"2"},"tags_all":{"a":"3"}}"#;
        assert!(tags_repeat(before, after_other, "tags_all.a"), "from the same value");
        let before_other = r#"{"tags":{"a":"1"},"tags_all":{"a":"0"}}"#;
        assert!(!tags_repeat(before_other, after_other, "tags_all.a"));
        // The whole mirror, with an entry that the original does not have.
        let whole = r#"{"tags":{"a":"1"},"tags_all":{"a":"1","default":"x"}}"#;
        assert!(!tags_repeat(r#"{"tags":null,"tags_all":null}"#, whole, "tags_all"));
        // What is computed from a collection is a scalar.
        let computed = |before: &str, after: &str, path: &str| {
            is_computed(&parse(before).unwrap(), &parse(after).unwrap(), &path.parse().unwrap(), "tags")
        };
        assert!(computed(r#"{"tags":{"a":"1"},"print":"x"}"#, r#"{"tags":null,"print":"y"}"#, "print"));
        assert!(!computed(r#"{"tags":"1","print":"x"}"#, r#"{"tags":"2","print":"y"}"#, "print"));
        assert!(!computed(r#"{"tags":["a"],"print":["x"]}"#, r#"{"tags":["b"],"print":["y"]}"#, "print"));
        assert!(!computed(r#"{"tags":["a"],"b":{"print":"x"}}"#, r#"{"tags":["b"],"b":{"print":"y"}}"#, "b.print"));
        // Another attribute, and the original itself.
        assert!(!tags_repeat(before, after, "other"));
        assert!(!tags_repeat(before, after, ""));
    }
}
