//! What the stores behind HTTP share: one client, one reading of failures.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Request, Response, StatusCode};

use crate::error::{ErrorClass, StoreError};

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// How much of an answer that is no state is read: errors, listings, locks.
pub(crate) const SMALL: usize = 8 << 20;
/// The largest state that is read.
pub(crate) const LARGE: usize = 2 << 30;

/// What a request does, which decides what a broken connection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It changes nothing.
    Reads,
    /// It changes something: when the answer is lost, nobody knows whether it did.
    Writes,
}

/// A client of one server, with connections that are kept.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    client: Client,
}

/// An answer that was read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Wire {
    /// A client; `adjust` may change what is built, as to add certificates.
    pub(crate) fn new(
        place: &str,
        adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, StoreError> {
        let builder = Client::builder()
            .user_agent(concat!("landfast/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIME)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none());
        let client = adjust(builder).build().map_err(|error| {
            StoreError::new(ErrorClass::Configuration, place, "no client could be made").because(error.without_url())
        })?;
        Ok(Self { client })
    }

    /// The client itself, for what signs requests and fetches credentials.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request and reads the answer whole, up to `limit` bytes. Any status is an answer.
    pub(crate) async fn send(
        &self,
        place: &str,
        effect: Effect,
        request: Request,
        limit: usize,
    ) -> Result<Answer, StoreError> {
        let method = request.method().clone();
        let response = self.client.execute(request).await.map_err(|error| lost(place, effect, &method, error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response, limit).await.map_err(|problem| match problem {
            BodyProblem::Lost(error) => lost(place, effect, &method, error),
            BodyProblem::TooLarge => {
                StoreError::new(ErrorClass::Corrupt, place, format!("the answer is larger than {} MB", limit >> 20))
            }
        })?;
        tracing::debug!(place, %method, %status, bytes = body.len(), "answer");
        Ok(Answer { status, headers, body })
    }
}

enum BodyProblem {
    Lost(reqwest::Error),
    TooLarge,
}

async fn read_body(mut response: Response, limit: usize) -> Result<Bytes, BodyProblem> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > limit {
        return Err(BodyProblem::TooLarge);
    }
    let mut body = BytesMut::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(BodyProblem::Lost)? {
        if body.len() + chunk.len() > limit {
            return Err(BodyProblem::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The connection broke, or never came about.
fn lost(place: &str, effect: Effect, method: &Method, error: reqwest::Error) -> StoreError {
    let never_sent = error.is_connect() || error.is_builder();
    let message = match (error.is_timeout(), never_sent) {
        (true, true) => "the server cannot be reached in time".to_owned(),
        (true, false) => format!("the server did not answer a {method} in time"),
        (false, true) => "the server cannot be reached".to_owned(),
        (false, false) => format!("the connection was lost during a {method}"),
    };
    // The URL may hold a signature.
    let error = StoreError::new(ErrorClass::Transient, place, message).because(error.without_url());
    if effect == Effect::Writes && !never_sent { error.with_unknown_outcome() } else { error }
}

/// The class that a status means where the store has no other reading of it.
pub(crate) fn class_of(status: StatusCode) -> ErrorClass {
    match status {
        StatusCode::UNAUTHORIZED => ErrorClass::Unauthenticated,
        StatusCode::FORBIDDEN => ErrorClass::PermissionDenied,
        StatusCode::NOT_FOUND | StatusCode::GONE => ErrorClass::NotFound,
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => ErrorClass::Conflict,
        StatusCode::LOCKED => ErrorClass::Locked,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => ErrorClass::Transient,
        StatusCode::NOT_IMPLEMENTED | StatusCode::METHOD_NOT_ALLOWED => ErrorClass::Unsupported,
        status if status.is_server_error() => ErrorClass::Transient,
        _ => ErrorClass::Configuration,
    }
}

/// The error that an answer is. `detail` is what the server said, without secrets; empty when it said nothing.
pub(crate) fn refused(place: &str, effect: Effect, status: StatusCode, doing: &str, detail: &str) -> StoreError {
    let class = class_of(status);
    let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    let error = StoreError::new(class, place, format!("{doing} was answered with {status}{detail}"));
    // A gateway that gives up may do so after the server behind it wrote.
    let in_doubt = effect == Effect::Writes && status.is_server_error() && class == ErrorClass::Transient;
    if in_doubt && status != StatusCode::SERVICE_UNAVAILABLE { error.with_unknown_outcome() } else { error }
}
