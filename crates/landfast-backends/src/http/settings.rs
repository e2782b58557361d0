//! The settings of the HTTP store: terraform's attributes and `TF_HTTP_*`.

use std::fmt;
use std::time::Duration;

use reqwest::{Certificate, ClientBuilder, Identity, Method, Url};

use crate::address::{StateAddress, without_credentials};
use crate::attributes::Attributes;
use crate::decorate::RetryOptions;
use crate::error::StoreError;
use crate::open::Environment;

const KNOWN: &[&str] = &[
    "address",
    "update_method",
    "lock_address",
    "lock_method",
    "unlock_address",
    "unlock_method",
    "username",
    "password",
    "skip_cert_verification",
    "retry_max",
    "retry_wait_min",
    "retry_wait_max",
    "client_ca_certificate_pem",
    "client_certificate_pem",
    "client_private_key_pem",
];

/// Where something is asked for, and how.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) url: Url,
    pub(super) method: Method,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, without_credentials(self.url.as_str()))
    }
}

/// How to lock and unlock; what is missing for it otherwise.
pub(super) type LockEndpoints = Result<(Endpoint, Endpoint), &'static str>;

pub(super) struct Settings {
    pub(super) place: String,
    pub(super) update: Endpoint,
    pub(super) locking: LockEndpoints,
    pub(super) credentials: Option<(String, String)>,
    pub(super) retries: RetryOptions,
    pub(super) tls: Tls,
}

/// Whom to trust and who we are.
#[derive(Default)]
pub(super) struct Tls {
    accepts_any_server: bool,
    authorities: Vec<Certificate>,
    identity: Option<Identity>,
}

