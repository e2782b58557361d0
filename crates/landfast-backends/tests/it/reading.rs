//! States that are written while they are read.

use std::collections::VecDeque;
use std::sync::Mutex;

use landfast_backends::change::{ChangeError, Moved, ReadState, read_state};
use landfast_backends::{
    Capabilities, ErrorClass, ForceUnlock, HeldLock, LockInfo, MemoryStore, StateKey, StateStore, StoreError,
    StoreFuture, StoredState,
};
use landfast_state::Limits;

fn state(serial: u64) -> String {
    format!("{{\"version\": 4, \"serial\": {serial}, \"lineage\": \"l\", \"outputs\": {{}}, \"resources\": []}}\n")
}

/// Holds the next of these contents each time that it is read, and then the last one for good.
#[derive(Debug)]
struct Moving {
    contents: Mutex<VecDeque<Option<String>>>,
    inner: MemoryStore,
}

impl Moving {
    fn through(contents: &[Option<String>]) -> Self {
        Self { contents: Mutex::new(contents.iter().cloned().collect()), inner: MemoryStore::new() }
    }

    /// How often it was read, when it began with so many contents.
    fn left(&self) -> usize {
        self.contents.lock().unwrap().len()
    }
}

impl StateStore for Moving {
    fn place(&self, key: &StateKey) -> String {
        format!("moving:{key}")
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        let mut contents = self.contents.lock().unwrap();
        let next = if contents.len() > 1 { contents.pop_front() } else { contents.front().cloned() };
        let place = self.place(key);
        Box::pin(async move {
            match next.flatten() {
                Some(text) if text == "unreachable" => Err(StoreError::new(ErrorClass::Transient, place, "no answer")),
                text => Ok(text.map(|text| StoredState::new(text.into()))),
            }
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        self.inner.list(prefix)
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        self.inner.lock(key, info)
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        self.inner.lock_info(key)
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, request: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        self.inner.force_unlock(key, request)
    }
}

async fn read(store: &Moving) -> Result<Option<ReadState>, ChangeError> {
    read_state(store, &StateKey::new("k"), &Limits::default()).await
}

#[tokio::test(start_paused = true)]
async fn what_moved_is_read_again_and_said() {
    let (half, whole) = (state(7)[..30].to_owned(), |serial| Some(state(serial)));
    for (contents, serial, moved) in [
        (vec![whole(7)], 7, Moved::No),
        (vec![whole(7), whole(8)], 8, Moved::Since { first: Some(7) }),
        (vec![whole(7), whole(8), whole(9)], 9, Moved::Since { first: Some(7) }),
        (vec![Some(half.clone()), whole(8)], 8, Moved::Since { first: None }),
        // It is emptied before it is written, as terraform does with files.
        (vec![whole(7), Some(half.clone()), whole(8)], 8, Moved::Since { first: Some(7) }),
        (vec![whole(1), whole(2), whole(3), whole(4), whole(5), whole(6)], 4, Moved::Still),
        (vec![whole(7), None], 7, Moved::Gone),
        (vec![whole(7), Some(String::new())], 7, Moved::Still),
    ] {
        let store = Moving::through(&contents);
        let found = read(&store).await.unwrap().unwrap();
        assert_eq!((found.state.serial(), found.moved), (serial, moved), "{contents:?}");
        assert_eq!(found.stored.bytes, found.state.as_bytes());
    }
}

#[tokio::test(start_paused = true)]
async fn what_stays_half_and_what_cannot_be_asked_for_again_are_errors() {
    let half = Some(state(7)[..30].to_owned());
    let store = Moving::through(&[half.clone(), half.clone(), Some(state(8))]);
    let error = read(&store).await.unwrap_err();
    assert!(matches!(&error, ChangeError::NoState(_)) && error.to_string().contains("moving:k:1:"), "{error}");
    assert_eq!(store.left(), 1, "it was the same half twice, and so is no write that goes on");

    let error = read(&Moving::through(&[Some(state(7)), Some("unreachable".to_owned())])).await.unwrap_err();
    let ChangeError::Store { source, .. } = error else { panic!("{error}") };
    assert_eq!((source.class, source.to_string().as_str()), (ErrorClass::Transient, "moving:k: no answer"));
    assert!(read(&Moving::through(&[None])).await.unwrap().is_none());
    assert!(read(&Moving::through(&[Some(String::new())])).await.unwrap().is_none());
}
