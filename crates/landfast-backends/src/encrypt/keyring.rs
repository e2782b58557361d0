//! The keys that envelopes are sealed for and opened with.

use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "encryption-age")]
use super::age_keys::{AgeIdentities, AgeRecipients};
use super::derive::{Key, random};
use super::header::Header;
use super::stanza::{self, Stanza};
#[cfg(feature = "encryption-vault")]
use super::transit::Transit;
use super::{KdfCost, KeyError, OpenError, Passphrase, SealError, SecretKey};

/// The keys that envelopes are sealed for and opened with. Clones share what was derived and fetched.
///
/// An envelope is sealed for all that can seal, and opened by the first that fits.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    keys: Vec<Arc<Lock>>,
}

/// One of the keys.
#[derive(Debug)]
enum Lock {
    Passphrase(PassphraseLock),
    Key {
        key: SecretKey,
        using: Using,
    },
    #[cfg(feature = "encryption-age")]
    Recipients(AgeRecipients),
    #[cfg(feature = "encryption-age")]
    Identities(AgeIdentities),
    #[cfg(feature = "encryption-vault")]
    Transit(Transit),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Using {
    SealAndOpen,
    OpenOnly,
}

#[derive(Debug)]
struct PassphraseLock {
    passphrase: Passphrase,
    using: Using,
    cost: KdfCost,
    /// What was derived, by salt and cost: deriving is slow on purpose. The first one of them, if it is ours, seals.
    derived: Mutex<Derived>,
}

#[derive(Debug, Default)]
struct Derived {
    own_salt: Option<[u8; 16]>,
    keys: Vec<(Vec<u8>, KdfCost, Key)>,
}

/// How many derived keys are remembered.
const REMEMBERED: usize = 64;

impl PassphraseLock {
    fn key(&self, derived: &mut Derived, salt: &[u8], cost: KdfCost) -> Result<Key, KeyError> {
        let known = derived.keys.iter().find(|(known, of, _)| known == salt && *of == cost);
        if let Some((_, _, key)) = known {
            return Ok(key.clone());
        }
        let key = self.passphrase.derive(salt, cost)?;
        if derived.keys.len() >= REMEMBERED {
            derived.keys.remove(0);
        }
        derived.keys.push((salt.to_vec(), cost, key.clone()));
        Ok(key)
    }

    fn wrap(&self, content_key: &Key, envelope_salt: &[u8]) -> Result<Option<Stanza>, SealError> {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        let salt = match derived.own_salt {
            Some(salt) => salt,
            None => random()?,
        };
        derived.own_salt = Some(salt);
        let key = self.key(&mut derived, &salt, self.cost)?;
        let KdfCost { memory_kib, passes, lanes } = self.cost;
        let sealed = stanza::wrap(content_key, &key, envelope_salt);
        Ok(sealed.map(|sealed| Stanza::Passphrase { memory_kib, passes, lanes, salt: salt.to_vec(), sealed }))
    }
}

/// How one key fared with one stanza.
enum Attempt {
    /// It is for another kind of key, or for another one of that kind.
    NotForThis,
    /// It is for this key, or may be, and does not open.
    Failed(OpenError),
    Opened(Key),
}

impl Keyring {
    /// A ring without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, lock: Lock) -> Self {
        self.keys.push(Arc::new(lock));
        self
    }

    /// With a passphrase, to seal and to open.
    #[must_use]
    pub fn with_passphrase(self, passphrase: Passphrase) -> Self {
        self.with_passphrase_of(passphrase, KdfCost::default())
    }

    /// With a passphrase whose guessing costs so much.
    #[must_use]
    pub fn with_passphrase_of(self, passphrase: Passphrase, cost: KdfCost) -> Self {
        let derived = Mutex::default();
        self.with(Lock::Passphrase(PassphraseLock { passphrase, using: Using::SealAndOpen, cost, derived }))
    }

    /// With a key, to seal and to open.
    #[must_use]
    pub fn with_key(self, key: SecretKey) -> Self {
        self.with(Lock::Key { key, using: Using::SealAndOpen })
    }

