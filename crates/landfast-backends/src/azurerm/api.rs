//! The calls of Azure's Blob service that the store makes.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use http::request::Builder;
use http::{Method, Request, StatusCode};

use super::listing::{Listed, Page};
use super::settings::{Settings, Snapshots};
use crate::error::{ErrorClass, StoreError};
use crate::signing::{detail, encode, encode_path, http_date};
use crate::wire::{Answer, Effect, LARGE, SMALL, class_of, refused};

/// The version of the service's interface that is spoken.
const SERVICE: &str = "2023-11-03";
/// What metadata begins with among headers.
const META: &str = "x-ms-meta-";

/// Metadata of a blob, by names in lower case.
pub(super) type Metadata = BTreeMap<String, String>;

/// What is known of a blob without its bytes.
#[derive(Debug)]
pub(super) struct Blob {
    /// Name of exactly this content and metadata.
    pub(super) etag: String,
    /// Digest of the content, in Base64, where the service has it.
    pub(super) md5: Option<String>,
    pub(super) length: u64,
    pub(super) metadata: Metadata,
    pub(super) is_leased: bool,
    pub(super) version: Option<String>,
    pub(super) modified: Option<SystemTime>,
}

/// Which content of a blob is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    Current,
    Snapshot(&'a str),
    Version(&'a str),
}

/// Under what condition a blob is written.
#[derive(Debug)]
pub(super) enum Replacing<'a> {
    /// Nothing is there.
    Nothing,
    /// The blob with this entity tag is there, and the lease is still ours.
    Leased { etag: &'a str, lease: &'a str },
}

/// How a call ended that may be refused for what is there.
#[derive(Debug)]
pub(super) enum Ended<T> {
    Done(T),
    /// Something else is there than was named, or somebody else has the lease.
    Refused,
}

/// A client of one container.
#[derive(Debug)]
pub(super) struct Api {
    settings: Settings,
}

impl Api {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    pub(super) fn container(&self) -> &str {
        &self.settings.container
    }

    pub(super) fn place(&self, blob: &str) -> String {
        format!("azurerm://{}/{}/{blob}", self.settings.account, self.settings.container)
    }

    pub(super) fn snapshots(&self) -> Snapshots {
        self.settings.snapshots
    }

    fn blob(&self, method: Method, blob: &str, query: &str) -> Builder {
        let Settings { base, container, .. } = &self.settings;
        let url = format!("{base}/{container}/{}{query}", encode_path(blob));
        Request::builder().method(method).uri(url)
    }

    async fn send(
        &self,
        place: &str,
        effect: Effect,
        request: Builder,
        body: Bytes,
        limit: usize,
    ) -> Result<Answer, StoreError> {
        let request = request.header("x-ms-version", SERVICE);
        let request =
            if effect == Effect::Writes { request.header(http::header::CONTENT_LENGTH, body.len()) } else { request };
        let request = request.body(body).map_err(|error| {
            StoreError::new(ErrorClass::Configuration, place, "no request could be made").because(error)
        })?;
        self.settings.wire.send(place, effect, request, limit).await
    }

