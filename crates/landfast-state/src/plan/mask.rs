//! Masks: values of the shape of another value, with `true` where something holds for it.

use super::optional::{Read, each_element, pass};
use crate::attribute_path::{AttributePath, PathStep};
use crate::json::{JsonErrorKind, Kind, Raw, RawKind, Reader};

/// Reads a mask, such as `after_unknown`, as the paths to each `true` in it.
pub(super) fn read_mask(reader: &mut Reader<'_>) -> Read<Vec<AttributePath>> {
    let mut paths = Vec::new();
    walk(reader, &mut Vec::new(), &mut paths)?;
    Ok(paths)
}

/// Recursion is bounded by the depth that the reader allows.
fn walk(reader: &mut Reader<'_>, steps: &mut Vec<PathStep>, paths: &mut Vec<AttributePath>) -> Read<()> {
    match reader.peek()? {
        Kind::Null => drop(reader.null()?),
        Kind::Bool => {
            if reader.boolean()? {
                paths.push(AttributePath { steps: steps.clone() });
            }
        }
        Kind::Object => {
            reader.enter_object()?;
            while let Some(key) = reader.next_member()? {
                steps.push(PathStep::Key(key.into()));
                walk(reader, steps, paths)?;
                steps.pop();
            }
        }
        Kind::Array => {
            reader.enter_array()?;
            let mut index = 0;
            while reader.next_element()? {
                steps.push(PathStep::Index(index));
                walk(reader, steps, paths)?;
                steps.pop();
                index += 1;
            }
        }
        kind @ (Kind::Number | Kind::String) => {
            let expected = "a boolean, an object or an array";
            return Err(reader.error(JsonErrorKind::Unexpected { expected, found: kind.name() }));
        }
    }
    Ok(())
}

/// Reads a path that is written as an array of names and positions, such as `["ingress", 0, "from_port"]`. A step that is
/// neither (an element of a set has no position) ends the path: it then leads to the whole set.
pub(super) fn read_path(reader: &mut Reader<'_>) -> Read<AttributePath> {
    let mut path = AttributePath::default();
    let mut open = true;
    each_element(reader, |reader| {
        let step = match reader.peek()? {
            Kind::String => Some(PathStep::Key(reader.string()?.into())),
            Kind::Number => reader.number()?.parse().ok().map(PathStep::Index),
            _ => pass(reader).map(|()| None)?,
        };
        open &= step.is_some();
        path.steps.extend(step.filter(|_| open));
        Ok(())
    })?;
    Ok(path)
}

/// The value at `path` in `raw`, unless there is none or it is `null`.
pub(super) fn value_at<'a>(raw: Raw<'a>, path: &AttributePath) -> Option<Raw<'a>> {
    let found = path.steps.iter().try_fold(raw, |raw, step| match (raw.kind(), step) {
        (RawKind::Object(mut members), PathStep::Key(key)) => {
            members.find(|(name, _)| **name == **key).map(|(_, value)| value)
        }
        (RawKind::Array(mut elements), PathStep::Index(index)) => elements.nth(*index),
        _ => None,
    });
    found.filter(|found| !found.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    fn mask(text: &str) -> Vec<String> {
        let mut reader = Reader::new(text.as_bytes(), &Limits::default()).unwrap();
        read_mask(&mut reader).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn reads_the_paths_of_each_true() {
        assert_eq!(mask("true"), [""]);
        assert_eq!(mask("false"), [""; 0]);
        assert_eq!(mask("null"), [""; 0]);
        assert_eq!(mask("{}"), [""; 0]);
        assert_eq!(
            mask(r#"{"input":{"list":[false,true],"pw":true,"a b":true},"output":{},"n":null}"#),
            ["input.list[1]", "input.pw", "input[\"a b\"]"]
        );
    }

    #[test]
    fn refuses_what_is_no_mask_without_showing_it() {
        let mut reader = Reader::new(br#"{"a": {"b": "secret"}}"#, &Limits::default()).unwrap();
        let error = read_mask(&mut reader).unwrap_err().to_string();
        assert_eq!(error, "1:13: at a.b: expected a boolean, an object or an array, found a string");
    }

    #[test]
    fn ends_a_path_at_a_step_without_name_and_position() {
        let path = |text: &str| {
            let mut reader = Reader::new(text.as_bytes(), &Limits::default()).unwrap();
            read_path(&mut reader).unwrap().to_string()
        };
        assert_eq!(path(r#"["ingress", 0, "from_port"]"#), "ingress[0].from_port");
        assert_eq!(path(r#"["ingress", {"a": 1}, "from_port"]"#), "ingress");
        assert_eq!(path(r#"["n", 1.5, "x"]"#), "n");
        assert_eq!(path("null"), "");
    }

    #[test]
    fn finds_values_that_are_there() {
        let raw = Raw::check(br#"{"a": [{"b": 1}], "n": null}"#, &Limits::default()).unwrap();
        let at = |path: &str| value_at(raw, &path.parse().unwrap()).map(|raw| raw.as_str().to_owned());
        assert_eq!(at("a[0].b").as_deref(), Some("1"));
        assert_eq!(at("a[1].b"), None);
        assert_eq!(at("n"), None);
        assert!(at("").is_some());
    }
}
