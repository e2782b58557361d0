//! Requests that are signed with a cloud's credentials, wherever these come from.

use std::error::Error as _;
use std::fmt;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqsign_core::{
    CommandExecute, CommandOutput, Context, ErrorKind, ProvideCredential, SignRequest, Signer, SigningCredential,
    StaticEnv,
};
use reqsign_file_read_tokio::TokioFileRead;
use reqsign_http_send_reqwest::ReqwestHttpSend;

use crate::error::{ErrorClass, StoreError};
use crate::open::Environment;
use crate::wire::{Answer, Effect, Wire};

/// Everything but what no server reads as something else.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Text for one member of a path or a query.
pub(crate) fn encode(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, ENCODED)
}

/// A path whose members are encoded and whose slashes stay.
pub(crate) fn encode_path(path: &str) -> String {
    path.split('/').map(|member| encode(member).to_string()).collect::<Vec<_>>().join("/")
}

/// A client that signs what it sends.
#[derive(Clone)]
pub(crate) struct SignedWire<K: SigningCredential> {
    wire: Wire,
    /// `None` where the server asks for no credentials.
    signer: Option<Signer<K>>,
    /// Where credentials come from, for errors.
    source: &'static str,
}

impl<K: SigningCredential> fmt::Debug for SignedWire<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedWire").field("source", &self.source).finish_non_exhaustive()
    }
}

impl<K: SigningCredential> SignedWire<K> {
    /// A client that signs with what `provider` finds. `source` says where that is, as `the attribute access_token`.
    pub(crate) fn new(
        wire: Wire,
        environment: &Environment,
        source: &'static str,
        provider: impl ProvideCredential<Credential = K>,
        signs: impl SignRequest<Credential = K>,
    ) -> Self {
        let envs = environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let context = Context::new()
            .with_file_read(TokioFileRead)
            .with_http_send(ReqwestHttpSend::new(wire.client().clone()))
            .with_command_execute(Commands)
            .with_env(StaticEnv { home_dir: environment.get("HOME").map(Into::into), envs });
        Self { wire, signer: Some(Signer::new(context, provider, signs)), source }
    }

    /// A client that signs nothing.
    pub(crate) fn unsigned(wire: Wire) -> Self {
        Self { wire, signer: None, source: "nowhere" }
    }

    /// Signs and sends a request, and reads the answer whole, up to `limit` bytes. Any status is an answer.
    pub(crate) async fn send(
        &self,
        place: &str,
        effect: Effect,
        request: http::Request<Bytes>,
        limit: usize,
    ) -> Result<Answer, StoreError> {
        let (mut parts, body) = request.into_parts();
        if let Some(signer) = &self.signer {
            signer.sign(&mut parts, None).await.map_err(|error| self.unsigned_because(place, &error))?;
        }
        let request = http::Request::from_parts(parts, body);
        let request = reqwest::Request::try_from(request).map_err(|error| {
            StoreError::new(ErrorClass::Configuration, place, "no request could be made").because(error.without_url())
        })?;
        self.wire.send(place, effect, request, limit).await
    }

    /// Why there is no signature. The text of the error is not passed on: it may hold parts of credentials.
    fn unsigned_because(&self, place: &str, error: &reqsign_core::Error) -> StoreError {
        let mut cause = error.source();
        let mut is_lost = false;
        while let Some(error) = cause {
            is_lost |= error.is::<reqwest::Error>();
            cause = error.source();
        }
        let (class, what) = match error.kind() {
            _ if is_lost => (ErrorClass::Transient, "the server that gives credentials could not be asked"),
            ErrorKind::RateLimited => (ErrorClass::Transient, "the server that gives credentials limits requests"),
            ErrorKind::PermissionDenied => {
                (ErrorClass::PermissionDenied, "the server that gives credentials refuses them")
            }
            ErrorKind::ConfigInvalid => (ErrorClass::Configuration, "the settings of the credentials are wrong"),
            ErrorKind::RequestInvalid => (ErrorClass::Configuration, "the request cannot be signed"),
            ErrorKind::CredentialInvalid => {
                (ErrorClass::Unauthenticated, "there are no credentials, or they are expired")
            }
            ErrorKind::Unexpected => (ErrorClass::Unauthenticated, "the credentials could not be read or exchanged"),
        };
        StoreError::new(class, place, format!("{what} (they come from {})", self.source))
    }
}

/// What a server said of a failure, short and on one line.
pub(crate) fn detail(text: &str) -> String {
    let line: String = text.chars().take_while(|character| *character != '\n').take(300).collect();
    line.chars().filter(|character| !character.is_control()).collect::<String>().trim().to_owned()
}

/// A time as HTTP writes it.
pub(crate) fn http_date(text: &str) -> Option<std::time::SystemTime> {
    let time = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(time.timestamp().into())
}

/// Runs the programs that give credentials, such as `az`.
#[derive(Debug, Clone, Copy)]
struct Commands;

impl CommandExecute for Commands {
    async fn command_execute(&self, program: &str, arguments: &[&str]) -> reqsign_core::Result<CommandOutput> {
        let mut command = std::process::Command::new(program);
        command.args(arguments).stdin(std::process::Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await;
        let missing = || reqsign_core::Error::config_invalid(format!("{program} cannot be run"));
        let output = output.map_err(|_| missing())?.map_err(|_| missing())?;
        let status = output.status.code().unwrap_or(-1);
        Ok(CommandOutput { status, stdout: output.stdout, stderr: output.stderr })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_keep_their_slashes_and_nothing_else() {
        assert_eq!(encode_path("a b/ü%2F?#.x"), "a%20b/%C3%BC%252F%3F%23.x");
        assert_eq!(encode("a/b").to_string(), "a%2Fb");
    }

    #[test]
    fn what_a_server_says_is_one_short_line() {
        assert_eq!(detail(" no\u{1b}[31m\u{7} such bucket\nsecond"), "no[31m such bucket");
        assert_eq!(detail(&"x".repeat(1000)).len(), 300);
    }
}