    /// What is known of a blob. With a lease, fails where that is not the blob's any more.
    pub(super) async fn describe(
        &self,
        place: &str,
        blob: &str,
        lease: Option<&str>,
    ) -> Result<Option<Blob>, StoreError> {
        let request = with_lease(self.blob(Method::HEAD, blob, ""), lease);
        let answer = self.send(place, Effect::Reads, request, Bytes::new(), SMALL).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(described(&answer))),
            StatusCode::NOT_FOUND if code(&answer) != "ContainerNotFound" => Ok(None),
            _ => Err(failure(place, Effect::Reads, "asking for the blob", &answer)),
        }
    }

    /// Reads a blob. `None` where it is not there and the container is.
    pub(super) async fn read(
        &self,
        place: &str,
        blob: &str,
        which: Which<'_>,
    ) -> Result<Option<(Blob, Bytes)>, StoreError> {
        let query = match which {
            Which::Current => String::new(),
            Which::Snapshot(name) => format!("?snapshot={}", encode(name)),
            Which::Version(name) => format!("?versionid={}", encode(name)),
        };
        let request = self.blob(Method::GET, blob, &query);
        let answer = self.send(place, Effect::Reads, request, Bytes::new(), LARGE).await?;
        match answer.status {
            StatusCode::OK => Ok(Some((described(&answer), answer.body))),
            StatusCode::NOT_FOUND if code(&answer) != "ContainerNotFound" => Ok(None),
            // The name of a version that is no name of one.
            StatusCode::BAD_REQUEST if !matches!(which, Which::Current) => Ok(None),
            _ => Err(failure(place, Effect::Reads, "reading", &answer)),
        }
    }

    /// Writes a blob with its metadata. Gives the name of the version where the account keeps them.
    pub(super) async fn put(
        &self,
        place: &str,
        blob: &str,
        bytes: Bytes,
        md5: &str,
        metadata: &Metadata,
        replacing: Replacing<'_>,
    ) -> Result<Ended<Option<String>>, StoreError> {
        let request = self
            .blob(Method::PUT, blob, "")
            .header("x-ms-blob-type", "BlockBlob")
            .header("content-type", "application/json")
            .header("content-md5", md5);
        let request = match replacing {
            Replacing::Nothing => request.header("if-none-match", "*"),
            Replacing::Leased { etag, lease } => request.header("if-match", etag).header("x-ms-lease-id", lease),
        };
        let answer = self.send(place, Effect::Writes, with_metadata(request, metadata), bytes, SMALL).await?;
        match answer.status {
            StatusCode::CREATED => Ok(Ended::Done(answer.header("x-ms-version-id").map(str::to_owned))),
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED
                if ["BlobAlreadyExists", "ConditionNotMet", "LeaseIdMissing"].contains(&code(&answer)) =>
            {
                Ok(Ended::Refused)
            }
            _ => Err(failure(place, Effect::Writes, "writing", &answer)),
        }
    }

    /// Takes a lease without end under an id of our own. Taking it again under the same id changes nothing.
    pub(super) async fn acquire(&self, place: &str, blob: &str, lease: &str) -> Result<Ended<()>, StoreError> {
        let request = self
            .blob(Method::PUT, blob, "?comp=lease")
            .header("x-ms-lease-action", "acquire")
            .header("x-ms-lease-duration", "-1")
            .header("x-ms-proposed-lease-id", lease);
        let answer = self.send(place, Effect::Writes, request, Bytes::new(), SMALL).await?;
        match answer.status {
            StatusCode::CREATED | StatusCode::OK => Ok(Ended::Done(())),
            StatusCode::CONFLICT if code(&answer).starts_with("Lease") => Ok(Ended::Refused),
            _ => Err(failure(place, Effect::Writes, "taking the lease", &answer)),
        }
    }

    /// Gives a lease back.
    pub(super) async fn release(&self, place: &str, blob: &str, lease: &str) -> Result<(), StoreError> {
        let request = self
            .blob(Method::PUT, blob, "?comp=lease")
            .header("x-ms-lease-action", "release")
            .header("x-ms-lease-id", lease);
        self.done(place, request, "releasing the lease").await
    }

    /// Ends a lease whoever has it.
    pub(super) async fn break_lease(&self, place: &str, blob: &str) -> Result<(), StoreError> {
        let request = self
            .blob(Method::PUT, blob, "?comp=lease")
            .header("x-ms-lease-action", "break")
            .header("x-ms-lease-break-period", "0");
        self.done(place, request, "breaking the lease").await
    }

    /// Replaces the metadata of a blob whose lease is ours.
    pub(super) async fn set_metadata(
        &self,
        place: &str,
        blob: &str,
        lease: &str,
        metadata: &Metadata,
    ) -> Result<(), StoreError> {
        let request = self.blob(Method::PUT, blob, "?comp=metadata").header("x-ms-lease-id", lease);
        self.done(place, with_metadata(request, metadata), "writing the record of the lock").await
    }

    /// Keeps what is there as a snapshot.
    pub(super) async fn snapshot(&self, place: &str, blob: &str, lease: &str) -> Result<(), StoreError> {
        let request = self.blob(Method::PUT, blob, "?comp=snapshot").header("x-ms-lease-id", lease);
        self.done(place, request, "making a snapshot").await
    }

    async fn done(&self, place: &str, request: Builder, doing: &str) -> Result<(), StoreError> {
        let answer = self.send(place, Effect::Writes, request, Bytes::new(), SMALL).await?;
        if answer.status.is_success() { Ok(()) } else { Err(failure(place, Effect::Writes, doing, &answer)) }
    }

    /// The blobs whose name begins with `prefix`; `include` says what is listed beside them.
    pub(super) async fn list(&self, place: &str, prefix: &str, include: &str) -> Result<Vec<Listed>, StoreError> {
        let Settings { base, container, .. } = &self.settings;
        let mut first = format!("{base}/{container}?restype=container&comp=list&include={}", encode(include));
        if !prefix.is_empty() {
            // Signatures over an empty member differ from server to server.
            first.push_str(&format!("&prefix={}", encode(prefix)));
        }
        let (mut url, mut found) = (first.clone(), Vec::new());
        loop {
            let answer = self.send(place, Effect::Reads, Request::get(url), Bytes::new(), SMALL).await?;
            if answer.status != StatusCode::OK {
                return Err(failure(place, Effect::Reads, "listing", &answer));
            }
            let page = Page::parse(&answer.body)
                .ok_or_else(|| StoreError::new(ErrorClass::Corrupt, place, "the answer is no list of blobs"))?;
            let next = page.next_marker.clone();
            found.extend(page.into_blobs());
            if next.is_empty() {
                return Ok(found);
            }
            url = format!("{first}&marker={}", encode(&next));
        }
    }
}

