//! Backups of many states.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use landfast_backends::backup::{
    BackupError, BackupOptions, BackupSource, RestoreTarget, Restored, Storage, contents, create, restore, verify,
};
use landfast_backends::change::{ChangeOptions, begin};
use landfast_backends::encrypt::{Compression, Keyring, SecretKey};
use landfast_backends::history::History;
use landfast_backends::{Expected, LockInfo, MemoryStore, Protection, StateKey, StateStore, StateWrite, WriteNote};
use landfast_state::{Limits, StateFile};

fn text(lineage: &str, serial: u64, value: &str) -> String {
    format!(
        "{{\"version\": 4, \"serial\": {serial}, \"lineage\": \"{lineage}\", \
         \"outputs\": {{\"o\": {{\"value\": \"{value}\", \"type\": \"string\"}}}}, \"resources\": []}}\n"
    )
}

async fn put(store: &MemoryStore, key: &StateKey, text: &str) {
    let mut lock = store.lock(key, LockInfo::new("test", "a@b", SystemTime::now())).await.unwrap();
    let expected = Expected::of(lock.read().await.unwrap().as_ref());
    lock.write(StateWrite::new(expected, text.to_owned().into(), WriteNote::new("a@b", "test"))).await.unwrap();
    lock.release().await.unwrap();
}

async fn read(store: &MemoryStore, key: &StateKey) -> String {
    String::from_utf8(store.read(key).await.unwrap().unwrap().bytes.to_vec()).unwrap()
}

fn keys(byte: u8) -> Keyring {
    Keyring::new().with_key(SecretKey::from_bytes(&[byte; 32], "test").unwrap())
}

struct Scene {
    store: MemoryStore,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let scene = Self { store: MemoryStore::new(), folder: tempfile::tempdir().unwrap() };
        for (key, lineage, serial) in [("a", "l-a", 3), ("b", "l-b", 7), ("ü/c", "l-c", 1)] {
            put(&scene.store, &StateKey::new(key), &text(lineage, serial, "secret-value-1")).await;
        }
        put(&scene.store, &StateKey::new("a").in_workspace("blue"), &text("l-blue", 2, "secret-value-1")).await;
        scene
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("backup")
    }

    async fn sources(&self) -> Vec<BackupSource> {
        let store: Arc<dyn StateStore> = Arc::new(self.store.clone());
        let keys = self.store.list("").await.unwrap();
        keys.into_iter().map(|key| BackupSource { store: store.clone(), key }).collect()
    }

    fn target(&self, key: StateKey) -> RestoreTarget {
        RestoreTarget { store: Arc::new(self.store.clone()), key, history: None }
    }
}

fn options() -> BackupOptions {
    BackupOptions::new("alice@laptop", SystemTime::now())
}

