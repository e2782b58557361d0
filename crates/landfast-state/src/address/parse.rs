//! Parsing addresses.

use std::str::FromStr;
use std::sync::Arc;

use crate::text::is_mark;

use super::{InstanceAddress, InstanceKey, ModuleAddress, ModuleStep, ObjectAddress, ResourceAddress, ResourceMode};

/// Why a text is not an address, with the column (in characters, from 1) where that shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {wanted} address: {problem} at column {column}")]
pub struct AddressError {
    /// What was wanted, with its article.
    pub wanted: &'static str,
    /// What is wrong.
    pub problem: &'static str,
    /// Where, in characters from 1.
    pub column: usize,
}

/// Words that name other things in the language, or that begin addresses: no type of managed resources is called so.
const RESERVED: [&str; 14] = [
    "var",
    "local",
    "count",
    "each",
    "self",
    "path",
    "terraform",
    "template",
    "lazy",
    "arg",
    "module",
    "data",
    "ephemeral",
    "resource",
];

/// Whether a text can be the type of resources of this mode.
pub(crate) fn is_resource_type(mode: ResourceMode, text: &str) -> bool {
    is_name(text) && (mode != ResourceMode::Managed || !RESERVED.contains(&text))
}

/// Whether a text can be the name of a block or a resource type: letters, digits, combining marks, `_` and `-`, not
/// starting with a dash or a mark. The language has had no names that start with a digit since terraform 0.12, but states
/// from before have them still.
pub(crate) fn is_name(text: &str) -> bool {
    text.chars().all(in_name) && text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-') || is_mark(c)
}

/// Whether a text is surely the address of a resource, by a look that allocates nothing: modules without keys, a type and a
/// name, of plain letters. What is not may be one all the same.
pub(crate) fn is_plainly_a_resource(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(module) = rest.strip_prefix(b"module.") {
        let Some(behind) = behind_plain_name(module).and_then(|rest| rest.strip_prefix(b".")) else { return false };
        rest = behind;
    }
    let (kind, is_data) = rest.strip_prefix(b"data.").map_or((rest, false), |rest| (rest, true));
    let Some(name) = behind_plain_name(kind).and_then(|rest| rest.strip_prefix(b".")) else { return false };
    let type_name = kind.get(..kind.len() - name.len() - 1).unwrap_or_default();
    // No word with an underscore is reserved.
    let reserved = || RESERVED.iter().any(|word| word.as_bytes() == type_name);
    (is_data || type_name.contains(&b'_') || !reserved()) && behind_plain_name(name).is_some_and(<[u8]>::is_empty)
}

/// What follows a name in letters of ASCII that a text starts with.
fn behind_plain_name(text: &[u8]) -> Option<&[u8]> {
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let len = text.iter().position(|byte| !in_name(byte)).unwrap_or(text.len());
    let begins = text.first().is_some_and(|byte| in_name(byte) && *byte != b'-');
    if begins { text.get(len..) } else { None }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    wanted: &'static str,
}

type Parsed<T> = Result<T, AddressError>;

impl<'a> Parser<'a> {
    fn new(text: &'a str, wanted: &'static str) -> Self {
        Self { text, rest: text, wanted }
    }

    fn fail<T>(&self, problem: &'static str) -> Parsed<T> {
        let passed = self.text.len() - self.rest.len();
        let column = self.text.get(..passed).unwrap_or_default().chars().count() + 1;
        Err(AddressError { wanted: self.wanted, problem, column })
    }

    fn eat(&mut self, sign: &str) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A name, see [`is_name`].
    fn name(&mut self) -> Parsed<&'a str> {
        let len = self.rest.find(|c| !in_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        if !is_name(name) {
            return self.fail("a name is missing");
        }
        self.rest = rest;
        Ok(name)
    }

    /// An optional key in brackets.
    fn key(&mut self) -> Parsed<InstanceKey> {
        if !self.eat("[") {
            return Ok(InstanceKey::None);
        }
        let key = if self.eat("\"") {
            InstanceKey::String(self.quoted()?.into())
        } else {
            let (digits, _) = self.rest.split_once(']').unwrap_or((self.rest, ""));
            match digits.parse() {
                Ok(index) if !digits.starts_with('+') => {
                    self.eat(digits);
                    InstanceKey::Int(index)
                }
                _ => return self.fail("the key is neither an integer nor a quoted string"),
            }
        };
        if !self.eat("]") {
            return self.fail("a closing bracket is missing");
        }
        Ok(key)
    }

    /// The rest of a quoted string, its opening quote passed.
    fn quoted(&mut self) -> Parsed<String> {
        let mut out = String::new();
        loop {
            if self.eat("$${") {
                out.push_str("${");
                continue;
            }
            if self.eat("%%{") {
                out.push_str("%{");
                continue;
            }
            if self.rest.starts_with("${") || self.rest.starts_with("%{") {
                return self.fail("a template in the key");
            }
            let Some(c) = self.rest.chars().next() else {
                return self.fail("a closing quote is missing");
            };
            match c {
                '"' => {
                    self.eat("\"");
                    return Ok(out);
                }
                '\\' => out.push(self.escape()?),
                '\n' => return self.fail("a line break in the key"),
                c => {
                    out.push(c);
                    self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
                }
            }
        }
    }

