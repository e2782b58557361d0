//! Journals: scans that are killed and taken up.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::*;
use landfast_observe::Diagnostic;
use landfast_observe::scan::{
    JournalBinding, JournalError, JournalOptions, ObjectFilter, ObjectRead, ObjectReader, ProviderKey, ReadAnswer,
    ReadFuture, RestartFuture, Sample, ScanError, ScanJournal, SecretMarker, Selector,
};
use landfast_state::{BytesDigest, FingerprintKey, SecretTexts, Value};

fn key() -> FingerprintKey {
    FingerprintKey::from_bytes([7; 32])
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + SECS(1_800_000_000)
}

fn binding() -> JournalBinding {
    JournalBinding::new(BytesDigest::of(b"state"), &ScanOptions::default()).with_provider(AWS, "3.39.0")
}

fn open(path: &Path, options: JournalOptions) -> Result<ScanJournal, JournalError> {
    if path.exists() {
        ScanJournal::resume(path, &binding(), key(), options)
    } else {
        ScanJournal::create(path, &binding(), key(), options)
    }
}

/// Reads that take more or less long; some objects have changed, some are gone, some cannot be read.
fn reader() -> Arc<ScriptedReader> {
    Arc::new(ScriptedReader::new(|object, _| {
        let at = index(object);
        let address = object.object.address.to_string();
        let step = match at % 7 {
            1 => Step::Changed(Box::new(super::object(&address, AWS, at))),
            2 => Step::Gone,
            3 => failure(UnreadableClass::Denied),
            _ => Step::Same,
        };
        (MS(50 + at * 37 % 100), step)
    }))
}

fn options() -> ScanOptions {
    let mut options = ScanOptions::default();
    options.provider = options.provider.with_concurrency(10).with_rate(1000.0, 1000);
    options.window = 40;
    options
}

fn addresses(reader: &ScriptedReader) -> Vec<String> {
    reader.played().reads.into_iter().map(|(_, address)| address.to_string()).collect()
}

/// What became of each object, fingerprints included.
fn texts(scanned: &Scanned) -> Vec<String> {
    let redactor = SecretTexts::default().redactor();
    let write = |object: &landfast_state::ResourceObject| landfast_state::write_object(object, &key(), &redactor);
    let one = |it: &ScannedObject| match &it.outcome {
        ScanOutcome::Found(observed) => format!("{} -> {}", write(&it.recorded), write(observed)),
        _ => told(it),
    };
    scanned.results.iter().map(one).collect()
}

#[test]
fn a_killed_scan_is_taken_up_reads_the_rest_only_and_ends_with_the_same_result() {
    let folder = tempfile::tempdir().unwrap();
    let whole = open(&folder.path().join("whole"), JournalOptions::new(now())).unwrap();
    let uninterrupted = scan_with(&reader(), objects("a_thing", 300), &options(), |scan| scan.with_journal(whole));
    assert_eq!(uninterrupted.summary.from_journal, 0);

    let path = folder.path().join("journal");
    let mut read = BTreeSet::new();
    let mut last = None;
    let mut after = now();
    for round in 0..4 {
        let journal = open(&path, JournalOptions::new(after)).unwrap();
        let known = journal.len();
        let (reader, objects) = (reader(), objects("a_thing", 300));
        let ended = paused(async {
            let options = options();
            let run = run(&reader, objects, &options, |scan| scan.with_journal(journal));
            // Dropped in the middle, with reads under way.
            tokio::time::timeout(MS(if round == 3 { 1_000_000 } else { 700 }), run).await.ok()
        });
        after += SECS(60);
        // Nothing that the journal had was read again, and it had all that had ended but what could not be read.
        let again = addresses(&reader);
        let fresh: Vec<&String> = again.iter().filter(|address| read.contains(*address)).collect();
        let refused = |address: &str| {
            let at: u64 = address.split(['[', ']']).nth(1).unwrap().parse().unwrap();
            at % 7 == 3
        };
        let wasted = fresh.iter().filter(|address| !refused(address)).count();
        assert!(wasted <= 10, "round {round}: {wasted} of {} known read again", known);
        read.extend(again);
        assert_eq!(ended.is_some(), round == 3);
        last = ended;
    }
    let last = last.unwrap();
    assert!(last.summary.from_journal > 100, "{:?}", last.summary);
    assert_eq!(texts(&last), texts(&uninterrupted));
    assert_eq!(last.told().len(), 300);

    // No secret stands in it in clear.
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 10_000 && !String::from_utf8_lossy(&bytes).contains(SECRET));
    // A journal that has everything leaves nothing but what could not be read.
    let reader = reader();
    let journal = open(&path, JournalOptions::new(after)).unwrap();
    let full = scan_with(&reader, objects("a_thing", 300), &options(), |scan| scan.with_journal(journal));
    assert_eq!(texts(&full), texts(&uninterrupted));
    assert_eq!(addresses(&reader).len() as u64, full.summary.unreadable);
}

