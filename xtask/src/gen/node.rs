//! Attribute values as the generator has them: what a state can hold, and JSON documents that a state holds as strings.

use std::collections::BTreeMap;

/// A value. Numbers are integers, which is what the templates need; how they are written is the layout's choice.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Node>),
    Object(BTreeMap<String, Node>),
    /// A string that holds this as JSON.
    Document(Box<Node>),
}

impl Node {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The same with all its lists sorted, for comparing regardless of order.
    pub(crate) fn in_one_order(&self) -> Self {
        match self {
            Self::List(elements) => {
                let mut elements: Vec<Self> = elements.iter().map(Self::in_one_order).collect();
                elements.sort_by_cached_key(|element| format!("{element:?}"));
                Self::List(elements)
            }
            Self::Object(members) => {
                Self::Object(members.iter().map(|(key, member)| (key.clone(), member.in_one_order())).collect())
            }
            node => node.clone(),
        }
    }

    /// What stands at `path`. Steps go on inside of documents.
    pub(crate) fn at_mut(&mut self, path: &[Step]) -> Option<&mut Node> {
        let Some((step, rest)) = path.split_first() else { return Some(self) };
        match (self, step) {
            (Self::Document(inner), _) => inner.at_mut(path),
            (Self::Object(members), Step::Key(key)) => members.get_mut(key)?.at_mut(rest),
            (Self::List(elements), Step::Index(at)) => elements.get_mut(*at)?.at_mut(rest),
            _ => None,
        }
    }

    /// Every list that a pattern means, each with `visit`. `*` in a pattern is any element.
    pub(crate) fn each_list(&mut self, pattern: &[&str], visit: &mut dyn FnMut(&mut Vec<Node>)) {
        match (self, pattern.split_first()) {
            (Self::List(elements), None) => visit(elements),
            (Self::List(elements), Some((&"*", rest))) => {
                elements.iter_mut().for_each(|element| element.each_list(rest, visit));
            }
            (Self::Object(members), Some((key, rest))) => {
                if let Some(member) = members.get_mut(*key) {
                    member.each_list(rest, visit);
                }
            }
            _ => {}
        }
    }
}

/// One step of a path into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// The steps of a path such as `a.b[0]["c:d"]`.
pub(crate) fn steps(path: &str) -> Result<Vec<Step>, String> {
    let parsed: landfast::state::AttributePath =
        path.parse().map_err(|error| format!("`{path}` is no path: {error}"))?;
    Ok(parsed.steps.iter().map(own_step).collect())
}

fn own_step(step: &landfast::state::PathStep) -> Step {
    match step {
        landfast::state::PathStep::Key(key) => Step::Key(key.to_string()),
        landfast::state::PathStep::Index(at) => Step::Index(*at),
    }
}

/// A path as Landfast prints it.
pub(crate) fn print(steps: &[Step]) -> String {
    let steps = steps.iter().map(|step| match step {
        Step::Key(key) => landfast::state::PathStep::Key(key.as_str().into()),
        Step::Index(at) => landfast::state::PathStep::Index(*at),
    });
    landfast::state::AttributePath { steps: steps.collect() }.to_string()
}
