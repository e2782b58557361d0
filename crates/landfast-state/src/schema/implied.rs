//! The types that schemas imply, and values made complete by them.

use std::collections::BTreeMap;

use super::{Attribute, AttributeShape, Block, NestedBlock, Nesting, ValueType};
use crate::value::{Members, Value};

impl Block {
    /// The type of the objects that fit the block.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        let attributes = self.attributes.iter().map(|(name, attribute)| (name.clone(), attribute.value_type()));
        let blocks = self.blocks.iter().map(|(name, nested)| (name.clone(), nested.value_type()));
        ValueType::Object(attributes.chain(blocks).collect())
    }

    /// `members` with what is absent as it stands in a state: attributes as null, blocks as none. Nothing is checked.
    #[must_use]
    pub fn complete(&self, mut members: Members) -> Members {
        for name in self.attributes.keys() {
            members.entry(name.clone()).or_insert(Value::Null);
        }
        for (name, nested) in &self.blocks {
            let given = members.remove(name).unwrap_or(Value::Null);
            members.insert(name.clone(), nested.complete(given));
        }
        members
    }
}

impl NestedBlock {
    /// The type of what stands in a state for all blocks of this kind. Where each brings types of its own, all of them together
    /// have no type but their own.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        let inner = self.block.value_type();
        match self.nesting {
            Nesting::List | Nesting::Map if inner.has_dynamic() => ValueType::Dynamic,
            nesting => nested(nesting, inner),
        }
    }

    fn complete(&self, given: Value) -> Value {
        let inner = |value| match value {
            Value::Object(members) => Value::Object(self.block.complete(members)),
            other => other,
        };
        match (self.nesting, given) {
            (Nesting::List | Nesting::Map, Value::Null) if self.value_type() == ValueType::Dynamic => {
                self.none_of_any_type()
            }
            (Nesting::List | Nesting::Set, Value::Null) => Value::List(Vec::new()),
            (Nesting::List | Nesting::Set, Value::List(elements)) => {
                Value::List(elements.into_iter().map(inner).collect())
            }
            (Nesting::Map, Value::Null) => Value::Object(Members::new()),
            (Nesting::Map, Value::Object(members)) => {
                Value::Object(members.into_iter().map(|(key, value)| (key, inner(value))).collect())
            }
            (Nesting::Group, Value::Null) => inner(Value::Object(Members::new())),
            (_, given) => inner(given),
        }
    }
}

impl NestedBlock {
    /// No blocks, of a kind where each brings types of its own.
    fn none_of_any_type(&self) -> Value {
        let (constructor, types, none) = match self.nesting {
            Nesting::Map => ("object", Value::Object(Members::new()), Value::Object(Members::new())),
            _ => ("tuple", Value::List(Vec::new()), Value::List(Vec::new())),
        };
        let brought = Value::List(vec![Value::String(constructor.to_owned()), types]);
        Value::Object([("type".to_owned(), brought), ("value".to_owned(), none)].into())
    }
}

impl Attribute {
    /// The type of its values.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        match &self.shape {
            AttributeShape::Value(value_type) => value_type.clone(),
            AttributeShape::Nested { nesting, attributes } => nested(*nesting, object(attributes)),
        }
    }
}

fn object(attributes: &BTreeMap<String, Attribute>) -> ValueType {
    ValueType::Object(attributes.iter().map(|(name, attribute)| (name.clone(), attribute.value_type())).collect())
}

fn nested(nesting: Nesting, inner: ValueType) -> ValueType {
    match nesting {
        Nesting::Single | Nesting::Group => inner,
        Nesting::List => ValueType::List(Box::new(inner)),
        Nesting::Set => ValueType::Set(Box::new(inner)),
        Nesting::Map => ValueType::Map(Box::new(inner)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Setting;

    fn block(attributes: &[(&str, ValueType)], blocks: &[(&str, Nesting, Block)]) -> Block {
        let nested = |(name, nesting, block): &(&str, Nesting, Block)| {
            let nested = NestedBlock { nesting: *nesting, block: block.clone(), min_items: 0, max_items: None };
            ((*name).to_owned(), nested)
        };
        Block {
            attributes: attributes
                .iter()
                .map(|(name, ty)| ((*name).to_owned(), Attribute::new(ty.clone(), Setting::Optional)))
                .collect(),
            blocks: blocks.iter().map(nested).collect(),
            deprecated: false,
        }
    }

    #[test]
    fn types_follow_from_nesting() {
        let plain = block(&[("a", ValueType::String)], &[]);
        let any = block(&[("a", ValueType::Dynamic)], &[]);
        let all = block(
            &[("id", ValueType::String)],
            &[
                ("any", Nesting::List, any.clone()),
                ("group", Nesting::Group, any.clone()),
                ("list", Nesting::List, plain.clone()),
                ("map", Nesting::Map, plain.clone()),
                ("set", Nesting::Set, plain.clone()),
                ("single", Nesting::Single, plain),
            ],
        );
        let plain = r#"["object",{"a":"string"}]"#;
        let expected = format!(
            r#"["object",{{"any":"dynamic","group":["object",{{"a":"dynamic"}}],"id":"string","list":["list",{plain}],"map":["map",{plain}],"set":["set",{plain}],"single":{plain}}}]"#
        );
        assert_eq!(all.value_type().expression(), expected);
    }

    #[test]
    fn what_is_absent_is_completed_as_a_state_has_it() {
        let inner = block(&[("a", ValueType::String)], &[]);
        let all = block(
            &[("id", ValueType::String)],
            &[
                ("any", Nesting::List, block(&[("a", ValueType::Dynamic)], &[])),
                ("group", Nesting::Group, inner.clone()),
                ("list", Nesting::List, inner.clone()),
                ("map", Nesting::Map, inner.clone()),
                ("single", Nesting::Single, inner),
            ],
        );
        let given = Members::from([("list".to_owned(), Value::List(vec![Value::Object(Members::new())]))]);
        let complete = Value::Object(all.complete(given)).to_string();
        let any = r#""any": {"type": ["tuple", []], "value": []}"#;
        let rest = r#""group": {"a": null}, "id": null, "list": [{"a": null}], "map": {}, "single": null"#;
        assert_eq!(complete, format!("{{{any}, {rest}}}"));
    }
}
