//! `cargo xtask conformance`: which store does what, as seen on real servers and beside the real terraform: docs/stores.md.
//!
//! The tests leave what they saw in the folder that LANDFAST_CONFORMANCE names. Without `--check` all of them run, as a whole,
//! and the page is written. With it nothing is run: what the last run left must be what the page says.

mod page;
mod record;
mod versions;

use std::path::{Path, PathBuf};

use crate::process::{cargo, run as run_program};
use crate::workspace::root;
use record::Records;

const PAGE: &str = "docs/stores.md";

/// Run the conformance suite on every server as a whole, and write docs/stores.md.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run and write nothing; fail where what the last run left is not what the page says.
    #[arg(long)]
    check: bool,
    /// Run nothing; write the page from what the last run left.
    #[arg(long, conflicts_with = "check")]
    no_run: bool,
    /// Where a run leaves what it saw. Default: target/conformance.
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let root = root()?;
    let results = options.results.clone().unwrap_or_else(|| root.join("target/conformance"));
    if !options.check && !options.no_run {
        run_tests(&root, &results)?;
    }
    let records = Records::read(&results)?;
    let cells = page::cells(&records)?;
    let path = root.join(PAGE);
    if options.check {
        let committed = std::fs::read_to_string(&path).map_err(|error| format!("{PAGE}: {error}"))?;
        return check(&committed, &cells);
    }
    let text = page::text(&records, &cells, &versions::terraform()?, |server| versions::of(&root, server))?;
    std::fs::write(&path, text).map_err(|error| format!("{PAGE}: {error}"))?;
    println!("{PAGE} is written");
    Ok(())
}

/// Runs every test that leaves something, as a whole.
fn run_tests(root: &Path, results: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", results.display());
    if results.exists() {
        std::fs::remove_dir_all(results).map_err(told)?;
    }
    std::fs::create_dir_all(results).map_err(told)?;
    let results = results.canonicalize().map_err(told)?;
    for (package, features, tests) in [
        ("landfast-backends", "live", &["passes_the_suite", "terraform_and_we_stop", "beside_terraform"][..]),
        ("landfast-cli", "live", &["live_stores"]),
    ] {
        let mut command = cargo();
        command.current_dir(root).args(["test", "--package", package, "--features", features, "--test", "it", "--"]);
        command.args(tests).env("LANDFAST_CONFORMANCE", &results).env("LANDFAST_CONFORMANCE_WHOLE", "1");
        command.env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1");
        run_program(&mut command)?;
    }
    Ok(())
}

/// Holds what a run left against the page.
fn check(committed: &str, cells: &str) -> Result<(), String> {
    let there =
        page::cells_in(committed).ok_or_else(|| format!("{PAGE} has no cells: run `cargo xtask conformance`"))?;
    if there == cells {
        println!("{PAGE}: every cell was seen again");
        return Ok(());
    }
    print!("{}", crate::codegen::difference(PAGE, there, cells));
    Err(format!("{PAGE} says something else than what was seen: run `cargo xtask conformance`, or mend the store"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_again_is_the_page_and_anything_else_is_not() {
        let records = record::sample();
        let cells = page::cells(&records).unwrap();
        let text = page::text(&records, &cells, "1.11.4", |server| Ok(server.to_owned())).unwrap();
        check(&text, &cells).unwrap();
        assert!(check("# Stores\n", &cells).unwrap_err().contains("has no cells"));

        // A store that was not run, and one of whose cases nothing was seen.
        let mut fewer = record::sample();
        fewer.remove_store("memory");
        assert!(check(&text, &page::cells(&fewer).unwrap()).is_err());
        let mut fewer = record::sample();
        fewer.remove_case("memory", "lock-race");
        assert!(check(&text, &page::cells(&fewer).unwrap()).is_err());
    }
}
