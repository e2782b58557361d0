//! The store in memory.

use std::sync::Arc;

use landfast_backends::conformance::{Ending, Options, Subject};
use landfast_backends::{MemoryStore, StateKey, StateStore};

#[derive(Debug, Default)]
struct Memory(MemoryStore);

impl Subject for Memory {
    fn client(&self) -> Arc<dyn StateStore> {
        Arc::new(self.0.clone())
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::new(name)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn passes_the_suite() {
    let results = super::suite::on_server("memory", "none", &Memory::default(), &Options::default()).await;
    let applicable = results.iter().filter(|result| result.ending == Ending::Passed).count();
    assert_eq!(applicable, 16, "of {results:#?}");
}
