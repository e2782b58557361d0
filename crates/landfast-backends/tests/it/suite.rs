//! Running the conformance suite in a test.

use landfast_backends::conformance::{CaseResult, Ending, Options, Subject, run};

/// Runs the suite on a store that docs/stores.md tells of by this name, and leaves for it what was seen.
pub(crate) async fn on_server(store: &str, server: &str, subject: &dyn Subject, options: &Options) -> Vec<CaseResult> {
    let results = check(store, subject, options).await;
    super::record::suite(store, server, options, &results);
    results
}

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

/// Set where the suite is to run as a whole, however long that takes.
const WHOLE: &str = "LANDFAST_CONFORMANCE_WHOLE";

/// The whole suite: 50 races of 16 clients and a state of 100 MB. What takes too long for every change runs with fewer races and
/// a smaller state, unless the whole is asked for.
#[cfg(any(feature = "live", feature = "http"))]
pub(crate) fn shortened(rounds: usize, large: usize) -> Options {
    let mut options = Options::default();
    if std::env::var_os(WHOLE).is_some() {
        options.time_limit = std::time::Duration::from_secs(1800);
    } else {
        (options.rounds, options.large) = (rounds, large);
    }
    options
}