    /// With a passphrase that was used before, to open only.
    #[must_use]
    pub fn with_old_passphrase(self, passphrase: Passphrase) -> Self {
        let (cost, derived) = (KdfCost::default(), Mutex::default());
        self.with(Lock::Passphrase(PassphraseLock { passphrase, using: Using::OpenOnly, cost, derived }))
    }

    /// With a key that was used before, to open only.
    #[must_use]
    pub fn with_old_key(self, key: SecretKey) -> Self {
        self.with(Lock::Key { key, using: Using::OpenOnly })
    }

    /// With age recipients, to seal.
    #[cfg(feature = "encryption-age")]
    #[must_use]
    pub fn with_age_recipients(self, recipients: AgeRecipients) -> Self {
        self.with(Lock::Recipients(recipients))
    }

    /// With age identities, to open.
    #[cfg(feature = "encryption-age")]
    #[must_use]
    pub fn with_age_identities(self, identities: AgeIdentities) -> Self {
        self.with(Lock::Identities(identities))
    }

    /// With a key of the transit engine of Vault or OpenBao, to seal after [`Keyring::prepare`], and to open after
    /// [`Keyring::learn`].
    #[cfg(feature = "encryption-vault")]
    #[must_use]
    pub fn with_transit(self, transit: Transit) -> Self {
        self.with(Lock::Transit(transit))
    }

    /// Fetches what sealing needs from others. Rings without a transit key need nothing.
    ///
    /// # Errors
    /// When the transit engine does not give a data key.
    #[cfg_attr(
        not(feature = "encryption-vault"),
        expect(clippy::unused_async, reason = "without the transit engine nobody is asked")
    )]
    pub async fn prepare(&self) -> Result<(), KeyError> {
        #[cfg(feature = "encryption-vault")]
        for lock in &self.keys {
            if let Lock::Transit(transit) = &**lock {
                transit.prepare().await?;
            }
        }
        Ok(())
    }

    /// Fetches what opening these envelopes needs from others. What is no envelope is left out: [`super::open`] says what is
    /// wrong with it.
    ///
    /// # Errors
    /// When the transit engine does not open a data key.
    #[cfg_attr(
        not(feature = "encryption-vault"),
        expect(clippy::unused_async, reason = "without the transit engine nobody is asked")
    )]
    pub async fn learn(&self, envelope: &[u8]) -> Result<(), KeyError> {
        #[cfg(feature = "encryption-vault")]
        if let Ok(split) = super::header::Split::of(envelope, "") {
            for lock in &self.keys {
                for stanza in &split.header.keys {
                    if let (Lock::Transit(transit), Stanza::Transit { mount, name, wrapped, .. }) = (&**lock, stanza) {
                        transit.learn(mount, name, wrapped).await?;
                    }
                }
            }
        }
        let _ = envelope;
        Ok(())
    }

    /// Whether there is a key to seal with.
    #[must_use]
    pub fn can_seal(&self) -> bool {
        self.keys.iter().any(|lock| match &**lock {
            Lock::Passphrase(lock) => lock.using == Using::SealAndOpen,
            Lock::Key { using, .. } => *using == Using::SealAndOpen,
            #[cfg(feature = "encryption-age")]
            Lock::Recipients(_) => true,
            #[cfg(feature = "encryption-age")]
            Lock::Identities(_) => false,
            #[cfg(feature = "encryption-vault")]
            Lock::Transit(_) => true,
        })
    }

    /// Whether there is a key that may open something.
    #[must_use]
    pub fn can_open(&self) -> bool {
        self.keys.iter().any(|lock| match &**lock {
            #[cfg(feature = "encryption-age")]
            Lock::Recipients(_) => false,
            _ => true,
        })
    }

    /// The key of the content for every key that seals.
    pub(super) fn wrap(&self, content_key: &Key, salt: &[u8]) -> Result<Vec<Stanza>, SealError> {
        let mut stanzas = Vec::new();
        for lock in &self.keys {
            let stanza = match &**lock {
                Lock::Passphrase(PassphraseLock { using: Using::OpenOnly, .. })
                | Lock::Key { using: Using::OpenOnly, .. } => None,
                Lock::Passphrase(lock) => Some(lock.wrap(content_key, salt)?),
                Lock::Key { key, .. } => {
                    let sealed = stanza::wrap(content_key, key.key(), salt);
                    Some(sealed.map(|sealed| Stanza::Key { id: key.id().to_owned(), sealed }))
                }
                #[cfg(feature = "encryption-age")]
                Lock::Recipients(recipients) => Some(recipients.wrap(content_key)),
                #[cfg(feature = "encryption-age")]
                Lock::Identities(_) => None,
                #[cfg(feature = "encryption-vault")]
                Lock::Transit(transit) => Some(transit.wrap(content_key, salt)?),
            };
            if let Some(stanza) = stanza {
                stanzas.push(stanza.ok_or(SealError::TooLarge)?);
            }
        }
        if stanzas.is_empty() { Err(SealError::NoKey) } else { Ok(stanzas) }
    }

    /// The key of the content, by the first key that fits.
    pub(super) fn unwrap(&self, header: &Header, place: &str) -> Result<Key, OpenError> {
        let mut failed = None;
        for stanza in &header.keys {
            for lock in &self.keys {
                match attempt(lock, stanza, &header.salt, place) {
                    Attempt::Opened(key) => return Ok(key),
                    Attempt::Failed(error) => failed = failed.or(Some(error)),
                    Attempt::NotForThis => {}
                }
            }
        }
        Err(failed.unwrap_or_else(|| {
            let kinds: Vec<String> = header.sealed_for().iter().map(ToString::to_string).collect();
            OpenError::NoKey { place: place.to_owned(), sealed_for: kinds.join(", ") }
        }))
    }
}

