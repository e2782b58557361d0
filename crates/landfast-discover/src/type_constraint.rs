//! Types of variables, and values made to fit types.

use std::collections::BTreeMap;

use landfast_state::schema::ValueType;
use landfast_state::{AttributePath, Members, Sensitive, Value};

use crate::error::ReadModuleError;
use crate::native;
use crate::place::SourceText;
use crate::tree::{Key, Node, Reference, Term};

/// What values a variable has.
#[derive(Debug, Clone)]
pub(crate) enum Constraint {
    Any,
    Bool,
    Number,
    String,
    List(Box<Constraint>),
    Set(Box<Constraint>),
    Map(Box<Constraint>),
    Tuple(Vec<Constraint>),
    Object(BTreeMap<String, Member>),
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) constraint: Constraint,
    pub(crate) presence: Presence,
}

#[derive(Debug, Clone)]
pub(crate) enum Presence {
    Required,
    /// With what stands for it where it is absent or null.
    Optional(Option<Box<Node>>),
}

/// Where a value does not fit, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) path: AttributePath,
    pub(crate) what: String,
}

/// What gives defaults of members their values.
pub(crate) type Defaults<'a> = dyn FnMut(&Node) -> Option<Value> + 'a;

impl Constraint {
    /// Whether values of it are given as plain texts on a command line.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Bool | Self::Number | Self::String)
    }

    /// Reads the type of a variable.
    pub(crate) fn of(node: &Node) -> Result<Self, ReadModuleError> {
        let wrong = |what: &str| ReadModuleError::Form { place: node.place.clone(), what: what.to_owned() };
        match &node.term {
            // JSON and old configurations quote types.
            Term::Text(text) => {
                let parsed = native::expression(&SourceText::within(&node.place, text))?;
                match parsed.term {
                    Term::Text(_) => Err(wrong("this is no type")),
                    _ => Self::of(&parsed),
                }
            }
            Term::Reference(Reference { root, steps, .. }) if steps.is_empty() => match root.as_str() {
                "string" => Ok(Self::String),
                "number" => Ok(Self::Number),
                "bool" => Ok(Self::Bool),
                "any" => Ok(Self::Any),
                "list" => Ok(Self::List(Box::new(Self::Any))),
                "set" => Ok(Self::Set(Box::new(Self::Any))),
                "map" => Ok(Self::Map(Box::new(Self::Any))),
                _ => Err(wrong("this is no type")),
            },
            Term::Call { name, arguments, .. } => match (name.as_str(), arguments.as_slice()) {
                ("list", [element]) => Ok(Self::List(Box::new(Self::of(element)?))),
                ("set", [element]) => Ok(Self::Set(Box::new(Self::of(element)?))),
                ("map", [element]) => Ok(Self::Map(Box::new(Self::of(element)?))),
                ("tuple", [Node { term: Term::List(elements), .. }]) => {
                    Ok(Self::Tuple(elements.iter().map(Self::of).collect::<Result<_, _>>()?))
                }
                ("object", [Node { term: Term::Object(members), .. }]) => {
                    let member = |(key, node): &(Key, Node)| match key {
                        Key::Name(name) => Ok((name.clone(), Member::of(node)?)),
                        Key::Node(_) => Err(wrong("the names of attributes are plain")),
                    };
                    Ok(Self::Object(members.iter().map(member).collect::<Result<_, _>>()?))
                }
                _ => Err(wrong("this is no type")),
            },
            _ => Err(wrong("this is no type")),
        }
    }

    /// Makes a value fit, as terraform converts: texts to numbers and back, lists to sets, what is absent and optional to null.
    pub(crate) fn convert(&self, value: Value, defaults: &mut Defaults<'_>) -> Result<Value, Misfit> {
        self.convert_at(value, &AttributePath::ROOT, defaults)
    }

    fn convert_at(&self, value: Value, path: &AttributePath, defaults: &mut Defaults<'_>) -> Result<Value, Misfit> {
        let misfit = |what: String| Misfit { path: path.clone(), what };
        let each = |element: &Self, elements: Vec<Value>, defaults: &mut Defaults<'_>| {
            let convert = |(at, value)| element.convert_at(value, &path.index(at), defaults);
            elements.into_iter().enumerate().map(convert).collect::<Result<Vec<_>, _>>()
        };
        match (self, value) {
            (_, value @ (Value::Null | Value::Unknown)) | (Self::Any, value) => Ok(value),
            (_, Value::Sensitive(sensitive)) => match sensitive.expose() {
                Some(inner) => {
                    let inner = self.convert_at(inner.clone(), path, defaults)?;
                    Ok(Value::Sensitive(Sensitive::new(inner)))
                }
                None => Ok(Value::Sensitive(sensitive)),
            },
            (Self::String, value) => {
                let kind = value.kind_name();
                text_of(&value)
                    .map(Value::String)
                    .ok_or_else(|| misfit(format!("a text is wanted, and this is {kind}")))
            }
            (Self::Number, value @ Value::Number(_)) | (Self::Bool, value @ Value::Bool(_)) => Ok(value),
            (Self::Number, Value::String(text)) => {
                text.parse().map(Value::Number).map_err(|_| misfit("the text is no number".to_owned()))
            }
            (Self::Bool, Value::String(text)) => match text.as_str() {
                "true" | "1" => Ok(Value::Bool(true)),
                "false" | "0" => Ok(Value::Bool(false)),
                _ => Err(misfit("the text is neither true nor false".to_owned())),
            },
            (Self::List(element) | Self::Set(element), Value::List(elements)) => {
                Ok(Value::List(each(element, elements, defaults)?))
            }
            (Self::Tuple(types), Value::List(elements)) if types.len() == elements.len() => {
                let convert = |(at, (element, value)): (usize, (&Self, Value))| {
                    element.convert_at(value, &path.index(at), defaults)
                };
                Ok(Value::List(types.iter().zip(elements).enumerate().map(convert).collect::<Result<_, _>>()?))
            }
            (Self::Map(element), Value::Object(members)) => {
                let convert = |(key, value): (String, Value)| {
                    let value = element.convert_at(value, &path.key(&key), defaults)?;
                    Ok((key, value))
                };
                Ok(Value::Object(members.into_iter().map(convert).collect::<Result<_, _>>()?))
            }
            (Self::Object(types), Value::Object(mut members)) => {
                let mut converted = Members::new();
                for (name, member) in types {
                    let given = match (&member.presence, members.remove(name)) {
                        (Presence::Required, None) => return Err(misfit(format!("{name} is missing"))),
                        (Presence::Optional(Some(default)), None | Some(Value::Null)) => {
                            defaults(default).ok_or_else(|| misfit(format!("the default of {name} is not known")))?
                        }
                        (_, given) => given.unwrap_or(Value::Null),
                    };
                    converted.insert(name.clone(), member.constraint.convert_at(given, &path.key(name), defaults)?);
                }
                Ok(Value::Object(converted))
            }
            (wanted, value) => {
                Err(misfit(format!("{} is wanted, and this is {}", wanted.kind_name(), value.kind_name())))
            }
        }
    }

    fn kind_name(&self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a text",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Tuple(_) => "a list of another length",
            Self::Object(_) => "an object",
        }
    }
}

