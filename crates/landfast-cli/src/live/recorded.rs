//! What is recorded, looked through twice: once to know what is needed, and once to be looked up.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use landfast::observe::scan::{ProviderKey, RecordedObject, ScanOptions};
use landfast::state::address::ObjectAddress;
use landfast::state::{BytesDigest, BytesHasher, Document, Origin, SecretTexts, StreamError};
use landfast::tfplugin::live::{Owned, WantedTypes};

use crate::args::Global;
use crate::error::CliError;
use crate::input;

/// The longest state, in bytes, that is held in memory rather than read each time that it is looked through.
const HELD: u64 = 8 << 20;

/// One recorded source.
pub(super) enum Source {
    /// A state in a file: its objects where they are held, and otherwise it is read object by object.
    File { path: PathBuf, origin: Origin, objects: Option<Vec<RecordedObject>> },
    /// What is held in memory.
    Held { objects: Vec<RecordedObject>, origin: Origin, digest: BytesDigest },
}

type Objects<'s> = Box<dyn Iterator<Item = Result<RecordedObject, StreamError>> + Send + 's>;

impl Source {
    /// The source at a path, or in a store.
    pub(super) fn open(path: &Path, global: &Global) -> Result<Self, CliError> {
        if input::can_stream(path, global)? && landfast::open_stream(path).is_ok() {
            // What only a reader of all of it understands shows when it is read to its end.
            match Self::read_through(path) {
                Ok(source) => return Ok(source),
                Err(StreamError::Whole { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let held = input::held(path, global)?;
        let digest = BytesDigest::of(held.bytes());
        Self::of_document(held.document(&landfast::state::Limits::default())?, digest)
    }

    fn read_through(path: &Path) -> Result<Self, StreamError> {
        let mut stream = landfast::open_stream(path)?;
        let mut objects = std::fs::metadata(path).is_ok_and(|file| file.len() <= HELD).then(Vec::new);
        while let Some(streamed) = stream.advance()? {
            if let Some(objects) = &mut objects {
                objects.push(RecordedObject::of_streamed(&streamed));
            }
        }
        Ok(Self::File { path: path.to_owned(), origin: stream.origin(), objects })
    }

    /// The source that a document is.
    pub(super) fn of_document(document: Document, digest: BytesDigest) -> Result<Self, CliError> {
        match document {
            Document::State(state) => {
                let origin = state.snapshot().origins().first().cloned();
                let origin = origin.ok_or_else(|| CliError::new("the state does not say where it is from"))?;
                Ok(Self::Held { objects: RecordedObject::of_state(&state), origin, digest })
            }
            other => {
                let snapshot = other.into_recorded();
                let origin = snapshot.origins().first().cloned();
                let origin = origin.ok_or_else(|| CliError::new("the document does not say where it is from"))?;
                Ok(Self::Held { objects: RecordedObject::of_snapshot(&snapshot).collect(), origin, digest })
            }
        }
    }

    fn objects(&self) -> Result<Objects<'_>, StreamError> {
        Ok(match self {
            Self::Held { objects, .. } | Self::File { objects: Some(objects), .. } => {
                Box::new(objects.iter().cloned().map(Ok))
            }
            Self::File { path, objects: None, .. } => Box::new(RecordedObject::of_stream(landfast::open_stream(path)?)),
        })
    }

    fn digest(&self) -> Result<BytesDigest, CliError> {
        match self {
            Self::Held { digest, .. } => Ok(*digest),
            Self::File { path, .. } => {
                let unreadable = |error: std::io::Error| CliError::io(path, "cannot be read", &error);
                let mut file = File::open(path).map_err(unreadable)?;
                let mut hasher = BytesHasher::default();
                let mut buffer = vec![0; 1 << 16];
                loop {
                    match file.read(&mut buffer).map_err(unreadable)? {
                        0 => return Ok(hasher.finish()),
                        read => hasher.update(buffer.get(..read).unwrap_or_default()),
                    };
                }
            }
        }
    }
}

/// All that is recorded.
pub(super) struct Recorded {
    sources: Vec<Source>,
}

/// What a first pass finds out.
pub(super) struct Survey {
    /// Which types of which providers are to be read.
    pub(super) wanted: WantedTypes,
    /// How many objects are to be read.
    pub(super) reads: u64,
    /// What must not be shown.
    pub(super) secrets: SecretTexts,
    /// Where it all is from.
    pub(super) origins: Vec<Origin>,
}

impl Recorded {
    pub(super) fn new(sources: Vec<Source>) -> Self {
        Self { sources }
    }

    /// Every recorded object, source after source.
    pub(super) fn objects(&self) -> impl Iterator<Item = Result<RecordedObject, StreamError>> + Send + '_ {
        self.sources.iter().flat_map(|source| -> Objects<'_> {
            match source.objects() {
                Ok(objects) => objects,
                Err(error) => Box::new(std::iter::once(Err(error))),
            }
        })
    }

    /// Looks through everything once. An address that stands in two sources is an error: nobody can say which one counts.
    pub(super) fn survey(&self, options: &ScanOptions) -> Result<Survey, CliError> {
        let (mut wanted, mut reads) = (WantedTypes::new(), 0);
        let (mut secrets, mut origins) = (SecretTexts::default(), Vec::new());
        let mut known: HashSet<ObjectAddress> = HashSet::new();
        for source in &self.sources {
            for object in source.objects()? {
                let object = object?;
                if self.sources.len() > 1 && !known.insert(object.object.address.clone()) {
                    let address = &object.object.address;
                    return Err(CliError::new(format!("{address} stands in two of the recorded sources")));
                }
                secrets.add_object(&object.object);
                if options.would_read(&object) {
                    reads += 1;
                    let types: &mut BTreeSet<String> = wanted.entry(object.provider_key()).or_default();
                    if !types.contains(object.type_name()) {
                        types.insert(object.type_name().to_owned());
                    }
                }
            }
            origins.push(match source {
                Source::Held { origin, .. } | Source::File { origin, .. } => origin.clone(),
            });
        }
        Ok(Survey { wanted, reads, secrets, origins })
    }

    /// Which ids are owned.
    pub(super) fn owned(&self) -> Result<Owned, StreamError> {
        let mut owned = Owned::default();
        for object in self.objects() {
            owned.add(&object?);
        }
        Ok(owned)
    }

    /// What tells this recorded side from all others.
    pub(super) fn digest(&self) -> Result<BytesDigest, CliError> {
        let mut hasher = BytesHasher::default();
        for source in &self.sources {
            hasher.update(source.digest()?.as_bytes());
        }
        Ok(hasher.finish())
    }
}

/// The providers of a survey, for messages.
pub(super) fn providers(survey: &Survey) -> impl Iterator<Item = &ProviderKey> {
    survey.wanted.keys()
}
