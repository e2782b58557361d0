//! `docs/stores.md`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::record::{Ending, Records};

/// The stores in the order of the page, as the tests call them.
const STORES: &[&str] = &[
    "memory",
    "local",
    "http",
    "http with etags",
    "http, trusting",
    "s3 on moto",
    "s3 on moto without versions",
    "s3 and dynamodb on moto",
    "s3 with both locks on moto",
    "s3 on seaweedfs",
    "azurerm on azurite",
    "azurerm with the key of the account",
    "gcs on fake-gcs-server",
    "pg",
];

/// The cases in the order of the page, and what each demands.
const CASES: &[(&str, &str)] = &[
    ("absent-reads-as-none", "what is not there reads as nothing"),
    ("create-and-read-back", "what was written is read, byte for byte"),
    ("create-if-absent", "a state is created only where none is"),
    ("stale-write-refused", "a write on another state than was read is refused, and changes nothing"),
    ("writes-in-a-row", "one holder writes again and again, and who reads beside it is told that the state moved"),
    ("large-state", "a large state is written and read"),
    ("no-update-lost", "four clients count to twenty under the lock"),
    ("versions", "the store's own versions, and who wrote each"),
    ("two-lockers", "one holds the lock, and the other one is told who"),
    ("lock-race", "of many clients that lock at the same moment one gets it, again and again"),
    ("lock-is-shown", "who holds the lock, and since when"),
    ("force-unlock", "a lock is removed by its id, with a reason, after that was recorded"),
    ("evicted-holder", "who lost the lock writes nothing any more"),
    ("listing", "states are listed, and locks are not"),
    ("workspaces", "workspaces are states of their own"),
    ("awkward-keys", "keys with spaces, quotes, percent signs and Unicode"),
    ("missing-container", "a missing bucket is an error, and not an empty state"),
    ("wrong-credentials", "refused credentials are told from other errors"),
    (
        "connection-lost",
        "the connection breaks at many places of a write: old or new, and nothing acknowledged is lost",
    ),
    ("our-lock-stops-terraform", "terraform stops at our lock, and shows it"),
    ("terraforms-lock-stops-us", "we stop at terraform's lock, and show it"),
    ("terraform-goes-on-with-our-write", "its plan says no changes after what we wrote"),
    (
        "killed-terraforms-lock",
        "the lock of a killed terraform ends with it, or is removed by its id; then terraform works",
    ),
    ("terraform-removes-our-lock", "after `terraform force-unlock` we write nothing any more"),
    ("terraforms-workspaces-are-ours", "a workspace that terraform made is listed and read"),
];

const BEGIN: &str = "## Cases\n";
const END: &str = "## How it was run\n";

/// The part of a page that a run is held against.
pub(super) fn cells_in(page: &str) -> Option<&str> {
    let from = page.find(BEGIN)?;
    let cells = page.get(from..)?;
    cells.get(..cells.find(END)?)
}

/// The tables of what was seen.
pub(super) fn cells(records: &Records) -> Result<String, String> {
    let cases: BTreeSet<_> = CASES.iter().map(|(case, _)| *case).collect();
    for record in &records.stores {
        if !STORES.contains(&record.store.as_str()) {
            return Err(format!(
                "the page has no store {:?}: give it a place in xtask/src/conformance/page.rs",
                record.store
            ));
        }
        if let Some(unknown) = record.cases.iter().find(|case| !cases.contains(case.name.as_str())) {
            return Err(format!(
                "the page has no case {:?}: say what it demands in xtask/src/conformance/page.rs",
                unknown.name
            ));
        }
    }
    let mut text = format!("{BEGIN}\n| case |");
    for store in STORES {
        let _ = write!(text, " {store} |");
    }
    let _ = writeln!(text, "\n|---|{}", "---|".repeat(STORES.len()));
    let mut reasons: Vec<&str> = Vec::new();
    for (case, _) in CASES {
        let _ = write!(text, "| `{case}` |");
        for store in STORES {
            match records.ending(store, case) {
                None => text.push_str(" not run |"),
                Some(Ending::Passed) => text.push_str(" passed |"),
                Some(Ending::NotApplicable { why }) => {
                    let number = reasons.iter().position(|reason| reason == why).unwrap_or_else(|| {
                        reasons.push(why);
                        reasons.len() - 1
                    });
                    let _ = write!(text, " n/a ({}) |", number + 1);
                }
                Some(Ending::Failed { why }) => return Err(format!("{store}: {case} failed: {why}")),
            }
        }
        text.push('\n');
    }
    text.push_str("\nNot applicable, since:\n\n");
    for (number, reason) in (1..).zip(&reasons) {
        let _ = writeln!(text, "{number}. {reason}");
    }
    text.push_str("\n| server whose locks do not exclude | `landfast state lock --probe` |\n|---|---|\n");
    for server in &records.unsafe_servers {
        let _ = writeln!(text, "| {} {} | exit code 1, \"{}\" |", server.server, server.version, server.message);
    }
    text.push('\n');
    Ok(text)
}

