//! How the network is reached: proxies, certificates, and the client that credentials are fetched with.

use std::time::Duration;

use bytes::Bytes;
use reqsign_core::{Error, FileRead, HttpSend};
use reqwest::{Certificate, Client, ClientBuilder, NoProxy, Proxy};

use super::attributes::{Attributes, Flag, wrong};
use crate::error::{ErrorClass, StoreError};
use crate::open::Environment;
use crate::wire::Wire;

/// Settings of the network.
pub(super) struct Network {
    proxies: Vec<Proxy>,
    certificates: Vec<Certificate>,
    insecure: Flag,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A proxy may hold a password.
        f.debug_struct("Network").field("proxies", &self.proxies.len()).finish_non_exhaustive()
    }
}

impl Network {
    pub(super) fn read(attributes: &Attributes<'_>, environment: &Environment) -> Result<Self, StoreError> {
        let setting = |name: &str, variables: &[&str]| -> Result<Option<String>, StoreError> {
            let from_environment = || variables.iter().find_map(|name| environment.get(name)).map(str::to_owned);
            Ok(attributes.text(name)?.or_else(from_environment))
        };
        let http = setting("http_proxy", &["HTTP_PROXY", "http_proxy"])?;
        let https = setting("https_proxy", &["HTTPS_PROXY", "https_proxy"])?;
        let exceptions = setting("no_proxy", &["NO_PROXY", "no_proxy"])?.and_then(|text| NoProxy::from_string(&text));
        let mut proxies = Vec::new();
        for (name, url, make) in
            [("http_proxy", http, Proxy::http as fn(String) -> _), ("https_proxy", https, Proxy::https)]
        {
            let Some(url) = url else { continue };
            let proxy = make(url).map_err(|_| wrong(name, "must be the URL of a proxy"))?;
            proxies.push(proxy.no_proxy(exceptions.clone()));
        }

        let bundle =
            attributes.text("custom_ca_bundle")?.or_else(|| environment.get("AWS_CA_BUNDLE").map(str::to_owned));
        let certificates = match bundle {
            None => Vec::new(),
            Some(path) => {
                let failed = |message: &str| {
                    StoreError::new(ErrorClass::Configuration, &path, format!("the CA bundle {message}"))
                };
                let text = std::fs::read(&path).map_err(|error| failed("cannot be read").because(error))?;
                Certificate::from_pem_bundle(&text).map_err(|error| failed("is no PEM file").because(error))?
            }
        };
        Ok(Self { proxies, certificates, insecure: attributes.flag("insecure")?.unwrap_or(Flag::Off) })
    }

    fn apply(&self, mut builder: ClientBuilder) -> ClientBuilder {
        // The environment was read above, and only there.
        builder = builder.no_proxy();
        for proxy in &self.proxies {
            builder = builder.proxy(proxy.clone());
        }
        if !self.certificates.is_empty() {
            builder = builder.tls_certs_merge(self.certificates.iter().cloned());
        }
        if self.insecure == Flag::On {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        builder
    }

    /// The client of the store.
    pub(super) fn wire(&self, place: &str) -> Result<Wire, StoreError> {
        Wire::new(place, |builder| self.apply(builder))
    }

    /// A client of the metadata services, which are next to the machine or not there at all: no proxy, no patience.
    pub(super) fn metadata(place: &str) -> Result<Wire, StoreError> {
        Wire::new(place, |builder| {
            builder.no_proxy().connect_timeout(Duration::from_secs(1)).timeout(Duration::from_secs(5))
        })
    }
}

/// Fetches credentials.
#[derive(Debug)]
pub(super) struct CredentialHttp(pub(super) Client);

/// How much of an answer with credentials is read.
const LIMIT: usize = 1 << 20;

impl HttpSend for CredentialHttp {
    async fn http_send(&self, request: http::Request<Bytes>) -> reqsign_core::Result<http::Response<Bytes>> {
        let failed = |error: reqwest::Error| {
            let message = if error.is_connect() { "the server cannot be reached" } else { "the server gave no answer" };
            Error::unexpected(message).set_retryable(true)
        };
        let request = reqwest::Request::try_from(request).map_err(|_| Error::request_invalid("no valid request"))?;
        let mut response = self.0.execute(request).await.map_err(failed)?;
        let mut answer = http::Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > LIMIT {
                return Err(Error::unexpected("the answer is too large"));
            }
        }
        *answer.body_mut() = body.into();
        Ok(answer)
    }
}

/// Reads files with tokens.
#[derive(Debug)]
pub(super) struct CredentialFiles;

impl FileRead for CredentialFiles {
    async fn file_read(&self, path: &str) -> reqsign_core::Result<Vec<u8>> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
        read.map_err(|_| Error::unexpected("reading was cancelled"))?
            .map_err(|error| Error::config_invalid(format!("the file cannot be read: {}", error.kind())))
    }
}
