//! The packs that come with the program, written so that they are quick to read: reading them as TOML takes longer than
//! comparing a small state.
//!
//! A line is an entry: its kind, then its members in an order, with tabs between them. Lists have blanks between their items,
//! and `-` stands for a member that is absent. `cargo xtask codegen` writes this from the packs.

use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error, StrDeserializer};
use toml::Spanned;

use super::file::{File, Hint, Mirror, Named, Normalise, Pack, Presence, Rule, Sensitive};

/// The packs with the names of their files; `None` where the text is not such a one.
pub(super) fn read(text: &str) -> Option<Vec<(&str, File)>> {
    let mut packs: Vec<(&str, File)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (kind, members) = line.split_once('\t')?;
        let mut members = Members(members);
        if kind == "pack" {
            packs.push((members.next()?, empty(members.next()?)));
        } else {
            packs.last_mut()?.1.add(kind, &mut members)?;
        }
    }
    Some(packs)
}

fn empty(id: &str) -> File {
    File {
        pack: Pack { id: placeless(id.to_owned()), _version: 0, _description: String::new() },
        rule: Vec::new(),
        presence: Vec::new(),
        hint: Vec::new(),
        mirror: Vec::new(),
        normalise: Vec::new(),
        volatile: Vec::new(),
        sensitive: Vec::new(),
    }
}

impl File {
    /// Adds the entry of this kind with these members.
    fn add(&mut self, kind: &str, members: &mut Members<'_>) -> Option<()> {
        match kind {
            "rule" => self.rule.push(Rule {
                id: members.text()?,
                description: members.text()?,
                resource_types: members.texts()?,
                attributes: members.patterns()?,
                impacts: members.words()?,
                class: word(members.next()?)?,
                min_severity: members.optional(word)?,
            }),
            "presence" => self.presence.push(Presence {
                id: members.text()?,
                description: members.text()?,
                resource_types: members.texts()?,
                status: word(members.next()?)?,
                impacts: members.words()?,
                class: word(members.next()?)?,
                min_severity: members.optional(word)?,
            }),
            "hint" => self.hint.push(Hint {
                id: members.text()?,
                description: members.next()?.to_owned(),
                resource_types: members.texts()?,
                attributes: members.patterns()?,
                compare: word(members.next()?)?,
            }),
            "mirror" => self.mirror.push(Mirror {
                id: members.text()?,
                description: members.next()?.to_owned(),
                resource_types: members.texts()?,
                attribute: members.text()?,
                of: members.text()?,
            }),
            "normalise" => self.normalise.push(Normalise {
                id: members.text()?,
                description: members.next()?.to_owned(),
                resource_types: members.texts()?,
                attributes: members.optional(|text| Some(placeless(items(text).map(placeless).collect())))?,
                normaliser: word(members.next()?)?,
            }),
            "volatile" => self.volatile.push(Named {
                id: members.text()?,
                description: members.text()?,
                resource_types: members.texts()?,
                attributes: members.patterns()?,
            }),
            "sensitive" => self.sensitive.push(Sensitive {
                id: members.text()?,
                description: members.text()?,
                resource_types: members.texts()?,
                attributes: members.patterns()?,
                named_by: members.optional(|text| Some(placeless(items(text).collect())))?,
            }),
            _ => return None,
        }
        Some(())
    }
}

/// The members of an entry that have not been taken yet.
struct Members<'t>(&'t str);

impl<'t> Members<'t> {
    fn next(&mut self) -> Option<&'t str> {
        let (member, rest) = self.0.split_once('\t').unwrap_or((self.0, ""));
        self.0 = rest;
        Some(member)
    }

    fn text(&mut self) -> Option<Spanned<String>> {
        Some(placeless(self.next()?.to_owned()))
    }

    fn texts(&mut self) -> Option<Spanned<Vec<String>>> {
        Some(placeless(items(self.next()?).collect()))
    }

    fn patterns(&mut self) -> Option<Spanned<Vec<Spanned<String>>>> {
        Some(placeless(items(self.next()?).map(placeless).collect()))
    }

    fn words<T: for<'de> Deserialize<'de>>(&mut self) -> Option<Vec<T>> {
        self.next()?.split_ascii_whitespace().map(word).collect()
    }

    fn optional<T>(&mut self, read: impl Fn(&'t str) -> Option<T>) -> Option<Option<T>> {
        match self.next()? {
            "-" => Some(None),
            text => read(text).map(Some),
        }
    }
}

fn items(text: &str) -> impl Iterator<Item = String> {
    text.split_ascii_whitespace().map(str::to_owned)
}

/// A value of an enumeration by its name.
fn word<T: for<'de> Deserialize<'de>>(name: &str) -> Option<T> {
    let name: StrDeserializer<'_, Error> = name.into_deserializer();
    T::deserialize(name).ok()
}

/// Something that no error will have to name the place of: a test reads the packs themselves.
fn placeless<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}
