//! The fingerprint key: 32 random bytes in a file that only its owner can read.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use landfast::state::FingerprintKey;

use crate::error::CliError;
use crate::replace::create_private;

/// Names the file that holds the key.
const VARIABLE: &str = "LANDFAST_FINGERPRINT_KEY_FILE";

/// The key, if there is one already.
pub(crate) fn load() -> Result<Option<FingerprintKey>, CliError> {
    let Some((path, asked_for)) = place() else { return Ok(None) };
    match fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound && !asked_for => Ok(None),
        Err(error) => Err(CliError::io(&path, "the fingerprint key cannot be read", &error)),
    }
}

/// The key; made, and kept for the next time, if there is none yet.
pub(crate) fn load_or_create() -> Result<FingerprintKey, CliError> {
    if let Some((path, _)) = place()
        && !path.exists()
    {
        return create(&path);
    }
    load()?.ok_or_else(|| {
        CliError::new("no place for the fingerprint key")
            .hint(format!("set {VARIABLE} to a file; it is made if it is not there"))
    })
}

/// Where the key is, and whether that was said by the variable.
fn place() -> Option<(PathBuf, bool)> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = folder(VARIABLE) {
        return Some((path, true));
    }
    let configuration = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
    Some((configuration.join("landfast").join("fingerprint.key"), false))
}

fn parse(path: &Path, text: &str) -> Result<FingerprintKey, CliError> {
    refuse_if_others_can_read(path)?;
    let text = text.trim();
    let pairs = text.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        u8::from_str_radix(pair, 16).ok()
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    bytes.and_then(|bytes| bytes.try_into().ok()).map(FingerprintKey::from_bytes).ok_or_else(|| {
        CliError::new(format!("{}: not a fingerprint key, which is 64 hexadecimal digits", path.display()))
    })
}

#[cfg(unix)]
fn refuse_if_others_can_read(path: &Path) -> Result<(), CliError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata =
        fs::metadata(path).map_err(|error| CliError::io(path, "the fingerprint key cannot be read", &error))?;
    if metadata.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    let message = format!("{}: others can read the fingerprint key", path.display());
    Err(CliError::new(message).hint(format!("chmod 600 {}", path.display())))
}

#[cfg(not(unix))]
fn refuse_if_others_can_read(_: &Path) -> Result<(), CliError> {
    Ok(())
}

fn create(path: &Path) -> Result<FingerprintKey, CliError> {
    let what = "the fingerprint key cannot be made";
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| CliError::new(format!("no random bytes for a key: {error}")))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| CliError::io(path, what, &error))?;
    }
    // The file takes its name only when it is whole, and only when the name is still free: who comes second takes the key
    // of who came first.
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if create_private(path, (text + "\n").as_bytes(), what)? {
        return Ok(FingerprintKey::from_bytes(bytes));
    }
    load()?.ok_or_else(|| CliError::new(format!("{}: the fingerprint key went away", path.display())))
}
