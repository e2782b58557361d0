//! Members that may be `null`: documents written in Go hold `null` where a list or text is missing.

use bytes::Bytes;

use crate::json::{JsonError, RawJson, Reader};

pub(super) type Read<T> = Result<T, JsonError>;

/// A text, or `None` for `null`.
pub(super) fn text(reader: &mut Reader<'_>) -> Read<Option<Box<str>>> {
    if reader.null()? { Ok(None) } else { reader.string().map(|text| Some(text.into())) }
}

/// A boolean, or `None` for `null`.
pub(super) fn flag(reader: &mut Reader<'_>) -> Read<Option<bool>> {
    if reader.null()? { Ok(None) } else { reader.boolean().map(Some) }
}

/// Any value as a checked slice of `source`, or `None` for `null`.
pub(super) fn raw(source: &Bytes, reader: &mut Reader<'_>) -> Read<Option<RawJson>> {
    if reader.null()? { Ok(None) } else { reader.raw().map(|raw| Some(RawJson::from_raw(source, raw))) }
}

/// An object as a checked slice of `source`, or `None` for `null`.
pub(super) fn object(source: &Bytes, reader: &mut Reader<'_>) -> Read<Option<RawJson>> {
    if !reader.null()? {
        reader.expect(crate::json::Kind::Object)?;
        return raw(source, reader);
    }
    Ok(None)
}

/// Calls `member` with each key of an object; `null` has none. `member` reads the value.
pub(super) fn each_member<'a>(
    reader: &mut Reader<'a>,
    mut member: impl FnMut(&mut Reader<'a>, &str) -> Read<()>,
) -> Read<()> {
    if reader.null()? {
        return Ok(());
    }
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        member(reader, &key)?;
    }
    Ok(())
}

/// Calls `element` for each element of an array; `null` has none. `element` reads the value.
pub(super) fn each_element<'a>(
    reader: &mut Reader<'a>,
    mut element: impl FnMut(&mut Reader<'a>) -> Read<()>,
) -> Read<()> {
    if reader.null()? {
        return Ok(());
    }
    reader.enter_array()?;
    while reader.next_element()? {
        element(reader)?;
    }
    Ok(())
}

/// Passes a value that nobody asks for; it is checked all the same.
pub(super) fn pass(reader: &mut Reader<'_>) -> Read<()> {
    reader.raw().map(drop)
}