#[test]
fn what_is_not_fresh_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let same = || Arc::new(ScriptedReader::new(|_, _| (MS(100), Step::Same)));
    let mut slow = options();
    slow.provider = slow.provider.with_concurrency(1);
    let journal = open(&path, JournalOptions::new(now())).unwrap();
    scan_with(&same(), objects("a_thing", 100), &slow, |scan| scan.with_journal(journal));
    // They were read from 0.1 to 10 s after the beginning; half of that is too old.
    for (later, max_age, expected) in
        [(SECS(10), Some(MS(5_050)), 49), (SECS(10), None, 0), (Duration::ZERO, Some(SECS(3600)), 100)]
    {
        let mut options = JournalOptions::new(now() + later);
        options.max_age = max_age;
        let copy = folder.path().join("copy");
        fs::copy(&path, &copy).unwrap();
        let journal = open(&copy, options).unwrap();
        assert_eq!(journal.len(), 100);
        let reader = same();
        let mut quick = super::boundless();
        quick.window = 1;
        let scanned = scan_with(&reader, objects("a_thing", 100), &quick, |scan| scan.with_journal(journal));
        assert_eq!(scanned.summary.found, 100);
        let read = addresses(&reader).len();
        let about = if max_age == Some(MS(5_050)) { read >= expected && read <= 100 } else { read == expected };
        assert!(about, "{read} read, {expected} expected");
    }
}

#[test]
fn a_journal_of_another_scan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    drop(open(&path, JournalOptions::new(now())).unwrap());
    let error = ScanJournal::create(&path, &binding(), key(), JournalOptions::new(now())).unwrap_err();
    assert!(matches!(error, JournalError::Exists { .. }), "{error}");
    let missing = folder.path().join("missing");
    let error = ScanJournal::resume(&missing, &binding(), key(), JournalOptions::new(now())).unwrap_err();
    assert!(matches!(error, JournalError::Open(_)), "{error}");

    let state = BytesDigest::of(b"state");
    let mut filtered = ScanOptions::default();
    filtered.filter = ObjectFilter::default().only(Selector::Type("a_*".to_owned()));
    let mut sampled = ScanOptions::default();
    sampled.sample = Some(Sample::new(10.0, 1).unwrap());
    let aws = |binding: JournalBinding| binding.with_provider(AWS, "3.39.0");
    for (other, what) in [
        (aws(JournalBinding::new(BytesDigest::of(b"another"), &ScanOptions::default())), "what was recorded is"),
        (aws(JournalBinding::new(state, &filtered)), "the choice of objects is"),
        (aws(JournalBinding::new(state, &sampled)), "the choice of objects is"),
        (JournalBinding::new(state, &ScanOptions::default()).with_provider(AWS, "4.0.0"), "hashicorp/aws is"),
        (JournalBinding::new(state, &ScanOptions::default()), "hashicorp/aws is"),
        (binding().with_provider("x", "1"), "x is"),
    ] {
        let error = ScanJournal::resume(&path, &other, key(), JournalOptions::new(now())).unwrap_err().to_string();
        assert!(error.contains("of another scan") && error.contains(what), "{error}");
    }
    let other = FingerprintKey::from_bytes([8; 32]);
    let error = ScanJournal::resume(&path, &binding(), other, JournalOptions::new(now())).unwrap_err().to_string();
    assert!(error.contains("the fingerprint key is not the same"), "{error}");
    // How fast it reads is no part of what it belongs to.
    let mut faster = ScanOptions::default();
    faster.window = 7;
    let same = JournalBinding::new(state, &faster).with_provider(AWS, "3.39.0");
    assert!(ScanJournal::resume(&path, &same, key(), JournalOptions::new(now())).unwrap().is_empty());
}

