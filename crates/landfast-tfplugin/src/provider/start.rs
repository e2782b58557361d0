//! Starting a provider, up to where it can be called.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection::Connection;
use landfast_state::Redactor;

use super::{CallLimits, Encrypted, ProviderReader};
use crate::calls::Calls;

use crate::handshake::{Handshake, HandshakeError};
use crate::process::{FirstLine, OutputLog, Process, ProviderFolder, Secrets, Started};
use crate::tls::OwnCertificate;
use crate::wire::go_plugin::Empty;
use crate::wire::go_plugin::grpc_stdio_client::GrpcStdioClient;

/// What a plugin wants to see before it takes itself for one.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// Where the certificate of the client stands.
const CLIENT_CERTIFICATE: &str = "PLUGIN_CLIENT_CERT";

/// Whether providers are offered TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// A certificate is offered. Who presents one of theirs is spoken to through TLS, both sides proving who they are; who does not
    /// is spoken to as it is.
    #[default]
    Automatic,
    /// None is offered. Who presents one of theirs all the same is spoken to through TLS.
    Off,
}

/// How to start a provider, and how long to wait for it.
#[derive(Clone)]
#[non_exhaustive]
pub struct StartOptions {
    /// Whether TLS is offered. Default: [`Tls::Automatic`].
    pub tls: Tls,
    /// How long it may take until it can be called. Default: 60 s.
    pub start_timeout: Duration,
    /// How long each call may take. Default: 10 min, since services that create and delete are waited for.
    pub call_timeout: Duration,
    /// How long it may take to end when it is asked to. Default: 2 s.
    pub grace: Duration,
    /// The longest message that is taken, in bytes. Default: 64 MiB.
    pub message_limit: usize,
    /// What is masked in everything that the provider says, beside what it is configured with. Default: nothing.
    pub redactor: Redactor,
    /// What is added to the environment. Default: nothing; the provider has the environment of this process.
    pub environment: Vec<(OsString, OsString)>,
    /// The folder that the provider runs in. Default: that of this process.
    pub folder: Option<PathBuf>,
    /// The version of terraform whose ways the provider may count on. Default: 1.11.4.
    pub terraform_version: String,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            tls: Tls::default(),
            start_timeout: Duration::from_secs(60),
            call_timeout: Duration::from_secs(600),
            grace: Duration::from_secs(2),
            message_limit: 64 << 20,
            redactor: Redactor::default(),
            environment: Vec::new(),
            folder: None,
            terraform_version: "1.11.4".to_owned(),
        }
    }
}

impl fmt::Debug for StartOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values in an environment may be secrets.
        let names: Vec<_> = self.environment.iter().map(|(name, _)| name).collect();
        f.debug_struct("StartOptions")
            .field("tls", &self.tls)
            .field("start_timeout", &self.start_timeout)
            .field("call_timeout", &self.call_timeout)
            .field("grace", &self.grace)
            .field("message_limit", &self.message_limit)
            .field("redactor", &self.redactor)
            .field("environment", &names)
            .field("folder", &self.folder)
            .field("terraform_version", &self.terraform_version)
            .finish()
    }
}

