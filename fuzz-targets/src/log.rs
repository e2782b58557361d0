//! A file as a log: whatever is in it, it is read to the first place that is not as it was written, and a log that is opened
//! for appending goes on behind what was read.

use std::fs;
use std::path::Path;

use landfast_durable::{Log, LogOptions, LogReader, MissingLog, SyncPolicy};

use crate::seed::Fixture;

const KIND: &str = "fuzz";

pub(crate) fn run(data: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join("log");
    if fs::write(&path, data).is_err() {
        return;
    }
    let read = LogReader::open(&path, KIND, &options()).and_then(|mut reader| {
        let contents: Vec<Vec<u8>> =
            reader.by_ref().map(|record| record.map(|record| record.content)).collect::<Result<_, _>>()?;
        Ok((contents, reader.torn()))
    });
    let opened = Log::open(&path, KIND, &options());
    match (read, opened) {
        (Ok((mut contents, torn)), Ok((mut log, recovery))) => {
            assert_eq!((contents.len() as u64, torn), (recovery.records, recovery.torn), "both find the same");
            let kept = torn.map_or(data.len() as u64, |torn| torn.offset);
            assert_eq!(fs_length(&path), kept, "only what is torn is cut off");
            assert!(log.append(b"more").is_ok_and(|sequence| sequence == recovery.records + 1), "it goes on");
            contents.push(b"more".to_vec());
            let again: Vec<Vec<u8>> = log.records().filter_map(|record| Some(record.ok()?.content)).collect();
            assert_eq!(again, contents, "what was read is there, and what was appended");
        }
        (Err(_), Err(_)) => {
            let after = fs::read(&path).ok();
            assert!(after.as_deref() == Some(data), "what is damaged is not touched");
        }
        (read, opened) => panic!("reading gave {read:?}, opening {:?}", opened.map(|(_, recovery)| recovery)),
    }
}

fn options() -> LogOptions {
    let mut options = LogOptions::default();
    options.missing = MissingLog::Refuse;
    options.sync = SyncPolicy::OnRequest;
    options
}

fn fs_length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// A log of the lines of the file, of the first ones where there are many.
pub(crate) fn seeds(fixture: &Fixture) -> Vec<Vec<u8>> {
    let written = || {
        let folder = tempfile::tempdir().ok()?;
        let path = folder.path().join("log");
        let mut options = options();
        options.missing = MissingLog::Create;
        let (mut log, _) = Log::open(&path, KIND, &options).ok()?;
        for line in fixture.bytes.split(|byte| *byte == b'\n').take(20) {
            log.append(line.get(..200).unwrap_or(line)).ok()?;
        }
        drop(log);
        fs::read(&path).ok()
    };
    written().into_iter().collect()
}
