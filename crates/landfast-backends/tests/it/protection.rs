//! History and transfers under encryption.

use std::error::Error as _;
use std::path::Path;
use std::time::SystemTime;

use landfast_backends::change::{ChangeError, ChangeOptions, begin, save_recovery_under};
use landfast_backends::encrypt::{Binding, KdfCost, Keyring, OpenError, Passphrase, SecretKey, is_sealed};
use landfast_backends::history::{History, HistoryError, Retention};
use landfast_backends::transfer::{Side, TransferEnd, TransferError, Transfers, begin_transfer, resume};
use landfast_backends::{ForceUnlock, MemoryStore, Protection, StateKey, StateStore};
use landfast_state::{AuditError, AuditEvent, AuditSink, BytesDigest, Limits, StateFile, StateTarget};

const SECRET: &str = "hunter2-is-the-value-of-this-output";

fn state(serial: u64, names: &[&str]) -> StateFile {
    let blocks: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                r#"{{"mode": "managed", "type": "t", "name": "{name}", "provider": "provider[\"registry.terraform.io/a/t\"]",
                "instances": [{{"schema_version": 0, "attributes": {{"id": "{name}", "password": "{SECRET}"}}}}]}}"#
            )
        })
        .collect();
    let text = format!(
        r#"{{"version": 4, "serial": {serial}, "lineage": "l", "outputs": {{}}, "resources": [{}]}}"#,
        blocks.join(", ")
    );
    StateFile::read(text.into(), "new", &Limits::default()).unwrap()
}

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32], "test").unwrap()
}

fn passphrase(text: &str) -> Keyring {
    Keyring::new().with_passphrase_of(Passphrase::new(text).unwrap(), KdfCost::least())
}

/// Every file below a folder, with its content.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn holds(content: &[u8], text: &str) -> bool {
    content.windows(text.len()).any(|window| window == text.as_bytes())
}

/// That neither the secret nor a digest that could be guessed at is in any file.
fn assert_nothing_plain(folder: &Path, states: &[StateFile]) {
    for (path, content) in files(folder) {
        assert!(!holds(&content, SECRET), "{path}");
        for state in states {
            let digest = BytesDigest::of(state.as_bytes()).to_string();
            assert!(!path.contains(&digest) && !holds(&content, &digest), "{path}");
        }
    }
}

async fn write(store: &MemoryStore, history: &History, after: StateFile) -> Result<(), ChangeError> {
    let options = ChangeOptions::new("alice@laptop", "test", SystemTime::now()).with_history(Some(history.clone()));
    begin(store, &StateKey::new("k"), &options).await?.commit(after).await.map(drop)
}

#[tokio::test]
async fn a_sealed_history_holds_nothing_in_plain_text_and_opens_with_the_key() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let at = folder.path().join("history");
    let sealed = |keys: Keyring| History::in_folder(&at).with_protection(Protection::sealed(keys));
    let states = [state(1, &["a"]), state(2, &["a", "b"]), state(3, &["a"])];
    for state in &states {
        // As another process each time.
        write(&store, &sealed(passphrase("open sesame")), state.clone()).await.unwrap();
    }
    assert_nothing_plain(folder.path(), &states);
    let history = sealed(passphrase("open sesame"));
    let entries = history.entries().unwrap();
    assert_eq!(entries.iter().map(|entry| entry.serial).collect::<Vec<_>>(), [Some(3), Some(2), Some(1)]);
    assert_eq!(entries[0].before, Some(entries[1].after));
    for (entry, state) in entries.iter().rev().zip(&states) {
        assert_eq!(history.content(&entry.after).unwrap(), state.as_bytes());
        assert_eq!(history.digest_of(state.as_bytes()).unwrap(), entry.after);
    }
    // One key for all of them, and each content once.
    assert_eq!(files(&at.join("keys")).len(), 1);
    assert_eq!(files(&at).iter().filter(|(path, _)| path.ends_with(".sealed")).count(), 3);

    // Without the key: who, when and why can be read, and nothing else.
    let without = History::in_folder(&at);
    assert_eq!(without.entries().unwrap().len(), 3);
    let error = without.content(&entries[0].after).unwrap_err();
    assert!(matches!(error, HistoryError::Sealed { .. }), "{error}");
    let error = sealed(passphrase("wrong")).content(&entries[0].after).unwrap_err();
    assert!(matches!(error, HistoryError::CannotOpen(OpenError::WrongPassphrase { .. })), "{error:?}");
    // Who mistypes the passphrase does not begin another history that nobody else can read.
    let error = write(&store, &sealed(passphrase("wrong")), state(4, &[])).await.unwrap_err();
    assert!(matches!(error, ChangeError::History(HistoryError::CannotOpen(_))), "{error:?}");
    assert_eq!(store.read(&StateKey::new("k")).await.unwrap().unwrap().bytes, states[2].as_bytes());

    assert_eq!(history.prune(&Retention::of_count(1), SystemTime::now()).unwrap(), 1);
    assert!(history.content(&entries[2].after).is_err());
    assert_eq!(history.content(&entries[0].after).unwrap(), states[2].as_bytes());
}

