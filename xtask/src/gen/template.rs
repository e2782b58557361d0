//! Templates of attributes: JSON in which strings hold placeholders and some objects are instructions.
//!
//! | in a string | becomes |
//! |---|---|
//! | `${hex:N}`, `${HEX:N}`, `${digits:N}`, `${base64:N}` | so many random characters (of `N` bytes for base64) |
//! | `${int:A:B}`, `${bool}`, `${pick#:1\|2}` | a number or boolean, if it is the whole string |
//! | `${pick:a\|b}`, `${word}`, `${sentence:N}`, `${time}` | text, drawn anew each time |
//! | `${name}`, `${uid}`, `${uuid}`, `${region}`, `${account}`, `${env}` | text, the same all over one instance |
//! | `${tags}`, `${labels}` | an object, the same all over one instance, if it is the whole string |
//!
//! `{"$repeat": [A, B], "of": T}` is a list of A to B elements, `{"$document": T}` a string that holds JSON.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::Value;

use super::node::Node;
use super::words::{ENVIRONMENTS, REGIONS, TAG_KEYS, WORDS, pick};

/// What is the same all over one instance.
#[derive(Debug)]
pub(crate) struct Traits {
    pub(crate) name: String,
    pub(crate) region: &'static str,
    pub(crate) account: String,
    pub(crate) env: &'static str,
    uid: String,
    uuid: String,
    tags: Node,
    labels: Node,
}

impl Traits {
    /// `place` draws what a whole module shares, `rng` the rest.
    pub(crate) fn new(rng: &mut Rng, place: &mut Rng) -> Self {
        let (region, env) = (pick(place, REGIONS), pick(place, ENVIRONMENTS));
        let account = random(place, 12, "123456789");
        let name = format!("{}-{}-{}", pick(rng, WORDS), pick(rng, WORDS), random(rng, 5, HEX));
        let uid = random(rng, 17, HEX);
        let uuid = [8, 4, 4, 4, 12].map(|length| random(rng, length, HEX)).join("-");
        let mut tags = BTreeMap::from([
            ("Environment".to_owned(), Node::text(env)),
            ("Name".to_owned(), Node::text(&name)),
            ("Owner".to_owned(), Node::text(format!("{}-team", pick(rng, WORDS)))),
        ]);
        for _ in 0..rng.u32(0..4) {
            tags.insert(pick(rng, TAG_KEYS).to_owned(), Node::text(format!("{}-{}", pick(rng, WORDS), rng.u32(0..99))));
        }
        let labels = BTreeMap::from([
            ("env".to_owned(), Node::text(env)),
            ("owner".to_owned(), Node::text(pick(rng, WORDS))),
            ("app".to_owned(), Node::text(pick(rng, WORDS))),
        ]);
        Self { name, region, account, env, uid, uuid, tags: Node::Object(tags), labels: Node::Object(labels) }
    }
}

