//! What was seen of a store, left for docs/stores.md: `cargo xtask conformance` names the folder.

use std::path::Path;

use landfast_backends::conformance::{CaseResult, Ending, Options};
use serde_json::{Value, json};

/// The folder; nothing is left where it is not set.
const FOLDER: &str = "LANDFAST_CONFORMANCE";

/// Leaves how the cases of the suite ended.
pub(crate) fn suite(store: &str, server: &str, options: &Options, results: &[CaseResult]) {
    let cases: Vec<_> = results.iter().map(|result| case(result.case, &result.ending)).collect();
    let extent = json!({"rounds": options.rounds, "clients": options.clients, "large": options.large});
    leave("suite", store, server, &cases, extent);
}

fn case(name: &str, ending: &Ending) -> Value {
    match ending {
        Ending::Passed => json!({"case": name, "ending": "passed"}),
        Ending::Failed(why) => json!({"case": name, "ending": "failed", "why": why}),
        Ending::NotApplicable(why) => json!({"case": name, "ending": "not-applicable", "why": why}),
    }
}

fn leave(part: &str, store: &str, server: &str, cases: &[Value], extent: Value) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let record = json!({"store": store, "server": server, "cases": cases, "extent": extent});
    let name: String = store.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    std::fs::write(Path::new(&folder).join(format!("{part}-{name}.json")), record.to_string()).unwrap();
}

/// What was seen beside the real terraform, step by step. A test that fails leaves nothing.
#[cfg(feature = "live")]
#[derive(Debug)]
pub(crate) struct BesideTerraform {
    store: &'static str,
    server: String,
    cases: Vec<Value>,
}

#[cfg(feature = "live")]
impl BesideTerraform {
    pub(crate) fn new(store: &'static str, server: impl Into<String>) -> Self {
        Self { store, server: server.into(), cases: Vec::new() }
    }

    pub(crate) fn passed(&mut self, name: &str) {
        println!("{}: {name}: passed", self.store);
        self.cases.push(case(name, &Ending::Passed));
    }

    pub(crate) fn not_applicable(&mut self, name: &str, why: &'static str) {
        println!("{}: {name}: not applicable, {why}", self.store);
        self.cases.push(case(name, &Ending::NotApplicable(why)));
    }

    /// At the end of the test.
    pub(crate) fn leave(self) {
        leave("terraform", self.store, &self.server, &self.cases, Value::Null);
    }
}
