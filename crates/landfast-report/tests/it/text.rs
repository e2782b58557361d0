//! The screen.

use landfast_report::{ColorChoice, Detail, ReportKind, TextOptions, render_text};

use crate::world::report;

#[test]
fn what_has_drifted() {
    insta::assert_snapshot!(render_text(&report(), ReportKind::Drift, &TextOptions::default()));
}

#[test]
fn everything_of_a_diff() {
    let mut options = TextOptions::default();
    options.detail = Detail::Everything;
    insta::assert_snapshot!(render_text(&report(), ReportKind::Diff, &options));
}

#[test]
fn a_narrow_screen() {
    let mut options = TextOptions::default();
    options.width = 40;
    insta::assert_snapshot!(render_text(&report(), ReportKind::Drift, &options));
}

#[test]
fn colours() {
    let mut options = TextOptions::default();
    options.color = ColorChoice::Always;
    let painted = render_text(&report(), ReportKind::Drift, &options);
    insta::assert_snapshot!(painted.replace('\x1b', "ESC"));
}

#[test]
fn secrets_show_in_no_way() {
    for kind in [ReportKind::Drift, ReportKind::Diff] {
        for detail in [Detail::Drift, Detail::Everything] {
            let mut options = TextOptions::default();
            options.detail = detail;
            assert!(!render_text(&report(), kind, &options).contains("hunter2"));
        }
    }
    assert!(!format!("{:?}", report()).contains("hunter2"));
}
