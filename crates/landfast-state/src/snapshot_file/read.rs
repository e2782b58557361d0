//! Reading snapshots and observations.

use std::str::FromStr;

use bytes::Bytes;

use crate::attribute_path::{AttributePath, PathStep};
use crate::fingerprint::{Fingerprint, FingerprintKey};
use crate::json::{JsonError, JsonErrorKind, Kind, Limits, Place, RawJson, Reader, quote_safe};
use crate::moves::Move;
use crate::origin::{Origin, SourceKind};
use crate::read_error::{ReadError, VersionAge};
use crate::redact::SecretTexts;
use crate::snapshot::{Attributes, Gap, GapKind, Observation, ResourceObject, Snapshot};

/// Reads a snapshot file. Unknown members are tolerated.
///
/// # Errors
/// On bad input, on another major version of the format, and when the objects do not have the digest that stands beside
/// them.
pub fn read_snapshot(source: Bytes, file: &str, limits: &Limits) -> Result<Snapshot, ReadError> {
    read(&source, file, limits, "snapshot").map(|observation| observation.snapshot)
}

/// Reads an observation file. Unknown members are tolerated.
///
/// # Errors
/// On bad input, on another major version of the format, and when the objects do not have the digest that stands beside
/// them.
pub fn read_observation(source: Bytes, file: &str, limits: &Limits) -> Result<Observation, ReadError> {
    read(&source, file, limits, "observation")
}

/// Reads a single object as it stands in the `objects` of a snapshot file.
///
/// # Errors
/// On bad input.
pub fn read_object(source: Bytes, file: &str, limits: &Limits) -> Result<ResourceObject, ReadError> {
    let read = || {
        let mut reader = Reader::new(&source, limits)?;
        let object = read_object_in(&mut reader, &source)?;
        reader.finish()?;
        Ok(object)
    };
    read().map_err(|error| ReadError::json(file, error))
}

#[derive(Default)]
struct Parts {
    /// Which of the two the file says that it is, and where.
    kind: (String, Option<Place>),
    /// The version of the format, and where it stands.
    version: (String, Option<Place>),
    /// What the file says that its digest is, and where.
    digest: Option<(String, Place)>,
    origins: Vec<Origin>,
    objects: Vec<ResourceObject>,
    gaps: Vec<Gap>,
    moves: Vec<Move>,
}

fn read(source: &Bytes, file: &str, limits: &Limits, wanted: &'static str) -> Result<Observation, ReadError> {
    let parts = read_parts(source, file, limits).map_err(|error| ReadError::json(file, error))?;
    let start = Place::of(&[], 0);
    if parts.kind.0 != wanted {
        let wanted = if wanted == "snapshot" { "a snapshot" } else { "an observation" };
        let (file, place) = (file.to_owned(), parts.kind.1.unwrap_or(start));
        return Err(ReadError::Unrecognised { file, place, wanted, found: "a document of another kind" });
    }
    let major = parts.version.0.split('.').next().unwrap_or_default();
    if major != "1" {
        return Err(ReadError::UnsupportedVersion {
            file: file.to_owned(),
            place: parts.version.1.unwrap_or(start),
            format: if wanted == "snapshot" { "a snapshot" } else { "an observation" },
            version: quote_safe(&parts.version.0),
            supported: "1.x",
            age: if major.parse().is_ok_and(|major: u64| major > 1) { VersionAge::Later } else { VersionAge::Unheard },
        });
    }
    let snapshot = Snapshot::with_origins(parts.origins, parts.objects, SecretTexts::default())
        .map_err(|error| ReadError::Duplicate { file: file.to_owned(), error })?
        .read_from(file, source);
    // Everything sensitive in a file is a fingerprint already, so that the key does not enter.
    let key = FingerprintKey::from_bytes([0; 32]);
    if let Some((_, place)) = parts.digest.filter(|(digest, _)| *digest != snapshot.digest(&key).to_string()) {
        let kind = JsonErrorKind::Invalid(String::from("the objects of this file do not have this digest"));
        return Err(ReadError::json(file, JsonError { kind, place, path: String::from("digest") }));
    }
    let mut gaps = parts.gaps;
    gaps.sort_by(|a, b| a.address.cmp(&b.address));
    Ok(Observation { snapshot: snapshot.with_moves(parts.moves), gaps })
}

fn read_parts(source: &Bytes, file: &str, limits: &Limits) -> Result<Parts, JsonError> {
    let mut reader = Reader::new(source, limits)?;
    let mut parts = Parts::default();
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        match &*key {
            "landfast" => {
                let place = reader.place();
                parts.kind = (reader.string()?.into_owned(), Some(place));
            }
            "format_version" => {
                let place = reader.place();
                parts.version = (reader.string()?.into_owned(), Some(place));
            }
            "digest" => {
                let place = reader.place();
                parts.digest = Some((reader.string()?.into_owned(), place));
            }
            "origins" => parts.origins = list(&mut reader, |reader| read_origin(reader, file))?,
            "objects" => parts.objects = list(&mut reader, |reader| read_object_in(reader, source))?,
            "moves" => parts.moves = list(&mut reader, read_move)?,
            "gaps" => parts.gaps = list(&mut reader, read_gap)?,
            _ => drop(reader.raw()?),
        }
    }
    reader.finish()?;
    Ok(parts)
}

