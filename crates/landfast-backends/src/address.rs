//! Where a state is, as people write it and as configurations name it.

use std::fmt;

use serde_json::{Map, Value};

use crate::error::{ErrorClass, StoreError};
use crate::key::{DEFAULT_WORKSPACE, StateKey};
use crate::stored::VersionId;

/// A kind of store, with what configures it and the state that is meant in it.
///
/// The attributes are those of terraform's backend block of that kind, so that a URL, a backend block and an initialised working
/// directory all end in the same settings. They may hold credentials; [`fmt::Debug`] shows their names only.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct StateAddress {
    /// Kind of the store, as terraform's backend is called: `local`, `s3`, `azurerm`, `gcs`, `pg`, `http`.
    pub kind: String,
    /// Attributes of the backend.
    pub attributes: Map<String, Value>,
    /// The state that is meant.
    pub key: StateKey,
}

impl fmt::Debug for StateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateAddress")
            .field("kind", &self.kind)
            .field("attributes", &self.attributes.keys().collect::<Vec<_>>())
            .field("key", &self.key)
            .finish()
    }
}

/// Which version of a state is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionSelector {
    /// The one with this serial: `prod.tfstate@7`.
    Serial(u64),
    /// The one that the store, or our history, calls so: `s3://bucket/key@3HL4kqtJlcpXroDTDm`.
    Version(VersionId),
}

impl VersionSelector {
    /// Takes `@serial` or `@version` off the end of a path or URL. Only an `@` behind the last `/` counts, and something must
    /// stand on both sides of it.
    ///
    /// ```
    /// use landfast_backends::VersionSelector;
    ///
    /// assert_eq!(VersionSelector::split("prod.tfstate@7"), ("prod.tfstate", Some(VersionSelector::Serial(7))));
    /// assert_eq!(VersionSelector::split("pg://alice@db/states"), ("pg://alice@db/states", None));
    /// ```
    #[must_use]
    pub fn split(text: &str) -> (&str, Option<Self>) {
        let name_at = text.rfind('/').map_or(0, |slash| slash + 1);
        let Some((base, version)) = text.rsplit_once('@') else { return (text, None) };
        if base.len() <= name_at || version.is_empty() {
            return (text, None);
        }
        let selector = match version.parse() {
            Ok(serial) => Self::Serial(serial),
            Err(_) => Self::Version(VersionId(version.to_owned())),
        };
        (base, Some(selector))
    }
}

impl fmt::Display for VersionSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(serial) => write!(f, "@{serial}"),
            Self::Version(version) => write!(f, "@{version}"),
        }
    }
}

/// Query members of a URL that say which state is meant and not how the store is configured.
const WORKSPACE: &str = "workspace";

impl StateAddress {
    /// An address from the kind and the attributes of a backend, as a backend block or the record of an initialised working
    /// directory holds them. Attributes that are null are left out.
    ///
    /// # Errors
    /// When an attribute that names the state is missing or no text.
    pub fn from_backend(kind: &str, attributes: &Map<String, Value>, workspace: &str) -> Result<Self, StoreError> {
        let mut attributes = attributes.clone();
        attributes.retain(|_, value| !value.is_null());
        let text = |name: &str| attributes.get(name).and_then(Value::as_str).map(str::to_owned);
        let key = match kind {
            "s3" | "azurerm" => text("key").ok_or_else(|| {
                StoreError::new(ErrorClass::Configuration, format!("backend {kind}"), "the attribute key is missing")
            })?,
            "local" => text("path").unwrap_or_else(|| "terraform.tfstate".to_owned()),
            "gcs" => text("prefix").unwrap_or_default(),
            _ => String::new(),
        };
        let key = StateKey { key, workspace: workspace.to_owned() };
        Ok(Self { kind: kind.to_owned(), attributes, key })
    }

