//! Laws of the log.

use std::fs;
use std::path::Path;

use landfast_durable::{Log, LogOptions, LogReader, SyncPolicy};
use proptest::prelude::*;

fn write(path: &Path, records: &[Vec<u8>]) {
    let mut options = LogOptions::default();
    options.sync = SyncPolicy::OnRequest;
    let (mut log, _) = Log::open(path, "law", &options).unwrap();
    for record in records {
        log.append(record).unwrap();
    }
}

/// What a reader gets, and whether it was told of anything wrong.
fn read(path: &Path) -> (Vec<Vec<u8>>, bool) {
    let Ok(mut reader) = LogReader::open(path, "law", &LogOptions::default()) else { return (Vec::new(), true) };
    let mut found = Vec::new();
    let mut wrong = false;
    for record in reader.by_ref() {
        match record {
            Ok(record) => found.push(record.content),
            Err(_) => wrong = true,
        }
    }
    (found, wrong || reader.torn().is_some())
}

fn records() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let byte = prop_oneof![Just(0_u8), any::<u8>()];
    prop::collection::vec(prop::collection::vec(byte, 0..80), 0..8)
}

proptest! {
    #[test]
    fn cut_anywhere_it_recovers_a_prefix_and_goes_on(records in records(), place in any::<prop::sample::Index>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        write(&path, &records);
        let whole = fs::read(&path).unwrap();
        let cut = 80 + place.index(whole.len() - 80 + 1);
        fs::write(&path, &whole[..cut]).unwrap();
        // As many records as fit before the cut.
        let ends = records.iter().scan(80, |end, record| { *end += 53 + record.len(); Some(*end) });
        let expected = ends.take_while(|end| *end <= cut).count();
        let (mut log, recovery) = Log::open(&path, "law", &LogOptions::default()).unwrap();
        prop_assert_eq!(recovery.records, expected as u64);
        log.append(b"more").unwrap();
        drop(log);
        let mut found = records[..expected].to_vec();
        found.push(b"more".to_vec());
        prop_assert_eq!(read(&path), (found, false));
    }

    #[test]
    fn any_flipped_bit_is_noticed_and_nothing_false_is_read(records in records(), place in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        write(&path, &records);
        let mut bytes = fs::read(&path).unwrap();
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(&path, &bytes).unwrap();
        let (found, wrong) = read(&path);
        prop_assert!(wrong, "bit {} of byte {}", bit, at);
        prop_assert!(records.starts_with(&found));
        prop_assert!(Log::open(&path, "law", &LogOptions::default()).is_err());
        prop_assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn each_bit_of_a_small_log_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    write(&path, &[b"first".to_vec(), Vec::new(), vec![0; 9]]);
    let good = fs::read(&path).unwrap();
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bytes).unwrap();
        assert!(Log::open(&path, "law", &LogOptions::default()).is_err(), "bit {bit}");
    }
}
