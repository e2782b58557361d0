//! Attribute paths, a line each: what is printed is parsed to the same path.

use landfast_state::AttributePath;
use landfast_state::json::{Raw, RawKind};

use crate::seed::{Fixture, lines};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in std::iter::once(text).chain(text.lines()) {
        let Ok(path) = line.parse::<AttributePath>() else { continue };
        let printed = path.to_string();
        match printed.parse::<AttributePath>() {
            Ok(again) => assert_eq!(again, path, "printed as {printed}"),
            Err(_) => panic!("{path:?} is printed as {printed}, which does not parse"),
        }
        let pointer = path.to_json_pointer();
        assert_eq!(pointer.matches('/').count(), path.steps.len(), "a step of a JSON pointer each");
        assert!(path.starts_with(&AttributePath::ROOT) && path.starts_with(&path), "a path starts with itself");
        assert!(!path.starts_with(&path.index(0)), "a path does not start with a longer one");
    }
}

/// The paths to the scalars of a document.
pub(crate) fn seeds(fixture: &Fixture) -> Vec<Vec<u8>> {
    const MOST: usize = 500;
    let mut waiting: Vec<(AttributePath, Raw<'_>)> =
        fixture.json().map(|raw| (AttributePath::ROOT, raw)).into_iter().collect();
    let mut paths = Vec::new();
    while let Some((path, value)) = waiting.pop() {
        match value.kind() {
            RawKind::Array(elements) => {
                waiting.extend(elements.enumerate().map(|(at, value)| (path.index(at), value)));
            }
            RawKind::Object(members) => waiting.extend(members.map(|(key, value)| (path.key(&key), value))),
            _ => paths.push(path.to_string()),
        }
        if paths.len() >= MOST {
            break;
        }
    }
    lines(paths)
}
