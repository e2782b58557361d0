//! Marks in lists. A mark is at an index, but an element does not stay at its own: what one side marks in a list may stand
//! anywhere in the list of a side that marks nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use landfast_state::{Sensitive, Value};

/// What the two sides of a list mark.
pub(super) struct SharedMarks {
    before: Option<Marks>,
    after: Option<Marks>,
}

/// The marks in the elements of a list, taken together.
#[derive(Debug, PartialEq, Eq)]
enum Marks {
    /// The value itself is marked.
    Whole,
    /// Members of an object are.
    Members(BTreeMap<String, Marks>),
    /// Elements of a list are.
    Elements(Box<Marks>),
}

type Side<'v> = Option<Cow<'v, Value>>;

impl SharedMarks {
    pub(super) fn of(before: &[Value], after: &[Value]) -> Self {
        Self { before: Marks::of(before), after: Marks::of(after) }
    }

    /// Two elements to be compared, or one that has no counterpart, with the marks that the other side has at their place in
    /// any element. Elements that hold others keep their own marks where they have a counterpart: its marks count then.
    pub(super) fn on<'v>(&self, old: Option<&'v Value>, new: Option<&'v Value>) -> (Side<'v>, Side<'v>) {
        let holds = |side: Option<&Value>| matches!(side, Some(Value::List(_) | Value::Object(_)));
        if old.is_some() && new.is_some() && (holds(old) || holds(new)) {
            return (old.map(Cow::Borrowed), new.map(Cow::Borrowed));
        }
        (put(self.after.as_ref(), old), put(self.before.as_ref(), new))
    }

    /// Both lists, with the marks of each other.
    pub(super) fn on_all(&self, before: &[Value], after: &[Value]) -> [Value; 2] {
        let list = |marks: Option<&Marks>, elements: &[Value]| {
            let marked = elements.iter().filter_map(|element| put(marks, Some(element)));
            Value::List(marked.map(Cow::into_owned).collect())
        };
        [list(self.after.as_ref(), before), list(self.before.as_ref(), after)]
    }
}

fn put<'v>(marks: Option<&Marks>, value: Option<&'v Value>) -> Side<'v> {
    value.map(|value| match marks {
        Some(marks) => Cow::Owned(marks.put_on(value)),
        None => Cow::Borrowed(value),
    })
}

impl Marks {
    /// `None` where nothing is marked.
    fn of(elements: &[Value]) -> Option<Self> {
        elements.iter().filter_map(Self::of_value).reduce(Self::and)
    }

    fn of_value(value: &Value) -> Option<Self> {
        match value {
            Value::Sensitive(_) => Some(Self::Whole),
            Value::List(elements) => Some(Self::Elements(Box::new(Self::of(elements)?))),
            Value::Object(members) => {
                let marked = |(name, member): (&String, &Value)| Some((name.clone(), Self::of_value(member)?));
                let marks: BTreeMap<_, _> = members.iter().filter_map(marked).collect();
                (!marks.is_empty()).then_some(Self::Members(marks))
            }
            _ => None,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Members(mut all), Self::Members(more)) => {
                for (name, marks) in more {
                    let both = match all.remove(&name) {
                        Some(known) => known.and(marks),
                        None => marks,
                    };
                    all.insert(name, both);
                }
                Self::Members(all)
            }
            (Self::Elements(a), Self::Elements(b)) => Self::Elements(Box::new(a.and(*b))),
            _ => Self::Whole,
        }
    }

    fn put_on(&self, value: &Value) -> Value {
        match (self, value) {
            (_, Value::Null | Value::Bool(_) | Value::Unknown | Value::Sensitive(_)) => value.clone(),
            (Self::Whole, value) => Value::Sensitive(Sensitive::new(value.clone())),
            (Self::Elements(marks), Value::List(elements)) => {
                Value::List(elements.iter().map(|element| marks.put_on(element)).collect())
            }
            (Self::Members(marks), Value::Object(members)) => {
                let put = |(name, member): (&String, &Value)| {
                    let marked = marks.get(name).map_or_else(|| member.clone(), |marks| marks.put_on(member));
                    (name.clone(), marked)
                };
                Value::Object(members.iter().map(put).collect())
            }
            _ => value.clone(),
        }
    }
}
