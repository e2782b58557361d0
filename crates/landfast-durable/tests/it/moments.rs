//! Children that are killed at no particular moment, while they write as fast as they can.

use std::fs;
use std::time::Duration;

use landfast_durable::{Log, LogOptions, sweep};

use crate::child::{self, generation};
use crate::names;

const CHILDREN: u64 = 20;

/// The highest number that the child said, after it had done so much.
fn last_said(said: &str, word: &str) -> u64 {
    let numbers =
        said.lines().filter_map(|line| line.split_once(&format!("<{word} "))?.1.strip_suffix('>')?.parse().ok());
    numbers.max().unwrap_or(1)
}

/// Some time or other, another one for each child.
fn some_time(child: u64) -> Duration {
    Duration::from_micros(500 + child * 7919 % 20_000)
}

#[test]
fn a_file_is_always_whole_and_as_new_as_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for number in 0..CHILDREN {
        fs::write(&path, generation(0)).unwrap();
        let mut child = child::start("replace-on-and-on", &path, &[]);
        child.says("replaced 1");
        std::thread::sleep(some_time(number));
        let said = last_said(&child.kill_and_read(), "replaced");
        let found = fs::read(&path).unwrap();
        let serial = u64::from_le_bytes(*found.first_chunk().unwrap());
        assert_eq!(found, generation(serial), "the file is not whole");
        assert!(serial == said || serial == said + 1, "{said} was said, {serial} is there");
        assert!(sweep(folder.path()).unwrap().removed.len() <= 1);
        assert_eq!(names(folder.path()), ["file"]);
    }
}

#[test]
fn a_log_has_all_that_was_said() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..CHILDREN {
        let path = folder.path().join(number.to_string());
        let mut child = child::start("append-on-and-on", &path, &[]);
        child.says("appended 1");
        std::thread::sleep(some_time(number));
        let said = last_said(&child.kill_and_read(), "appended");
        let (log, recovery) = Log::open(&path, "test", &LogOptions::default()).unwrap();
        assert!(recovery.records == said || recovery.records == said + 1, "{said} was said: {recovery:?}");
        for record in log.records() {
            let record = record.unwrap();
            assert_eq!(record.content, generation(record.sequence));
        }
    }
}