#[tokio::test]
async fn contents_and_records_of_a_sealed_history_cannot_be_swapped() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let history =
        || History::in_folder(folder.path()).with_protection(Protection::sealed(Keyring::new().with_key(key(1))));
    for serial in 1..=2 {
        write(&store, &history(), state(serial, &["a"])).await.unwrap();
    }
    let entries = history().entries().unwrap();
    let path = |entry: usize| folder.path().join(format!("{}.sealed", entries[entry].after));
    // The older content under the name of the newer one.
    let newer = std::fs::read(path(0)).unwrap();
    std::fs::copy(path(1), path(0)).unwrap();
    let error = history().content(&entries[0].after).unwrap_err();
    assert!(matches!(error, HistoryError::CannotOpen(OpenError::Other { member: "place", .. })), "{error:?}");
    // A bit of it.
    let mut changed = newer;
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(path(0), &changed).unwrap();
    let error = history().content(&entries[0].after).unwrap_err();
    assert!(matches!(error, HistoryError::CannotOpen(OpenError::Damaged { .. })), "{error:?}");
    // A plain one in its place.
    std::fs::remove_file(path(0)).unwrap();
    std::fs::write(folder.path().join(format!("{}.tfstate", entries[0].after)), state(9, &[]).as_bytes()).unwrap();
    let error = history().content(&entries[0].after).unwrap_err();
    assert!(matches!(error, HistoryError::Damaged { .. }), "{error:?}");
    let enforced =
        History::in_folder(folder.path()).with_protection(Protection::enforced(Keyring::new().with_key(key(1))));
    let error = enforced.content(&entries[0].after).unwrap_err();
    assert!(matches!(error, HistoryError::InPlainText { .. }), "{error:?}");

    // A record that somebody writes who knows the format and not the key.
    let (mut log, _) = landfast_durable::Log::open(
        &folder.path().join("history.log"),
        "state-history",
        &landfast_durable::LogOptions::default(),
    )
    .unwrap();
    let record = log.records().next().unwrap().unwrap();
    let text = String::from_utf8(record.content).unwrap();
    let forged = text.replace("alice@laptop", "mallory@den1");
    assert_ne!(forged, text);
    log.append(forged.as_bytes()).unwrap();
    drop(log);
    let error = history().entries().unwrap_err();
    assert!(matches!(error, HistoryError::Forged { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.ends_with("history.log: record 5 is not as it was written"), "{message}");
}

#[tokio::test]
async fn where_encryption_is_enforced_nothing_is_written_without_a_key() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let at = folder.path().join("history");
    for protection in [Protection::enforced_without_key(), Protection::enforced(Keyring::new().with_old_key(key(1)))] {
        assert!(protection.is_enforced() && protection.check().is_err());
        let history = History::in_folder(&at).with_protection(protection.clone());
        let error = write(&store, &history, state(1, &["a"])).await.unwrap_err();
        assert_eq!(error.to_string(), "what is there cannot be kept, so nothing was written");
        let cause = error.source().unwrap().source().unwrap().to_string();
        assert_eq!(cause, "encryption is enforced and there is no key to encrypt with, so nothing was written");
        assert!(store.read(&StateKey::new("k")).await.unwrap().is_none());
        let recovery = save_recovery_under(folder.path(), &"plain".into(), &Binding::new("errored-state"), &protection);
        assert!(recovery.is_err());
        let options = ChangeOptions::new("alice@laptop", "test", SystemTime::now());
        let journal = Transfers::in_folder(folder.path().join("transfers")).with_protection(protection);
        let (a, b) = (StateKey::new("a"), StateKey::new("b"));
        let side = |key| Side { store: &store, key, options: &options };
        let error = begin_transfer(side(&a), side(&b), &journal).await.unwrap_err();
        assert!(matches!(error, TransferError::Journal(_)), "{error}");
    }
    assert_eq!(files(folder.path()), []);
    let save = |protection| {
        save_recovery_under(folder.path(), &"plain".into(), &Binding::new("errored-state"), &protection).unwrap()
    };
    let sealed = save(Protection::enforced(Keyring::new().with_key(key(1))));
    assert_eq!(sealed, folder.path().join("errored.sealed"));
    assert!(is_sealed(&std::fs::read(sealed).unwrap()));
    assert_eq!(std::fs::read(save(Protection::plain())).unwrap(), b"plain");
}

