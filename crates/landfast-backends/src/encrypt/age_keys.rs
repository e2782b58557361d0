//! Age recipients to seal for, and identities to open with: X25519 ones, `age1…` and `AGE-SECRET-KEY-1…`.
//!
//! SSH keys are left out: for RSA keys they need a library with a known timing flaw, and age has keys of its own.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use super::KeyError;
use super::derive::Key;
use super::stanza::Stanza;

/// Public keys: who has one of the identities that belong to them opens what was sealed.
#[derive(Clone)]
pub struct AgeRecipients(Vec<age::x25519::Recipient>);

/// Secret keys of age. Never shown.
#[derive(Clone)]
pub struct AgeIdentities(Vec<age::x25519::Identity>);

/// The lines that say something, with their numbers from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn parse<T: std::str::FromStr>(text: &str, origin: &str, expected: &'static str) -> Result<Vec<T>, KeyError> {
    let not = |line| KeyError::NotAge { origin: origin.to_owned(), line, expected };
    let parsed: Vec<T> =
        lines(text).map(|(number, line)| line.parse().map_err(|_| not(number))).collect::<Result<_, _>>()?;
    if parsed.is_empty() { Err(not(1)) } else { Ok(parsed) }
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let read = std::fs::read_to_string(path).map(Zeroizing::new);
    read.map_err(|source| KeyError::Unreadable { path: path.to_owned(), source })
}

impl AgeRecipients {
    /// Recipients, one a line, as in age's recipient files; `origin` names the text in errors.
    ///
    /// # Errors
    /// When a line is no recipient, or there is none.
    pub fn parse(text: &str, origin: &str) -> Result<Self, KeyError> {
        parse(text, origin, "age recipient (age1…)").map(Self)
    }

    /// The recipients in a file.
    ///
    /// # Errors
    /// When the file cannot be read, and as [`AgeRecipients::parse`].
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        Self::parse(&read(path)?, &path.display().to_string())
    }

    pub(super) fn wrap(&self, content_key: &Key) -> Option<Stanza> {
        use std::io::Write as _;
        let recipients = self.0.iter().map(|recipient| recipient as &dyn age::Recipient);
        let mut sealed = Vec::new();
        let mut writer = age::Encryptor::with_recipients(recipients).ok()?.wrap_output(&mut sealed).ok()?;
        writer.write_all(content_key.bytes()).ok()?;
        writer.finish().ok()?;
        Some(Stanza::Age { sealed })
    }
}

impl AgeIdentities {
    /// Identities, one a line, as `age-keygen` writes them; `origin` names the text in errors.
    ///
    /// # Errors
    /// When a line is no identity, or there is none.
    pub fn parse(text: &str, origin: &str) -> Result<Self, KeyError> {
        parse(text, origin, "age identity (AGE-SECRET-KEY-1…)").map(Self)
    }

    /// The identities in a file.
    ///
    /// # Errors
    /// When the file cannot be read, and as [`AgeIdentities::parse`].
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        Self::parse(&read(path)?, &path.display().to_string())
    }

    pub(super) fn unwrap(&self, sealed: &[u8]) -> Option<Key> {
        use std::io::Read as _;
        let identities = self.0.iter().map(|identity| identity as &dyn age::Identity);
        let reader = age::Decryptor::new(sealed).ok()?.decrypt(identities).ok()?;
        let mut opened = Zeroizing::new(Vec::with_capacity(33));
        reader.take(33).read_to_end(&mut opened).ok()?;
        Key::of_slice(&opened)
    }
}

impl fmt::Debug for AgeRecipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(ToString::to_string)).finish()
    }
}

impl fmt::Debug for AgeIdentities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgeIdentities({})", self.0.len())
    }
}
