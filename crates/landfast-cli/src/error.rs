//! Errors of the command: a message, and a hint where one helps.

use std::path::Path;

use landfast::ExitCode;
use landfast::OpenError;
use landfast::state::{DuplicateObject, ReadError, StreamError, VersionAge};

/// What went wrong, for a person.
#[derive(Debug)]
pub(crate) struct CliError {
    message: String,
    hint: Option<String>,
    code: ExitCode,
}

impl CliError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, code: ExitCode::Error }
    }

    /// An error in the arguments that clap cannot see.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: ExitCode::Usage, ..Self::new(message) }
    }

    /// The error of a run that was interrupted.
    pub(crate) fn interrupted() -> Self {
        Self { code: ExitCode::Incomplete, ..Self::new("interrupted") }
    }

    pub(crate) fn io(path: &Path, what: &str, error: &std::io::Error) -> Self {
        Self::new(format!("{}: {what}: {error}", path.display()))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, with another exit code.
    pub(crate) fn with_code(self, code: ExitCode) -> Self {
        Self { code, ..self }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(crate) fn code(&self) -> ExitCode {
        self.code
    }
}

impl From<ReadError> for CliError {
    fn from(error: ReadError) -> Self {
        let hint = match &error {
            ReadError::Empty { file } => Some(empty_hint(file)),
            ReadError::Encrypted { .. } => Some(String::from(
                "give its passphrase: --tofu-passphrase-file FILE of `landfast state`, LANDFAST_TOFU_PASSPHRASE_FILE, or \
                     passphrase_file below [opentofu] in landfast.toml; `tofu state pull` prints in clear what has none",
            )),
            ReadError::UnsupportedVersion { age: VersionAge::Later, .. } => Some(String::from(
                "if a newer terraform or landfast wrote it, look for a newer landfast; this one cannot know what such a file means",
            )),
            ReadError::UnsupportedVersion { age: VersionAge::Unheard, .. } => Some(String::from(
                "nothing that Landfast knows of ever wrote this version; the file may be damaged or edited by hand, so look for a backup",
            )),
            ReadError::Json { error, .. } if error.path == "version" => Some(String::from(
                "terraform writes the version of a state as a plain integer, 1 to 4, such as \"version\": 4",
            )),
            ReadError::RunLog { .. } => Some(String::from(
                "it names resources and actions only; `terraform plan -refresh-only -out P`, then `terraform show -json P`, makes \
                 a plan that holds the values too",
            )),
            ReadError::Unrecognised { .. } => Some(String::from(
                "for a plan, give the output of `terraform show -json PLAN`; for a state, the .tfstate file or `terraform state pull`",
            )),
            _ => None,
        };
        let error = Self::new(error.to_string());
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// What to do about an empty state: terraform truncates a state before it writes it, and keeps a backup beside it.
fn empty_hint(file: &str) -> String {
    let backup = format!("{file}.backup");
    if Path::new(&backup).is_file() {
        format!("a write was cut off, perhaps; the state before it is in {backup}")
    } else {
        String::from("a write was cut off, perhaps; look for its .backup file, or a version of it in its store")
    }
}

impl From<StreamError> for CliError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Read(error) => error.into(),
            StreamError::Io { file, source } => Self::io(Path::new(&file), "cannot be read", &source),
            StreamError::Whole { .. } => Self::new(error.to_string()).hint("leave `--streaming always` out"),
            other => Self::new(other.to_string()),
        }
    }
}

impl From<DuplicateObject> for CliError {
    fn from(error: DuplicateObject) -> Self {
        Self::new(error.to_string()).hint("compare them one at a time")
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Read(error) => error.into(),
            OpenError::Io { path, source } => Self::io(&path, "cannot be read", &source),
            other => Self::new(other.to_string()),
        }
    }
}
