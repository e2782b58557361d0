//! What is encrypted: states that OpenTofu encrypted, and what Landfast keeps.

use std::error::Error;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use landfast::Held;
use landfast::backends::backup::BackupError;
use landfast::backends::encrypt::{self, Expectation, OpenError};
use landfast::backends::history::HistoryError;
use landfast::backends::opentofu::{self, OpenTofuEncrypted, OpenTofuError, Parameters};
use landfast::backends::{Environment, NoKey, StateAddress, StateStore, open as open_plain};

use super::{Target, chain, of_store};
use crate::args::Global;
use crate::error::CliError;
use crate::interrupt;
use crate::keys::{Keys, NO_KEY, NO_TOFU_PASSPHRASE};

/// More than the beginning of an envelope takes.
const BEGINNING: u64 = 64;

/// Opens the store that an address names: with the passphrase of OpenTofu, as one whose states are encrypted; where nothing may be
/// kept in plain text, a local one that keeps no `.backup` of a plain state.
pub(super) fn open(
    address: &StateAddress,
    environment: &Environment,
    keys: &Keys,
) -> Result<Arc<dyn StateStore>, CliError> {
    let mut address = address.clone();
    if keys.protection.is_enforced() && keys.opentofu.is_none() && address.kind == "local" {
        address.attributes.insert("backup".to_owned(), "-".into());
    }
    let store = open_plain(&address, environment).map_err(|error| of_store(&error))?;
    Ok(match &keys.opentofu {
        Some(passphrase) => Arc::new(OpenTofuEncrypted::new(store, passphrase.clone(), Parameters::default())),
        None => store,
    })
}

impl Target {
    /// Refuses where something has to be kept and may not be, and fetches what encrypting it needs, before anything is done.
    pub(crate) fn prepare_keys(&self) -> Result<(), CliError> {
        let protection = &self.keys.protection;
        protection.check().map_err(|error| CliError::new(error.to_string()).hint(NO_KEY))?;
        let Some(keyring) = protection.keyring() else { return Ok(()) };
        interrupt::wait(keyring.prepare())?.map_err(|error| CliError::new(chain(&error)))
    }
}

/// Whether this file is, or with the passphrase of OpenTofu may be, encrypted. It is read as a whole then.
pub(crate) fn may_be_encrypted(file: &Path, global: &Global) -> Result<bool, CliError> {
    if global.keys.get()?.opentofu.is_some() {
        return Ok(true);
    }
    let mut beginning = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning));
    // What cannot be read is said by who reads it.
    Ok(read.is_ok() && encrypt::is_sealed(&beginning))
}

/// Opens what is encrypted: an envelope of Landfast, and, where its passphrase is named, a state that OpenTofu encrypted.
pub(crate) fn opened(held: Held, global: &Global) -> Result<Held, CliError> {
    let (bytes, name) = (held.bytes, held.name);
    let keys = global.keys.get()?;
    if encrypt::is_sealed(&bytes) {
        let Some(keyring) = keys.protection.keyring() else {
            let inspected = encrypt::inspect(&bytes, &name).map_err(|error| of_envelope(&error))?;
            let kinds: Vec<String> = inspected.sealed_for.iter().map(ToString::to_string).collect();
            let message = format!("{name}: it is encrypted, for {}", kinds.join(", "));
            return Err(CliError::new(message).hint(NO_KEY));
        };
        interrupt::wait(keyring.learn(&bytes))?.map_err(|error| CliError::new(chain(&error)))?;
        let opened = encrypt::open(&bytes, &name, keyring, &Expectation::anything());
        return Ok(Held::new(name, opened.map_err(|error| of_envelope(&error))?.plain));
    }
    if let Some(passphrase) = &keys.opentofu
        && opentofu::is_encrypted(&bytes)
    {
        let opened = opentofu::open(&bytes, passphrase, &name);
        let plain = opened.map_err(|error| with_hint(chain(&error), of_opentofu(&error)))?.plain;
        return Ok(Held::new(name, plain));
    }
    Ok(Held::new(name, bytes))
}

fn of_envelope(error: &OpenError) -> CliError {
    with_hint(chain(error), hint_of(error))
}

fn with_hint(message: String, hint: Option<&str>) -> CliError {
    match hint {
        Some(hint) => CliError::new(message).hint(hint),
        None => CliError::new(message),
    }
}

/// What helps where a key is missing or wrong, wherever among the causes that is said.
pub(super) fn hint_of(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = as_a::<OpenTofuError>(error) {
            return of_opentofu(error);
        }
        let wants_key = matches!(as_a(error), Some(HistoryError::Sealed { .. }))
            || matches!(as_a(error), Some(OpenError::NoKey { .. } | OpenError::WrongPassphrase { .. }))
            || matches!(as_a(error), Some(BackupError::Sealed { .. }))
            || matches!(as_a(error), Some(encrypt::SealError::NoKey))
            || as_a::<NoKey>(error).is_some();
        if wants_key {
            return Some(NO_KEY);
        }
        let is_in_plain = matches!(as_a(error), Some(HistoryError::InPlainText { .. }))
            || matches!(as_a(error), Some(BackupError::InPlainText { .. }));
        if is_in_plain {
            return Some("what was kept before in plain text is read without --require-encryption");
        }
        next = error.source();
    }
    None
}

/// The error as one of this type; a box around it counts as itself.
fn as_a<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    error.downcast_ref().or_else(|| error.downcast_ref::<Box<T>>().map(|boxed| &**boxed))
}

fn of_opentofu(error: &OpenTofuError) -> Option<&'static str> {
    match error {
        OpenTofuError::NotOpened { .. } | OpenTofuError::ShortPassphrase { .. } => Some(NO_TOFU_PASSPHRASE),
        OpenTofuError::NotEncrypted { .. } => Some(
            "a state in plain text is read and written without the passphrase of OpenTofu: leave it out, in the environment and \
             landfast.toml too",
        ),
        OpenTofuError::Unsupported { .. } => {
            Some("`tofu state pull` prints it in clear, and `tofu state push` takes what comes out")
        }
        _ => None,
    }
}
