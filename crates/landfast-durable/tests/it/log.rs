//! The log: writers, readers, and what is refused.

use std::fs;
use std::path::Path;

use landfast_durable::{
    AppendError, Damage, Holder, LockError, Log, LogOptions, LogReader, MissingLog, OpenLogError, ReadLogError,
    Symlinks, SyncPolicy, read,
};

use crate::names;

fn open(path: &Path) -> Result<(Log, landfast_durable::Recovery), OpenLogError> {
    Log::open(path, "test", &LogOptions::default())
}

fn contents(path: &Path) -> Vec<Vec<u8>> {
    let reader = LogReader::open(path, "test", &LogOptions::default()).unwrap();
    reader.map(|record| record.unwrap().content).collect()
}

#[test]
fn what_was_appended_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    for round in 0..3_u64 {
        let (mut log, recovery) = open(&path).unwrap();
        assert_eq!((recovery.records, recovery.torn), (round * 3, None));
        for content in [&b"one"[..], b"", &[0; 5000]] {
            log.append(content).unwrap();
        }
        assert_eq!(log.last_sequence(), (round + 1) * 3);
        let numbers: Vec<u64> = log.records().map(|record| record.unwrap().sequence).collect();
        assert_eq!(numbers, (1..=(round + 1) * 3).collect::<Vec<_>>());
        // Reading beside the writer does not end its lock.
        assert_eq!(contents(&path).len() as u64, (round + 1) * 3);
        assert!(read(&path, 1 << 20, Symlinks::Refuse).is_ok());
        log.append(b"last").unwrap();
        let bytes = fs::metadata(&path).unwrap().len();
        drop(log);
        // Take the last one away again: cutting behind a record leaves a shorter log.
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(bytes - 53 - 4).unwrap();
    }
    assert_eq!(contents(&path)[..3], [b"one".to_vec(), Vec::new(), vec![0; 5000]]);
    assert_eq!(names(folder.path()), ["log"]);
}

#[test]
fn there_is_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let _writer = open(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, OpenLogError::Lock(LockError::Held { holder: Holder::ThisProcess, .. })), "{error}");
}

#[test]
fn a_torn_end_is_cut_off_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    open(&path).unwrap().0.append(b"whole").unwrap();
    let whole = fs::read(&path).unwrap();
    open(&path).unwrap().0.append(&[7; 3000]).unwrap();
    let both = fs::read(&path).unwrap();
    let second = whole.len();
    // What an interrupted write leaves: less than all, or room that was never written to.
    let lengths = (second + 1..second + 60).chain((second + 60..both.len()).step_by(97)).chain([both.len() - 1]);
    let mut torn: Vec<Vec<u8>> = lengths.map(|length| both[..length].to_vec()).collect();
    for written in [0, 4, 12, 20, 52, 53, 1024, 3000, 3052] {
        let mut bytes = both.clone();
        bytes[second + written..].fill(0);
        torn.push(bytes);
    }
    torn.push([&whole[..], &[0; 4096]].concat());
    for bytes in torn {
        fs::write(&path, &bytes).unwrap();
        let mut reader = LogReader::open(&path, "test", &LogOptions::default()).unwrap();
        assert_eq!(reader.by_ref().map(|record| record.unwrap().content).collect::<Vec<_>>(), [b"whole"]);
        let seen = reader.torn().unwrap();
        let (mut log, recovery) = open(&path).unwrap();
        let torn = recovery.torn.unwrap();
        assert_eq!((recovery.records, torn), (1, seen));
        assert_eq!((torn.offset, torn.bytes), (second as u64, (bytes.len() - second) as u64));
        assert_eq!(fs::metadata(&path).unwrap().len(), second as u64);
        assert_eq!(log.append(b"goes on").unwrap(), 2);
        drop(log);
        assert_eq!(contents(&path), [b"whole".to_vec(), b"goes on".to_vec()]);
    }
}

