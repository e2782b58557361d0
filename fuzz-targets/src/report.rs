//! Comparing two documents and rendering the report in every way: nothing invisible is shown, and what does not differ
//! does not drift.

use landfast_drift::{CompareOptions, Severity, compare};
use landfast_report::{
    ColorChoice, Detail, GraphFormat, ReportDocument, ReportKind, TextOptions, escape_json, escape_line, render_graph,
    render_text, show_object,
};
use landfast_state::{DependencyGraph, Document, Limits, is_printable};

use crate::seed::Fixture;

/// Stands between the two documents of an input.
const SEPARATOR: u8 = 0;

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    assert!(escape_line(&text).chars().all(is_printable), "an escaped line has nothing invisible");
    check_screen(&escape_json(&text));

    let mut halves = data.splitn(2, |byte| *byte == SEPARATOR);
    let (first, second) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let read = |bytes: &[u8]| Document::read(bytes.to_vec().into(), "fuzz", &Limits::default()).ok();
    let Some(recorded) = read(first) else { return };
    let options = CompareOptions::default();
    let same = compare(&recorded.recorded(), &landfast_state::Observation::complete(recorded.recorded()), &options);
    assert!(!same.has_drift(), "a snapshot does not drift from itself");

    let observed = read(second).unwrap_or_else(|| Document::Snapshot(recorded.recorded())).observed();
    let report = compare(&recorded.recorded(), &observed, &options);
    for resource in &report.resources {
        assert_eq!(resource.severity > Severity::None, resource.status.is_drift(), "only drift has a severity");
    }
    for kind in [ReportKind::Drift, ReportKind::Diff] {
        let mut options = TextOptions::default();
        options.detail = Detail::Everything;
        check_screen(&render_text(&report, kind, &options));
        options.color = ColorChoice::Always;
        options.width = 20;
        let painted = render_text(&report, kind, &options);
        assert!(painted.starts_with("\u{1b}["), "colours are there when asked for");
        match ReportDocument::new(&report, kind).to_json() {
            Ok(json) => check_screen(&json),
            Err(error) => panic!("a report is written as JSON: {error}"),
        }
    }
    let graph = DependencyGraph::of(&recorded.recorded());
    for format in [GraphFormat::Text, GraphFormat::Dot, GraphFormat::Mermaid] {
        check_screen(&render_graph(&graph, format));
    }
    for object in recorded.recorded().objects() {
        check_screen(&show_object(object, &report.redactor));
    }
}

/// Nothing that a terminal or a build server would act on.
fn check_screen(text: &str) {
    let raw = text.chars().find(|c| *c != '\n' && !is_printable(*c));
    assert_eq!(raw, None, "nothing invisible is shown");
    assert!(!text.contains("##["), "no command of a build server is shown");
}

/// A document, and another one with some of its digits changed.
pub(crate) fn seeds(fixture: &Fixture) -> Vec<Vec<u8>> {
    let double = |document: Vec<u8>| {
        let changed = document.iter().map(|byte| if *byte == b'7' { b'8' } else { *byte });
        document.iter().copied().chain([SEPARATOR]).chain(changed).collect()
    };
    fixture.small_document().into_iter().map(double).collect()
}
