//! The versions of a state, set out.

use landfast_state::Redactor;
use serde::Serialize;

use crate::escape::escape_line;

/// One version of a state, as it is shown.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct VersionEntry {
    /// Behind `@`: its serial where that is known, else its id.
    pub version: String,
    /// Its serial.
    pub serial: Option<u64>,
    /// Its id: a store's name for it, or the start of its digest.
    pub id: String,
    /// When it was written, as RFC 3339 has it.
    pub at: Option<String>,
    /// Who wrote it, where we did.
    pub who: Option<String>,
    /// Why, where we did.
    pub why: Option<String>,
    /// Size in bytes.
    pub size: Option<u64>,
    /// `written`, `not-written` or `unknown`.
    pub outcome: String,
    /// Whether it is what is there now.
    pub is_current: bool,
    /// Whether its content can still be had.
    pub is_kept: bool,
}

impl VersionEntry {
    /// A version of which nothing but its id and serial is known.
    #[must_use]
    pub fn new(id: &str, serial: Option<u64>) -> Self {
        Self {
            version: serial.map_or_else(|| id.to_owned(), |serial| serial.to_string()),
            serial,
            id: id.to_owned(),
            at: None,
            who: None,
            why: None,
            size: None,
            outcome: String::from("written"),
            is_current: false,
            is_kept: true,
        }
    }
}

/// The column of sizes, in which numbers end at the same place.
const SIZE: usize = 4;

/// Versions as a table for a terminal, in the order in which they are given. Reasons are people's words: copies of secrets that
/// `redactor` knows are masked.
#[must_use]
pub fn render_versions(versions: &[VersionEntry], redactor: &Redactor) -> String {
    let header = ["VERSION", "ID", "WHEN", "WHO", "SIZE", "WHY"].map(String::from);
    let rows = versions.iter().map(|version| {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| String::from("-"));
        let mut why = or_dash(&version.why);
        for (holds, mark) in [
            (version.is_current, "[current]"),
            (version.outcome == "not-written", "[not written]"),
            (version.outcome == "unknown", "[may not have been written]"),
            (!version.is_kept, "[not kept]"),
        ] {
            if holds {
                why = format!("{why} {mark}");
            }
        }
        [
            format!("@{}", version.version),
            version.id.clone(),
            or_dash(&version.at),
            version.who.clone().unwrap_or_else(|| String::from("(not landfast)")),
            version.size.map_or_else(|| String::from("-"), |size| size.to_string()),
            why,
        ]
    });
    let rows: Vec<[String; 6]> =
        std::iter::once(header).chain(rows).map(|row| row.map(|cell| escape_line(&cell).into_owned())).collect();
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).enumerate().map(|(at, (cell, width))| match at {
            SIZE => format!("{cell:>width$}"),
            _ => format!("{cell:width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    redactor.redact(&rows.iter().map(line).collect::<String>()).into_owned()
}
