//! Secrets in the key-value engines of Vault and OpenBao.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use landfast_state::Sensitive;
use reqwest::header::HeaderValue;
use reqwest::{Client, Method, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};

use super::vault_answer::{Lease, Mount, MountKind, field, lease, mount, said};
use super::{SecretError, SecretFuture, SecretReference, SecretSource};

/// How to speak to the server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VaultOptions {
    /// The namespace, where the server has them. Default: none.
    pub namespace: Option<String>,
    /// A file with certificates of authorities, in PEM, to trust beside those of the system. Default: none.
    pub authorities: Option<PathBuf>,
    /// How long connecting may take. Default: 10 s.
    pub connect_timeout: Duration,
    /// How long each request may take in all. Default: 30 s.
    pub timeout: Duration,
}

impl Default for VaultOptions {
    fn default() -> Self {
        Self {
            namespace: None,
            authorities: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A server of Vault or OpenBao. The token is renewed while secrets are asked for, where it can be.
pub struct Vault {
    client: Client,
    server: Url,
    token: SecretString,
    namespace: Option<String>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Since when the token is good for how long; `None` where nobody has asked.
    lease: Option<(Instant, Lease)>,
    /// Where paths are mounted.
    mounts: BTreeMap<String, Mount>,
}

/// How often a request is tried that nobody answers, or that a server cannot answer for now, and the wait before the second try.
const TRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The largest answer, in bytes.
const MAX_ANSWER: usize = 8 << 20;

struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

fn settings(what: impl Into<String>) -> SecretError {
    SecretError::Settings { what: what.into(), source: None }
}

impl Vault {
    /// The server at this address, as who has the token. Nobody is asked yet.
    ///
    /// # Errors
    /// When the address is none, or the certificates cannot be read.
    pub fn new(server: &str, token: &str, options: &VaultOptions) -> Result<Self, SecretError> {
        let url = Url::parse(server).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let server = url.ok_or_else(|| settings("the address of the server is no http or https URL"))?;
        if !server.username().is_empty() || server.password().is_some() {
            return Err(settings("the address of the server holds credentials"));
        }
        let mut builder = Client::builder()
            .user_agent(concat!("landfast/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.connect_timeout)
            .timeout(options.timeout)
            .redirect(reqwest::redirect::Policy::none());
        if let Some(path) = &options.authorities {
            let unreadable = |source| SecretError::Settings {
                what: format!("{}: the certificates cannot be read", path.display()),
                source: Some(source),
            };
            let pem = std::fs::read(path).map_err(unreadable)?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|error| unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))?;
            builder = certificates.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
        }
        let client = builder.build().map_err(|error| SecretError::Settings {
            what: "no client could be made".to_owned(),
            source: Some(std::io::Error::other(error)),
        })?;
        let token = SecretString::from(token.trim());
        Ok(Self { client, server, token, namespace: options.namespace.clone(), known: Mutex::default() })
    }

    /// The server that the environment names, as the tools of Vault and OpenBao understand it: `BAO_ADDR`, `BAO_TOKEN`,
    /// `BAO_NAMESPACE` and `BAO_CACERT`, or the same with `VAULT_`. Where there is no token, it is read from the file in which `bao
    /// login` leaves it. `variables` gives the value of a variable.
    ///
    /// # Errors
    /// When the address or the token is not set, and as [`Vault::new`].
    pub fn from_environment(
        variables: &dyn Fn(&str) -> Option<String>,
        options: VaultOptions,
    ) -> Result<Self, SecretError> {
        let get = |what: &str| {
            let names = ["BAO", "VAULT"].map(|prefix| format!("{prefix}_{what}"));
            names.iter().find_map(|name| variables(name).filter(|value| !value.is_empty()))
        };
        let server = get("ADDR").ok_or_else(|| settings("neither BAO_ADDR nor VAULT_ADDR is set"))?;
        let token = match (get("TOKEN"), variables("HOME")) {
            (Some(token), _) => token,
            (None, Some(home)) => token_of_file(&Path::new(&home).join(".vault-token"))?,
            (None, None) => return Err(settings("neither BAO_TOKEN nor VAULT_TOKEN is set")),
        };
        let options = VaultOptions {
            namespace: options.namespace.or_else(|| get("NAMESPACE")),
            authorities: options.authorities.or_else(|| get("CACERT").map(PathBuf::from)),
            ..options
        };
        Self::new(&server, &token, &options)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, reference: &SecretReference) -> Result<Sensitive, SecretError> {
        let name = reference.field().unwrap_or_default();
        self.keep_token(reference).await?;
        let mount = self.mount(reference).await?;
        let path = match (reference.path().strip_prefix(&mount.path), mount.kind) {
            (Some(rest), MountKind::Versioned) => format!("{}data/{rest}", mount.path),
            _ => reference.path().to_owned(),
        };
        let answer = self.ask(reference, Method::GET, &path).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                let what = "there is no secret at this path, or it is deleted".to_owned();
                return Err(SecretError::NotFound { reference: reference.to_string(), what });
            }
            _ => return Err(refused(reference, &answer)),
        }
        match field(&answer.body, mount.kind, name) {
            Some(Ok(secret)) => Ok(secret),
            Some(Err(fields)) => Err(SecretError::NotFound {
                reference: reference.to_string(),
                what: format!("the secret has no field {name}, only {}", printable(&fields.join(", "))),
            }),
            None => Err(SecretError::Refused {
                reference: reference.to_string(),
                what: "the answer is none of a key-value engine".to_owned(),
            }),
        }
    }

    /// Where the path is mounted. Whoever may read a secret may ask that.
    async fn mount(&self, reference: &SecretReference) -> Result<Mount, SecretError> {
        let known = self.known().mounts.get(reference.path()).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let path = format!("sys/internal/ui/mounts/{}", reference.path());
        let answer = self.ask(reference, Method::GET, &path).await?;
        // Old servers do not know the question, and have no versions.
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(Mount { path: String::new(), kind: MountKind::Plain });
        }
        if answer.status != StatusCode::OK {
            return Err(refused(reference, &answer));
        }
        let found = mount(&answer.body).ok_or_else(|| SecretError::Refused {
            reference: reference.to_string(),
            what: "the answer about the mount cannot be understood".to_owned(),
        })?;
        self.known().mounts.insert(reference.path().to_owned(), found.clone());
        Ok(found)
    }