/// The whole page.
pub(super) fn text(
    records: &Records,
    cells: &str,
    terraform: &str,
    version: impl Fn(&str) -> Result<String, String>,
) -> Result<String, String> {
    let mut text = String::from(
        "<!-- @generated by `cargo xtask conformance`: run it again instead of editing. -->

# Stores, and what they were seen to do

Every store runs the suite of `landfast_backends::conformance` on a real server, and locks and writes beside the real terraform.
The checks of every change run all of it anew, and fail where a cell is not what this page says. That a race is not lost in so
many rounds is no proof; `cargo xtask prove` runs thousands of them ([proofs.md](proofs.md)).

",
    );
    text.push_str(cells);
    text.push_str(END);
    let _ = write!(
        text,
        "
Terraform {terraform}. The checks of a change run the same cases; where a server takes long, with fewer races and a smaller state:
on SeaweedFS, where writers of one object wait for each other by the second, 15 races and 20 MB. Beside terraform, what is not run
is what terraform has no backend for (memory), or what locks and writes as the column beside it does.

| store | server | races | clients | large state |
|---|---|--:|--:|--:|
"
    );
    for store in STORES {
        let Some((record, extent)) = records.suite(store) else { continue };
        let (server, megabytes) = (version(&record.server)?, extent.large / 1_000_000);
        let _ = writeln!(text, "| {store} | {server} | {} | {} | {megabytes} MB |", extent.rounds, extent.clients);
    }
    text.push_str("\n## What each case demands\n\n| case | demands |\n|---|---|\n");
    for (case, demands) in CASES {
        let _ = writeln!(text, "| `{case}` | {demands} |");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::record::{self, sample};

    fn row<'a>(cells: &'a str, case: &str) -> Vec<&'a str> {
        let line = cells.lines().find(|line| line.starts_with(&format!("| `{case}` |"))).unwrap();
        line.split('|').skip(2).map(str::trim).take(STORES.len()).collect()
    }

    #[test]
    fn a_cell_says_what_was_seen() {
        let cells = cells(&sample()).unwrap();
        let at = |store: &str| STORES.iter().position(|it| *it == store).unwrap();
        assert_eq!(row(&cells, "lock-race")[at("memory")], "passed");
        assert_eq!(row(&cells, "lock-race")[at("pg")], "not run");
        assert_eq!(row(&cells, "our-lock-stops-terraform")[at("pg")], "passed");
        assert_eq!(row(&cells, "wrong-credentials")[at("memory")], "n/a (1)");
        assert!(cells.contains("\n1. the server asks for no credentials\n"), "{cells}");
        assert!(cells.contains("| x 1 | exit code 1, \"this store is unsafe\" |"), "{cells}");
        let text = text(&sample(), &cells, "1.11.4", |server| Ok(format!("{server} 2"))).unwrap();
        assert!(text.contains("| memory | none 2 | 50 | 16 | 100 MB |"), "{text}");
        assert_eq!(cells_in(&text), Some(&*cells));
    }

    #[test]
    fn what_failed_or_has_no_place_makes_no_page() {
        let mut failed = sample();
        failed.fail("memory", "lock-race");
        assert_eq!(cells(&failed).unwrap_err(), "memory: lock-race failed: two hold it");
        for (from, to) in [("memory", "amnesia"), ("pg", "gp")] {
            let mut renamed: record::Records = sample();
            renamed.stores.iter_mut().filter(|it| it.store == from).for_each(|it| it.store = to.to_owned());
            assert!(cells(&renamed).unwrap_err().contains("has no store"));
        }
        let mut renamed = sample();
        renamed.stores.iter_mut().flat_map(|it| &mut it.cases).for_each(|case| case.name.push('x'));
        assert!(cells(&renamed).unwrap_err().contains("has no case"));
    }
}