fn with_lease(request: Builder, lease: Option<&str>) -> Builder {
    match lease {
        Some(lease) => request.header("x-ms-lease-id", lease),
        None => request,
    }
}

fn with_metadata(request: Builder, metadata: &Metadata) -> Builder {
    metadata.iter().fold(request, |request, (name, value)| request.header(format!("{META}{name}"), value))
}

fn described(answer: &Answer) -> Blob {
    let text = |name: &str| answer.header(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let metadata = answer.headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().strip_prefix(META)?.to_owned(), value.to_str().ok()?.to_owned()))
    });
    Blob {
        etag: text("etag").unwrap_or_default(),
        md5: text("content-md5"),
        length: answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0),
        metadata: metadata.collect(),
        is_leased: answer.header("x-ms-lease-status") == Some("locked"),
        version: text("x-ms-version-id"),
        modified: answer.header("last-modified").and_then(http_date),
    }
}

/// What the service calls a failure.
fn code(answer: &Answer) -> &str {
    answer.header("x-ms-error-code").unwrap_or_default()
}

fn failure(place: &str, effect: Effect, doing: &str, answer: &Answer) -> StoreError {
    let code = code(answer);
    let lost_lease =
        [StatusCode::CONFLICT, StatusCode::PRECONDITION_FAILED].contains(&answer.status) && code.starts_with("Lease");
    if lost_lease {
        return StoreError::conflict(place, "the lock was taken away");
    }
    if code == "ContainerNotFound" {
        return StoreError::new(ErrorClass::NotFound, place, "there is no such container");
    }
    let error = refused(place, effect, answer.status, doing, &detail(code));
    let class = match code {
        // The service says 403 where the signature is wrong or has expired.
        "AuthenticationFailed" | "InvalidAuthenticationInfo" | "NoAuthenticationInformation" => {
            ErrorClass::Unauthenticated
        }
        "ServerBusy" | "OperationTimedOut" | "InternalError" => ErrorClass::Transient,
        _ => class_of(answer.status),
    };
    StoreError { class, ..error }
}
