//! Data keys of the transit engine of Vault or OpenBao: the engine makes one, gives it in plain and wrapped, and unwraps it for
//! whoever its policies let. Content never goes there.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::{Method, Request, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use zeroize::{Zeroize as _, Zeroizing};

use super::derive::Key;
use super::stanza::{self, Stanza};
use super::{KeyError, SealError};
use crate::address::without_credentials;
use crate::error::{ErrorClass, StoreError};
use crate::open::Environment;
use crate::wire::{Effect, SMALL, Wire, refused};

/// Where the engine is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TransitOptions {
    /// Where the engine is mounted. Default: `transit`.
    pub mount: String,
    /// The namespace, where the server has them.
    pub namespace: Option<String>,
}

impl Default for TransitOptions {
    fn default() -> Self {
        Self { mount: "transit".to_owned(), namespace: None }
    }
}

impl TransitOptions {
    /// With the engine mounted there.
    #[must_use]
    pub fn with_mount(mut self, mount: &str) -> Self {
        mount.trim_matches('/').clone_into(&mut self.mount);
        self
    }

    /// In this namespace.
    #[must_use]
    pub fn with_namespace(mut self, namespace: Option<String>) -> Self {
        self.namespace = namespace;
        self
    }
}

/// A key of the transit engine. One data key of it seals everything that one ring seals.
pub struct Transit {
    wire: Wire,
    server: Url,
    token: SecretString,
    name: String,
    options: TransitOptions,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What seals: the data key as the engine wrapped it, and as it is.
    own: Option<(String, Key)>,
    /// What was unwrapped.
    learned: Vec<(String, Key)>,
}

/// How many unwrapped keys are remembered.
const REMEMBERED: usize = 1024;

#[derive(Deserialize)]
struct Reply {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    plaintext: String,
    #[serde(default)]
    ciphertext: String,
}

impl Drop for Data {
    fn drop(&mut self) {
        self.plaintext.zeroize();
    }
}

