//! Running the conformance suite in a test.

use landfast_backends::conformance::{CaseResult, Ending, Options, Subject, run};

/// Runs the suite, prints a line a case, and fails where one does.
pub(crate) async fn check(store: &str, subject: &dyn Subject, options: &Options) -> Vec<CaseResult> {
    let results = run(subject, options).await;
    let mut failed = Vec::new();
    for result in &results {
        match &result.ending {
            Ending::Passed => println!("{store}: {}: passed", result.case),
            Ending::NotApplicable(why) => println!("{store}: {}: not applicable, {why}", result.case),
            Ending::Failed(what) => {
                println!("{store}: {}: FAILED: {what}", result.case);
                failed.push(result.case);
            }
        }
    }
    assert!(failed.is_empty(), "{store}: failed: {}", failed.join(", "));
    results
}

/// How thorough the suite is on a server, in a build without optimisation.
#[cfg(feature = "live")]
pub(crate) fn live() -> Options {
    let mut options = Options::default();
    options.large = 100_000_000;
    options
}