#[test]
fn damage_is_an_error_with_its_place_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (mut log, _) = open(&path).unwrap();
    for content in ["first", "second", "third"] {
        log.append(content.as_bytes()).unwrap();
    }
    drop(log);
    let good = fs::read(&path).unwrap();
    let (second, third) = (80 + 53 + 5, 80 + 53 + 5 + 53 + 6);
    let mut cases = Vec::new();
    for (at, damage) in
        [(0, Damage::Lead), (4, Damage::Lead), (12, Damage::Lead), (20, Damage::Content), (55, Damage::Content)]
    {
        let mut bytes = good.clone();
        bytes[second + at] ^= 0x40;
        cases.push((bytes, damage));
    }
    // A record that is left out, and two that changed places.
    cases.push(([&good[..second], &good[third..]].concat(), Damage::Lead));
    cases.push(([&good[..second], &good[third..], &good[second..third]].concat(), Damage::Lead));
    for (bytes, expected) in cases {
        fs::write(&path, &bytes).unwrap();
        let error = open(&path).unwrap_err();
        let OpenLogError::Read(ReadLogError::Damaged { offset, sequence, damage, .. }) = error else {
            panic!("{error}")
        };
        assert_eq!((offset, sequence, damage), (second as u64, 2, expected));
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let mut reader = LogReader::open(&path, "test", &LogOptions::default()).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().content, b"first");
        assert!(matches!(reader.next(), Some(Err(ReadLogError::Damaged { .. }))));
        assert!(reader.next().is_none());
    }
}

#[test]
fn records_of_another_log_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    for path in [&one, &other] {
        open(path).unwrap().0.append(b"same").unwrap();
    }
    let mixed = [&fs::read(&one).unwrap()[..80], &fs::read(&other).unwrap()[80..]].concat();
    fs::write(&one, mixed).unwrap();
    assert!(matches!(open(&one), Err(OpenLogError::Read(ReadLogError::Damaged { offset: 80, .. }))));
}

#[test]
fn what_is_no_log_of_the_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut options = LogOptions::default();
    options.missing = MissingLog::Refuse;
    assert!(matches!(Log::open(&path, "test", &options), Err(OpenLogError::Lock(LockError::Missing { .. }))));
    assert!(matches!(LogReader::open(&path, "test", &options), Err(ReadLogError::Missing { .. })));
    for kind in ["", "seventeen-letters", "a b", "ä"] {
        assert!(matches!(Log::open(&path, kind, &options), Err(OpenLogError::Kind { .. })), "{kind}");
    }
    drop(open(&path).unwrap());
    let error = Log::open(&path, "other", &LogOptions::default()).unwrap_err();
    assert!(error.to_string().ends_with("it is a log of kind \"test\" and not \"other\""), "{error}");
    let good = fs::read(&path).unwrap();
    let mut newer = good.clone();
    newer[8] = 2;
    let mut broken = good.clone();
    broken[40] ^= 1;
    for (bytes, expected) in [
        (&b""[..], "it is not a log"),
        (b"{}", "it is not a log"),
        (&good[..79], "the header of the log is damaged"),
        (&broken, "the header of the log is damaged"),
        (&newer, "version 2 of the log format is not known"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = open(&path).unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn large_records_are_refused_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut options = LogOptions::default();
    options.largest_record = 10;
    options.sync = SyncPolicy::OnRequest;
    let (mut log, _) = Log::open(&path, "test", &options).unwrap();
    log.append(&[1; 10]).unwrap();
    assert!(matches!(log.append(&[1; 11]), Err(AppendError::TooLarge { length: 11, limit: 10, .. })));
    log.append(&[2; 10]).unwrap();
    log.sync().unwrap();
    drop(log);
    options.largest_record = 9;
    let error = Log::open(&path, "test", &options).unwrap_err();
    assert!(error.to_string().ends_with("record 1 at byte 80 has 10 bytes, more than 9"), "{error}");
}

#[test]
fn a_record_is_read_again_by_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (mut log, _) = open(&path).unwrap();
    for content in [&b"one"[..], b"two", b"three"] {
        log.append(content).unwrap();
    }
    let mut records = log.records();
    let mut places = Vec::new();
    while let (Some(place), Some(record)) = (records.place(), records.next()) {
        places.push((place, record.unwrap()));
    }
    let end = records.place().unwrap();
    // Appending moves nothing.
    log.append(b"four").unwrap();
    for (place, record) in places.iter().rev() {
        assert_eq!(&log.read_at(place).unwrap(), record);
    }
    assert_eq!(log.read_at(&end).unwrap().content, b"four");
    let other = folder.path().join("other");
    let (mut other, _) = open(&other).unwrap();
    other.append(b"one").unwrap();
    other.append(b"two").unwrap();
    let error = other.read_at(&places[1].0).unwrap_err();
    assert!(matches!(error, ReadLogError::Damaged { .. }), "{error}");
    let error = other.read_at(&end).unwrap_err();
    assert!(matches!(error, ReadLogError::Damaged { .. }), "{error}");
}