/// Makes a value of a template. A template that breaks the rules above is an error that names the place.
pub(crate) fn instantiate(template: &Value, traits: &Traits, rng: &mut Rng) -> Result<Node, String> {
    Ok(match template {
        Value::Null => Node::Null,
        Value::Bool(value) => Node::Bool(*value),
        Value::Number(number) => Node::Number(number.as_i64().ok_or_else(|| format!("{number} is no integer"))?),
        Value::String(text) => from_text(text, traits, rng)?,
        Value::Array(elements) => {
            Node::List(elements.iter().map(|element| instantiate(element, traits, rng)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => match (members.get("$repeat"), members.get("of"), members.get("$document")) {
            (Some(bounds), Some(of), _) => {
                let (least, most): (u32, u32) =
                    serde_json::from_value(bounds.clone()).map_err(|error| format!("$repeat: {error}"))?;
                let count = rng.u32(least..=most);
                Node::List((0..count).map(|_| instantiate(of, traits, rng)).collect::<Result<_, _>>()?)
            }
            (_, _, Some(document)) => Node::Document(Box::new(instantiate(document, traits, rng)?)),
            _ => {
                let member = |(key, value): (&String, &Value)| Ok((key.clone(), instantiate(value, traits, rng)?));
                Node::Object(members.iter().map(member).collect::<Result<_, String>>()?)
            }
        },
    })
}

const HEX: &str = "0123456789abcdef";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn from_text(text: &str, traits: &Traits, rng: &mut Rng) -> Result<Node, String> {
    if let Some(only) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
        && !only.contains("${")
    {
        let mut parts = only.split(':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("int"), Some(least), Some(most)) => return Ok(Node::Number(integer(least, most, rng)?)),
            (Some("bool"), None, None) => return Ok(Node::Bool(rng.bool())),
            (Some("pick#"), Some(choices), None) => {
                let choices: Vec<&str> = choices.split('|').collect();
                let chosen = pick(rng, &choices);
                return Ok(Node::Number(chosen.parse().map_err(|_| format!("{chosen} is no integer"))?));
            }
            (Some("tags"), None, None) => return Ok(traits.tags.clone()),
            (Some("labels"), None, None) => return Ok(traits.labels.clone()),
            _ => {}
        }
    }
    let mut made = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, placeholder)) = rest.split_once("${") {
        made.push_str(before);
        let (placeholder, after) = placeholder.split_once('}').ok_or_else(|| format!("no }} in {text}"))?;
        push(&mut made, placeholder, traits, rng)?;
        rest = after;
    }
    made.push_str(rest);
    Ok(Node::Text(made))
}

fn push(made: &mut String, placeholder: &str, traits: &Traits, rng: &mut Rng) -> Result<(), String> {
    let mut parts = placeholder.splitn(2, ':');
    let (kind, argument) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let count = || argument.parse::<usize>().map_err(|_| format!("no count in {placeholder}"));
    match kind {
        "name" => made.push_str(&traits.name),
        "uid" => made.push_str(&traits.uid),
        "uuid" => made.push_str(&traits.uuid),
        "region" => made.push_str(traits.region),
        "account" => made.push_str(&traits.account),
        "env" => made.push_str(traits.env),
        "word" => made.push_str(pick(rng, WORDS)),
        "hex" => made.push_str(&random(rng, count()?, HEX)),
        "HEX" => made.push_str(&random(rng, count()?, UPPER)),
        "digits" => made.push_str(&random(rng, count()?, "123456789")),
        "base64" => {
            // The last character of an encoding of 3n + 2 bytes holds four bits only.
            made.push_str(&random(rng, count()?.div_ceil(3) * 4 - 2, BASE64));
            made.push_str("A=");
        }
        "pick" => made.push_str(pick(rng, &argument.split('|').collect::<Vec<_>>())),
        "int" => {
            let (least, most) = argument.split_once(':').ok_or_else(|| format!("no bounds in {placeholder}"))?;
            made.push_str(&integer(least, most, rng)?.to_string());
        }
        "sentence" => {
            let words: Vec<&str> = (0..count()?).map(|_| pick(rng, WORDS)).collect();
            made.push_str(&words.join(" "));
        }
        "time" => {
            let (month, day, hour) = (rng.u32(1..13), rng.u32(1..29), rng.u32(0..24));
            let (minute, second) = (rng.u32(0..60), rng.u32(0..60));
            made.push_str(&format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"));
        }
        _ => return Err(format!("nothing is called ${{{placeholder}}}")),
    }
    Ok(())
}

fn integer(least: &str, most: &str, rng: &mut Rng) -> Result<i64, String> {
    let bound = |text: &str| text.parse::<i64>().map_err(|_| format!("{text} is no integer"));
    Ok(rng.i64(bound(least)?..=bound(most)?))
}

/// So many characters of an ASCII alphabet.
pub(crate) fn random(rng: &mut Rng, length: usize, alphabet: &str) -> String {
    let letters = alphabet.as_bytes();
    (0..length).map(|_| char::from(pick(rng, letters))).collect()
}
