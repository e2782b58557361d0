//! The text of a state whose blocks were changed.

use crate::json::Raw;
use crate::json::splice::{insertion, range_of, replace};
use crate::state_file::Places;
use crate::state_file::edit::member;

use super::block::{Block, write_all};

/// How much longer than its source a text may become before it is moved in memory.
const ROOM: usize = 4 << 10;

/// The source with these blocks and this serial. It is to be checked as any other text is.
pub(super) fn text(source: &[u8], places: &Places, blocks: &[Block], serial: u64) -> Vec<u8> {
    let serial = serial.to_string();
    let mut text = Vec::with_capacity(source.len() + ROOM);
    let part = |range: std::ops::Range<usize>| source.get(range).unwrap_or_default();
    let rest = |from: usize| source.get(from..).unwrap_or_default();
    match (&places.serial, &places.resources) {
        (Some(number), Some(list)) if number.end <= list.start => {
            text.extend_from_slice(part(0..number.start));
            text.extend_from_slice(serial.as_bytes());
            text.extend_from_slice(part(number.end..list.start));
            write_all(blocks, source, &mut text);
            text.extend_from_slice(rest(list.end));
        }
        (Some(number), Some(list)) => {
            text.extend_from_slice(part(0..list.start));
            write_all(blocks, source, &mut text);
            text.extend_from_slice(part(list.end..number.start));
            text.extend_from_slice(serial.as_bytes());
            text.extend_from_slice(rest(number.end));
        }
        // A serial that is not there, and a state that nobody read: these are few, and their parts are looked for.
        (_, list) => {
            let list = list.clone().or_else(|| resources_in(source));
            match list {
                Some(list) => {
                    text.extend_from_slice(part(0..list.start));
                    write_all(blocks, source, &mut text);
                    text.extend_from_slice(rest(list.end));
                }
                None => text.extend_from_slice(source),
            }
            return with_serial(&String::from_utf8_lossy(&text), &serial).into_bytes();
        }
    }
    text
}

/// Where the list of resources stands.
fn resources_in(source: &[u8]) -> Option<std::ops::Range<usize>> {
    let text = std::str::from_utf8(source).ok()?;
    range_of(text, member(Raw::checked(text), "resources")?)
}

fn with_serial(text: &str, serial: &str) -> String {
    let document = Raw::checked(text);
    let edit = match member(document, "serial").and_then(|old| range_of(text, old)) {
        Some(range) => Some((range, serial.to_owned())),
        None => insertion(text, document, "serial", serial, 0).map(|(at, member)| (at..at, member)),
    };
    edit.map_or_else(|| text.to_owned(), |(range, new)| replace(text, range, &new))
}