impl Transit {
    /// The key `name` of the engine at `server`, as who has the token. Nobody is asked yet.
    ///
    /// # Errors
    /// When the address is none, or the name holds what no name of a key does.
    pub fn new(server: &str, token: &str, name: &str, options: TransitOptions) -> Result<Self, KeyError> {
        let place = without_credentials(server);
        let wrong = |message: &str| {
            KeyError::Transit(Box::new(StoreError::new(ErrorClass::Configuration, place.clone(), message)))
        };
        let url = Url::parse(server).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let server = url.ok_or_else(|| wrong("this is no address of a server"))?;
        let is_plain = |text: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
            !text.is_empty()
                && text.bytes().all(allowed)
                && !text.split('/').any(|part| matches!(part, "" | "." | ".."))
        };
        if !is_plain(name) || name.contains('/') || !is_plain(&options.mount) {
            return Err(wrong("the name of the key or of the mount holds what none can"));
        }
        let wire = Wire::new(&place, |builder| builder).map_err(|error| KeyError::Transit(Box::new(error)))?;
        Ok(Self {
            wire,
            server,
            token: SecretString::from(token),
            name: name.to_owned(),
            options,
            known: Mutex::default(),
        })
    }

    /// The key `name` of the engine that the environment names, as the tools of Vault and OpenBao understand it: `BAO_ADDR`,
    /// `BAO_TOKEN`, `BAO_NAMESPACE`, or the same with `VAULT_`.
    ///
    /// # Errors
    /// When the address or the token is not set, and as [`Transit::new`].
    pub fn from_environment(environment: &Environment, name: &str, options: TransitOptions) -> Result<Self, KeyError> {
        let get = |what: &str| {
            let found = ["BAO", "VAULT"].into_iter().find_map(|prefix| environment.get(&format!("{prefix}_{what}")));
            found.map(str::to_owned).ok_or_else(|| KeyError::NotSet { name: format!("BAO_{what} or VAULT_{what}") })
        };
        let namespace = options.namespace.clone().or_else(|| get("NAMESPACE").ok());
        let token = Zeroizing::new(get("TOKEN")?);
        Self::new(&get("ADDR")?, &token, name, options.with_namespace(namespace))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gets the data key that seals, once.
    pub(super) async fn prepare(&self) -> Result<(), KeyError> {
        if self.known().own.is_some() {
            return Ok(());
        }
        let (wrapped, key) = self.ask("datakey/plaintext", "{}".to_owned()).await?;
        self.known().own = Some((wrapped, key));
        Ok(())
    }

    fn is_of_this(&self, mount: &str, name: &str) -> bool {
        mount == self.options.mount && name == self.name
    }

    /// Has a data key unwrapped, once.
    pub(super) async fn learn(&self, mount: &str, name: &str, wrapped: &str) -> Result<(), KeyError> {
        if !self.is_of_this(mount, name) || self.learned(mount, name, wrapped).is_some() {
            return Ok(());
        }
        let body = serde_json::json!({ "ciphertext": wrapped }).to_string();
        let (_, key) = self.ask("decrypt", body).await?;
        let learned = &mut self.known().learned;
        if learned.len() >= REMEMBERED {
            learned.remove(0);
        }
        learned.push((wrapped.to_owned(), key));
        Ok(())
    }

    /// A data key that is known in plain.
    pub(super) fn learned(&self, mount: &str, name: &str, wrapped: &str) -> Option<Key> {
        if !self.is_of_this(mount, name) {
            return None;
        }
        let known = self.known();
        let all = known.own.iter().chain(&known.learned);
        all.into_iter().find(|(of, _)| of == wrapped).map(|(_, key)| key.clone())
    }

    pub(super) fn wrap(&self, content_key: &Key, salt: &[u8]) -> Result<Option<Stanza>, SealError> {
        let known = self.known();
        let Some((wrapped, key)) = &known.own else { return Err(SealError::NotPrepared { name: self.name.clone() }) };
        let (mount, name) = (self.options.mount.clone(), self.name.clone());
        let sealed = stanza::wrap(content_key, key, salt);
        Ok(sealed.map(|sealed| Stanza::Transit { mount, name, wrapped: wrapped.clone(), sealed }))
    }

    async fn ask(&self, action: &str, body: String) -> Result<(String, Key), KeyError> {
        let asked = self.send(action, body).await;
        asked.map_err(|error| KeyError::Transit(Box::new(error)))
    }

    async fn send(&self, action: &str, body: String) -> Result<(String, Key), StoreError> {
        let path = format!("v1/{}/{action}/{}", self.options.mount, self.name);
        let place = format!("{}/{path}", without_credentials(self.server.as_str()).trim_end_matches('/'));
        let wrong = |message: &str| StoreError::new(ErrorClass::Configuration, place.clone(), message);
        let mut url = self.server.clone();
        url.path_segments_mut()
            .map_err(|()| wrong("this is no address of a server"))?
            .pop_if_empty()
            .extend(path.split('/'));
        let mut request = Request::new(Method::POST, url);
        let header = |text: &str| {
            let mut value = reqwest::header::HeaderValue::from_str(text)
                .map_err(|_| wrong("the token or the namespace is none"))?;
            value.set_sensitive(true);
            Ok(value)
        };
        request.headers_mut().insert("x-vault-token", header(self.token.expose_secret())?);
        request.headers_mut().insert("x-vault-request", header("true")?);
        if let Some(namespace) = &self.options.namespace {
            request.headers_mut().insert("x-vault-namespace", header(namespace)?);
        }
        *request.body_mut() = Some(body.into());
        let answer = self.wire.send(&place, Effect::Reads, request, SMALL).await?;
        if !answer.status.is_success() {
            return Err(refused(
                &place,
                Effect::Reads,
                answer.status,
                "asking the transit engine",
                &said(&answer.body),
            ));
        }
        let corrupt = || StoreError::new(ErrorClass::Corrupt, place.clone(), "the answer is none of a transit engine");
        let reply: Reply = serde_json::from_slice(&answer.body).map_err(|_| corrupt())?;
        let plain = Zeroizing::new(STANDARD.decode(&reply.data.plaintext).map_err(|_| corrupt())?);
        let key = Key::of_slice(&plain).ok_or_else(corrupt)?;
        Ok((reply.data.ciphertext.clone(), key))
    }
}

/// What the server says is wrong, without what a terminal would obey.
fn said(body: &Bytes) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<String>,
    }
    let errors = serde_json::from_slice::<Errors>(body).map(|it| it.errors).unwrap_or_default();
    let text = errors.join("; ");
    let one_line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    one_line.take(200).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Debug for Transit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transit")
            .field("server", &without_credentials(self.server.as_str()))
            .field("name", &self.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