#[tokio::test]
async fn a_history_that_was_plain_is_read_on_unless_encryption_is_enforced() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let plain = History::in_folder(folder.path());
    write(&store, &plain, state(1, &["a"])).await.unwrap();
    let keys = Keyring::new().with_key(key(1));
    let sealed = plain.clone().with_protection(Protection::sealed(keys.clone()));
    write(&store, &sealed, state(2, &["a"])).await.unwrap();
    let entries = sealed.entries().unwrap();
    assert_eq!(sealed.content(&entries[1].after).unwrap(), state(1, &["a"]).as_bytes());
    assert_eq!(sealed.content(&entries[0].after).unwrap(), state(2, &["a"]).as_bytes());
    let enforced = plain.with_protection(Protection::enforced(keys));
    assert!(matches!(enforced.content(&entries[1].after), Err(HistoryError::InPlainText { .. })));
    assert_eq!(enforced.content(&entries[0].after).unwrap(), state(2, &["a"]).as_bytes());
}

#[cfg(feature = "local")]
#[tokio::test]
async fn the_timeline_knows_what_is_there_by_its_keyed_digest() {
    use landfast_backends::history::Timeline;
    use landfast_backends::{LocalStore, VersionSelector};
    let folder = tempfile::tempdir().unwrap();
    let (store, key) = (LocalStore::in_folder(folder.path()), StateKey::new("a.tfstate"));
    let history = History::beside(&folder.path().join("a.tfstate"))
        .with_protection(Protection::sealed(passphrase("open sesame")));
    let options = ChangeOptions::new("alice@laptop", "test", SystemTime::now()).with_history(Some(history.clone()));
    for serial in 1..=2 {
        begin(&store, &key, &options).await.unwrap().commit(state(serial, &["a"])).await.unwrap();
    }
    let limits = Limits::default();
    let timeline = Timeline::new(&store, &key, Some(&history), &limits);
    let seen: Vec<_> =
        timeline.entries().await.unwrap().iter().map(|it| (it.serial, it.is_current, it.is_kept)).collect();
    assert_eq!(seen, [(Some(2), true, true), (Some(1), false, true)]);
    let read = timeline.read(&VersionSelector::Serial(1)).await.unwrap();
    assert_eq!(read.bytes, state(1, &["a"]).as_bytes());
}

