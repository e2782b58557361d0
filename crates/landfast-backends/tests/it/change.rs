//! Changing a state, step by step.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use landfast_backends::change::{ChangeError, ChangeOptions, begin};
use landfast_backends::history::{History, HistoryOutcome, Retention};
use landfast_backends::{LockInfo, MemoryStore, StateKey, StateStore};
use landfast_state::{BytesDigest, Limits, StateFile};

fn state(lineage: &str, serial: u64) -> StateFile {
    let text = format!(
        "{{\"version\": 4, \"serial\": {serial}, \"lineage\": \"{lineage}\", \"outputs\": {{}}, \"resources\": []}}\n"
    );
    StateFile::read(text.into(), "new", &Limits::default()).unwrap()
}

fn options(folder: &tempfile::TempDir) -> ChangeOptions {
    let history = History::in_folder(folder.path().join("history"));
    ChangeOptions::new("alice@laptop", "test", SystemTime::now()).with_history(Some(history))
}

async fn write(store: &MemoryStore, options: &ChangeOptions, after: StateFile) -> Result<(), ChangeError> {
    begin(store, &StateKey::new("k"), options).await?.commit(after).await.map(drop)
}

#[tokio::test]
async fn every_version_is_in_the_history() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let options = options(&folder);
    for serial in 1..=3 {
        write(&store, &options, state("l", serial)).await.unwrap();
    }
    let history = options.history.as_ref().unwrap();
    let entries = history.entries().unwrap();
    let seen: Vec<_> = entries.iter().map(|it| (it.serial, it.outcome, it.who.as_str(), it.why.as_str())).collect();
    let written = |serial| (Some(serial), HistoryOutcome::Written, "alice@laptop", "test");
    assert_eq!(seen, [written(3), written(2), written(1)]);
    assert_eq!(entries[0].before, Some(entries[1].after));
    assert_eq!(history.content(&entries[2].after).unwrap(), state("l", 1).as_bytes());
    assert!(store.lock_info(&StateKey::new("k")).await.unwrap().is_none());

    assert_eq!(history.prune(&Retention::of_count(1), SystemTime::now()).unwrap(), 1);
    assert!(history.content(&entries[2].after).is_err());
    let kept = history.content(&entries[0].after).unwrap();
    std::fs::write(history.folder().join(format!("{}.tfstate", BytesDigest::of(&kept))), "other").unwrap();
    let error = history.content(&entries[0].after).unwrap_err().to_string();
    assert!(error.ends_with("the content was changed after it was written"), "{error}");
}

#[tokio::test]
async fn what_may_not_follow_is_refused_and_the_lock_given_back() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let options = options(&folder);
    write(&store, &options, state("l", 5)).await.unwrap();
    for (after, message) in [
        (state("m", 6), "memory:k: the state there has the lineage l, and the new one m"),
        (state("l", 5), "memory:k: the state there has the serial 5, and the new one 5, which is not higher"),
        (state("l", 4), "memory:k: the state there has the serial 5, and the new one 4, which is not higher"),
    ] {
        assert_eq!(write(&store, &options, after).await.unwrap_err().to_string(), message);
        assert!(store.lock_info(&StateKey::new("k")).await.unwrap().is_none());
    }
    let found = store.read(&StateKey::new("k")).await.unwrap().unwrap();
    assert_eq!(found.bytes, state("l", 5).as_bytes());
    assert_eq!(options.history.unwrap().entries().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_waited_for_as_long_as_asked() {
    let (store, folder, key) = (MemoryStore::new(), tempfile::tempdir().unwrap(), StateKey::new("k"));
    let held = store.lock(&key, LockInfo::new("apply", "bob@ci", SystemTime::now())).await.unwrap();
    let impatient = options(&folder);
    let error = begin(&store, &key, &impatient).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("bob@ci"), "{error:?}");

    let patient = options(&folder).with_lock_wait(Duration::from_secs(30));
    let release = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        held.release().await.unwrap();
    };
    let (changing, ()) = tokio::join!(begin(&store, &key, &patient), release);
    changing.unwrap().abandon().await.unwrap();
}

#[tokio::test]
async fn nothing_is_written_where_nothing_can_be_kept() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("history"), "a file in the way").unwrap();
    let error = write(&store, &options(&folder), state("l", 1)).await.unwrap_err();
    assert_eq!(error.to_string(), "what is there cannot be kept, so nothing was written");
    assert!(store.read(&StateKey::new("k")).await.unwrap().is_none());
}
