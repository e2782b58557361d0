//! Moving objects between states.

use std::time::SystemTime;

use landfast_backends::change::ChangeOptions;
use landfast_backends::transfer::{Side, TransferEnd, TransferError, Transfers, begin_transfer, resume, undo};
use landfast_backends::{Expected, ForceUnlock, LockInfo, MemoryStore, StateKey, StateStore, StateWrite, WriteNote};
use landfast_state::{AuditError, AuditEvent, AuditSink, Limits, StateFile, StateTarget};

fn state(lineage: &str, serial: u64, names: &[&str]) -> StateFile {
    let blocks: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                r#"{{"mode": "managed", "type": "t", "name": "{name}", "provider": "provider[\"registry.terraform.io/a/t\"]",
                "instances": [{{"schema_version": 0, "attributes": {{"id": "{name}"}}}}]}}"#
            )
        })
        .collect();
    let text = format!(
        r#"{{"version": 4, "serial": {serial}, "lineage": "{lineage}", "outputs": {{}}, "resources": [{}]}}"#,
        blocks.join(", ")
    );
    StateFile::read(text.into(), "new", &Limits::default()).unwrap()
}

struct Scene {
    store: MemoryStore,
    from: StateKey,
    to: StateKey,
    options: ChangeOptions,
    journal: Transfers,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scene = Self {
            store: MemoryStore::new(),
            from: StateKey::new("from"),
            to: StateKey::new("to"),
            options: ChangeOptions::new("alice@laptop", "test", SystemTime::now()),
            journal: Transfers::in_folder(folder.path().join("transfers")),
            _folder: folder,
        };
        scene.put(&scene.from, &state("f", 3, &["a", "b"])).await;
        scene.put(&scene.to, &state("t", 8, &["c"])).await;
        scene
    }

    async fn put(&self, key: &StateKey, state: &StateFile) {
        let mut lock = self.store.lock(key, LockInfo::new("test", "a@b", SystemTime::now())).await.unwrap();
        let expected = Expected::of(lock.read().await.unwrap().as_ref());
        let bytes = bytes::Bytes::copy_from_slice(state.as_bytes());
        lock.write(StateWrite::new(expected, bytes, WriteNote::new("a@b", "test"))).await.unwrap();
        lock.release().await.unwrap();
    }

    async fn names(&self, key: &StateKey) -> Vec<String> {
        let read = self.store.read(key).await.unwrap().unwrap();
        let state = StateFile::read(read.bytes, "read", &Limits::default()).unwrap();
        state.snapshot().instances().map(|instance| instance.resource.name.to_string()).collect()
    }

    fn side<'a>(&'a self, key: &'a StateKey) -> Side<'a> {
        Side { store: &self.store, key, options: &self.options }
    }

    /// Moves `t.a`; where `interrupted`, the lock of the state that loses it is taken away after both were read.
    async fn transfer(&self, interrupted: Interrupted) -> Result<(), TransferError> {
        let transfer = begin_transfer(self.side(&self.from), self.side(&self.to), &self.journal).await?;
        let (from, to) = (transfer.from().state().unwrap(), transfer.to().state().unwrap());
        let (mut lose, mut gain) = (from.refactor(), to.refactor());
        let target: StateTarget = "t.a".parse().unwrap();
        let taken = lose.extract(&target).unwrap();
        gain.insert(taken, &target).unwrap();
        let lose = lose.finish(transfer.from().next_serial(), &Limits::default()).unwrap();
        let gain = gain.finish(transfer.to().next_serial(), &Limits::default()).unwrap();
        if let Interrupted::Between = interrupted {
            let info = self.store.lock_info(&self.from).await.unwrap().unwrap();
            let request = ForceUnlock::new(&info.id, "b@c", "test", SystemTime::now(), &Accepts);
            self.store.force_unlock(&self.from, request).await.unwrap();
        }
        transfer.commit(lose, gain).await
    }
}

enum Interrupted {
    Never,
    Between,
}

#[derive(Debug)]
struct Accepts;

impl AuditSink for Accepts {
    fn record(&self, _: &AuditEvent) -> Result<(), AuditError> {
        Ok(())
    }
}

#[tokio::test]
async fn objects_go_over_and_nothing_is_left_behind() {
    let scene = Scene::new().await;
    scene.transfer(Interrupted::Never).await.unwrap();
    assert_eq!(scene.names(&scene.from).await, ["b"]);
    assert_eq!(scene.names(&scene.to).await, ["a", "c"]);
    assert_eq!(scene.journal.pending().unwrap(), []);
    for key in [&scene.from, &scene.to] {
        assert!(scene.store.lock_info(key).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn what_was_interrupted_is_in_both_and_can_be_finished() {
    let scene = Scene::new().await;
    let error = scene.transfer(Interrupted::Between).await.unwrap_err();
    assert!(error.to_string().contains("in both states now"), "{error}");
    assert_eq!(scene.names(&scene.from).await, ["a", "b"]);
    assert_eq!(scene.names(&scene.to).await, ["a", "c"]);

    // Nothing else is moved before it is clear what becomes of it.
    let error = scene.transfer(Interrupted::Never).await.unwrap_err();
    assert!(error.to_string().starts_with("a move from memory:from to memory:to was interrupted"), "{error}");

    let [pending] = scene.journal.pending().unwrap().try_into().unwrap();
    let end = resume(&pending, scene.side(&scene.from), scene.side(&scene.to), &scene.journal).await.unwrap();
    assert_eq!(end, TransferEnd::Finished);
    assert_eq!(scene.names(&scene.from).await, ["b"]);
    assert_eq!(scene.names(&scene.to).await, ["a", "c"]);
    assert_eq!(scene.journal.pending().unwrap(), []);
}

#[tokio::test]
async fn what_was_interrupted_can_be_taken_back() {
    let scene = Scene::new().await;
    scene.transfer(Interrupted::Between).await.unwrap_err();
    let [pending] = scene.journal.pending().unwrap().try_into().unwrap();
    let end = undo(&pending, scene.side(&scene.from), scene.side(&scene.to), &scene.journal).await.unwrap();
    assert_eq!(end, TransferEnd::TakenBack);
    assert_eq!(scene.names(&scene.from).await, ["a", "b"]);
    assert_eq!(scene.names(&scene.to).await, ["c"]);
    // Under a serial that no tool takes for an old one.
    let read = scene.store.read(&scene.to).await.unwrap().unwrap();
    assert_eq!(StateFile::read(read.bytes, "read", &Limits::default()).unwrap().serial(), 10);
    scene.transfer(Interrupted::Never).await.unwrap();
}

#[tokio::test]
async fn a_state_that_was_changed_since_is_left_alone() {
    let scene = Scene::new().await;
    scene.transfer(Interrupted::Between).await.unwrap_err();
    scene.put(&scene.from, &state("f", 4, &["a", "b", "d"])).await;
    let [pending] = scene.journal.pending().unwrap().try_into().unwrap();
    let error = resume(&pending, scene.side(&scene.from), scene.side(&scene.to), &scene.journal).await.unwrap_err();
    assert_eq!(error.to_string(), "memory:from: the state was changed since the move was interrupted");
    assert_eq!(scene.names(&scene.from).await, ["a", "b", "d"]);
    assert_eq!(scene.names(&scene.to).await, ["a", "c"]);
}

#[tokio::test]
async fn a_state_is_not_moved_into_itself() {
    let scene = Scene::new().await;
    let error = begin_transfer(scene.side(&scene.from), scene.side(&scene.from), &scene.journal).await.unwrap_err();
    assert_eq!(error.to_string(), "memory:from: both states are this one");
}