fn attempt(lock: &Lock, stanza: &Stanza, salt: &[u8], place: &str) -> Attempt {
    let place = || place.to_owned();
    match (lock, stanza) {
        (Lock::Passphrase(lock), Stanza::Passphrase { memory_kib, passes, lanes, salt: own, sealed }) => {
            let cost = KdfCost { memory_kib: *memory_kib, passes: *passes, lanes: *lanes };
            if !cost.is_bearable() {
                let KdfCost { memory_kib, passes, lanes } = cost;
                return Attempt::Failed(OpenError::TooCostly { place: place(), memory_kib, passes, lanes });
            }
            let mut derived = lock.derived.lock().unwrap_or_else(PoisonError::into_inner);
            match lock.key(&mut derived, own, cost) {
                Err(source) => Attempt::Failed(OpenError::Key { place: place(), source }),
                Ok(key) => match stanza::unwrap(sealed, &key, salt) {
                    Some(key) => Attempt::Opened(key),
                    None => Attempt::Failed(OpenError::WrongPassphrase { place: place() }),
                },
            }
        }
        (Lock::Key { key, .. }, Stanza::Key { id, sealed }) if key.id() == id => {
            match stanza::unwrap(sealed, key.key(), salt) {
                Some(key) => Attempt::Opened(key),
                None => Attempt::Failed(OpenError::KeyMismatch { place: place(), key: format!("the key {id}") }),
            }
        }
        #[cfg(feature = "encryption-age")]
        (Lock::Identities(identities), Stanza::Age { sealed }) => {
            identities.unwrap(sealed).map_or(Attempt::NotForThis, Attempt::Opened)
        }
        #[cfg(feature = "encryption-vault")]
        (Lock::Transit(transit), Stanza::Transit { mount, name, wrapped, sealed }) => {
            match transit.learned(mount, name, wrapped) {
                None => Attempt::NotForThis,
                Some(key) => match stanza::unwrap(sealed, &key, salt) {
                    Some(key) => Attempt::Opened(key),
                    None => {
                        let key = format!("the transit key {mount}/{name}");
                        Attempt::Failed(OpenError::KeyMismatch { place: place(), key })
                    }
                },
            }
        }
        _ => Attempt::NotForThis,
    }
}