fn change() -> ChangeOptions {
    ChangeOptions::new("alice@laptop", "restore", SystemTime::now())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_was_kept_is_verified_and_put_back_in_an_empty_store() {
    for (protection, compression, storage) in [
        (Protection::plain(), Compression::None, Storage::Plain),
        (Protection::plain(), Compression::Gzip, Storage::Gzip),
        (Protection::enforced(keys(1)), Compression::Gzip, Storage::Sealed),
    ] {
        let scene = Scene::new().await;
        let options = options().with_protection(protection.clone()).with_compression(compression);
        let manifest = create(&scene.path(), scene.sources().await, &options).await.unwrap();
        assert_eq!((manifest.entries.len(), manifest.gaps.len()), (4, 0));
        assert!(manifest.entries.iter().all(|entry| entry.storage == storage));
        assert_eq!(contents(&scene.path(), &protection).await.unwrap(), manifest);
        let verified = verify(&scene.path(), &protection, &Limits::default()).await.unwrap();
        assert!(verified.is_whole(), "{:?}", verified.damaged);
        if storage != Storage::Plain {
            for name in names(&scene.path()) {
                let content = std::fs::read(scene.path().join(&name)).unwrap();
                assert!(!content.windows(14).any(|window| window == b"secret-value-1"), "{name}");
            }
        }
        let empty = MemoryStore::new();
        let choose = |entry: &_| {
            let entry: &landfast_backends::backup::BackupEntry = entry;
            Some(RestoreTarget { store: Arc::new(empty.clone()), key: entry.state_key(), history: None })
        };
        let restored = restore(&scene.path(), &protection, choose, &change()).await.unwrap();
        assert!(restored.iter().all(|it| matches!(it.outcome, Restored::Created)), "{restored:?}");
        for key in scene.store.list("").await.unwrap() {
            assert_eq!(read(&empty, &key).await, read(&scene.store, &key).await);
            assert!(empty.lock_info(&key).await.unwrap().is_none());
        }
    }
}

#[tokio::test]
async fn over_another_state_it_gets_a_higher_serial_and_that_one_is_kept() {
    let scene = Scene::new().await;
    create(&scene.path(), scene.sources().await, &options()).await.unwrap();
    let (a, b) = (StateKey::new("a"), StateKey::new("b"));
    put(&scene.store, &a, &text("l-a", 9, "broken")).await;
    let history = History::in_folder(scene.folder.path().join("history"));
    let choose = |entry: &landfast_backends::backup::BackupEntry| {
        let chosen = entry.workspace == "default" && (entry.key == "a" || entry.key == "b");
        chosen.then(|| RestoreTarget { history: Some(history.clone()), ..scene.target(entry.state_key()) })
    };
    let restored = restore(&scene.path(), &Protection::plain(), choose, &change()).await.unwrap();
    let outcomes: Vec<_> = restored.iter().map(|it| (it.place.as_str(), &it.outcome)).collect();
    assert!(
        matches!(outcomes[..], [("memory:a", Restored::Replaced { serial: 10 }), ("memory:b", Restored::WasThere)]),
        "{outcomes:?}"
    );
    assert_eq!(read(&scene.store, &a).await, text("l-a", 10, "secret-value-1"));
    assert_eq!(read(&scene.store, &b).await, text("l-b", 7, "secret-value-1"));
    let replaced = history.entries().unwrap()[0].before.unwrap();
    assert_eq!(history.content(&replaced).unwrap(), text("l-a", 9, "broken"));
    // What is there is older than the backup: its own serial is the higher one.
    let older = MemoryStore::new();
    put(&older, &b, &text("l-b", 2, "old")).await;
    let choose = |entry: &landfast_backends::backup::BackupEntry| {
        (entry.key == "b").then(|| RestoreTarget { store: Arc::new(older.clone()), key: b.clone(), history: None })
    };
    let restored = restore(&scene.path(), &Protection::plain(), choose, &change()).await.unwrap();
    assert!(matches!(restored[0].outcome, Restored::Replaced { serial: 7 }), "{restored:?}");
}

#[tokio::test]
async fn one_that_fails_does_not_sink_the_others() {
    let scene = Scene::new().await;
    put(&scene.store, &StateKey::new("broken"), "{\"version\": 4, ").await;
    let mut sources = scene.sources().await;
    sources.push(BackupSource { store: Arc::new(scene.store.clone()), key: StateKey::new("absent") });
    let manifest = create(&scene.path(), sources, &options()).await.unwrap();
    let gaps: Vec<_> = manifest.gaps.iter().map(|gap| (gap.place.as_str(), gap.reason.as_str())).collect();
    assert_eq!(manifest.entries.len(), 4);
    assert_eq!(gaps[0], ("memory:absent", "there is no state"));
    assert!(gaps[1].0 == "memory:broken" && gaps[1].1.contains("memory:broken"), "{gaps:?}");
    let verified = verify(&scene.path(), &Protection::plain(), &Limits::default()).await.unwrap();
    assert!(verified.damaged.is_empty() && !verified.is_whole());

    // And the same on the way back: one is locked, one has another lineage.
    put(&scene.store, &StateKey::new("a"), &text("l-a", 4, "x")).await;
    put(&scene.store, &StateKey::new("b"), &text("other", 1, "x")).await;
    put(&scene.store, &StateKey::new("ü/c"), &text("l-c", 5, "x")).await;
    let _lock =
        scene.store.lock(&StateKey::new("a"), LockInfo::new("apply", "bob@ci", SystemTime::now())).await.unwrap();
    let choose = |entry: &landfast_backends::backup::BackupEntry| Some(scene.target(entry.state_key()));
    let restored = restore(&scene.path(), &Protection::plain(), choose, &change()).await.unwrap();
    let failed: Vec<_> = restored
        .iter()
        .filter_map(|it| match &it.outcome {
            Restored::Failed(error) => Some(error.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(failed, ["memory:a: the state cannot be put back", "memory:b: the state cannot be put back"]);
    assert_eq!(read(&scene.store, &StateKey::new("b")).await, text("other", 1, "x"));
    assert_eq!(read(&scene.store, &StateKey::new("ü/c")).await, text("l-c", 6, "secret-value-1"));
}

#[tokio::test]
async fn an_interrupted_backup_is_none_and_a_folder_is_used_once() {
    let scene = Scene::new().await;
    create(&scene.path(), scene.sources().await, &options()).await.unwrap();
    let error = create(&scene.path(), scene.sources().await, &options()).await.unwrap_err();
    assert!(matches!(error, BackupError::NotEmpty { .. }), "{error}");
    // The manifest is the last file.
    std::fs::remove_file(scene.path().join("manifest.json")).unwrap();
    let error = verify(&scene.path(), &Protection::plain(), &Limits::default()).await.unwrap_err();
    assert!(error.to_string().ends_with("there is no manifest: this is no backup, or one that was interrupted"));
    let twice = [scene.sources().await, scene.sources().await].concat();
    let error = create(&scene.folder.path().join("other"), twice, &options()).await.unwrap_err();
    assert!(matches!(error, BackupError::Twice { .. }), "{error}");
    assert!(!scene.folder.path().join("other").exists());
}

#[tokio::test]
async fn what_was_changed_swapped_or_left_out_is_found() {
    for protection in [Protection::plain(), Protection::enforced(keys(1))] {
        let scene = Scene::new().await;
        let options = options().with_protection(protection.clone());
        let manifest = create(&scene.path(), scene.sources().await, &options).await.unwrap();
        let path = |at: usize| scene.path().join(&manifest.entries[at].file);
        // A bit, another state in its place, and nothing.
        let mut changed = std::fs::read(path(0)).unwrap();
        let middle = changed.len() - 20;
        changed[middle] ^= 1;
        std::fs::write(path(0), changed).unwrap();
        std::fs::copy(path(3), path(1)).unwrap();
        std::fs::remove_file(path(2)).unwrap();
        let verified = verify(&scene.path(), &protection, &Limits::default()).await.unwrap();
        assert_eq!(verified.damaged.len(), 3, "{:?}", verified.damaged);
        // And what is damaged is not put back.
        let choose = |entry: &landfast_backends::backup::BackupEntry| Some(scene.target(entry.state_key()));
        let restored = restore(&scene.path(), &protection, choose, &change()).await.unwrap();
        let failed = restored.iter().filter(|it| matches!(it.outcome, Restored::Failed(_))).count();
        assert_eq!((failed, restored.len()), (3, 4));

        let name = if protection.is_enforced() { "manifest.sealed" } else { "manifest.json" };
        let whole = std::fs::read(scene.path().join(name)).unwrap();
        for at in [whole.len() / 3, whole.len() / 2, whole.len() - 10] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(scene.path().join(name), changed).unwrap();
            assert!(contents(&scene.path(), &protection).await.is_err(), "{at}");
        }
    }
}

/// A state of an older backup, whose envelope is whole, in the place of the newer one.
#[tokio::test]
async fn a_state_of_an_older_backup_is_refused() {
    let scene = Scene::new().await;
    let protection = Protection::enforced(keys(1));
    let options = options().with_protection(protection.clone());
    let (older, newer) = (scene.folder.path().join("older"), scene.folder.path().join("newer"));
    create(&older, scene.sources().await, &options).await.unwrap();
    put(&scene.store, &StateKey::new("a"), &text("l-a", 4, "newer")).await;
    let manifest = create(&newer, scene.sources().await, &options).await.unwrap();
    let entry = manifest.entries.iter().find(|entry| entry.place == "memory:a").unwrap();
    std::fs::copy(older.join(&entry.file), newer.join(&entry.file)).unwrap();
    let verified = verify(&newer, &protection, &Limits::default()).await.unwrap();
    let [BackupError::NotOpened(error)] = &verified.damaged[..] else { panic!("{:?}", verified.damaged) };
    assert!(error.to_string().ends_with("it holds the serial 3, and not 4"), "{error}");
}

#[tokio::test]
async fn without_the_key_nothing_is_made_and_nothing_read() {
    let scene = Scene::new().await;
    let refused = options().with_protection(Protection::enforced_without_key());
    let error = create(&scene.path(), scene.sources().await, &refused).await.unwrap_err();
    assert!(matches!(error, BackupError::NoKey(_)), "{error}");
    assert!(!scene.path().exists());

    create(&scene.path(), scene.sources().await, &options().with_protection(Protection::sealed(keys(1))))
        .await
        .unwrap();
    let error = contents(&scene.path(), &Protection::plain()).await.unwrap_err();
    assert!(matches!(error, BackupError::Sealed { .. }), "{error}");
    let error = contents(&scene.path(), &Protection::sealed(keys(2))).await.unwrap_err();
    assert!(matches!(error, BackupError::NotOpened(_)), "{error}");

    let plain = scene.folder.path().join("plain");
    create(&plain, scene.sources().await, &options()).await.unwrap();
    let error = contents(&plain, &Protection::enforced(keys(1))).await.unwrap_err();
    assert!(matches!(error, BackupError::InPlainText { .. }), "{error}");
    assert_eq!(contents(&plain, &Protection::sealed(keys(1))).await.unwrap().entries.len(), 4);
}

#[tokio::test]
async fn a_restored_state_can_be_changed_further() {
    let scene = Scene::new().await;
    create(&scene.path(), scene.sources().await, &options()).await.unwrap();
    let key = StateKey::new("a");
    put(&scene.store, &key, &text("l-a", 9, "broken")).await;
    let choose = |entry: &landfast_backends::backup::BackupEntry| {
        (entry.place == "memory:a").then(|| scene.target(entry.state_key()))
    };
    restore(&scene.path(), &Protection::plain(), choose, &change()).await.unwrap();
    let options = change();
    let changing = begin(&scene.store, &key, &options).await.unwrap();
    let next = text("l-a", changing.next_serial(), "next");
    changing.commit(StateFile::read(next.clone().into(), "next", &Limits::default()).unwrap()).await.unwrap();
    assert_eq!(read(&scene.store, &key).await, next);
}
