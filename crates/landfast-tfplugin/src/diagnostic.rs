//! What a provider says about what was asked of it.

use std::fmt;

use landfast_state::AttributePath;

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiagnosticSeverity {
    /// What was asked could not be done.
    Error,
    /// Something is odd.
    Warning,
}

/// An error or a warning of a provider. Known secrets in its texts are masked; the texts are otherwise as they came: escape them
/// before they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: DiagnosticSeverity,
    /// What is wrong, in short.
    pub summary: String,
    /// What is wrong, at length; may be empty.
    pub detail: String,
    /// The attribute that it is about, where it is about one.
    pub attribute: Option<AttributePath>,
}

/// On one line: the attribute, the summary, the detail.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(attribute) = &self.attribute {
            write!(f, "{attribute}: ")?;
        }
        let (summary, detail) = (one_line(&self.summary), one_line(&self.detail));
        match (detail.is_empty() || detail == summary, summary.ends_with(['.', ':'])) {
            (true, _) => f.write_str(&summary),
            (false, true) => write!(f, "{summary} {detail}"),
            (false, false) => write!(f, "{summary}: {detail}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_is_one_line() {
        let mut diagnostic = Diagnostic {
            severity: DiagnosticSeverity::Error,
            summary: "no such\nthing".to_owned(),
            detail: "It is\n\n  not there.".to_owned(),
            attribute: Some("tags.a".parse().unwrap()),
        };
        assert_eq!(diagnostic.to_string(), "tags.a: no such thing: It is not there.");
        diagnostic.detail = diagnostic.summary.clone();
        diagnostic.attribute = None;
        assert_eq!(diagnostic.to_string(), "no such thing");
    }
}
