//! Reading lines that somebody else writes, with a bound on their length.

use std::io::{self, BufRead};

/// What stood in the first line of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FirstLine {
    /// A whole line, without its end.
    Line(Vec<u8>),
    /// More bytes than the limit, and no end of a line among them.
    TooLong,
    /// The output ended before a line did.
    Ended,
}

impl FirstLine {
    /// Reads it. Of a line that is too long no more is read than `limit`.
    pub(crate) fn read(from: &mut impl BufRead, limit: usize) -> Self {
        match read_line(from, limit) {
            Ok(Some(line)) if line.end == LineEnd::Newline => Self::Line(line.bytes),
            Ok(Some(line)) if line.end == LineEnd::Limit => Self::TooLong,
            _ => Self::Ended,
        }
    }
}

/// How a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    Newline,
    /// There is more of it.
    Limit,
    Output,
}

struct Line {
    bytes: Vec<u8>,
    end: LineEnd,
}

/// Calls `take` with each line until the output ends. Of a line that is longer than `limit` the beginning is given.
pub(crate) fn each_line(from: &mut impl BufRead, limit: usize, mut take: impl FnMut(&[u8])) {
    let mut inside = false;
    while let Ok(Some(line)) = read_line(from, limit) {
        if !inside {
            take(&line.bytes);
        }
        inside = line.end == LineEnd::Limit;
    }
}

/// The next line, or at most `limit` bytes of it; `None` at the end.
fn read_line(from: &mut impl BufRead, limit: usize) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    loop {
        let buffer = match from.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            return Ok((!bytes.is_empty()).then_some(Line { bytes, end: LineEnd::Output }));
        }
        let room = limit.saturating_sub(bytes.len()).min(buffer.len());
        let part = buffer.get(..room).unwrap_or_default();
        if let Some(at) = part.iter().position(|byte| *byte == b'\n') {
            bytes.extend_from_slice(part.get(..at).unwrap_or_default());
            from.consume(at + 1);
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
            return Ok(Some(Line { bytes, end: LineEnd::Newline }));
        }
        bytes.extend_from_slice(part);
        from.consume(room);
        if bytes.len() >= limit {
            return Ok(Some(Line { bytes, end: LineEnd::Limit }));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(text: &str, limit: usize) -> Vec<String> {
        let mut found = Vec::new();
        // A small buffer, so that lines do not fit into it.
        let mut from = BufReader::with_capacity(3, text.as_bytes());
        each_line(&mut from, limit, |line| found.push(String::from_utf8(line.to_vec()).unwrap()));
        found
    }

    #[test]
    fn lines_are_given_without_their_ends_and_long_ones_cut() {
        assert_eq!(lines("one\r\n\ntwo\nlast", 100), ["one", "", "two", "last"]);
        assert_eq!(lines("0123456789\nshort\n0123456789012345\nend\n", 6), ["012345", "short", "012345", "end"]);
        assert_eq!(lines("", 6), [""; 0]);
    }

    #[test]
    fn the_first_line_must_end_within_the_limit() {
        let first = |text: &str| FirstLine::read(&mut BufReader::with_capacity(3, text.as_bytes()), 8);
        assert_eq!(first("1|6\nrest"), FirstLine::Line(b"1|6".to_vec()));
        assert_eq!(first("0123456\n"), FirstLine::Line(b"0123456".to_vec()));
        assert_eq!(first("012345678"), FirstLine::TooLong);
        assert_eq!(first("1|6"), FirstLine::Ended);
        assert_eq!(first(""), FirstLine::Ended);
    }
}