    fn escape(&mut self) -> Parsed<char> {
        for (escape, c) in [("\\n", '\n'), ("\\r", '\r'), ("\\t", '\t'), ("\\\"", '"'), ("\\\\", '\\')] {
            if self.eat(escape) {
                return Ok(c);
            }
        }
        let digits = match self.rest.as_bytes().get(1) {
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => return self.fail("an invalid escape in the key"),
        };
        let hex = self.rest.get(2..2 + digits).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let Some(c) = code.and_then(char::from_u32) else {
            return self.fail("an invalid escape in the key");
        };
        self.rest = self.rest.get(2 + digits..).unwrap_or_default();
        Ok(c)
    }

    /// The steps `module.name[key]` at the start; the dot after the last one is passed.
    fn modules(&mut self) -> Parsed<ModuleAddress> {
        let mut steps = Vec::new();
        while self.eat("module.") {
            let name = self.name()?.into();
            steps.push(ModuleStep { name, key: self.key()? });
            if !self.eat(".") && !self.rest.is_empty() {
                return self.fail("something follows the module's name");
            }
        }
        Ok(ModuleAddress { steps })
    }

    fn resource(&mut self) -> Parsed<ResourceAddress> {
        let module = self.modules()?;
        let mode = if self.eat("data.") {
            ResourceMode::Data
        } else if self.eat("ephemeral.") {
            ResourceMode::Ephemeral
        } else {
            // The language allows to name the mode of managed resources too; nothing prints it.
            self.eat("resource.");
            ResourceMode::Managed
        };
        let before = self.rest;
        let type_name = self.name()?;
        if mode == ResourceMode::Managed && RESERVED.contains(&type_name) {
            self.rest = before;
            return self.fail("a reserved word stands where the resource type should");
        }
        if !self.eat(".") {
            return self.fail("a dot and the resource's name are missing");
        }
        Ok(ResourceAddress { module, mode, type_name: type_name.into(), name: self.name()?.into() })
    }

    fn instance(&mut self) -> Parsed<InstanceAddress> {
        let resource = Arc::new(self.resource()?);
        Ok(resource.instance(self.key()?))
    }

    fn end<T>(&self, value: T) -> Parsed<T> {
        if self.rest.is_empty() { Ok(value) } else { self.fail("something follows the address") }
    }
}

impl FromStr for ModuleAddress {
    type Err = AddressError;

    /// The empty text is the root module.
    fn from_str(text: &str) -> Parsed<Self> {
        let mut parser = Parser::new(text, "a module");
        let module = parser.modules()?;
        if text.ends_with('.') {
            return parser.fail("a name is missing");
        }
        parser.end(module)
    }
}

impl FromStr for ResourceAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Parsed<Self> {
        let mut parser = Parser::new(text, "a resource");
        let resource = parser.resource()?;
        parser.end(resource)
    }
}

impl FromStr for InstanceAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Parsed<Self> {
        let mut parser = Parser::new(text, "a resource instance");
        let instance = parser.instance()?;
        parser.end(instance)
    }
}

impl FromStr for ObjectAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Parsed<Self> {
        let mut parser = Parser::new(text, "an object");
        let instance = parser.instance()?;
        let deposed = if parser.eat(" (deposed object ") {
            let Some(key) = parser.rest.strip_suffix(')') else {
                return parser.fail("a closing parenthesis is missing");
            };
            if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return parser.fail("the key of the deposed object is not one");
            }
            parser.rest = "";
            Some(key.into())
        } else {
            None
        };
        parser.end(ObjectAddress { instance, deposed })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_addresses_are_known_at_a_look() {
        for text in ["aws_vpc.a", "data.b.c-1", "module.m.module.n.data.aws_x.y", "module.data.data.data.data", "0a._"]
        {
            assert!(is_plainly_a_resource(text) && text.parse::<ResourceAddress>().is_ok(), "{text}");
        }
        for text in
            ["module.a[0].b.c", "a", "a.b.c", "data.a", "var.a", "a.-b", "é.a", "a.b ", "", "module.a.", "resource.a.b"]
        {
            assert!(!is_plainly_a_resource(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_plainly_a_resource_is_one(
            parts in prop::collection::vec(prop::sample::select(vec!["module", "data", "var", "a", "b_c", "-", "é", "1", "[0]", ""]), 0..7),
        ) {
            let text = parts.join(".");
            prop_assert!(!is_plainly_a_resource(&text) || text.parse::<ResourceAddress>().is_ok(), "{}", text);
        }
    }
}
