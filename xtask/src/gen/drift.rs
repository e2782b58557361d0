//! Drift made on purpose: where it may happen, what is done there, and the paths at which a comparison must find it.

use fastrand::Rng;

use super::node::{Node, Step, print, steps};
use super::template::random;

/// A place of a type at which drift may happen.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    path: Vec<Step>,
    kind: SiteKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SiteKind {
    Scalar,
    /// Elements come and go.
    Set,
    /// Entries come, go and change.
    Map,
}

impl Site {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (path, kind) = if let Some(path) = text.strip_suffix("[]") {
            (path, SiteKind::Set)
        } else if let Some(path) = text.strip_suffix("{}") {
            (path, SiteKind::Map)
        } else {
            (text, SiteKind::Scalar)
        };
        Ok(Self { path: steps(path)?, kind })
    }

    /// Whether both are about the same attribute, so that one could hide what the other does.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.path.first() == other.path.first()
    }
}

/// A change that was made.
#[derive(Debug, Clone)]
pub(crate) enum Made {
    /// At this path.
    At(String),
    /// This element was added to the list at this path. Its index counts in the observed list, whose order is not settled.
    Added(Vec<Step>, Node),
}

impl Made {
    /// The path, now that the observed attributes are final.
    pub(crate) fn settle(self, observed: &mut Node) -> Result<String, String> {
        match self {
            Self::At(path) => Ok(path),
            Self::Added(mut path, element) => {
                let Some(Node::List(elements)) = observed.at_mut(&path) else {
                    return Err(format!("{} is no list", print(&path)));
                };
                // Sets inside of it may have been shuffled.
                let element = element.in_one_order();
                let at = elements.iter().position(|other| other.in_one_order() == element);
                path.push(Step::Index(at.ok_or_else(|| format!("{} lost an element", print(&path)))?));
                Ok(print(&path))
            }
        }
    }
}

/// Changes the attributes at a site.
pub(crate) fn make(attributes: &mut Node, site: &Site, rng: &mut Rng) -> Result<Made, String> {
    let place = attributes.at_mut(&site.path).ok_or_else(|| format!("nothing at {}", print(&site.path)))?;
    match (site.kind, place) {
        (SiteKind::Scalar, node) => {
            *node = other(node, rng)?;
            Ok(Made::At(print(&site.path)))
        }
        (SiteKind::Set, Node::List(elements)) => {
            if elements.len() > 1 && rng.bool() {
                let at = rng.u64(0..elements.len() as u64);
                let at = usize::try_from(at).map_err(|error| error.to_string())?;
                elements.remove(at);
                return Ok(Made::At(print(&[site.path.as_slice(), &[Step::Index(at)]].concat())));
            }
            let first = elements.first().ok_or_else(|| format!("{} is empty", print(&site.path)))?;
            let element = unlike(first, rng);
            elements.push(element.clone());
            Ok(Made::Added(site.path.clone(), element))
        }
        (SiteKind::Map, Node::Object(entries)) => {
            let key = entries.keys().next().cloned();
            let key = match (rng.u32(0..3), key) {
                (0, Some(key)) => {
                    entries.remove(&key);
                    key
                }
                (1, Some(key)) => {
                    entries.insert(key.clone(), Node::text(format!("{}-changed", random(rng, 4, "abcdef"))));
                    key
                }
                _ => {
                    entries.insert("patched-by".to_owned(), Node::text("hand"));
                    "patched-by".to_owned()
                }
            };
            Ok(Made::At(print(&[site.path.as_slice(), &[Step::Key(key)]].concat())))
        }
        _ => Err(format!("{} is of another kind than its site says", print(&site.path))),
    }
}

/// A scalar that differs from this one, by more than a normaliser overlooks.
fn other(node: &Node, rng: &mut Rng) -> Result<Node, String> {
    Ok(match node {
        Node::Bool(value) => Node::Bool(!value),
        Node::Number(number) => Node::Number(number + rng.i64(1..9)),
        Node::Text(text) if rng.u32(0..8) == 0 && !text.is_empty() => Node::Null,
        Node::Text(text) => Node::text(format!("{text}-{}", random(rng, 4, "0123456789abcdef"))),
        Node::Null => Node::text(random(rng, 8, "abcdefgh")),
        Node::List(_) | Node::Object(_) | Node::Document(_) => return Err("not a scalar".to_owned()),
    })
}

/// An element like this one in shape, all of whose texts and numbers differ.
fn unlike(node: &Node, rng: &mut Rng) -> Node {
    match node {
        Node::Number(number) => Node::Number(number + rng.i64(10_000..60_000)),
        Node::Text(text) if !text.is_empty() => Node::text(format!("{text}-{}", random(rng, 6, "0123456789abcdef"))),
        Node::List(elements) => Node::List(elements.iter().map(|element| unlike(element, rng)).collect()),
        Node::Object(members) => {
            Node::Object(members.iter().map(|(key, member)| (key.clone(), unlike(member, rng))).collect())
        }
        Node::Document(inner) => Node::Document(Box::new(unlike(inner, rng))),
        node => node.clone(),
    }
}
