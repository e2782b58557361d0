//! States in local files.

use std::sync::Arc;

use landfast_backends::conformance::{Ending, Options, Subject};
use landfast_backends::{LocalStore, StateKey, StateStore};

#[derive(Debug)]
struct Local(tempfile::TempDir);

impl Subject for Local {
    fn client(&self) -> Arc<dyn StateStore> {
        Arc::new(LocalStore::in_folder(self.0.path()))
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::new(format!("{name}/terraform.tfstate"))
    }

    fn awkward_key(&self, name: &str, characters: &str) -> Option<StateKey> {
        Some(StateKey::new(format!("{name}{characters}.tfstate")))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn passes_the_suite() {
    let local = Local(tempfile::tempdir().unwrap());
    let results = super::suite::on_server("local", "the file system", &local, &Options::default()).await;
    let applicable = results.iter().filter(|result| result.ending == Ending::Passed).count();
    assert_eq!(applicable, 13, "of {results:#?}");
}