    /// Reads a path or the URL of a state.
    ///
    /// | written | kind |
    /// |---|---|
    /// | a path, `file:PATH` | `local` |
    /// | `s3://BUCKET/KEY` | `s3` |
    /// | `azurerm://ACCOUNT/CONTAINER/KEY` | `azurerm` |
    /// | `gs://BUCKET/PREFIX`, `gcs://…` | `gcs` |
    /// | `pg://…`, `postgres://…` | `pg`: the connection string |
    /// | `http://…`, `https://…` | `http`: the address |
    ///
    /// Behind `?`, `workspace=NAME` chooses the workspace, and everything else is an attribute of terraform's backend of that
    /// kind, as `region=eu-west-1`; `true` and `false` are booleans. Members of `endpoints` are written with a dot:
    /// `endpoints.s3=…`. What is no attribute in a `pg` URL belongs to the connection string. The query of an `http` URL belongs to the address. Parts of a URL are percent-decoded.
    ///
    /// # Errors
    /// When the URL has no such parts, or its scheme is not known.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
            let path = text.strip_prefix("file:").unwrap_or(text);
            return Self::from_backend("local", &one("path", path), DEFAULT_WORKSPACE);
        };
        match scheme {
            "file" => Self::from_backend("local", &one("path", rest), DEFAULT_WORKSPACE),
            "http" | "https" => Self::from_backend("http", &one("address", text), DEFAULT_WORKSPACE),
            "s3" => Self::of_parts("s3", text, rest, &["bucket", "key"]),
            "azurerm" => Self::of_parts("azurerm", text, rest, &["storage_account_name", "container_name", "key"]),
            "gs" | "gcs" => Self::of_parts("gcs", text, rest, &["bucket", "prefix"]),
            "pg" | "postgres" | "postgresql" => {
                let (base, mut own) = take_own(rest);
                let workspace = own.remove(WORKSPACE);
                own.insert("conn_str".to_owned(), format!("postgres://{base}").into());
                let workspace = workspace.as_ref().and_then(Value::as_str).unwrap_or(DEFAULT_WORKSPACE);
                Self::from_backend("pg", &own, workspace)
            }
            _ => Err(StoreError::new(
                ErrorClass::Configuration,
                without_credentials(text),
                format!(
                    "there is no store for {scheme} URLs: s3, azurerm, gs, pg, http and https are known, and paths"
                ),
            )),
        }
    }

    /// An address whose path has the given parts, of which the last one takes what is left.
    fn of_parts(kind: &str, url: &str, rest: &str, parts: &[&str]) -> Result<Self, StoreError> {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut attributes = Map::new();
        let mut values = path.splitn(parts.len(), '/');
        for part in parts {
            let value = values.next().filter(|value| !value.is_empty());
            match value {
                Some(value) => drop(attributes.insert((*part).to_owned(), decode(value).into())),
                None if *part == "prefix" => {}
                None => {
                    let message = format!("the URL lacks the {part}: {kind} URLs are {kind}://{}", parts.join("/"));
                    return Err(StoreError::new(ErrorClass::Configuration, without_credentials(url), message));
                }
            }
        }
        let mut workspace = DEFAULT_WORKSPACE.to_owned();
        for (name, value) in
            query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "true")))
        {
            let (name, value) = (decode(name), decode(value));
            if name == WORKSPACE {
                workspace = value;
                continue;
            }
            let value = match value.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::String(value),
            };
            match name.split_once('.') {
                Some((outer, inner)) => {
                    if let Some(members) =
                        attributes.entry(outer).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
                    {
                        members.insert(inner.to_owned(), value);
                    }
                }
                None => drop(attributes.insert(name, value)),
            }
        }
        Self::from_backend(kind, &attributes, &workspace)
    }
}

fn one(name: &str, value: &str) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), Value::String(value.to_owned()))])
}

fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Members of the query of a `pg` URL that are not the connection's.
const OWN: &[&str] = &[WORKSPACE, "schema_name", "skip_schema_creation", "skip_table_creation", "skip_index_creation"];

/// Takes them out of the URL.
fn take_own(url: &str) -> (String, Map<String, Value>) {
    let Some((base, query)) = url.split_once('?') else { return (url.to_owned(), Map::new()) };
    let mut own = Map::new();
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some((name, value)) if OWN.contains(&name) => drop(own.insert(name.to_owned(), decode(value).into())),
            _ => kept.push(pair),
        }
    }
    let query = kept.join("&");
    (if query.is_empty() { base.to_owned() } else { format!("{base}?{query}") }, own)
}

/// Decodes `%41`; what is no such escape stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| after.split_at_checked(2))
            .flatten()
            .and_then(|(hex, after)| Some((u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?, after)));
        let (byte, after) = escaped.unwrap_or((byte, after));
        decoded.push(byte);
        rest = after;
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

/// A URL without user, password and query, for messages.
#[must_use]
pub fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_become_the_attributes_of_backends() {
        let address = StateAddress::parse(
            "s3://states/prod/net%20work.tfstate?region=eu-west-1&use_lockfile=true&workspace=blue&endpoints.s3=http://127.0.0.1:1",
        )
        .unwrap();
        assert_eq!(address.kind, "s3");
        assert_eq!(address.key, StateKey::new("prod/net work.tfstate").in_workspace("blue"));
        assert_eq!(
            Value::Object(address.attributes),
            serde_json::json!({
                "bucket": "states", "key": "prod/net work.tfstate", "region": "eu-west-1", "use_lockfile": true,
                "endpoints": {"s3": "http://127.0.0.1:1"},
            })
        );
        let pg = "pg://alice@db:5432/states?schema_name=s&sslmode=disable&workspace=blue";
        let pg = StateAddress::parse(pg).unwrap();
        assert_eq!(pg.attributes["schema_name"], "s");
        assert_eq!(pg.attributes["conn_str"], "postgres://alice@db:5432/states?sslmode=disable");
        assert_eq!(pg.key, StateKey::new("").in_workspace("blue"));
        assert_eq!(StateAddress::parse("a/b.tfstate").unwrap().key, StateKey::new("a/b.tfstate"));
        assert_eq!(StateAddress::parse("C:/b.tfstate").unwrap().kind, "local");
        assert_eq!(StateAddress::parse("gs://bucket").unwrap().key, StateKey::new(""));
    }

    #[test]
    fn what_is_wrong_is_said_without_credentials() {
        for (url, message) in [
            ("s3://bucket", "s3://bucket: the URL lacks the key: s3 URLs are s3://bucket/key"),
            (
                "ftp://me:hunter2@host/a?token=hunter2",
                "ftp://host/a: there is no store for ftp URLs: s3, azurerm, gs, pg, http and https are known, and paths",
            ),
        ] {
            assert_eq!(StateAddress::parse(url).unwrap_err().to_string(), message);
        }
        let address = StateAddress::parse("pg://me:hunter2@host/db").unwrap();
        assert!(!format!("{address:?}").contains("hunter2"));
    }
}
