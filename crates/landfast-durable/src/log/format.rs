//! How a log is written: a header, then records, each bound to the one before it.
//!
//! | bytes | of the header |
//! |---|---|
//! | 0..8 | `\x89LFLOG\r\n` |
//! | 8..12 | version of the format, 1 |
//! | 12..16 | zeros |
//! | 16..32 | kind, padded with zeros |
//! | 32..48 | an id, another one for each log |
//! | 48..80 | BLAKE3 of all before |
//!
//! | bytes | of a record |
//! |---|---|
//! | 0..4 | length of the content |
//! | 4..12 | sequence number, from 1 |
//! | 12..20 | check of the two: the first bytes of their BLAKE3, keyed with the hash before |
//! | 20..52 | hash: BLAKE3 of the 20 bytes before and the content, keyed with the hash before |
//! | 52.. | content, and one byte `0xa5` |
//!
//! Numbers are little-endian. The hash before is that of the record before, or the header's. So a record says what stood
//! before it, and cannot be moved, left out or taken from another log. None of this keeps out who means harm: there is no
//! secret in it.

pub(super) const MAGIC: [u8; 8] = *b"\x89LFLOG\r\n";
pub(super) const VERSION: u32 = 1;
pub(super) const HEADER: usize = 80;
/// What stands before the content of a record.
pub(super) const LEAD: usize = 52;
/// What a whole record has as its last byte, and what a part of the disk that was never written to has not.
pub(super) const END_MARK: u8 = 0xa5;
const KIND: std::ops::Range<usize> = 16..32;
const CHECKED: usize = 20;

/// The longest kind, in bytes.
pub(super) const LONGEST_KIND: usize = 16;

const HEADER_CONTEXT: &str = "landfast-durable 2026 header of an append-only log, version 1";

pub(super) type Hash = [u8; 32];

/// What bytes at the beginning of a file say about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    Good { kind: Vec<u8>, hash: Hash },
    NotALog,
    Version(u32),
    Damaged,
}

/// A header for a new log.
pub(super) fn header(kind: &[u8], id: [u8; 16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(kind.iter().copied().chain(std::iter::repeat(0)).take(LONGEST_KIND));
    bytes.extend(id);
    let hash = blake3::derive_key(HEADER_CONTEXT, &bytes);
    bytes.extend(hash);
    bytes
}

pub(super) fn read_header(bytes: &[u8]) -> Header {
    if !bytes.starts_with(&MAGIC) {
        return Header::NotALog;
    }
    let (Some((before, hash)), Some(version)) = (bytes.split_last_chunk::<32>(), number_u32(bytes, 8)) else {
        return Header::Damaged;
    };
    if bytes.len() != HEADER || blake3::derive_key(HEADER_CONTEXT, before) != *hash {
        // The header of another version may be hashed in another way.
        return if version > VERSION && version < 1000 { Header::Version(version) } else { Header::Damaged };
    }
    if version != VERSION {
        return Header::Version(version);
    }
    let kind = bytes.get(KIND).unwrap_or_default();
    let length = kind.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    Header::Good { kind: kind.get(..length).unwrap_or_default().to_owned(), hash: *hash }
}

/// A record as it is written, with its hash. None where the content is longer than a length can say.
pub(super) fn record(before: &Hash, sequence: u64, content: &[u8]) -> Option<(Vec<u8>, Hash)> {
    let mut bytes = Vec::with_capacity(LEAD + content.len() + 1);
    bytes.extend(u32::try_from(content.len()).ok()?.to_le_bytes());
    bytes.extend(sequence.to_le_bytes());
    let check = check(before, &bytes);
    bytes.extend(check);
    let hash = record_hash(before, &bytes, content);
    bytes.extend(hash);
    bytes.extend(content);
    bytes.push(END_MARK);
    Some((bytes, hash))
}

fn check(before: &Hash, numbers: &[u8]) -> [u8; 8] {
    let hash = blake3::keyed_hash(before, numbers);
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

fn record_hash(before: &Hash, checked: &[u8], content: &[u8]) -> Hash {
    *blake3::Hasher::new_keyed(before).update(checked).update(content).finalize().as_bytes()
}

/// What stands before the content of a record, taken apart.
#[derive(Debug)]
pub(super) struct Lead {
    pub(super) length: u32,
    pub(super) sequence: u64,
    checked: [u8; CHECKED],
    pub(super) hash: Hash,
}

impl Lead {
    /// None where it was not written like this after the record before.
    pub(super) fn read(before: &Hash, bytes: &[u8; LEAD]) -> Option<Self> {
        let checked: [u8; CHECKED] = *bytes.first_chunk()?;
        let (numbers, written) = checked.split_last_chunk::<8>()?;
        if check(before, numbers) != *written {
            return None;
        }
        let (length, sequence) = numbers.split_first_chunk::<4>()?;
        Some(Self {
            length: u32::from_le_bytes(*length),
            sequence: u64::from_le_bytes(*sequence.first_chunk()?),
            checked,
            hash: *bytes.last_chunk()?,
        })
    }

    /// Whether this is the content that was written after it.
    pub(super) fn is_of(&self, before: &Hash, content: &[u8]) -> bool {
        record_hash(before, &self.checked, content) == self.hash
    }

    /// How many of the bytes before the content cannot all be zero in a record whose numbers were written.
    pub(super) const fn numbers() -> usize {
        CHECKED
    }
}

fn number_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|number| u32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_what_it_was() {
        // A log of version 1 that was written once must be read for ever.
        let header = header(b"test", *b"0123456789abcdef");
        let Header::Good { kind, hash } = read_header(&header) else { panic!("the header is good") };
        assert_eq!(kind, b"test");
        let (record, _) = record(&hash, 1, b"content").unwrap();
        let digest = blake3::hash(&[header, record].concat());
        assert_eq!(digest.to_hex().as_str(), "230756300b9f28ab6d01b6d371f9289996fb141780afc06ed45f772e9d4a93ba");
    }
}
