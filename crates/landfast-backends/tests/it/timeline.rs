//! The versions of a state, from our own history and from what others wrote in between.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use landfast_backends::change::{ChangeOptions, begin};
use landfast_backends::examine::{Condition, LeftoverKind, examine};
use landfast_backends::history::{History, Retention, Timeline};
use landfast_backends::{
    Environment, LocalStore, LockInfo, MemoryStore, StateAddress, StateKey, StateStore, VersionSelector, open,
};
use landfast_state::{Limits, StateFile};

fn text(serial: u64) -> String {
    format!("{{\"version\": 4, \"serial\": {serial}, \"lineage\": \"l\", \"outputs\": {{}}, \"resources\": []}}\n")
}

struct World {
    folder: tempfile::TempDir,
    store: LocalStore,
    key: StateKey,
    options: ChangeOptions,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::in_folder(folder.path());
        let history = History::beside(&folder.path().join("a.tfstate"));
        let options = ChangeOptions::new("alice@laptop", "test", SystemTime::now()).with_history(Some(history));
        Self { folder, store, key: StateKey::new("a.tfstate"), options }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("a.tfstate")
    }

    async fn write(&self, serial: u64) {
        let state = StateFile::read(text(serial).into(), "new", &Limits::default()).unwrap();
        begin(&self.store, &self.key, &self.options).await.unwrap().commit(state).await.unwrap();
    }

    async fn read(&self, version: &str) -> Result<String, String> {
        let limits = Limits::default();
        let timeline = Timeline::new(&self.store, &self.key, self.options.history.as_ref(), &limits);
        let (_, selector) = VersionSelector::split(version);
        let folder = format!("{}/", self.folder.path().display());
        let read = timeline.read(&selector.unwrap()).await;
        read.map(|state| String::from_utf8(state.bytes.to_vec()).unwrap())
            .map_err(|error| error.to_string().replace(&folder, ""))
    }

    async fn entries(&self) -> Vec<(Option<u64>, Option<String>, bool, bool)> {
        let limits = Limits::default();
        let timeline = Timeline::new(&self.store, &self.key, self.options.history.as_ref(), &limits);
        let entries = timeline.entries().await.unwrap();
        entries.into_iter().map(|entry| (entry.serial, entry.who, entry.is_current, entry.is_kept)).collect()
    }
}

#[tokio::test]
async fn what_others_wrote_in_between_is_in_it() {
    let mut world = World::new();
    let alice = || Some(String::from("alice@laptop"));
    assert_eq!(world.entries().await, []);
    std::fs::write(world.path(), text(4)).unwrap();
    assert_eq!(world.entries().await, [(Some(4), None, true, true)]);
    world.write(5).await;
    world.write(6).await;
    std::fs::write(world.path(), text(8)).unwrap();
    world.write(9).await;
    assert_eq!(
        world.entries().await,
        [
            (Some(9), alice(), true, true),
            (Some(8), None, false, true),
            (Some(6), alice(), false, true),
            (Some(5), alice(), false, true),
            (Some(4), None, false, true),
        ]
    );
    for serial in [4, 5, 6, 8, 9] {
        assert_eq!(world.read(&format!("a@{serial}")).await.unwrap(), text(serial));
    }
    let digest = landfast_state::BytesDigest::of(text(6).as_bytes()).to_string();
    assert_eq!(world.read(&format!("a@{}", &digest[..10])).await.unwrap(), text(6));
    assert_eq!(world.read("a@7").await.unwrap_err(), "a.tfstate: no version @7 is known");
    assert_eq!(world.read("a@deadbeef0").await.unwrap_err(), "a.tfstate: no version @deadbeef0 is known");
    world.options.retention = Retention::of_count(1);
    world.write(10).await;
    assert_eq!(world.read("a@5").await.unwrap_err(), "a.tfstate: the content of version @5 is not kept any more");
}

#[tokio::test]
async fn each_store_has_its_history_in_its_place() {
    let environment: Environment = [(String::from("XDG_STATE_HOME"), String::from("/state"))].into_iter().collect();
    let address = StateAddress::parse("/a/b.tfstate").unwrap();
    let store = open(&address, &environment).unwrap();
    let history = History::of(&address, &*store, &environment).unwrap().unwrap();
    assert_eq!(history.folder(), Path::new("/a/.landfast/history/b.tfstate"));

    // The store in memory stands in for one that keeps its versions, as it says of itself.
    let (store, key) = (MemoryStore::new(), StateKey::new("k"));
    let address = StateAddress::parse("s3://bucket/k").unwrap();
    let keeps = store.capabilities().versions == landfast_backends::Support::Yes;
    assert_eq!(History::of(&address, &store, &environment).unwrap().is_none(), keeps);
    let mut lock = store.lock(&key, LockInfo::new("t", "a@b", SystemTime::now())).await.unwrap();
    for serial in [1, 2] {
        let expected = landfast_backends::Expected::of(store.read(&key).await.unwrap().as_ref());
        let note = landfast_backends::WriteNote::new("a@b", "t");
        lock.write(landfast_backends::StateWrite::new(expected, text(serial).into(), note)).await.unwrap();
    }
    let limits = Limits::default();
    let timeline = Timeline::new(&store, &key, None, &limits);
    if keeps {
        // No note names the serial: it is read.
        let found = timeline.read(&VersionSelector::Serial(1)).await.unwrap();
        assert_eq!(found.bytes, text(1));
    } else {
        assert!(timeline.read(&VersionSelector::Serial(1)).await.is_err());
    }
}

#[tokio::test]
async fn an_examination_names_what_lies_about() {
    let world = World::new();
    let address = StateAddress::parse(world.path().to_str().unwrap()).unwrap();
    let examined = async |text: &str| {
        std::fs::write(world.path(), text).unwrap();
        examine(&*open(&address, &Environment::default()).unwrap(), &address, world.folder.path(), &Limits::default())
            .await
    };
    let found = examined(&text(3)).await;
    assert!(matches!(&found.condition, Condition::Sound(state) if state.serial() == 3));
    assert_eq!(found.leftovers, []);
    assert!(matches!(found.lock, Ok(None)));
    for name in [".a.tfstate.lock.info", ".landfast-tmp-1", "errored.tfstate", "errored.1.tfstate", "errored.txt"] {
        std::fs::write(world.folder.path().join(name), "{}").unwrap();
    }
    let found = examined("{").await;
    assert!(matches!(&found.condition, Condition::Damaged(_)));
    let kinds: Vec<LeftoverKind> = found.leftovers.iter().map(|leftover| leftover.kind).collect();
    use LeftoverKind::{ErroredState, LockNote, Temporary};
    assert_eq!(kinds, [LockNote, Temporary, ErroredState, ErroredState]);
    assert!(matches!(examined("").await.condition, Condition::Empty));
    let lock = world.store.lock(&world.key, LockInfo::new("t", "a@b", SystemTime::now())).await.unwrap();
    let held = examine(&world.store, &address, Path::new("/nowhere"), &Limits::default()).await;
    assert!(held.leftovers.iter().all(|leftover| leftover.kind != LockNote), "{:?}", held.leftovers);
    lock.release().await.unwrap();
    std::fs::remove_file(world.path()).unwrap();
    let found = examine(&world.store, &address, world.folder.path(), &Limits::default()).await;
    assert!(matches!(found.condition, Condition::Absent));
}
