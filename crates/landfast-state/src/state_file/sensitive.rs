//! `sensitive_attributes` of an instance: paths as terraform's states write them.

use crate::attribute_path::{AttributePath, PathStep};
use crate::json::{JsonError, Kind, Reader};

/// Reads the array of paths. Each is an array of steps `{"type": "get_attr", "value": "name"}` or
/// `{"type": "index", "value": {"value": 0, "type": "number"}}`.
pub(super) fn read_paths(reader: &mut Reader<'_>) -> Result<Vec<AttributePath>, JsonError> {
    let mut paths = Vec::new();
    if reader.null()? {
        return Ok(paths);
    }
    reader.enter_array()?;
    while reader.next_element()? {
        reader.enter_array()?;
        let mut steps = Vec::new();
        while reader.next_element()? {
            steps.push(read_step(reader)?);
        }
        paths.push(AttributePath { steps });
    }
    Ok(paths)
}

fn read_step(reader: &mut Reader<'_>) -> Result<PathStep, JsonError> {
    let at = reader.offset();
    reader.enter_part("step")?;
    let mut kind = None;
    let mut value = None;
    while let Some(key) = reader.next_known_member(&["type", "value"])? {
        match &*key {
            "type" => kind = Some(reader.string()?),
            "value" => value = Some(read_step_value(reader)?),
            _ => drop(reader.raw()?),
        }
    }
    match (kind.as_deref(), value) {
        (Some("get_attr"), Some(step @ PathStep::Key(_))) | (Some("index"), Some(step)) => Ok(step),
        _ => Err(reader.invalid_at(at, "a step is neither get_attr with a name nor index with a key")),
    }
}

/// The value of a step: a name, or `{"value": …, "type": "string" | "number"}`.
fn read_step_value(reader: &mut Reader<'_>) -> Result<PathStep, JsonError> {
    match reader.peek()? {
        Kind::String => Ok(PathStep::Key(reader.string()?.into())),
        Kind::Object => {
            let at = reader.offset();
            reader.enter_part("key of a step")?;
            let mut step = None;
            while let Some(key) = reader.next_member()? {
                match (&*key, reader.peek()?) {
                    ("value", Kind::String) => step = Some(PathStep::Key(reader.string()?.into())),
                    ("value", Kind::Number) => step = usize::try_from(reader.unsigned()?).ok().map(PathStep::Index),
                    _ => drop(reader.raw()?),
                }
            }
            step.ok_or_else(|| reader.invalid_at(at, "an index step has no key"))
        }
        _ => {
            let at = reader.offset();
            Err(reader.invalid_at(at, "a step's value is neither a name nor a key"))
        }
    }
}
