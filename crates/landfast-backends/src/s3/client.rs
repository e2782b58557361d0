//! Signed requests, and what a refusal means.

use std::sync::Arc;

use bytes::Bytes;
use reqsign_aws_v4::{Credential, RequestSigner};
use reqsign_core::hash::hex_sha256;
use reqsign_core::{Context, ErrorKind, Signer, StaticEnv};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;

use super::credentials::{Chain, CredentialSettings};
use super::endpoint::Endpoints;
use super::network::{CredentialFiles, CredentialHttp, Network};
use super::sts::TokenService;
use crate::error::{ErrorClass, StoreError};
use crate::open::Environment;
use crate::wire::{self, Answer, Effect, Wire};

/// What a request is signed for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Service {
    S3,
    DynamoDb,
}

/// A request that is not signed yet.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) service: Service,
    pub(super) effect: Effect,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    /// How much of the answer is read.
    pub(super) limit: usize,
}

/// A client of both services with one set of credentials.
#[derive(Debug)]
pub(super) struct Client {
    wire: Wire,
    s3: Signer<Credential>,
    dynamodb: Signer<Credential>,
}

impl Client {
    pub(super) fn new(
        place: &str,
        network: &Network,
        endpoints: &Endpoints,
        region: &str,
        credentials: CredentialSettings,
        environment: &Environment,
    ) -> Result<Self, StoreError> {
        let wire = network.wire(place)?;
        let variables = StaticEnv {
            home_dir: environment.get("HOME").or_else(|| environment.get("USERPROFILE")).map(Into::into),
            envs: environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        };
        let context = Context::new().with_env(variables).with_file_read(CredentialFiles);
        // A client costs some milliseconds, which is much beside what most commands take.
        let metadata = if credentials.source.asks_metadata() {
            context.clone().with_http_send(CredentialHttp(Network::metadata(place)?.client().clone()))
        } else {
            context.clone()
        };
        let context = context.with_http_send(CredentialHttp(wire.client().clone()));
        let service = TokenService { endpoint: endpoints.sts.clone(), region: endpoints.sts_region.clone() };
        let chain = Chain { settings: credentials, service, metadata };
        let s3 = Signer::new(context, Arc::new(chain), RequestSigner::new("s3", region));
        // The credentials are kept once for both.
        let dynamodb = s3.clone().with_request_signer(RequestSigner::new("dynamodb", region));
        Ok(Self { wire, s3, dynamodb })
    }

    /// Signs and sends. Any status is an answer.
    pub(super) async fn send(&self, place: &str, call: Call) -> Result<Answer, StoreError> {
        let Call { service, effect, method, url, headers, body, limit } = call;
        let mut request = http::Request::builder()
            .method(method)
            .uri(url.as_str())
            .header("x-amz-content-sha256", hex_sha256(&body))
            .body(body)
            .map_err(|error| {
                StoreError::new(ErrorClass::Configuration, place, "the request has no valid URL").because(error)
            })?;
        request.headers_mut().extend(headers);
        let (mut head, body) = request.into_parts();
        let signer = match service {
            Service::S3 => &self.s3,
            Service::DynamoDb => &self.dynamodb,
        };
        signer.sign(&mut head, None).await.map_err(|error| without_credentials(place, &error))?;
        let request = reqwest::Request::try_from(http::Request::from_parts(head, body)).map_err(|error| {
            StoreError::new(ErrorClass::Configuration, place, "no valid request").because(error.without_url())
        })?;
        self.wire.send(place, effect, request, limit).await
    }
}

/// No credentials were to be had. The text is of our own or of the token service, without secrets.
fn without_credentials(place: &str, error: &reqsign_core::Error) -> StoreError {
    let class = match error.kind() {
        _ if error.is_retryable() => ErrorClass::Transient,
        ErrorKind::PermissionDenied => ErrorClass::PermissionDenied,
        ErrorKind::ConfigInvalid | ErrorKind::RequestInvalid => ErrorClass::Configuration,
        ErrorKind::RateLimited => ErrorClass::Transient,
        ErrorKind::CredentialInvalid | ErrorKind::Unexpected => ErrorClass::Unauthenticated,
    };
    StoreError::new(class, place, format!("no request can be signed: {error}"))
}

/// What S3 says when it refuses.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Refusal {
    pub(super) code: String,
    message: String,
}

impl Refusal {
    pub(super) fn of(answer: &Answer) -> Self {
        std::str::from_utf8(&answer.body).ok().and_then(|text| quick_xml::de::from_str(text).ok()).unwrap_or_default()
    }
}

/// The error that an answer of S3 is.
pub(super) fn refused(place: &str, effect: Effect, doing: &str, answer: &Answer) -> StoreError {
    let Refusal { code, message } = Refusal::of(answer);
    let mut detail = told(&code, &message);
    let class = match code.as_str() {
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" => {
            Some(ErrorClass::Unauthenticated)
        }
        "RequestTimeTooSkewed" | "RequestExpired" => {
            detail.push_str("; the clocks of this machine and of the server disagree");
            Some(ErrorClass::Unauthenticated)
        }
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => Some(ErrorClass::PermissionDenied),
        "NoSuchBucket" | "NoSuchKey" | "NoSuchVersion" => Some(ErrorClass::NotFound),
        "SlowDown" | "RequestTimeout" | "InternalError" | "ServiceUnavailable" | "ConditionalRequestConflict" => {
            Some(ErrorClass::Transient)
        }
        "NotImplemented" => Some(ErrorClass::Unsupported),
        "PermanentRedirect"
        | "AuthorizationHeaderMalformed"
        | "TemporaryRedirect"
        | "IllegalLocationConstraintException" => {
            if let Some(region) = answer.header("x-amz-bucket-region") {
                detail.push_str(&format!("; the bucket is in the region {region}"));
            }
            Some(ErrorClass::Configuration)
        }
        _ => None,
    };
    let detail = detail.trim_start_matches(": ");
    let mut error = wire::refused(place, effect, answer.status, doing, detail);
    error.class = class.unwrap_or(error.class);
    error
}

/// `: CODE: message` of a server, on one line and not too long; empty where it said nothing.
pub(super) fn told(code: &str, message: &str) -> String {
    let mut text = String::new();
    for part in [code, message] {
        let part: String = part.chars().filter(|character| !character.is_control()).take(400).collect();
        let part = part.trim().trim_end_matches('.');
        if !part.is_empty() {
            text.push_str(": ");
            text.push_str(part);
        }
    }
    text
}

/// Whether a condition of a request was not met, or somebody else was writing at the same moment.
pub(super) fn is_unmet(answer: &Answer) -> bool {
    answer.status == StatusCode::PRECONDITION_FAILED
}