impl Tls {
    pub(super) fn adjust(self, mut builder: ClientBuilder) -> ClientBuilder {
        // An answer that was compressed for the way has another digest than the server announces.
        builder = builder.no_gzip();
        if self.accepts_any_server {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        if !self.authorities.is_empty() {
            builder = builder.tls_certs_only(self.authorities);
        }
        match self.identity {
            Some(identity) => builder.identity(identity),
            None => builder,
        }
    }
}

impl Settings {
    pub(super) fn read(address: &StateAddress, environment: &Environment) -> Result<Self, StoreError> {
        let attributes = Attributes::new(address, environment);
        attributes.only(KNOWN)?;
        let url = |name: &str| -> Result<Option<Url>, StoreError> {
            let variable = format!("TF_HTTP_{}", name.to_uppercase());
            let Some(text) = attributes.text(name, &[&variable])? else { return Ok(None) };
            let url = text.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            url.map(Some).ok_or_else(|| attributes.wrong(format!("{name} is no URL of http or https")))
        };
        let method = |name: &str, default: &str| -> Result<Method, StoreError> {
            let variable = format!("TF_HTTP_{}", name.to_uppercase());
            let text = attributes.text(name, &[&variable])?;
            text.as_deref()
                .unwrap_or(default)
                .parse()
                .map_err(|_| attributes.wrong(format!("{name} is no method of HTTP")))
        };
        let update = url("address")?.ok_or_else(|| attributes.wrong("the attribute address is missing"))?;
        let lock_method = method("lock_method", "LOCK")?;
        let unlock_method = method("unlock_method", "UNLOCK")?;
        let locking = match (url("lock_address")?, url("unlock_address")?) {
            (Some(lock), Some(unlock)) => {
                Ok((Endpoint { url: lock, method: lock_method }, Endpoint { url: unlock, method: unlock_method }))
            }
            (None, _) => Err("without lock_address nothing can be locked, so nothing can be written"),
            (Some(_), None) => Err("without unlock_address a lock would stay for ever, so nothing can be written"),
        };
        let username = attributes.text("username", &["TF_HTTP_USERNAME"])?;
        let password = attributes.text("password", &["TF_HTTP_PASSWORD"])?.unwrap_or_default();
        let seconds = |name: &str, variable: &str, default: u64| -> Result<Duration, StoreError> {
            Ok(Duration::from_secs(attributes.number(name, &[variable])?.unwrap_or(default)))
        };
        let mut retries = RetryOptions::default();
        let max = attributes.number("retry_max", &["TF_HTTP_RETRY_MAX"])?.unwrap_or(2);
        retries.times = usize::try_from(max).unwrap_or(usize::MAX);
        retries.first_wait = seconds("retry_wait_min", "TF_HTTP_RETRY_WAIT_MIN", 1)?;
        retries.longest_wait = seconds("retry_wait_max", "TF_HTTP_RETRY_WAIT_MAX", 30)?;
        Ok(Self {
            place: without_credentials(update.as_str()),
            update: Endpoint { url: update, method: method("update_method", "POST")? },
            locking,
            credentials: username.map(|name| (name, password)),
            retries,
            tls: read_tls(&attributes)?,
        })
    }
}

fn read_tls(attributes: &Attributes<'_>) -> Result<Tls, StoreError> {
    let authorities = match attributes.text("client_ca_certificate_pem", &["TF_HTTP_CLIENT_CA_CERTIFICATE_PEM"])? {
        None => Vec::new(),
        Some(pem) => Certificate::from_pem_bundle(pem.as_bytes())
            .ok()
            .filter(|found| !found.is_empty())
            .ok_or_else(|| attributes.wrong("client_ca_certificate_pem holds no certificate"))?,
    };
    let certificate = attributes.text("client_certificate_pem", &["TF_HTTP_CLIENT_CERTIFICATE_PEM"])?;
    let key = attributes.text("client_private_key_pem", &["TF_HTTP_CLIENT_PRIVATE_KEY_PEM"])?;
    let identity = match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            // The cause could show the key.
            let wrong = |_| attributes.wrong("client_certificate_pem and client_private_key_pem cannot be read");
            Some(Identity::from_pem(format!("{certificate}\n{key}").as_bytes()).map_err(wrong)?)
        }
        (Some(_), None) => return Err(attributes.wrong("client_certificate_pem is set without client_private_key_pem")),
        (None, Some(_)) => return Err(attributes.wrong("client_private_key_pem is set without client_certificate_pem")),
    };
    // No environment variable stands in for this one in terraform either.
    let accepts_any_server = attributes.flag("skip_cert_verification", &[])?.unwrap_or_default();
    Ok(Tls { accepts_any_server, authorities, identity })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<Settings, StoreError> {
        let attributes = text.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let address = StateAddress::from_backend("http", &attributes, "default")?;
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read(&address, &owned.collect())
    }

    #[test]
    fn attributes_come_before_variables_and_defaults_are_those_of_terraform() {
        let settings = read(
            &[("address", "http://a/state"), ("lock_address", "http://a/lock")],
            &[
                ("TF_HTTP_ADDRESS", "http://b/state"),
                ("TF_HTTP_UNLOCK_ADDRESS", "http://b/unlock"),
                ("TF_HTTP_UPDATE_METHOD", "PUT"),
                ("TF_HTTP_USERNAME", "me"),
                ("TF_HTTP_RETRY_MAX", "5"),
            ],
        )
        .unwrap();
        assert_eq!((settings.update.url.as_str(), settings.update.method.as_str()), ("http://a/state", "PUT"));
        let (lock, unlock) = settings.locking.unwrap();
        assert_eq!((lock.url.as_str(), lock.method.as_str()), ("http://a/lock", "LOCK"));
        assert_eq!((unlock.url.as_str(), unlock.method.as_str()), ("http://b/unlock", "UNLOCK"));
        assert_eq!(settings.credentials, Some(("me".to_owned(), String::new())));
        let waits = (settings.retries.first_wait.as_secs(), settings.retries.longest_wait.as_secs());
        assert_eq!((settings.retries.times, waits), (5, (1, 30)));
    }

    #[test]
    fn what_is_wrong_names_the_attribute_and_no_value() {
        let address = ("address", "https://a/state");
        for (attributes, message) in [
            (&[][..], "the attribute address is missing"),
            (&[("address", "ftp://secret")], "address is no URL of http or https"),
            (&[address, ("lock_address", "secret")], "lock_address is no URL of http or https"),
            (&[address, ("update_method", "secret secret")], "update_method is no method of HTTP"),
            (&[address, ("retry_max", "secret")], "the attribute retry_max is not a whole number"),
            (
                &[address, ("skip_cert_verification", "secret")],
                "the attribute skip_cert_verification is neither true nor false",
            ),
            (&[address, ("encryption", "secret")], "the attribute encryption is not supported"),
            (
                &[address, ("client_certificate_pem", "secret")],
                "client_certificate_pem is set without client_private_key_pem",
            ),
            (
                &[address, ("client_private_key_pem", "secret")],
                "client_private_key_pem is set without client_certificate_pem",
            ),
            (&[address, ("client_ca_certificate_pem", "secret")], "client_ca_certificate_pem holds no certificate"),
            (
                &[address, ("client_private_key_pem", "secret"), ("client_certificate_pem", "secret")],
                "client_certificate_pem and client_private_key_pem cannot be read",
            ),
        ] {
            let error = read(attributes, &[]).err().expect(message);
            assert_eq!(error.to_string(), format!("backend http: {message}"));
        }
    }
}
