//! The calls of Google Cloud Storage's JSON API that the store makes.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde::Deserialize;

use super::settings::Settings;
use crate::error::{ErrorClass, StoreError, WriteOutcome};
use crate::signing::{detail, encode, http_date};
use crate::wire::{Answer, Effect, LARGE, SMALL, refused};

/// Where the note of a write is kept in the metadata of an object.
pub(super) const NOTE: &str = "landfast-note";
/// The members of an object's description that are asked for.
const MEMBERS: &str = "name,generation,size,timeCreated,timeDeleted,metadata";

/// What the API says about an object.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resource {
    pub(super) name: String,
    pub(super) generation: String,
    #[serde(default)]
    pub(super) size: Option<String>,
    #[serde(default)]
    time_created: Option<String>,
    #[serde(default)]
    pub(super) time_deleted: Option<String>,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
}

impl Resource {
    pub(super) fn created(&self) -> Option<SystemTime> {
        self.time_created.as_deref()?.parse::<jiff::Timestamp>().ok().map(Into::into)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Resource>,
    #[serde(default)]
    next_page_token: Option<String>,
}

/// An object that was read.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) generation: String,
    pub(super) modified: Option<SystemTime>,
}

/// Whether an object is encrypted with the key that the settings may have. Locks never are, as terraform's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sealed {
    ByOwnKey,
    No,
}

/// How an upload ended that was no failure.
#[derive(Debug)]
pub(super) enum Upload {
    Done(Resource),
    /// Another generation is there than the one that was named.
    OtherGeneration,
}

/// Which versions are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Versions {
    Current,
    All,
}

/// A client of the API for one bucket.
#[derive(Debug)]
pub(super) struct Api {
    settings: Settings,
}

impl Api {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    pub(super) fn bucket(&self) -> &str {
        &self.settings.bucket
    }

    /// The URL of an object, of its description.
    fn object_url(&self, object: &str) -> String {
        format!("{}b/{}/o/{}", self.settings.base, encode(&self.settings.bucket), encode(object))
    }

    async fn send(
        &self,
        place: &str,
        effect: Effect,
        request: http::request::Builder,
        body: Bytes,
        limit: usize,
    ) -> Result<Answer, StoreError> {
        let request = request.body(body).map_err(|error| {
            StoreError::new(ErrorClass::Configuration, place, "no request could be made").because(error)
        })?;
        self.settings.wire.send(place, effect, request, limit).await
    }

    fn seal(&self, mut request: http::request::Builder, sealed: Sealed) -> http::request::Builder {
        if let (Sealed::ByOwnKey, Some(headers)) = (sealed, request.headers_mut()) {
            headers.extend(self.settings.own_key.clone());
        }
        request
    }