#[test]
fn a_torn_end_is_read_again_and_damage_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = open(&path, JournalOptions::new(now())).unwrap();
    scan_with(&reader(), objects("a_thing", 50), &options(), |scan| scan.with_journal(journal));
    let bytes = fs::read(&path).unwrap();
    for cut in [1, 100, 5_000, bytes.len() - 100] {
        fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
        let Ok(journal) = open(&path, JournalOptions::new(now())) else {
            // Nothing but the header of the file is left.
            assert!(bytes.len() - cut <= 200);
            continue;
        };
        let scanned = scan_with(&reader(), objects("a_thing", 50), &options(), |scan| scan.with_journal(journal));
        assert_eq!((scanned.summary.total(), scanned.results.len()), (50, 50));
        assert_eq!(scanned.summary.unreadable, 7);
    }
    let mut broken = bytes.clone();
    broken[bytes.len() / 2] ^= 1;
    fs::write(&path, &broken).unwrap();
    let error = open(&path, JournalOptions::new(now())).unwrap_err();
    assert!(matches!(error, JournalError::Open(_)), "{error:?}");
}

#[test]
fn secrets_that_rules_know_and_copies_of_others_are_not_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut options = JournalOptions::new(now());
    options.marker = Some(SecretMarker::new(|mut object| {
        object.sensitive.push("token".parse().unwrap());
        object
    }));
    options.secrets.add_all(&Value::String("another-objects-secret".to_owned()));
    let text = |text: &str| Value::String(text.to_owned());
    let leaky = RecordedObject::new(
        object("a_thing.a[0]", AWS, 0)
            .with_value(
                &[
                    ("token".to_owned(), text("known-by-rules-only")),
                    ("script".to_owned(), text("run with another-objects-secret and known-by-rules-only")),
                    ("plain".to_owned(), text("nothing to hide")),
                ]
                .into(),
            )
            .unwrap(),
    );
    let reader = Arc::new(ScriptedReader::new(|_, _| (MS(1), Step::Same)));
    let journal = open(&path, options).unwrap();
    let scanned = scan_with(&reader, vec![leaky], &ScanOptions::default(), |scan| scan.with_journal(journal));
    let file = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
    assert!(file.contains("nothing to hide"));
    for secret in ["another-objects-secret", "known-by-rules-only"] {
        assert!(!file.contains(secret), "{secret}");
    }
    // What is delivered is what the journal holds.
    let value = scanned.results[0].recorded.value().to_string();
    assert_eq!(value, "{\"plain\": \"nothing to hide\", \"script\": (sensitive value), \"token\": (sensitive value)}");
    assert!(scanned.results[0].recorded.fingerprints.len() == 2);
}

/// Finds everything as it was, and warns.
#[derive(Debug)]
struct Warns;

impl ObjectReader for Warns {
    fn read(&self, object: Arc<RecordedObject>) -> ReadFuture<'_> {
        Box::pin(async move {
            let recorded = Box::new(object.object.clone());
            let observed = recorded.clone();
            let detail = format!("{SECRET}-{} is too", object.object.address);
            let warning =
                Diagnostic::new(landfast_observe::DiagnosticSeverity::Warning, "another-objects-secret is old", detail);
            ObjectRead { answer: ReadAnswer::Found { recorded, observed }, warnings: vec![warning] }
        })
    }

    fn restart<'a>(&'a self, _: &'a ProviderKey) -> RestartFuture<'a> {
        Box::pin(async { Ok(()) })
    }
}

#[test]
fn warnings_are_kept_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    for _ in 0..2 {
        let mut options = JournalOptions::new(now());
        options.secrets.add_all(&Value::String("another-objects-secret".to_owned()));
        let scan = Scan::new(Arc::new(Warns), ScanOptions::default()).with_journal(open(&path, options).unwrap());
        let mut results = Vec::new();
        let all = objects("a_thing", 1).into_iter().map(Ok::<_, Infallible>);
        paused(scan.run(all, &mut SinkFn(|it| results.push(it)))).unwrap();
        let warning = &results[0].warnings[0];
        assert_eq!(warning.line(), "(sensitive value) is old: (sensitive value) is too");
        let file = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        assert!(!file.contains("another-objects-secret") && !file.contains(SECRET));
    }
}

#[test]
fn a_journal_that_cannot_be_used_further_ends_the_scan() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = open(&path, JournalOptions::new(now())).unwrap();
    // Somebody cuts it while it is used.
    let first = scan_with(&reader(), objects("a_thing", 20), &options(), |scan| scan.with_journal(journal));
    assert!(first.summary.found > 0);
    let journal = open(&path, JournalOptions::new(now())).unwrap();
    let length = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
    let all = objects("a_thing", 20).into_iter().map(Ok::<_, Infallible>);
    let scan = Scan::new(reader() as _, options()).with_journal(journal);
    let error = paused(scan.run(all, &mut SinkFn(|_| {}))).unwrap_err();
    assert!(matches!(error, ScanError::Journal { .. }), "{error:?}");
}