fn list<'a, T>(
    reader: &mut Reader<'a>,
    mut item: impl FnMut(&mut Reader<'a>) -> Result<T, JsonError>,
) -> Result<Vec<T>, JsonError> {
    let mut items = Vec::new();
    reader.enter_array()?;
    while reader.next_element()? {
        items.push(item(reader)?);
    }
    Ok(items)
}

fn read_origin(reader: &mut Reader<'_>, file: &str) -> Result<Origin, JsonError> {
    let mut origin = Origin::new(SourceKind::Snapshot, file);
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        match &*key {
            "kind" => {
                let at = reader.offset();
                let kind = SourceKind::from_name(&reader.string()?);
                origin.kind = kind.ok_or_else(|| reader.invalid_at(at, "an unknown kind of origin"))?;
            }
            "source" => origin.source = reader.string()?.into_owned(),
            "lineage" => origin.lineage = Some(reader.string()?.into_owned()),
            "terraform_version" => origin.terraform_version = Some(reader.string()?.into_owned()),
            "timestamp" => origin.timestamp = Some(reader.string()?.into_owned()),
            "serial" => origin.serial = Some(reader.unsigned()?),
            _ => drop(reader.raw()?),
        }
    }
    Ok(origin)
}

fn read_object_in(reader: &mut Reader<'_>, source: &Bytes) -> Result<ResourceObject, JsonError> {
    let at = reader.offset();
    let mut address = None;
    let mut object_attributes = Attributes::None;
    let mut provider = String::new();
    let (mut schema_version, mut tainted) = (0, false);
    let (mut fingerprints, mut unknown, mut dependencies) = (Vec::new(), Vec::new(), Vec::new());
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        match &*key {
            "address" => address = Some(parse(reader)?),
            "provider" => provider = reader.string()?.into_owned(),
            "schema_version" => schema_version = reader.unsigned()?,
            "tainted" => tainted = reader.boolean()?,
            "attributes" => {
                reader.expect(Kind::Object)?;
                object_attributes = Attributes::Nested(RawJson::from_raw(source, reader.raw()?));
            }
            "sensitive" => fingerprints = list(reader, read_fingerprint)?,
            "unknown" => unknown = list(reader, read_path)?,
            "dependencies" => dependencies = list(reader, parse)?,
            _ => drop(reader.raw()?),
        }
    }
    Ok(ResourceObject {
        address: address.ok_or_else(|| reader.invalid_at(at, "an object without `address`"))?,
        provider: provider.into(),
        schema_version,
        tainted,
        attributes: object_attributes,
        sensitive: Vec::new(),
        unknown,
        fingerprints,
        dependencies: dependencies.into(),
    })
}

fn read_fingerprint(reader: &mut Reader<'_>) -> Result<(AttributePath, Fingerprint), JsonError> {
    let at = reader.offset();
    let (mut path, mut fingerprint) = (None, None);
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        match &*key {
            "path" => path = Some(read_path(reader)?),
            "fingerprint" => fingerprint = Some(parse(reader)?),
            _ => drop(reader.raw()?),
        }
    }
    path.zip(fingerprint).ok_or_else(|| reader.invalid_at(at, "a sensitive mark without `path` and `fingerprint`"))
}

fn read_path(reader: &mut Reader<'_>) -> Result<AttributePath, JsonError> {
    let steps = list(reader, |reader| match reader.peek()? {
        Kind::String => Ok(PathStep::Key(reader.string()?.into())),
        _ => {
            let at = reader.offset();
            let index = usize::try_from(reader.unsigned()?);
            index.map(PathStep::Index).map_err(|_| reader.invalid_at(at, "an index that no list has"))
        }
    })?;
    Ok(AttributePath { steps })
}

fn read_move(reader: &mut Reader<'_>) -> Result<Move, JsonError> {
    let at = reader.offset();
    let (mut from, mut to) = (None, None);
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        match &*key {
            "from" => from = Some(parse(reader)?),
            "to" => to = Some(parse(reader)?),
            _ => drop(reader.raw()?),
        }
    }
    match (from, to) {
        (Some(from), Some(to)) => Ok(Move { from, to }),
        _ => Err(reader.invalid_at(at, "a move without `from` and `to`")),
    }
}

fn read_gap(reader: &mut Reader<'_>) -> Result<Gap, JsonError> {
    let at = reader.offset();
    let (mut address, mut kind, mut reason) = (None, None, String::new());
    reader.enter_object()?;
    while let Some(key) = reader.next_member()? {
        match &*key {
            "address" => address = Some(parse(reader)?),
            "kind" => {
                kind = match &*reader.string()? {
                    "unreadable" => Some(GapKind::Unreadable),
                    "unsupported" => Some(GapKind::Unsupported),
                    "interrupted" => Some(GapKind::Interrupted),
                    "not-sampled" => Some(GapKind::NotSampled),
                    "left-out" => Some(GapKind::LeftOut),
                    _ => None,
                };
            }
            "reason" => reason = reader.string()?.into_owned(),
            _ => drop(reader.raw()?),
        }
    }
    match address.zip(kind) {
        Some((address, kind)) => Ok(Gap { address, kind, reason }),
        None => Err(reader.invalid_at(at, "a gap without `address` and a known `kind`")),
    }
}

fn parse<T: FromStr<Err: std::fmt::Display>>(reader: &mut Reader<'_>) -> Result<T, JsonError> {
    let at = reader.offset();
    let text = reader.string()?;
    text.parse().map_err(|error: T::Err| reader.invalid_at(at, error.to_string()))
}