#[cfg(feature = "encryption-age")]
#[tokio::test]
async fn who_has_recipients_only_writes_and_the_identity_reads() {
    use age::secrecy::ExposeSecret as _;
    use landfast_backends::encrypt::{AgeIdentities, AgeRecipients};
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let identity = age::x25519::Identity::generate();
    let recipients = AgeRecipients::parse(&identity.to_public().to_string(), "test").unwrap();
    let states = [state(1, &["a"]), state(2, &["a", "b"])];
    for state in &states {
        let keys = Keyring::new().with_age_recipients(recipients.clone());
        let history = History::in_folder(folder.path()).with_protection(Protection::enforced(keys));
        write(&store, &history, state.clone()).await.unwrap();
        assert_eq!(history.entries().unwrap()[0].serial, Some(state.serial()));
    }
    assert_nothing_plain(folder.path(), &states);
    assert_eq!(files(&folder.path().join("keys")).len(), 2);
    let identities = AgeIdentities::parse(identity.to_string().expose_secret(), "test").unwrap();
    let keys = Keyring::new().with_age_identities(identities);
    let history = History::in_folder(folder.path()).with_protection(Protection::sealed(keys));
    let entries = history.entries().unwrap();
    for (entry, state) in entries.iter().rev().zip(&states) {
        assert_eq!(history.content(&entry.after).unwrap(), state.as_bytes());
    }
}

#[derive(Debug)]
struct Accepts;

impl AuditSink for Accepts {
    fn record(&self, _: &AuditEvent) -> Result<(), AuditError> {
        Ok(())
    }
}

#[tokio::test]
async fn an_interrupted_transfer_lies_sealed_and_is_resumed_with_the_key() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let options = ChangeOptions::new("alice@laptop", "test", SystemTime::now());
    let (from, to) = (StateKey::new("from"), StateKey::new("to"));
    let before = [state(3, &["a", "b"]), state(8, &["c"])];
    for (key, state) in [&from, &to].into_iter().zip(&before) {
        begin(&store, key, &options).await.unwrap().commit(state.clone()).await.unwrap();
    }
    let side = |key| Side { store: &store, key, options: &options };
    let journal = |keys| Transfers::in_folder(folder.path()).with_protection(Protection::enforced(keys));
    let sealing = journal(passphrase("open sesame"));
    let transfer = begin_transfer(side(&from), side(&to), &sealing).await.unwrap();
    let (mut lose, mut gain) = (transfer.from().state().unwrap().refactor(), transfer.to().state().unwrap().refactor());
    let target: StateTarget = "t.a".parse().unwrap();
    gain.insert(lose.extract(&target).unwrap(), &target).unwrap();
    let lose = lose.finish(transfer.from().next_serial(), &Limits::default()).unwrap();
    let gain = gain.finish(transfer.to().next_serial(), &Limits::default()).unwrap();
    let info = store.lock_info(&from).await.unwrap().unwrap();
    let request = ForceUnlock::new(&info.id, "b@c", "test", SystemTime::now(), &Accepts);
    store.force_unlock(&from, request).await.unwrap();
    transfer.commit(lose.clone(), gain.clone()).await.unwrap_err();
    let [before_from, before_to] = before;
    assert_nothing_plain(folder.path(), &[before_from, before_to, lose, gain]);

    // That it is there is known without a key; ending it needs the key.
    let [pending] = Transfers::in_folder(folder.path()).pending().unwrap().try_into().unwrap();
    for wrong in [Transfers::in_folder(folder.path()), journal(passphrase("wrong"))] {
        let error = resume(&pending, side(&from), side(&to), &wrong).await.unwrap_err();
        assert!(matches!(error, TransferError::Journal(_)), "{error}");
    }
    let end = resume(&pending, side(&from), side(&to), &journal(passphrase("open sesame"))).await.unwrap();
    assert_eq!(end, TransferEnd::Finished);
    assert_eq!(files(folder.path()), []);
}
