//! `cargo xtask gen`: what it says about its states is what the comparison finds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use landfast::drift::{CompareOptions, DriftReport};
use landfast::state::Limits;

/// A generated pair in a folder that goes away with the value.
pub(crate) struct Generated {
    folder: tempfile::TempDir,
    pub(crate) out: String,
}

impl Generated {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["gen", "--out"])
            .arg(folder.path())
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { folder, out: String::from_utf8(output.stdout).unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn report(&self) -> DriftReport {
        let open = |name: &str| landfast::open(&self.path(name), &Limits::default()).unwrap();
        let options = CompareOptions::default();
        landfast::check([open("recorded.tfstate")], open("observed.tfstate"), &options).unwrap()
    }

    /// Address to status and sorted paths of changes; deposed objects by address and key.
    fn truth(&self) -> BTreeMap<String, (String, Vec<String>)> {
        let text = self.text("truth.jsonl");
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let told = lines.map(|line| {
            let text = |name: &str| line[name].as_str().map(str::to_owned);
            let deposed = text("deposed").map_or(String::new(), |key| format!(" (deposed object {key})"));
            let mut changes: Vec<String> = line["changes"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|path| path.as_str().unwrap().to_owned())
                .collect();
            changes.sort();
            (text("address").unwrap() + &deposed, (text("status").unwrap(), changes))
        });
        let mut truth = BTreeMap::new();
        for (address, what) in told {
            assert!(truth.insert(address.clone(), what).is_none(), "{address} is told twice");
        }
        truth
    }
}

fn found(report: &DriftReport) -> BTreeMap<String, (String, Vec<String>)> {
    let compared = report.resources.iter().map(|resource| {
        let mut changes: Vec<String> = resource.changes.iter().map(|change| change.path.to_string()).collect();
        changes.sort();
        (resource.address.to_string(), (resource.status.to_string(), changes))
    });
    let not_compared = report.not_compared.iter().map(|object| {
        let deposed = object.address.deposed.as_ref().map_or(String::new(), |key| format!(" (deposed object {key})"));
        (object.address.instance.to_string() + &deposed, ("not_compared".to_owned(), Vec::new()))
    });
    compared.chain(not_compared).collect()
}

#[test]
fn the_comparison_finds_the_truth_in_every_layout() {
    for layout in ["same", "compact", "reordered", "shuffled"] {
        for seed in ["1", "2", "3"] {
            let generated =
                Generated::new(&["--instances", "700", "--seed", seed, "--drift", "20", "--layout", layout]);
            let (truth, found) = (generated.truth(), found(&generated.report()));
            for (address, told) in &truth {
                assert_eq!(found.get(address), Some(told), "{layout}, seed {seed}: {address}");
            }
            assert_eq!(truth.len(), found.len(), "{layout}, seed {seed}: something else was found");
            for status in ["in_sync", "drifted", "missing", "unmanaged", "not_compared"] {
                assert!(truth.values().any(|(it, _)| it == status), "nothing {status} with seed {seed}");
            }
        }
    }
}

#[test]
fn what_is_printed_is_the_truth() {
    let generated = Generated::new(&["--instances", "900", "--seed", "4", "--drift", "10"]);
    let truth = generated.truth();
    let count = |status: &str| truth.values().filter(|(it, _)| it == status).count();
    let line = format!(
        "in sync {}, drifted {}, missing {}, unmanaged {}; not compared {}",
        count("in_sync"),
        count("drifted"),
        count("missing"),
        count("unmanaged"),
        count("not_compared")
    );
    assert_eq!(generated.out.lines().nth(1), Some(line.as_str()));
    assert!(generated.out.starts_with("900 instances in "), "{}", generated.out);
}

#[test]
fn without_drift_both_sides_are_equal() {
    let same = Generated::new(&["--instances", "300", "--drift", "0"]);
    assert_eq!(same.text("recorded.tfstate"), same.text("observed.tfstate"));
    let shuffled = Generated::new(&["--instances", "300", "--drift", "0", "--layout", "shuffled"]);
    assert_eq!(shuffled.text("recorded.tfstate"), same.text("recorded.tfstate"));
    assert!(!shuffled.report().has_drift());
}

#[test]
fn one_seed_gives_the_same_bytes_and_another_one_others() {
    let files = |seed: &str| {
        let generated = Generated::new(&["--instances", "200", "--seed", seed, "--drift", "5", "--layout", "shuffled"]);
        ["recorded.tfstate", "observed.tfstate", "truth.jsonl"].map(|name| generated.text(name))
    };
    let (once, again, other) = (files("5"), files("5"), files("6"));
    assert_eq!(once, again);
    assert!(once.iter().zip(&other).all(|(a, b)| a != b));
}

/// Benchmarks compare figures over time, so what a seed gives must not change unnoticed, nor differ between platforms.
#[test]
fn the_bytes_of_a_small_seed() {
    let generated = Generated::new(&["--instances", "6", "--seed", "11", "--drift", "60", "--layout", "shuffled"]);
    insta::assert_snapshot!("recorded", generated.text("recorded.tfstate"));
    insta::assert_snapshot!("observed", generated.text("observed.tfstate"));
    insta::assert_snapshot!("truth", generated.text("truth.jsonl"));
}

#[test]
fn sizes_are_met_and_types_are_many() {
    let generated = Generated::new(&["--size", "10MB", "--seed", "8"]);
    let length = std::fs::metadata(generated.path("recorded.tfstate")).unwrap().len();
    assert!((9_500_000..10_500_000).contains(&length), "{length}");
    let state: serde_json::Value = serde_json::from_str(&generated.text("recorded.tfstate")).unwrap();
    let resources = state["resources"].as_array().unwrap();
    let mut types: Vec<&str> = resources.iter().map(|resource| resource["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    types.dedup();
    assert!(types.iter().filter(|name| name.starts_with("aws_")).count() >= 12, "{types:?}");
    for provider in ["google_", "azurerm_", "kubernetes_"] {
        assert!(types.iter().any(|name| name.starts_with(provider)), "{provider}");
    }
    let has = |what: fn(&serde_json::Value) -> bool| {
        resources.iter().flat_map(|resource| resource["instances"].as_array().unwrap()).any(what)
    };
    assert!(has(|instance| instance["deposed"].is_string()));
    assert!(has(|instance| instance["status"] == "tainted"));
    assert!(has(|instance| instance["index_key"].is_u64()));
    assert!(has(|instance| instance["index_key"].is_string()));
    assert!(has(|instance| instance["dependencies"].as_array().is_some_and(|it| it.len() > 2)));
}

#[test]
fn what_cannot_be_made_is_an_error() {
    for wrong in [["--instances", "1", "--drift", "101"].as_slice(), &[], &["--size", "1parsec"]] {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["gen", "--out"])
            .arg(folder.path())
            .args(wrong)
            .output()
            .unwrap();
        assert!(!output.status.success() && !output.stderr.is_empty(), "{wrong:?}");
        assert!(!Path::new(&folder.path().join("recorded.tfstate")).exists(), "{wrong:?}");
    }
}