/// Why a provider could not be started. Known secrets in what it printed are masked; the texts are otherwise as they came:
/// escape them before they are shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no such program, or it cannot be run.
    #[error("{}: cannot be run", .program.display())]
    CannotRun {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No certificate for the connection could be made.
    #[error("{}: no certificate for the connection can be made", .program.display())]
    Certificate {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It could not be called in time.
    #[error("{} could not be called within {} s{}", .program.display(), .limit.as_secs_f64(), printed(.output))]
    TimedOut {
        /// The program.
        program: PathBuf,
        /// The time that it had.
        limit: Duration,
        /// The end of what it printed.
        output: String,
    },
    /// It ended before it could be called.
    #[error("{} ended before it could be called ({status}){}", .program.display(), printed(.output))]
    Ended {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// What it printed is not the line that tells where it listens.
    #[error("{} is not a provider, or one that cannot be understood", .program.display())]
    Handshake {
        /// The program.
        program: PathBuf,
        /// What is wrong with it.
        #[source]
        source: HandshakeError,
    },
    /// It does not listen where it says, or is not who it says.
    #[error("{}: no connection where it says that it listens", .program.display())]
    Unreachable {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

pub(super) fn printed(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!(": {output}") }
}

impl ProviderReader {
    /// Starts a provider: the program at this path, which is a file and not searched for. The future runs on tokio, which must
    /// have its timers and its I/O.
    ///
    /// The process ends when the value goes, and on Linux also when this process is killed.
    ///
    /// # Errors
    /// When it cannot be run, does not tell in time where it listens, or does not listen there.
    pub async fn start(program: &Path, options: &StartOptions) -> Result<Self, StartError> {
        let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
        let secrets = Arc::new(Secrets::new(options.redactor.clone()));
        let log = Arc::new(OutputLog::new(&name, Arc::clone(&secrets)));
        let cannot_run = |source| StartError::CannotRun { program: program.to_owned(), source };
        let own = OwnCertificate::make().map_err(|source| certificate(program, source))?;
        let folder = ProviderFolder::make().map_err(cannot_run)?;
        let command = command(program, options, folder.path(), &own).map_err(cannot_run)?;
        let started = Process::start(command, folder, Arc::clone(&log)).map_err(cannot_run)?;
        let starting = Starting { program, options, secrets: &secrets, log: &log, own: &own };
        let begun = Instant::now();
        let (process, handshake, connection) = starting.finish(started).await?;
        tracing::debug!(provider = name, number = process.number(), took = ?begun.elapsed(), protocol = ?handshake.protocol, "started");
        Ok(Self {
            printed: tokio::spawn(read_printed(connection.clone(), Arc::clone(&log))),
            calls: Calls::new(handshake.protocol, connection.clone(), options.message_limit),
            limits: CallLimits { time: options.call_timeout, message: options.message_limit, grace: options.grace },
            terraform_version: options.terraform_version.clone(),
            protocol: handshake.protocol,
            encrypted: if handshake.certificate.is_some() { Encrypted::Yes } else { Encrypted::No },
            name,
            connection,
            process,
            secrets,
            log,
        })
    }
}

fn certificate(program: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StartError {
    StartError::Certificate { program: program.to_owned(), source: source.into() }
}

fn command(program: &Path, options: &StartOptions, folder: &Path, own: &OwnCertificate) -> io::Result<Command> {
    let mut command = Command::new(std::path::absolute(program)?);
    command
        .env(COOKIE.0, COOKIE.1)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        // Its socket goes with the folder, even when it is killed.
        .env("PLUGIN_UNIX_SOCKET_DIR", folder)
        .env("TMPDIR", folder);
    match options.tls {
        Tls::Automatic => command.env(CLIENT_CERTIFICATE, own.pem()),
        Tls::Off => command.env_remove(CLIENT_CERTIFICATE),
    };
    command.envs(options.environment.iter().map(|(name, value)| (name, value)));
    if let Some(folder) = &options.folder {
        command.current_dir(folder);
    }
    Ok(command)
}

/// A start on its way.
struct Starting<'a> {
    program: &'a Path,
    options: &'a StartOptions,
    secrets: &'a Secrets,
    log: &'a OutputLog,
    own: &'a OwnCertificate,
}

impl Starting<'_> {
    async fn finish(&self, started: Started) -> Result<(Process, Handshake, Connection), StartError> {
        let Started { process, first_line } = started;
        let limit = self.options.start_timeout;
        let reach = async {
            let line = first_line.await.unwrap_or(FirstLine::Ended);
            if line == FirstLine::Ended
                && let Some(ended) = self.ended(&process).await
            {
                return Err(ended);
            }
            let handshake = Handshake::parse(&line, self.secrets)
                .map_err(|source| StartError::Handshake { program: self.program.to_owned(), source })?;
            let tls = match &handshake.certificate {
                Some(theirs) => {
                    Some(self.own.client(theirs.clone()).map_err(|source| certificate(self.program, source))?)
                }
                None => None,
            };
            match Connection::open(&handshake.address, tls).await {
                Ok(connection) => Ok((handshake, connection)),
                Err(source) => match self.ended(&process).await {
                    Some(ended) => Err(ended),
                    None => Err(StartError::Unreachable { program: self.program.to_owned(), source }),
                },
            }
        };
        match tokio::time::timeout(limit, reach).await {
            Ok(Ok((handshake, connection))) => Ok((process, handshake, connection)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StartError::TimedOut { program: self.program.to_owned(), limit, output: self.log.tail() }),
        }
    }

    /// The error of a process that has ended, or does so soon.
    async fn ended(&self, process: &Process) -> Option<StartError> {
        let status = process.ended_soon().await?;
        Some(StartError::Ended {
            program: self.program.to_owned(),
            status: status.to_string(),
            output: self.log.tail(),
        })
    }
}

/// Reads what a plugin prints once it serves. Plugins in Go wait for somebody who does; others do not know the call.
async fn read_printed(connection: Connection, log: Arc<OutputLog>) {
    let Ok(answer) = GrpcStdioClient::new(connection).stream_stdio(Empty {}).await else { return };
    let mut chunks = answer.into_inner();
    while let Ok(Some(chunk)) = chunks.message().await {
        chunk.data.split(|byte| *byte == b'\n').for_each(|line| log.line(line));
    }
}