    /// Reads an object, or one generation of it. `None` when it is not there and the bucket is.
    pub(super) async fn read(
        &self,
        place: &str,
        object: &str,
        generation: Option<&str>,
        sealed: Sealed,
    ) -> Result<Option<Object>, StoreError> {
        let mut url = format!("{}?alt=media", self.object_url(object));
        if let Some(generation) = generation {
            url.push_str(&format!("&generation={}", encode(generation)));
        }
        let request = self.seal(Request::get(url), sealed);
        let answer = self.send(place, Effect::Reads, request, Bytes::new(), LARGE).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return self.absent(place, object, &answer).await.map(|()| None),
            _ => return Err(failure(place, Effect::Reads, "reading", &answer)),
        }
        let Some(generation) = answer.header("x-goog-generation").map(str::to_owned) else {
            let message = "the answer does not say which generation of the object it is";
            return Err(StoreError::new(ErrorClass::Corrupt, place, message));
        };
        let modified = answer.header("last-modified").and_then(http_date);
        Ok(Some(Object { bytes: answer.body, generation, modified }))
    }

    /// What is known of an object without reading it.
    pub(super) async fn describe(&self, place: &str, object: &str) -> Result<Option<Resource>, StoreError> {
        let request = Request::get(format!("{}?fields={MEMBERS}", self.object_url(object)));
        let answer = self.send(place, Effect::Reads, request, Bytes::new(), SMALL).await?;
        match answer.status {
            StatusCode::OK => parse(place, &answer).map(Some),
            StatusCode::NOT_FOUND => self.absent(place, object, &answer).await.map(|()| None),
            _ => Err(failure(place, Effect::Reads, "asking for an object", &answer)),
        }
    }

    /// What "not found" means: an object that is not there is no error, a bucket that is not there is one.
    async fn absent(&self, place: &str, object: &str, answer: &Answer) -> Result<(), StoreError> {
        let text = String::from_utf8_lossy(&answer.body);
        if text.contains("No such object") {
            return Ok(());
        }
        let missing =
            || StoreError::new(ErrorClass::NotFound, place, format!("there is no bucket {}", self.settings.bucket));
        if text.contains("bucket does not exist") {
            return Err(missing());
        }
        let url = format!(
            "{}b/{}/o?maxResults=1&prefix={}",
            self.settings.base,
            encode(&self.settings.bucket),
            encode(object)
        );
        let answer = self.send(place, Effect::Reads, Request::get(url), Bytes::new(), SMALL).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            StatusCode::NOT_FOUND => Err(missing()),
            _ => Err(failure(place, Effect::Reads, "asking for the bucket", &answer)),
        }
    }

    /// Writes an object where `generation` is there now; `0` is none.
    pub(super) async fn upload(
        &self,
        place: &str,
        object: &str,
        bytes: &[u8],
        generation: &str,
        note: Option<String>,
        sealed: Sealed,
    ) -> Result<Upload, StoreError> {
        let mut url = format!(
            "{}/b/{}/o?uploadType=multipart&ifGenerationMatch={}&fields={MEMBERS}",
            self.settings.upload_base,
            encode(&self.settings.bucket),
            encode(generation),
        );
        if let (Some(key), Sealed::ByOwnKey) = (&self.settings.kms_key, sealed) {
            url.push_str(&format!("&kmsKeyName={}", encode(key)));
        }
        let mut description = serde_json::json!({"name": object, "contentType": "application/json"});
        if let (Some(note), Some(members)) = (note, description.as_object_mut()) {
            members.insert("metadata".to_owned(), serde_json::json!({NOTE: note}));
        }
        // Not in the bytes: nobody knows it before now.
        let boundary = uuid::Uuid::new_v4().simple().to_string();
        let head = format!(
            "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{description}\r\n\
             --{boundary}\r\nContent-Type: application/json\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let body: Bytes = [head.as_bytes(), bytes, tail.as_bytes()].concat().into();
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, format!("multipart/related; boundary={boundary}"))
            .header(header::CONTENT_LENGTH, body.len());
        let request = self.seal(request, sealed);
        let answer = self.send(place, Effect::Writes, request, body, SMALL).await?;
        match answer.status {
            status if status.is_success() => {
                let described = parse(place, &answer).map_err(StoreError::with_unknown_outcome)?;
                Ok(Upload::Done(described))
            }
            StatusCode::PRECONDITION_FAILED => Ok(Upload::OtherGeneration),
            StatusCode::NOT_FOUND => {
                let message = format!("there is no bucket {}", self.settings.bucket);
                Err(StoreError::new(ErrorClass::NotFound, place, message))
            }
            _ => Err(failure(place, Effect::Writes, "writing", &answer)),
        }
    }

    /// Removes one generation of an object where it is the current one.
    pub(super) async fn remove(&self, place: &str, object: &str, generation: &str) -> Result<(), StoreError> {
        let url = format!("{}?ifGenerationMatch={}", self.object_url(object), encode(generation));
        let request = Request::builder().method(Method::DELETE).uri(url);
        let answer = self.send(place, Effect::Writes, request, Bytes::new(), SMALL).await?;
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::NOT_FOUND | StatusCode::PRECONDITION_FAILED => {
                Err(StoreError::conflict(place, "the lock was taken away"))
            }
            _ => Err(failure(place, Effect::Writes, "removing the lock", &answer)),
        }
    }

    /// The objects whose name begins with `prefix`.
    pub(super) async fn list(
        &self,
        place: &str,
        prefix: &str,
        versions: Versions,
    ) -> Result<Vec<Resource>, StoreError> {
        let mut base = format!(
            "{}b/{}/o?prefix={}&fields=items({MEMBERS}),nextPageToken",
            self.settings.base,
            encode(&self.settings.bucket),
            encode(prefix),
        );
        if versions == Versions::All {
            base.push_str("&versions=true");
        }
        let mut url = base.clone();
        let mut found = Vec::new();
        loop {
            let answer = self.send(place, Effect::Reads, Request::get(url), Bytes::new(), SMALL).await?;
            match answer.status {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND => {
                    let message = format!("there is no bucket {}", self.settings.bucket);
                    return Err(StoreError::new(ErrorClass::NotFound, place, message));
                }
                _ => return Err(failure(place, Effect::Reads, "listing", &answer)),
            }
            let page: Page = parse(place, &answer)?;
            found.extend(page.items);
            match page.next_page_token.filter(|token| !token.is_empty()) {
                None => return Ok(found),
                Some(token) => url = format!("{base}&pageToken={}", encode(&token)),
            }
        }
    }
}

/// Whether a failed call may have had its effect.
pub(super) fn is_unknown(error: &StoreError) -> bool {
    error.outcome == WriteOutcome::Unknown
}

fn parse<T: serde::de::DeserializeOwned>(place: &str, answer: &Answer) -> Result<T, StoreError> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        StoreError::new(ErrorClass::Corrupt, place, "the answer is not what the API gives").because(error)
    })
}

fn failure(place: &str, effect: Effect, doing: &str, answer: &Answer) -> StoreError {
    #[derive(Deserialize)]
    struct Body {
        error: Said,
    }
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    let said = serde_json::from_slice::<Body>(&answer.body)
        .map_or_else(|_| String::from_utf8_lossy(&answer.body).into_owned(), |body| body.error.message);
    refused(place, effect, answer.status, doing, &detail(&said))
}
