//! Listing a bucket, and the versions of an object.

use percent_encoding::percent_decode_str;
use reqsign_core::time::Timestamp;
use serde::Deserialize;

use super::Inner;
use super::endpoint::escaped;
use crate::error::{ErrorClass, StoreError};
use crate::key::StateKey;
use crate::stored::{StateVersion, VersionId};

/// What the name of a lock ends with.
pub(super) const LOCK: &str = ".tflock";

/// How many versions are asked at a time who wrote them.
const AT_ONCE: usize = 16;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Objects {
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    encoding_type: Option<String>,
    #[serde(default)]
    next_continuation_token: Option<String>,
    #[serde(default)]
    contents: Vec<Object>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Object {
    key: String,
    size: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Versions {
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    encoding_type: Option<String>,
    #[serde(default)]
    next_key_marker: Option<String>,
    #[serde(default)]
    next_version_id_marker: Option<String>,
    /// Marks of deletions stand between them.
    #[serde(default, rename = "Version")]
    versions: Vec<Version>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    key: String,
    version_id: String,
    is_latest: bool,
    #[serde(default)]
    last_modified: Option<String>,
    #[serde(default)]
    size: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Versioning {
    #[serde(default)]
    status: Option<String>,
}

/// A key of a listing. Servers that were asked to encode say whether they did.
fn decoded(key: String, encoding: Option<&str>) -> String {
    if encoding != Some("url") {
        return key;
    }
    // As in forms: a plus is a space, and a real one is escaped.
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

impl Inner {
    /// The states whose key begins with `prefix`, in all workspaces.
    pub(super) async fn states(&self, prefix: &str) -> Result<Vec<StateKey>, StoreError> {
        let workspaces = &self.settings.workspace_prefix;
        let in_workspaces = format!("{workspaces}/");
        let mut states = Vec::new();
        for (path, size) in self.objects(prefix).await? {
            if size > 0 {
                states.extend(self.key_of(&path));
            }
        }
        if !prefix.is_empty() && !workspaces.is_empty() && !in_workspaces.starts_with(prefix) {
            for (path, size) in self.objects(&in_workspaces).await? {
                if size > 0 {
                    states.extend(self.key_of(&path));
                }
            }
        }
        states.retain(|state| state.key.starts_with(prefix));
        states.sort();
        states.dedup();
        Ok(states)
    }

    /// The state that an object is; `None` for what cannot be one.
    fn key_of(&self, path: &str) -> Option<StateKey> {
        if path.ends_with('/') || path.ends_with(LOCK) {
            return None;
        }
        let prefix = &self.settings.workspace_prefix;
        if prefix.is_empty() {
            // Then only the key that the configuration names tells what is a workspace.
            let (workspace, key) = path.split_once('/').filter(|(_, key)| *key == self.settings.key).unzip();
            return Some(match (workspace, key) {
                (Some(workspace), Some(key)) => StateKey::new(key).in_workspace(workspace),
                _ => StateKey::new(path),
            });
        }
        match path.strip_prefix(prefix.as_str()).and_then(|rest| rest.strip_prefix('/')) {
            None => Some(StateKey::new(path)),
            Some(rest) => {
                let (workspace, key) = rest.split_once('/')?;
                (!workspace.is_empty() && !key.is_empty()).then(|| StateKey::new(key).in_workspace(workspace))
            }
        }
    }

    /// Names and sizes of all objects whose name begins with `prefix`.
    async fn objects(&self, prefix: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let place = self.bucket_place();
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut query = format!("encoding-type=url&list-type=2&prefix={}", escaped(prefix));
            if let Some(token) = &token {
                query = format!("continuation-token={}&{query}", escaped(token));
            }
            let page: Objects = self.ask(&place, "listing", &query).await?;
            let encoding = page.encoding_type.as_deref();
            found.extend(page.contents.into_iter().map(|object| (decoded(object.key, encoding), object.size)));
            let before = token;
            token = page.next_continuation_token.filter(|_| page.is_truncated);
            if token.is_none() {
                return Ok(found);
            }
            if token == before {
                return Err(StoreError::new(ErrorClass::Corrupt, place, "the listing does not get on"));
            }
        }
    }

    /// The versions of an object, the newest first, without who wrote them.
    pub(super) async fn versions_of(&self, place: &str, path: &str) -> Result<Vec<StateVersion>, StoreError> {
        let mut found: Vec<StateVersion> = Vec::new();
        let mut markers: Option<(String, String)> = None;
        loop {
            let mut query = format!("encoding-type=url&prefix={}", escaped(path));
            if let Some((key, version)) = &markers {
                query = format!("{query}&key-marker={}", escaped(key));
                if !version.is_empty() {
                    query = format!("{query}&version-id-marker={}", escaped(version));
                }
            }
            let page: Versions = self.ask(place, "listing the versions", &format!("{query}&versions=")).await?;
            let encoding = page.encoding_type.as_deref();
            let mut is_past = false;
            for version in page.versions {
                let key = decoded(version.key, encoding);
                is_past |= key.as_str() > path;
                if key == path {
                    found.push(StateVersion {
                        modified: version.last_modified.and_then(|text| time(&text)),
                        size: version.size,
                        is_current: version.is_latest,
                        ..StateVersion::new(VersionId(version.version_id))
                    });
                }
            }
            let next = page.next_key_marker.filter(|_| page.is_truncated && !is_past);
            let next = next.map(|key| (decoded(key, encoding), page.next_version_id_marker.unwrap_or_default()));
            match next {
                Some(next) if markers.as_ref() != Some(&next) => markers = Some(next),
                Some(_) => return Err(StoreError::new(ErrorClass::Corrupt, place, "the listing does not get on")),
                None => break,
            }
        }
        if found.iter().all(|version| version.id.0 == "null") {
            // So looks a bucket without versions, or one that got them later.
            let versioning: Versioning =
                self.ask(place, "asking whether the bucket keeps versions", "versioning=").await?;
            if versioning.status.is_none() {
                let message = "the bucket keeps no versions: versioning is not enabled";
                return Err(StoreError::new(ErrorClass::Unsupported, place, message));
            }
        }
        Ok(found)
    }

    /// Adds who wrote each version and why.
    pub(super) async fn add_notes(
        self: &std::sync::Arc<Self>,
        place: &str,
        path: &str,
        versions: &mut [StateVersion],
    ) -> Result<(), StoreError> {
        for some in versions.chunks_mut(AT_ONCE) {
            let mut tasks = tokio::task::JoinSet::new();
            for (index, version) in some.iter().enumerate() {
                let (inner, place, path, id) =
                    (std::sync::Arc::clone(self), place.to_owned(), path.to_owned(), version.id.clone());
                tasks.spawn(async move { (index, inner.note(&place, &path, &id).await) });
            }
            while let Some(ended) = tasks.join_next().await {
                let (index, note) = ended.map_err(|error| {
                    StoreError::new(ErrorClass::Transient, place, "asking for the metadata was cancelled")
                        .because(error)
                })?;
                let note = note?;
                if let Some(version) = some.get_mut(index) {
                    version.note = note;
                }
            }
        }
        Ok(())
    }
}

fn time(text: &str) -> Option<std::time::SystemTime> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_system_time)
}
