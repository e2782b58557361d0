//! The requests of terraform's `http` backend, and what their answers mean.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use landfast_state::BytesDigest;
use md5::{Digest as _, Md5};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use reqwest::{Request, StatusCode, Url};

use super::settings::{Endpoint, LockEndpoints, Settings};
use crate::address::without_credentials;
use crate::error::{ErrorClass, StoreError};
use crate::lock_info::LockInfo;
use crate::store::Reread;
use crate::stored::{Etag, StoredState, Written};
use crate::wire::{Answer, Effect, LARGE, SMALL, Wire, refused};

/// How many redirects are followed, as many as Go follows.
const REDIRECTS: usize = 10;
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// One address of states, and how to speak to it.
#[derive(Debug)]
pub(super) struct Protocol {
    place: String,
    wire: Wire,
    update: Endpoint,
    locking: LockEndpoints,
    authorization: Option<HeaderValue>,
}

/// What was found at the address.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) state: Option<StoredState>,
    /// Whether the server says that there is nothing, not even something empty.
    is_missing: bool,
}

impl Protocol {
    pub(super) fn new(settings: Settings) -> Result<Self, StoreError> {
        let Settings { place, update, locking, credentials, tls, .. } = settings;
        let authorization = credentials.map(|(name, password)| {
            let text = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
            let value = HeaderValue::from_str(&text);
            value.map(|mut value| {
                value.set_sensitive(true);
                value
            })
        });
        let authorization = authorization.transpose().map_err(|_| {
            StoreError::new(ErrorClass::Configuration, place.as_str(), "the user name or password cannot be sent")
        })?;
        let wire = Wire::new(&place, |builder| tls.adjust(builder))?;
        Ok(Self { place, wire, update, locking, authorization })
    }

