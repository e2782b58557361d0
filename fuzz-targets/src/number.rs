//! Numbers, a word each: the canonical form is a fixed point, and equality and hashing follow it.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use landfast_state::Number;
use landfast_state::json::{Limits, Raw, RawKind};

use crate::seed::{Fixture, lines};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut before: Option<Number> = None;
    for word in std::iter::once(text).chain(text.split_whitespace()) {
        let Ok(number) = word.parse::<Number>() else { continue };
        assert_eq!(number.to_string(), word, "a number keeps its text");
        if word.len() <= Limits::default().max_number_len {
            assert!(is_number_of_reader(word), "a number of ours is one of the reader's: {word}");
        }
        let canonical = number.canonical();
        assert!(canonical.len() <= word.len() + 20, "the canonical form is never expanded");
        let Ok(again) = canonical.parse::<Number>() else {
            panic!("{word} has the canonical form {canonical}, which is no number");
        };
        assert_eq!(again.canonical(), canonical, "the canonical form is its own canonical form");
        assert_eq!(again, number, "a number equals its canonical form");
        assert_eq!(hash(&again), hash(&number), "equal numbers hash alike");
        assert_eq!(number.is_zero(), canonical == "0", "zero has one form");
        if let Some(before) = &before {
            assert_eq!(*before == number, before.canonical() == canonical, "equality is that of the canonical form");
        }
        before = Some(number);
    }
}

fn is_number_of_reader(word: &str) -> bool {
    let checked = Raw::check(word.as_bytes(), &Limits::default());
    checked.is_ok_and(|raw| matches!(raw.kind(), RawKind::Number(text) if text == word))
}

fn hash(number: &Number) -> u64 {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    hasher.finish()
}

/// The numbers of a document.
pub(crate) fn seeds(fixture: &Fixture) -> Vec<Vec<u8>> {
    let numbers = fixture.values().into_iter().filter_map(|value| match value.kind() {
        RawKind::Number(text) => Some(text.to_owned()),
        _ => None,
    });
    lines(numbers.collect())
}
