//! Objects: reading, conditional writing, deleting, listing, and the versions of one.

use bytes::Bytes;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, LAST_MODIFIED};
use reqwest::{Method, StatusCode, Url};

use super::Inner;
use super::client::{Call, Refusal, Service, is_unmet, refused};
use super::note;
use super::settings::Encryption;
use crate::error::{ErrorClass, StoreError};
use crate::stored::{Etag, StoredState, VersionId, WriteNote};
use crate::wire::{Answer, Effect, LARGE, SMALL};

/// What a write needs to find.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Absent,
    Etag(String),
}

/// How a conditional write ended.
#[derive(Debug)]
pub(super) enum Put {
    Written {
        etag: Option<Etag>,
        version: Option<VersionId>,
    },
    /// Something else is there than the condition says.
    Unmet,
}

/// How often a write is tried again that met another one at the same moment.
const COLLISIONS: u32 = 5;

const SSE: HeaderName = HeaderName::from_static("x-amz-server-side-encryption");
const SSE_KMS_KEY: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-aws-kms-key-id");
const CUSTOMER_ALGORITHM: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-customer-algorithm");
const CUSTOMER_KEY: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-customer-key");
const CUSTOMER_MD5: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-customer-key-md5");
const ACL: HeaderName = HeaderName::from_static("x-amz-acl");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Inner {
    fn call(&self, effect: Effect, method: Method, url: Url) -> Call {
        let (headers, body) = (Vec::new(), Bytes::new());
        Call { service: Service::S3, effect, method, url, headers, body, limit: SMALL }
    }

    fn url(&self, path: &str, query: &str) -> Result<Url, StoreError> {
        let mut url = self.settings.endpoints.object(&self.settings.bucket, path)?;
        if !query.is_empty() {
            url.set_query(Some(query));
        }
        Ok(url)
    }

    fn customer_key(&self, headers: &mut Vec<(HeaderName, HeaderValue)>) {
        if let Encryption::Customer { key, md5 } = &self.settings.encryption {
            headers.push((CUSTOMER_ALGORITHM, HeaderValue::from_static("AES256")));
            headers.push((CUSTOMER_KEY, key.clone()));
            headers.push((CUSTOMER_MD5, md5.clone()));
        }
    }

    /// Reads an object, or one version of it; `None` when it is not there.
    pub(super) async fn get(
        &self,
        place: &str,
        path: &str,
        version: Option<&VersionId>,
    ) -> Result<Option<StoredState>, StoreError> {
        let query =
            version.map_or_else(String::new, |version| format!("versionId={}", super::endpoint::escaped(&version.0)));
        let mut call = self.call(Effect::Reads, Method::GET, self.url(path, &query)?);
        call.limit = LARGE;
        call.headers.push((CACHE_CONTROL, HeaderValue::from_static("no-cache")));
        self.customer_key(&mut call.headers);
        let answer = self.client.send(place, call).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND if Refusal::of(&answer).code == "NoSuchKey" => return Ok(None),
            _ => return Err(refused(place, Effect::Reads, "reading", &answer)),
        }
        let (etag, version, modified) = (etag_of(&answer), version_of(&answer), modified_of(&answer));
        Ok(Some(StoredState::new(answer.body).with_etag(etag).with_version(version).with_modified(modified)))
    }

    /// The entity tag of what is there; `None` when nothing is, or when the server gives none.
    pub(super) async fn tag(&self, place: &str, path: &str) -> Result<Option<Etag>, StoreError> {
        let mut call = self.call(Effect::Reads, Method::HEAD, self.url(path, "")?);
        self.customer_key(&mut call.headers);
        let answer = self.client.send(place, call).await?;
        match answer.status {
            StatusCode::OK => Ok(etag_of(&answer)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(refused(place, Effect::Reads, "asking for an object", &answer)),
        }
    }

    /// Writes an object where the condition holds.
    pub(super) async fn put(
        &self,
        place: &str,
        path: &str,
        body: Bytes,
        condition: &Condition,
        note: Option<&WriteNote>,
    ) -> Result<Put, StoreError> {
        let mut headers = vec![(CONTENT_TYPE, JSON)];
        headers.push(match condition {
            Condition::Absent => (IF_NONE_MATCH, HeaderValue::from_static("*")),
            Condition::Etag(etag) => (IF_MATCH, etag_header(place, etag)?),
        });
        match &self.settings.encryption {
            Encryption::OfTheBucket => {}
            Encryption::Managed => headers.push((SSE, HeaderValue::from_static("AES256"))),
            Encryption::Kms(key) => {
                headers.push((SSE, HeaderValue::from_static("aws:kms")));
                headers.push((SSE_KMS_KEY, key.clone()));
            }
            Encryption::Customer { .. } => self.customer_key(&mut headers),
        }
        headers.extend(self.settings.acl.clone().map(|acl| (ACL, acl)));
        headers.extend(note.and_then(note::header).map(|value| (note::NAME, value)));
        let url = self.url(path, "")?;
        let mut collisions = 0;
        loop {
            let mut call = self.call(Effect::Writes, Method::PUT, url.clone());
            call.headers.clone_from(&headers);
            call.body = body.clone();
            let answer = self.client.send(place, call).await?;
            let code = if answer.status.is_success() { String::new() } else { Refusal::of(&answer).code };
            match (answer.status, code.as_str(), condition) {
                (status, _, _) if status.is_success() => {
                    return Ok(Put::Written { etag: etag_of(&answer), version: version_of(&answer) });
                }
                // Nothing was written, and nothing is known about what is there: S3 asks to try again.
                (StatusCode::CONFLICT, "ConditionalRequestConflict", _) if collisions < COLLISIONS => {
                    collisions += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(50 << collisions)).await;
                }
                (StatusCode::NOT_FOUND, "NoSuchKey" | "", Condition::Etag(_)) => return Ok(Put::Unmet),
                _ if is_unmet(&answer) => return Ok(Put::Unmet),
                _ => return Err(refused(place, Effect::Writes, "writing", &answer)),
            }
        }
    }

    /// Deletes an object, where it is still the one with this tag as far as the server looks at that.
    pub(super) async fn delete(&self, place: &str, path: &str, etag: Option<&Etag>) -> Result<(), StoreError> {
        let mut condition = etag.map(|etag| etag_header(place, &etag.0)).transpose()?;
        loop {
            let mut call = self.call(Effect::Writes, Method::DELETE, self.url(path, "")?);
            let is_conditional = condition.is_some();
            call.headers.extend(condition.take().map(|etag| (IF_MATCH, etag)));
            let answer = self.client.send(place, call).await?;
            match answer.status {
                status if status.is_success() => return Ok(()),
                StatusCode::NOT_IMPLEMENTED if is_conditional => {}
                _ if is_unmet(&answer) => return Err(StoreError::conflict(place, "it was replaced at this moment")),
                _ => return Err(refused(place, Effect::Writes, "deleting", &answer)),
            }
        }
    }

    /// Who wrote a version and why.
    pub(super) async fn note(
        &self,
        place: &str,
        path: &str,
        version: &VersionId,
    ) -> Result<Option<WriteNote>, StoreError> {
        let query = format!("versionId={}", super::endpoint::escaped(&version.0));
        let mut call = self.call(Effect::Reads, Method::HEAD, self.url(path, &query)?);
        self.customer_key(&mut call.headers);
        let answer = self.client.send(place, call).await?;
        match answer.status {
            StatusCode::OK => Ok(note::of(answer.header(note::NAME.as_str()))),
            // It was removed in between.
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(refused(place, Effect::Reads, "reading the metadata of a version", &answer)),
        }
    }

    /// Asks the bucket something; the answer is XML.
    pub(super) async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        place: &str,
        doing: &str,
        query: &str,
    ) -> Result<T, StoreError> {
        let answer = self.client.send(place, self.call(Effect::Reads, Method::GET, self.url("", query)?)).await?;
        if !answer.status.is_success() {
            return Err(refused(place, Effect::Reads, doing, &answer));
        }
        let text = String::from_utf8_lossy(&answer.body);
        quick_xml::de::from_str(&text).map_err(|error| {
            let message = format!("{doing} was answered with something that is not what S3 says");
            StoreError::new(ErrorClass::Corrupt, place, message).because(error)
        })
    }
}

fn etag_header(place: &str, etag: &str) -> Result<HeaderValue, StoreError> {
    HeaderValue::from_str(etag)
        .map_err(|_| StoreError::conflict(place, "what is expected has an entity tag that this store never gave"))
}

fn etag_of(answer: &Answer) -> Option<Etag> {
    answer.header("etag").map(|etag| Etag(etag.to_owned()))
}

/// The version; `null` is how S3 calls what a bucket without versions holds.
fn version_of(answer: &Answer) -> Option<VersionId> {
    answer.header("x-amz-version-id").filter(|version| *version != "null").map(|version| VersionId(version.to_owned()))
}

fn modified_of(answer: &Answer) -> Option<std::time::SystemTime> {
    let text = answer.header(LAST_MODIFIED.as_str())?;
    reqsign_core::time::Timestamp::parse_rfc2822(text).ok().map(reqsign_core::time::Timestamp::as_system_time)
}