    /// Renews the token when a third of its time is left. What cannot be renewed is used as long as it is good.
    async fn keep_token(&self, reference: &SecretReference) -> Result<(), SecretError> {
        let held = self.known().lease;
        let (since, known) = match held {
            Some(held) => held,
            None => {
                let asked = Instant::now();
                let answer = self.ask(reference, Method::GET, "auth/token/lookup-self").await?;
                if answer.status == StatusCode::FORBIDDEN {
                    return Err(refused(reference, &answer));
                }
                let never = Lease { time: None, is_renewable: false };
                let found = (asked, lease(&answer.body).unwrap_or(never));
                self.known().lease = Some(found);
                found
            }
        };
        let Some(time) = known.time.filter(|time| known.is_renewable && since.elapsed() > *time * 2 / 3) else {
            return Ok(());
        };
        let asked = Instant::now();
        let answer = self.ask(reference, Method::POST, "auth/token/renew-self").await?;
        match lease(&answer.body).filter(|_| answer.status == StatusCode::OK) {
            Some(renewed) => {
                tracing::debug!(seconds = renewed.time.map(|time| time.as_secs()), "the token is renewed");
                self.known().lease = Some((asked, renewed));
            }
            None => {
                let seconds = time.saturating_sub(since.elapsed()).as_secs();
                tracing::warn!(status = %answer.status, seconds, "the token cannot be renewed");
            }
        }
        Ok(())
    }

    async fn ask(&self, reference: &SecretReference, method: Method, path: &str) -> Result<Answer, SecretError> {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let answer = self.ask_once(method.clone(), path).await;
            let is_passing = match &answer {
                Ok(answer) => answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS,
                Err(AskError::Lost(_)) => true,
                Err(_) => false,
            };
            if !is_passing || attempt >= TRIES {
                return answer.map_err(|error| match error {
                    AskError::Settings(what) => settings(what),
                    AskError::TooLarge => SecretError::Refused {
                        reference: reference.to_string(),
                        what: "the answer is larger than 8 MiB".to_owned(),
                    },
                    // The path is known from the reference.
                    AskError::Lost(error) => SecretError::Unreachable {
                        reference: reference.to_string(),
                        source: Box::new(error.without_url()),
                    },
                });
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(settings("nothing was asked"))
    }

    async fn ask_once(&self, method: Method, path: &str) -> Result<Answer, AskError> {
        let mut url = self.server.clone();
        url.path_segments_mut()
            .map_err(|()| AskError::Settings("the address of the server is none"))?
            .pop_if_empty()
            .push("v1")
            .extend(path.split('/'));
        let secret = |text: &str| {
            let mut value = HeaderValue::from_str(text)
                .map_err(|_| AskError::Settings("the token or the namespace holds what none can"))?;
            value.set_sensitive(true);
            Ok(value)
        };
        let mut request = self
            .client
            .request(method, url)
            .header("x-vault-token", secret(self.token.expose_secret())?)
            .header("x-vault-request", "true");
        if let Some(namespace) = &self.namespace {
            request = request.header("x-vault-namespace", secret(namespace)?);
        }
        let mut response = request.send().await.map_err(AskError::Lost)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(AskError::Lost)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(AskError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }
}

enum AskError {
    Settings(&'static str),
    TooLarge,
    Lost(reqwest::Error),
}

fn token_of_file(path: &Path) -> Result<String, SecretError> {
    let what = || format!("neither BAO_TOKEN nor VAULT_TOKEN is set, and {} cannot be read", path.display());
    std::fs::read_to_string(path).map_err(|error| SecretError::Settings { what: what(), source: Some(error) })
}

fn refused(reference: &SecretReference, answer: &Answer) -> SecretError {
    let (reference, said) = (reference.to_string(), said(&answer.body));
    let what = if said.is_empty() { answer.status.to_string() } else { format!("{} ({said})", answer.status) };
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SecretError::Denied { reference, what },
        _ => SecretError::Refused { reference, what },
    }
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

impl SecretSource for Vault {
    fn resolve<'a>(&'a self, reference: &'a SecretReference) -> SecretFuture<'a> {
        Box::pin(self.read(reference))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("server", &self.server.as_str())
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
