//! Which values of an object must not be shown, by its schema.

use std::collections::BTreeMap;

use super::{Attribute, AttributeShape, Block, Nesting};
use crate::attribute_path::AttributePath;
use crate::value::{Members, Sensitive, Value};

impl Block {
    /// The paths of the values in `members` that the schema calls sensitive, sorted. Null is no secret.
    #[must_use]
    pub fn sensitive_paths(&self, members: &Members) -> Vec<AttributePath> {
        let mut paths = Vec::new();
        self.gather(members, &AttributePath::ROOT, &mut paths);
        paths.sort();
        paths
    }

    /// Whether the schema calls anything sensitive.
    #[must_use]
    pub fn has_sensitive(&self) -> bool {
        any_sensitive(&self.attributes) || self.blocks.values().any(|nested| nested.block.has_sensitive())
    }

    /// `members` with the values that the schema calls sensitive marked as such.
    #[must_use]
    pub fn mark_sensitive(&self, members: Members) -> Members {
        let paths = self.sensitive_paths(&members);
        if paths.is_empty() {
            return members;
        }
        let mut root = Value::Object(members);
        for path in &paths {
            mark(&mut root, path);
        }
        match root {
            Value::Object(members) => members,
            _ => Members::new(),
        }
    }

    fn gather(&self, members: &Members, path: &AttributePath, out: &mut Vec<AttributePath>) {
        gather_attributes(&self.attributes, members, path, out);
        for (name, nested) in &self.blocks {
            if let Some(value) = members.get(name) {
                let each =
                    |inner: &Members, path: &AttributePath, out: &mut Vec<_>| nested.block.gather(inner, path, out);
                gather_nested(nested.nesting, value, &path.key(name), out, &each);
            }
        }
    }
}

fn any_sensitive(attributes: &BTreeMap<String, Attribute>) -> bool {
    attributes.values().any(|attribute| match &attribute.shape {
        _ if attribute.sensitive => true,
        AttributeShape::Nested { attributes, .. } => any_sensitive(attributes),
        AttributeShape::Value(_) => false,
    })
}

fn gather_attributes(
    attributes: &BTreeMap<String, Attribute>,
    members: &Members,
    path: &AttributePath,
    out: &mut Vec<AttributePath>,
) {
    for (name, attribute) in attributes {
        match (members.get(name), &attribute.shape) {
            (None | Some(Value::Null), _) => {}
            (Some(_), _) if attribute.sensitive => out.push(path.key(name)),
            (Some(value), AttributeShape::Nested { nesting, attributes }) => {
                let each = |inner: &Members, path: &AttributePath, out: &mut Vec<_>| {
                    gather_attributes(attributes, inner, path, out);
                };
                gather_nested(*nesting, value, &path.key(name), out, &each);
            }
            (Some(_), AttributeShape::Value(_)) => {}
        }
    }
}

type Each<'a> = dyn Fn(&Members, &AttributePath, &mut Vec<AttributePath>) + 'a;

fn gather_nested(nesting: Nesting, value: &Value, path: &AttributePath, out: &mut Vec<AttributePath>, each: &Each<'_>) {
    match (nesting, value) {
        // Blocks that bring their types stand behind them.
        (Nesting::List | Nesting::Map, Value::Object(wrapper)) if is_wrapper(wrapper) => {
            if let Some(inner) = wrapper.get("value") {
                gather_untyped(inner, &path.key("value"), out, each);
            }
        }
        (Nesting::Single | Nesting::Group, Value::Object(inner)) => each(inner, path, out),
        _ => gather_untyped(value, path, out, each),
    }
}

fn gather_untyped(value: &Value, path: &AttributePath, out: &mut Vec<AttributePath>, each: &Each<'_>) {
    match value {
        Value::List(elements) => {
            for (at, element) in elements.iter().enumerate() {
                if let Value::Object(inner) = element {
                    each(inner, &path.index(at), out);
                }
            }
        }
        Value::Object(members) => {
            for (key, element) in members {
                if let Value::Object(inner) = element {
                    each(inner, &path.key(key), out);
                }
            }
        }
        _ => {}
    }
}

fn is_wrapper(members: &Members) -> bool {
    members.len() == 2
        && members.contains_key("value")
        && matches!(members.get("type"), Some(Value::String(_) | Value::List(_)))
}

fn mark(root: &mut Value, path: &AttributePath) {
    use crate::attribute_path::PathStep;
    let mut value = root;
    for step in &path.steps {
        let inner = match (value, step) {
            (Value::Object(members), PathStep::Key(key)) => members.get_mut(&**key),
            (Value::List(elements), PathStep::Index(at)) => elements.get_mut(*at),
            _ => None,
        };
        match inner {
            Some(inner) => value = inner,
            None => return,
        }
    }
    if !matches!(value, Value::Sensitive(_)) {
        let inner = std::mem::replace(value, Value::Null);
        *value = Value::Sensitive(Sensitive::new(inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, Raw};
    use crate::schema::{NestedBlock, Setting, ValueType};

    fn secret() -> Attribute {
        Attribute { sensitive: true, ..Attribute::new(ValueType::String, Setting::Optional) }
    }

    fn members(text: &str) -> Members {
        match Value::from_raw(Raw::check(text.as_bytes(), &Limits::default()).unwrap(), &[]) {
            Value::Object(members) => members,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn secrets_are_found_in_blocks_nested_attributes_and_behind_types() {
        let inner = Block { attributes: [("key".to_owned(), secret())].into(), ..Block::default() };
        let nested = |nesting| NestedBlock { nesting, block: inner.clone(), min_items: 0, max_items: None };
        let shape = AttributeShape::Nested { nesting: Nesting::Map, attributes: inner.attributes.clone() };
        let block = Block {
            attributes: [
                ("password".to_owned(), secret()),
                ("by_name".to_owned(), Attribute { shape, ..Attribute::new(ValueType::Bool, Setting::Computed) }),
            ]
            .into(),
            blocks: [
                ("list".to_owned(), nested(Nesting::List)),
                ("any".to_owned(), nested(Nesting::List)),
                ("single".to_owned(), nested(Nesting::Single)),
            ]
            .into(),
            deprecated: false,
        };
        let members = members(
            r#"{"password": "p", "by_name": {"a": {"key": "k"}, "b": {"key": null}}, "single": {"key": "s"},
                "list": [{"key": "0"}, {"key": "1"}], "any": {"type": ["tuple", []], "value": [{"key": "d"}]}}"#,
        );
        assert!(block.has_sensitive());
        for (name, expected) in [("by_name", true), ("list", true), ("none", false)] {
            let mut part = block.clone();
            part.attributes.retain(|it, _| it == name);
            part.blocks.retain(|it, _| it == name);
            assert_eq!(part.has_sensitive(), expected, "{name}");
        }
        let paths: Vec<String> = block.sensitive_paths(&members).iter().map(ToString::to_string).collect();
        assert_eq!(
            paths,
            ["any.value[0].key", "by_name.a.key", "list[0].key", "list[1].key", "password", "single.key"]
        );
        let marked = Value::Object(block.mark_sensitive(members)).to_string();
        assert_eq!(marked.matches("(sensitive value)").count(), 6, "{marked}");
        assert!(marked.contains(r#""b": {"key": null}"#), "{marked}");
    }
}
