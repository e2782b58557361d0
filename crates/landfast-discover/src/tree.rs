//! Configurations as trees, whatever they were written in.

use landfast_state::Value;

use crate::place::Place;

/// An expression.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) term: Term,
    pub(crate) place: Place,
}

#[derive(Debug, Clone)]
pub(crate) enum Term {
    /// Null, a boolean, a number.
    Literal(Value),
    Text(String),
    Template(Vec<Part>),
    List(Vec<Node>),
    Object(Vec<(Key, Node)>),
    /// A name with what is taken of it: `var.a[0]`.
    Reference(Reference),
    /// A call, which is not made; types are written as such.
    Call {
        name: String,
        arguments: Vec<Node>,
        excerpt: String,
    },
    /// What else there is.
    Other {
        what: &'static str,
        excerpt: String,
    },
}

#[derive(Debug, Clone)]
pub(crate) enum Part {
    Text(String),
    Node(Node),
}

#[derive(Debug, Clone)]
pub(crate) enum Key {
    Name(String),
    Node(Node),
}

#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) root: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) excerpt: String,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Name(String),
    Index(Box<Node>),
}

/// What stands between the braces of a block.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) attributes: Vec<(String, Node)>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) syntax: Syntax,
}

/// In JSON nested blocks look like attributes. What was merged of both counts as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    Native,
    Json,
}

#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) labels: Vec<String>,
    pub(crate) body: Body,
    pub(crate) place: Place,
}

impl Body {
    pub(crate) fn attribute(&self, name: &str) -> Option<&Node> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, node)| node)
    }

    /// The nested blocks of a kind that has so many labels.
    pub(crate) fn nested(&self, kind: &str, labels: usize) -> Vec<Block> {
        let mut blocks: Vec<Block> = self.blocks.iter().filter(|block| block.kind == kind).cloned().collect();
        if self.syntax == Syntax::Json
            && let Some(node) = self.attribute(kind)
        {
            blocks.extend(blocks_of(kind, node, labels, &[]));
        }
        blocks
    }
}

/// The blocks that an expression of JSON stands for: an object, or a list of such, below as many names as there are labels.
pub(crate) fn blocks_of(kind: &str, node: &Node, labels: usize, known: &[String]) -> Vec<Block> {
    match &node.term {
        Term::List(elements) => elements.iter().flat_map(|node| blocks_of(kind, node, labels, known)).collect(),
        Term::Object(members) if labels > 0 => {
            let named = members.iter().filter_map(|(key, node)| match key {
                Key::Name(name) if name != "//" => Some((name, node)),
                _ => None,
            });
            let below = |(name, node): (&String, &Node)| {
                blocks_of(kind, node, labels - 1, &[known, std::slice::from_ref(name)].concat())
            };
            named.flat_map(below).collect()
        }
        Term::Object(_) => {
            let place = node.place.clone();
            vec![Block { kind: kind.to_owned(), labels: known.to_vec(), body: body_of(node), place }]
        }
        _ => Vec::new(),
    }
}

/// An object of JSON as the body of a block.
pub(crate) fn body_of(node: &Node) -> Body {
    let members: &[(Key, Node)] = match &node.term {
        Term::Object(members) => members,
        _ => &[],
    };
    let attributes = members.iter().filter_map(|(key, node)| match key {
        Key::Name(name) if name != "//" => Some((name.clone(), node.clone())),
        _ => None,
    });
    Body { attributes: attributes.collect(), blocks: Vec::new(), syntax: Syntax::Json }
}