impl Member {
    fn of(node: &Node) -> Result<Self, ReadModuleError> {
        match &node.term {
            Term::Call { name, arguments, .. } if name == "optional" => {
                let constraint = arguments.first().ok_or_else(|| ReadModuleError::Form {
                    place: node.place.clone(),
                    what: "optional needs a type".to_owned(),
                })?;
                let presence = Presence::Optional(arguments.get(1).cloned().map(Box::new));
                Ok(Self { constraint: Constraint::of(constraint)?, presence })
            }
            _ => Ok(Self { constraint: Constraint::of(node)?, presence: Presence::Required }),
        }
    }
}

/// Types of schemas. What is absent of an object is null: providers say what they need.
impl From<&ValueType> for Constraint {
    fn from(value_type: &ValueType) -> Self {
        let boxed = |element: &ValueType| Box::new(Self::from(element));
        match value_type {
            ValueType::Bool => Self::Bool,
            ValueType::Number => Self::Number,
            ValueType::String => Self::String,
            ValueType::Dynamic => Self::Any,
            ValueType::List(element) => Self::List(boxed(element)),
            ValueType::Set(element) => Self::Set(boxed(element)),
            ValueType::Map(element) => Self::Map(boxed(element)),
            ValueType::Tuple(elements) => Self::Tuple(elements.iter().map(Self::from).collect()),
            ValueType::Object(members) => {
                let member =
                    |value_type| Member { constraint: Self::from(value_type), presence: Presence::Optional(None) };
                Self::Object(members.iter().map(|(name, value_type)| (name.clone(), member(value_type))).collect())
            }
        }
    }
}

/// The text of a text, a number or a boolean.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(without_exponent(number.as_str())),
        _ => None,
    }
}

/// Exponents up to here are written out, which is more than a number of 64 bits has.
const WRITTEN_OUT: i64 = 400;

/// A number as terraform writes it into a text: without an exponent, and without zeros that say nothing.
fn without_exponent(text: &str) -> String {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let Some(exponent) = exponent.parse::<i64>().ok().filter(|exponent| exponent.abs() <= WRITTEN_OUT) else {
        return text.to_owned();
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    // Where the point is among the digits; zeros are added where it is outside of them.
    let point = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_add(exponent);
    let before = usize::try_from(point).unwrap_or(0);
    let zeros = "0".repeat(usize::try_from(-point).unwrap_or(0));
    let (whole, fraction) = match digits.split_at_checked(before) {
        Some((whole, fraction)) => (whole.to_owned(), format!("{zeros}{fraction}")),
        None => (format!("{digits}{}", "0".repeat(before - digits.len())), String::new()),
    };
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    match (whole, fraction) {
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_out() {
        for (text, written) in [
            ("1e3", "1000"),
            ("-1.50e1", "-15"),
            ("1.5E-3", "0.0015"),
            ("12.34e1", "123.4"),
            ("0.10", "0.1"),
            ("100", "100"),
            // As terraform has it.
            ("-0.0", "-0"),
            ("1e-1", "0.1"),
            ("120e-1", "12"),
            ("1e999999", "1e999999"),
        ] {
            assert_eq!(without_exponent(text), written, "{text}");
        }
    }
}
