//! `docs/schema/report.schema.json`: the JSON Schema of the machine report, from the types that write it.

use std::path::Path;

pub(super) fn text(_root: &Path) -> Result<String, String> {
    let mut text = serde_json::to_string_pretty(&landfast_report::report_schema())
        .map_err(|error| format!("cannot write the schema: {error}"))?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_describes_an_object_with_a_version() {
        let schema: serde_json::Value = serde_json::from_str(&text(Path::new("")).unwrap()).unwrap();
        assert!(schema.pointer("/properties/format_version").is_some(), "{schema}");
    }
}
