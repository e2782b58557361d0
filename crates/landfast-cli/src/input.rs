//! Reading sources.

use std::path::{Path, PathBuf};

use landfast::Held;
use landfast::drift::RuleSet;
use landfast::state::{Document, Limits, StateFile};

use crate::args::{Global, RuleArgs, StateAt};
use crate::error::CliError;
use crate::moved;

/// The name under which standard input stands in messages and reports.
const STDIN: &str = "(standard input)";

/// Reads a source to its end: a path, `-` for standard input, or a state in a store. Nothing is looked into yet.
pub(crate) fn held(source: &Path, global: &Global) -> Result<Held, CliError> {
    let limits = Limits::default();
    if !is_standard_input(source) {
        #[cfg(unix)]
        if let Some(held) = crate::stores::elsewhere(source, global)? {
            return Ok(held);
        }
        return opened(Held::read(source, &limits)?, global);
    }
    let read = Held::read_from(STDIN, std::io::stdin().lock(), &limits);
    opened(read.map_err(|error| CliError::io(Path::new(STDIN), "cannot be read", &error))?, global)
}

/// Reads a document.
pub(crate) fn document(source: &Path, global: &Global) -> Result<Document, CliError> {
    Ok(held(source, global)?.document(&Limits::default())?)
}

/// Opens what is encrypted, as far as there are keys for it.
fn opened(held: Held, global: &Global) -> Result<Held, CliError> {
    #[cfg(unix)]
    return crate::stores::opened(held, global);
    #[cfg(not(unix))]
    {
        let _ = global;
        Ok(held)
    }
}

/// Whether a source can be read as a stream, as far as shows without reading it: it is a file and no pipe, and nothing that is
/// opened as a whole.
pub(crate) fn can_stream(source: &Path, global: &Global) -> Result<bool, CliError> {
    let is_file = !is_standard_input(source) && std::fs::metadata(source).is_ok_and(|metadata| metadata.is_file());
    #[cfg(unix)]
    return Ok(is_file && !crate::stores::may_be_encrypted(source, global)?);
    #[cfg(not(unix))]
    {
        let _ = global;
        Ok(is_file)
    }
}

fn is_standard_input(source: &Path) -> bool {
    source.as_os_str() == "-"
}

/// Reads several sources; standard input can be one of them once.
pub(crate) fn documents<'a>(
    sources: impl IntoIterator<Item = &'a PathBuf>,
    global: &Global,
) -> Result<Vec<Document>, CliError> {
    let sources: Vec<_> = sources.into_iter().collect();
    once(sources.iter().map(|source| source.as_path()))?;
    sources.into_iter().map(|source| document(source, global)).collect()
}

/// Refuses standard input where it is named more than once.
pub(crate) fn once<'a>(sources: impl IntoIterator<Item = &'a Path>) -> Result<(), CliError> {
    match sources.into_iter().filter(|source| is_standard_input(source)).count() {
        0 | 1 => Ok(()),
        _ => Err(CliError::usage("standard input can be given once only")),
    }
}

/// What a command on a state reads: the source that is named, or what the working folder names.
pub(crate) enum StateSource {
    /// A path, or standard input.
    Source(PathBuf),
    /// A state that was read from a store, and where that is.
    Read(Box<Document>, PathBuf),
}

impl StateSource {
    pub(crate) fn of(at: &StateAt, global: &Global) -> Result<Self, CliError> {
        #[cfg(unix)]
        match crate::stores::to_read(at, global)? {
            crate::stores::Named::Source(source) => Ok(Self::Source(source)),
            crate::stores::Named::Store(target) => {
                Ok(Self::Read(Box::new(Document::State(target.read()?)), target.place().into()))
            }
        }
        #[cfg(not(unix))]
        match &at.state {
            Some(source) if at.workspace.is_none() => Ok(Self::Source(source.clone())),
            _ => Err(CliError::usage("on this system a state is given by --state FILE")),
        }
    }

    /// Where it is, for messages.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Source(path) | Self::Read(_, path) => path,
        }
    }

    pub(crate) fn read(self, global: &Global) -> Result<Document, CliError> {
        match self {
            Self::Source(source) => moved::watching(&source, || document(&source, global)),
            Self::Read(document, _) => Ok(*document),
        }
    }
}

/// A document that must be a state file.
pub(crate) fn state(document: Document, source: &Path) -> Result<StateFile, CliError> {
    match document {
        Document::State(state) => Ok(state),
        other => Err(no_state(&other, source)),
    }
}

/// The error of a document that is no state file.
pub(crate) fn no_state(document: &Document, source: &Path) -> CliError {
    CliError::new(format!("{}: this is {}, not a state file", source.display(), document.description()))
        .hint("give the .tfstate file, or what `terraform state pull` prints")
}

/// The rules of these files and folders; the embedded ones without any.
pub(crate) fn rules(args: &RuleArgs) -> Result<std::sync::Arc<RuleSet>, CliError> {
    let paths = &args.rules;
    if paths.is_empty() {
        return Ok(RuleSet::embedded());
    }
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| CliError::io(path, "cannot be read", &error))?;
            let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            found.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
            found.sort();
            if found.is_empty() {
                return Err(CliError::new(format!("{}: no *.toml in this folder", path.display())));
            }
            files.append(&mut found);
        } else {
            files.push(path.clone());
        }
    }
    let mut texts = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).map_err(|error| CliError::io(file, "cannot be read", &error))?;
        texts.push((file.display().to_string(), text));
    }
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    RuleSet::from_toml(&texts).map(std::sync::Arc::new).map_err(|error| CliError::new(error.to_string()))
}
