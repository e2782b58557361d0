//! How a state is written down: as terraform does it, or as other programs do.

use std::io::{self, Write};

use fastrand::Rng;

use super::node::Node;

/// How the observed side is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Layout {
    /// As terraform writes it, in terraform's order.
    #[default]
    Same,
    /// Without white space and HTML escapes, in terraform's order.
    Compact,
    /// Indented by four, members of objects in reverse order, some numbers as `1.0` or `1e2`, JSON documents in strings
    /// written anew; resources and elements of lists in terraform's order.
    Reordered,
    /// On one line in ASCII; members, resources, instances and the elements of sets in any order, the version at the end;
    /// numbers and JSON documents in strings as in `reordered`.
    Shuffled,
}

impl Layout {
    /// As the command line has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Compact => "compact",
            Self::Reordered => "reordered",
            Self::Shuffled => "shuffled",
        }
    }

    pub(crate) fn style(self) -> Style {
        match self {
            Self::Same => Style { indent: Some(2), escape: Escape::Html, order: Order::Sorted, plain_numbers: true },
            Self::Compact => Style { indent: None, escape: Escape::Least, order: Order::Sorted, plain_numbers: true },
            Self::Reordered => {
                Style { indent: Some(4), escape: Escape::Least, order: Order::Reversed, plain_numbers: false }
            }
            Self::Shuffled => Style { indent: None, escape: Escape::Ascii, order: Order::Random, plain_numbers: false },
        }
    }

    /// How JSON documents in strings are written. Terraform's `jsonencode` writes them compactly.
    fn document_style(self) -> Style {
        let jsonencode = Style { indent: None, escape: Escape::Html, order: Order::Sorted, plain_numbers: true };
        match self {
            Self::Same | Self::Compact => jsonencode,
            Self::Reordered => Style { order: Order::Reversed, indent: Some(2), escape: Escape::Least, ..jsonencode },
            Self::Shuffled => Style { order: Order::Random, escape: Escape::Least, plain_numbers: false, ..jsonencode },
        }
    }

    /// Whether resources, their instances and the elements of sets stand in another order.
    pub(crate) fn shuffles(self) -> bool {
        self == Self::Shuffled
    }

    /// Whether members of resources and instances are sorted by name and not as terraform writes them.
    pub(crate) fn sorts_members(self) -> bool {
        matches!(self, Self::Reordered | Self::Shuffled)
    }
}

/// The details of a layout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Spaces per level; everything on one line without.
    indent: Option<usize>,
    escape: Escape,
    order: Order,
    plain_numbers: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    /// What JSON needs.
    Least,
    /// `<`, `>`, `&` and the two line separators as well, as Go does.
    Html,
    /// Everything outside of ASCII as well, as Python does.
    Ascii,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Sorted,
    Reversed,
    Random,
}

/// Writes JSON part by part.
#[derive(Debug)]
pub(crate) struct Emitter<W> {
    out: W,
    layout: Layout,
    style: Style,
    /// For each open object and array, whether it is still empty.
    open: Vec<bool>,
    rng: Rng,
}

impl<W: Write> Emitter<W> {
    pub(crate) fn new(out: W, layout: Layout) -> Self {
        Self { out, layout, style: layout.style(), open: Vec::new(), rng: Rng::with_seed(0) }
    }

    /// What is left to chance in the following comes from here.
    pub(crate) fn draw_from(&mut self, rng: Rng) {
        self.rng = rng;
    }

    pub(crate) fn begin(&mut self, bracket: char) -> io::Result<()> {
        self.open.push(true);
        write!(self.out, "{bracket}")
    }

    pub(crate) fn end(&mut self, bracket: char) -> io::Result<()> {
        if self.open.pop() == Some(false) {
            self.new_line()?;
        }
        write!(self.out, "{bracket}")
    }

    /// What stands before each element of an array.
    pub(crate) fn item(&mut self) -> io::Result<()> {
        if let Some(empty) = self.open.last_mut()
            && !std::mem::replace(empty, false)
        {
            self.out.write_all(b",")?;
        }
        self.new_line()
    }

    pub(crate) fn key(&mut self, key: &str) -> io::Result<()> {
        self.item()?;
        self.text(key)?;
        self.out.write_all(if self.style.indent.is_some() { b": " } else { b":" })
    }

    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        let mut quoted = String::with_capacity(text.len() + 2);
        quote(&mut quoted, text, self.style.escape);
        self.out.write_all(quoted.as_bytes())
    }

    pub(crate) fn node(&mut self, node: &Node) -> io::Result<()> {
        match node {
            Node::Null => self.out.write_all(b"null"),
            Node::Bool(value) => write!(self.out, "{value}"),
            Node::Number(number) => self.number(*number),
            Node::Text(text) => self.text(text),
            Node::Document(inner) => {
                let mut text = Vec::new();
                let (layout, style, rng) = (self.layout, self.layout.document_style(), self.rng.fork());
                Emitter { out: &mut text, layout, style, open: Vec::new(), rng }.node(inner)?;
                self.text(&String::from_utf8_lossy(&text))
            }
            Node::List(elements) => {
                self.begin('[')?;
                for element in elements {
                    self.item()?;
                    self.node(element)?;
                }
                self.end(']')
            }
            Node::Object(members) => {
                let mut order: Vec<(&String, &Node)> = members.iter().collect();
                match self.style.order {
                    Order::Sorted => {}
                    Order::Reversed => order.reverse(),
                    Order::Random => shuffle(&mut self.rng, &mut order),
                }
                self.begin('{')?;
                for (key, member) in order {
                    self.key(key)?;
                    self.node(member)?;
                }
                self.end('}')
            }
        }
    }

    /// A number that readers take as an integer only, whatever the layout.
    pub(crate) fn integer(&mut self, number: u64) -> io::Result<()> {
        write!(self.out, "{number}")
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.out.write_all(b"\n")?;
        self.out.flush()
    }

    fn number(&mut self, number: i64) -> io::Result<()> {
        match self.style.plain_numbers {
            false if number != 0 && number % 100 == 0 && self.rng.bool() => write!(self.out, "{}e2", number / 100),
            false if self.rng.u32(0..3) == 0 => write!(self.out, "{number}.0"),
            _ => write!(self.out, "{number}"),
        }
    }

    fn new_line(&mut self) -> io::Result<()> {
        const SPACES: &str = "                                                                                ";
        let Some(indent) = self.style.indent else { return Ok(()) };
        let mut left = self.open.len() * indent;
        self.out.write_all(b"\n")?;
        while left > 0 {
            let some = left.min(SPACES.len());
            self.out.write_all(SPACES.get(..some).unwrap_or_default().as_bytes())?;
            left -= some;
        }
        Ok(())
    }
}

fn quote(quoted: &mut String, text: &str, escape: Escape) {
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if escape == Escape::Html => push_escape(quoted, c),
            c if c < ' ' || (escape == Escape::Ascii && !c.is_ascii()) => push_escape(quoted, c),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
}

fn push_escape(quoted: &mut String, c: char) {
    let mut units = [0; 2];
    for unit in c.encode_utf16(&mut units) {
        quoted.push_str(&format!("\\u{unit:04x}"));
    }
}

/// Any order, the same on machines with other word sizes.
pub(crate) fn shuffle<T>(rng: &mut Rng, elements: &mut [T]) {
    for at in (1..elements.len()).rev() {
        let other = usize::try_from(rng.u64(0..=at as u64)).unwrap_or(at);
        elements.swap(at, other);
    }
}
