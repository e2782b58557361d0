//! `docs/schema/*.json`: the JSON Schemas of the machine formats, from the types that write them.

use std::path::Path;

pub(super) fn report(_root: &Path) -> Result<String, String> {
    text(&landfast_report::report_schema())
}

pub(super) fn state_change(_root: &Path) -> Result<String, String> {
    text(&landfast_report::state_change_schema())
}

fn text(schema: &serde_json::Value) -> Result<String, String> {
    let mut text = serde_json::to_string_pretty(schema).map_err(|error| format!("cannot write the schema: {error}"))?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_schema_describes_an_object_with_a_version() {
        for text in [report, state_change] {
            let schema: serde_json::Value = serde_json::from_str(&text(Path::new("")).unwrap()).unwrap();
            assert!(schema.pointer("/properties/format_version").is_some(), "{schema}");
        }
    }
}
