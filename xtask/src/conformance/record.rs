//! What the tests left.

use std::path::Path;

use serde::Deserialize;

/// What one test saw of one store.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Record {
    pub(super) store: String,
    pub(super) server: String,
    pub(super) cases: Vec<Case>,
    /// Of the suite; what is seen beside terraform has none.
    pub(super) extent: Option<Extent>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Case {
    #[serde(rename = "case")]
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) ending: Ending,
}

/// How a case ended.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "ending", rename_all = "kebab-case")]
pub(super) enum Ending {
    Passed,
    NotApplicable { why: String },
    Failed { why: String },
}

/// How thorough the suite was.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Extent {
    pub(super) rounds: u64,
    pub(super) clients: u64,
    /// Bytes of the large state.
    pub(super) large: u64,
}

/// A server that the probe must find out.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct UnsafeServer {
    #[serde(rename = "unsafe_server")]
    pub(super) server: String,
    pub(super) version: String,
    pub(super) message: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Left {
    Unsafe(UnsafeServer),
    Record(Record),
}

/// All that was left.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) stores: Vec<Record>,
    pub(super) unsafe_servers: Vec<UnsafeServer>,
}

impl Records {
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", folder.display());
        let mut records = Self::default();
        for entry in std::fs::read_dir(folder).map_err(told)? {
            let path = entry.map_err(told)?.path();
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            match serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))? {
                Left::Unsafe(server) => records.unsafe_servers.push(server),
                Left::Record(record) => records.stores.push(record),
            }
        }
        records.unsafe_servers.sort_by(|a, b| a.server.cmp(&b.server));
        Ok(records)
    }

    /// How a case ended on a store; `None` when nothing was seen of it.
    pub(super) fn ending(&self, store: &str, case: &str) -> Option<&Ending> {
        let of_store = self.stores.iter().filter(|record| record.store == store);
        of_store.flat_map(|record| &record.cases).find(|it| it.name == case).map(|it| &it.ending)
    }

    /// The record of the suite on a store.
    pub(super) fn suite(&self, store: &str) -> Option<(&Record, Extent)> {
        let mut of_store = self.stores.iter().filter(|record| record.store == store);
        of_store.find_map(|record| Some((record, record.extent?)))
    }
}

#[cfg(test)]
impl Records {
    pub(super) fn remove_store(&mut self, store: &str) {
        self.stores.retain(|record| record.store != store);
    }

    pub(super) fn remove_case(&mut self, store: &str, case: &str) {
        let of_store = self.stores.iter_mut().filter(|record| record.store == store);
        of_store.for_each(|record| record.cases.retain(|it| it.name != case));
    }

    pub(super) fn fail(&mut self, store: &str, case: &str) {
        let of_store = self.stores.iter_mut().filter(|record| record.store == store);
        for it in of_store.flat_map(|record| &mut record.cases).filter(|it| it.name == case) {
            it.ending = Ending::Failed { why: "two hold it".to_owned() };
        }
    }
}

/// What two tests left, as they leave it.
#[cfg(test)]
pub(super) fn sample() -> Records {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "suite-memory.json",
            r#"{"store": "memory", "server": "none", "extent": {"rounds": 50, "clients": 16, "large": 100000000}, "cases": [
                {"case": "lock-race", "ending": "passed"},
                {"case": "wrong-credentials", "ending": "not-applicable", "why": "the server asks for no credentials"}]}"#,
        ),
        (
            "terraform-pg.json",
            r#"{"store": "pg", "server": "PostgreSQL 15.18", "extent": null, "cases": [
                {"case": "our-lock-stops-terraform", "ending": "passed"}]}"#,
        ),
        ("unsafe-x.json", r#"{"unsafe_server": "x", "version": "1", "message": "this store is unsafe"}"#),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    Records::read(folder.path()).unwrap()
}
