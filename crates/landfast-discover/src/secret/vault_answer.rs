//! What Vault and OpenBao answer.

use std::time::Duration;

use landfast_state::json::{Limits, Raw};
use landfast_state::{Sensitive, Value};

/// Where a path is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// With the slash at its end.
    pub(super) path: String,
    pub(super) kind: MountKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MountKind {
    /// Paths have versions, and the engine puts `data` between the mount and the path.
    Versioned,
    /// What is at a path is what it answers.
    Plain,
}

/// How long a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    /// `None` where it does not end.
    pub(super) time: Option<Duration>,
    pub(super) is_renewable: bool,
}

fn parsed(body: &[u8]) -> Option<Raw<'_>> {
    Raw::check(body, &Limits::default()).ok()
}

pub(super) fn mount(body: &[u8]) -> Option<Mount> {
    let data = parsed(body)?.get("data")?;
    let path = data.get("path")?.as_string()?.into_owned();
    let version = data.get("options").and_then(|options| options.get("version")?.as_string());
    let kind = if version.as_deref() == Some("2") { MountKind::Versioned } else { MountKind::Plain };
    Some(Mount { path, kind })
}

/// A field of a secret; `Err` with the names of the fields that it has.
pub(super) fn field(body: &[u8], kind: MountKind, name: &str) -> Option<Result<Sensitive, Vec<String>>> {
    let data = parsed(body)?.get("data")?;
    let fields = match kind {
        MountKind::Plain => data,
        MountKind::Versioned => data.get("data")?,
    };
    let members = fields.members()?;
    Some(match fields.get(name) {
        Some(value) => Ok(Sensitive::new(Value::from_raw(value, &[]))),
        None => Err(members.map(|(name, _)| name.into_owned()).collect()),
    })
}

/// What an answer to `lookup-self` or `renew-self` says about the token.
pub(super) fn lease(body: &[u8]) -> Option<Lease> {
    let body = parsed(body)?;
    let (part, time) = match body.get("auth").filter(|auth| !auth.is_null()) {
        Some(auth) => (auth, "lease_duration"),
        None => (body.get("data")?, "ttl"),
    };
    let seconds: u64 = part.get(time)?.as_str().parse().ok()?;
    let is_renewable = part.get("renewable").is_some_and(|renewable| renewable.as_str() == "true");
    Some(Lease { time: (seconds > 0).then(|| Duration::from_secs(seconds)), is_renewable })
}

/// What the server says is wrong, without what a terminal would obey.
pub(super) fn said(body: &[u8]) -> String {
    let errors = parsed(body).and_then(|body| body.get("errors")?.elements());
    let texts: Vec<String> = errors.into_iter().flatten().filter_map(|it| it.as_string()).map(Into::into).collect();
    let one_line = texts.join("; ").chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect::<String>();
    one_line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_both_versions_of_the_engine() {
        let plain = br#"{"data": {"a": "x", "n": {"b": 1}}}"#;
        let found = field(plain, MountKind::Plain, "a").unwrap().unwrap();
        assert_eq!(found.expose(), Some(&Value::String("x".to_owned())));
        assert_eq!(field(plain, MountKind::Plain, "b").unwrap().unwrap_err(), ["a", "n"]);
        let versioned = br#"{"data": {"data": {"a": "y"}, "metadata": {"version": 3}}}"#;
        let found = field(versioned, MountKind::Versioned, "a").unwrap().unwrap();
        assert_eq!(found.expose(), Some(&Value::String("y".to_owned())));
        assert!(field(br#"{"data": {"data": null}}"#, MountKind::Versioned, "a").is_none());
        assert!(field(b"<html>", MountKind::Plain, "a").is_none());
    }

    #[test]
    fn leases_are_read_of_both_answers() {
        let looked_up = lease(br#"{"auth": null, "data": {"ttl": 60, "renewable": true}}"#).unwrap();
        assert_eq!(looked_up, Lease { time: Some(Duration::from_secs(60)), is_renewable: true });
        let renewed = lease(br#"{"auth": {"lease_duration": 5, "renewable": false}, "data": null}"#).unwrap();
        assert_eq!(renewed, Lease { time: Some(Duration::from_secs(5)), is_renewable: false });
        assert_eq!(lease(br#"{"data": {"ttl": 0, "renewable": false}}"#).unwrap().time, None);
    }
}