    /// The address, without credentials and query.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn can_lock(&self) -> bool {
        self.locking.is_ok()
    }

    fn endpoints(&self) -> Result<&(Endpoint, Endpoint), StoreError> {
        self.locking.as_ref().map_err(|why| StoreError::new(ErrorClass::Unsupported, self.place(), *why))
    }

    pub(super) async fn read(&self) -> Result<Found, StoreError> {
        let answer = self.get(&[]).await?;
        self.found(&answer)
    }

    /// Reads again what is known, where the server named it: then it may say that it is the same.
    pub(super) async fn read_again(&self, known: &StoredState) -> Result<Reread, StoreError> {
        let condition = known.etag.as_ref().map(|etag| (IF_NONE_MATCH, etag.0.as_str()));
        let answer = self.get(condition.as_slice()).await?;
        if condition.is_some() && answer.status == StatusCode::NOT_MODIFIED {
            return Ok(Reread::Unchanged);
        }
        Ok(Reread::of(self.found(&answer)?.state, known))
    }

    async fn get(&self, headers: &[(HeaderName, &str)]) -> Result<Answer, StoreError> {
        let get = Endpoint { url: self.update.url.clone(), method: reqwest::Method::GET };
        self.exchange(&get, None, headers, LARGE, "reading the state").await
    }

    /// What the answer to a GET holds.
    fn found(&self, answer: &Answer) -> Result<Found, StoreError> {
        let is_missing = match answer.status {
            StatusCode::OK => false,
            StatusCode::NO_CONTENT => return Ok(Found { state: None, is_missing: false }),
            StatusCode::NOT_FOUND => true,
            status => return Err(refused(&self.place, Effect::Reads, status, "reading the state", "")),
        };
        if is_missing || answer.body.is_empty() {
            return Ok(Found { state: None, is_missing });
        }
        if let Some(announced) = answer.header(CONTENT_MD5.as_str())
            && STANDARD.decode(announced).ok().as_deref() != Some(&*Md5::digest(&answer.body))
        {
            let message = "what was received does not have the MD5 that the server announced";
            return Err(StoreError::new(ErrorClass::Corrupt, self.place(), message));
        }
        let modified = answer.header("last-modified").and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
        let state = StoredState::new(answer.body.clone())
            .with_etag(etag(answer))
            .with_modified(modified.map(|time| time.timestamp().into()));
        Ok(Found { state: Some(state), is_missing })
    }

    /// Writes under the lock `id`. `found` is what was read under it and is to be replaced.
    pub(super) async fn write(&self, bytes: &Bytes, found: &Found, id: &str) -> Result<Written, StoreError> {
        const DOING: &str = "writing the state";
        let mut endpoint = self.update.clone();
        let kept: Vec<_> = endpoint.url.query_pairs().into_owned().filter(|(name, _)| name != "ID").collect();
        endpoint.url.query_pairs_mut().clear().extend_pairs(kept).append_pair("ID", id);
        let condition = match &found.state {
            Some(state) => state.etag.as_ref().map(|etag| (IF_MATCH, etag.0.as_str())),
            None if found.is_missing => Some((IF_NONE_MATCH, "*")),
            None => None,
        };
        let answer = self.exchange(&endpoint, Some(bytes), condition.as_slice(), SMALL, DOING).await?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => {
                Ok(Written::new(BytesDigest::of(bytes)).with_etag(etag(&answer)))
            }
            StatusCode::PRECONDITION_FAILED => {
                Err(StoreError::conflict(self.place(), "another state is there than was read"))
            }
            StatusCode::CONFLICT | StatusCode::LOCKED => {
                let message = format!("the server answered with {}: the lock was taken away", answer.status);
                Err(StoreError::conflict(self.place(), message))
            }
            status if status.is_success() => {
                let message = format!("{DOING} was answered with {status}, which acknowledges nothing");
                Err(StoreError::new(ErrorClass::Unsupported, self.place(), message).with_unknown_outcome())
            }
            status => Err(refused(&self.place, Effect::Writes, status, DOING, "")),
        }
    }

    /// Takes the lock.
    pub(super) async fn lock(&self, info: &LockInfo) -> Result<(), StoreError> {
        let (lock, _) = self.endpoints()?;
        let body = Bytes::from(info.to_json());
        let answer = match self.exchange(lock, Some(&body), &[], SMALL, "locking").await {
            Err(error) if error.outcome == crate::WriteOutcome::Unknown => {
                return Err(self.take_back(info, error).await);
            }
            answer => answer?,
        };
        match answer.status {
            StatusCode::OK => Ok(()),
            StatusCode::CONFLICT | StatusCode::LOCKED => {
                Err(StoreError::locked(self.place(), LockInfo::from_json(&answer.body)))
            }
            status if status.is_success() => {
                let message = format!("locking was answered with {status}, which terraform does not take for a lock");
                let error = StoreError::new(ErrorClass::Unsupported, self.place(), message);
                Err(self.take_back(info, error).await)
            }
            status => {
                let error = refused(&self.place, Effect::Writes, status, "locking", "");
                match error.outcome {
                    crate::WriteOutcome::Unknown => Err(self.take_back(info, error).await),
                    crate::WriteOutcome::NotWritten => Err(error),
                }
            }
        }
    }

    /// Gives back what may have been locked, by its id, so that no lock stays that nobody holds.
    async fn take_back(&self, info: &LockInfo, mut error: StoreError) -> StoreError {
        match self.unlock(info).await {
            Ok(()) => error.outcome = crate::WriteOutcome::NotWritten,
            Err(why) if why.class == ErrorClass::Conflict => error.outcome = crate::WriteOutcome::NotWritten,
            Err(_) => error.message.push_str(&format!("; if there is a lock now, its id is {}", info.id)),
        }
        error
    }

    /// Removes the lock that `info` describes.
    pub(super) async fn unlock(&self, info: &LockInfo) -> Result<(), StoreError> {
        let (_, unlock) = self.endpoints()?;
        let body = Bytes::from(info.to_json());
        let answer = self.exchange(unlock, Some(&body), &[], SMALL, "unlocking").await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            StatusCode::CONFLICT | StatusCode::LOCKED | StatusCode::NOT_FOUND => {
                let message = format!("unlocking was answered with {}: the lock is not ours any more", answer.status);
                Err(StoreError::conflict(self.place(), message))
            }
            status => Err(refused(&self.place, Effect::Writes, status, "unlocking", "")),
        }
    }

    /// Who holds the lock. The protocol has no question for it, so the lock is asked for, and given back at once where
    /// nobody held it.
    pub(super) async fn holder(&self) -> Result<Option<LockInfo>, StoreError> {
        let mut probe = LockInfo::new("looking who holds the lock", "landfast", std::time::SystemTime::now());
        "held for a moment only".clone_into(&mut probe.info);
        let probe = probe.at(self.place());
        match self.lock(&probe).await {
            Ok(()) => match self.unlock(&probe).await {
                Ok(()) => Ok(None),
                Err(mut error) => {
                    error.message.push_str(&format!("; a lock with the id {} may be left", probe.id));
                    Err(error)
                }
            },
            Err(error) if error.class == ErrorClass::Locked => {
                Ok(Some(error.holder.map_or_else(Default::default, |it| *it)))
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a request, and follows redirects that keep it what it is.
    async fn exchange(
        &self,
        endpoint: &Endpoint,
        body: Option<&Bytes>,
        headers: &[(HeaderName, &str)],
        limit: usize,
        doing: &str,
    ) -> Result<Answer, StoreError> {
        let effect = if body.is_some() { Effect::Writes } else { Effect::Reads };
        let mut url = endpoint.url.clone();
        for _ in 0..=REDIRECTS {
            let request = self.request(&Endpoint { url: url.clone(), ..endpoint.clone() }, body, headers)?;
            let answer = self.wire.send(&self.place, effect, request, limit).await?;
            if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            url = self.follow(&url, &answer, effect, doing)?;
        }
        let message = format!("{doing} was redirected more than {REDIRECTS} times");
        Err(StoreError::new(ErrorClass::Configuration, self.place(), message))
    }

    /// Where a redirect leads, where it may be followed.
    fn follow(&self, from: &Url, answer: &Answer, effect: Effect, doing: &str) -> Result<Url, StoreError> {
        let status = answer.status;
        let wrong = |what: String| {
            let message = format!("{doing} was redirected ({status}) {what}");
            StoreError::new(ErrorClass::Configuration, self.place(), message)
        };
        let target = answer.header("location").and_then(|location| from.join(location).ok());
        let Some(target) = target.filter(|target| matches!(target.scheme(), "http" | "https")) else {
            return Err(wrong("to nowhere".to_owned()));
        };
        let shown = without_credentials(target.as_str());
        if from.scheme() == "https" && target.scheme() == "http" {
            return Err(wrong(format!("from https to {shown}, which is not followed")));
        }
        if lock_id(from).is_some() && lock_id(from) != lock_id(&target) {
            return Err(wrong(format!("to {shown} without the id of the lock, which is not followed")));
        }
        // Others turn what is to be written into a GET.
        let keeps_method = matches!(status.as_u16(), 307 | 308);
        if effect == Effect::Writes && !(keeps_method && target.origin() == from.origin()) {
            return Err(wrong(format!("to {shown}, which is followed for reading only: configure that address")));
        }
        Ok(target)
    }

    fn request(
        &self,
        endpoint: &Endpoint,
        body: Option<&Bytes>,
        headers: &[(HeaderName, &str)],
    ) -> Result<Request, StoreError> {
        let mut request = self.wire.client().request(endpoint.method.clone(), endpoint.url.clone());
        // Credentials are for the configured servers, and not for whom they redirect to.
        if let Some(authorization) = &self.authorization
            && self.is_configured(&endpoint.url)
        {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .header(CONTENT_MD5, STANDARD.encode(Md5::digest(body)))
                .body(body.clone());
        }
        request.build().map_err(|error| {
            StoreError::new(ErrorClass::Configuration, self.place(), "the request cannot be made")
                .because(error.without_url())
        })
    }

    fn is_configured(&self, url: &Url) -> bool {
        let locking = self.locking.as_ref().ok();
        let others = locking.into_iter().flat_map(|(lock, unlock)| [lock, unlock]);
        [&self.update].into_iter().chain(others).any(|known| known.url.origin() == url.origin())
    }
}

/// The lock that a write names.
fn lock_id(url: &Url) -> Option<String> {
    url.query_pairs().find(|(name, _)| name == "ID").map(|(_, id)| id.into_owned())
}

/// The name that the server gives the content; weak ones name several contents.
fn etag(answer: &Answer) -> Option<Etag> {
    answer.header("etag").filter(|etag| etag.starts_with('"')).map(|etag| Etag(etag.to_owned()))
}
