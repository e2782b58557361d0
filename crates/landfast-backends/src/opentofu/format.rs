//! What stands in the place of an encrypted state.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::OpenTofuError;

/// The only version of the encryption that OpenTofu has had.
const VERSION: &str = "v0";
/// What the name of the key provider in `meta` begins with.
const PROVIDER: &str = "key_provider.pbkdf2.";
/// The least iterations that OpenTofu configures.
const LEAST_ITERATIONS: u32 = 200_000;
/// The most that are gone along with: a minute or so.
const MOST_ITERATIONS: u32 = 100_000_000;
const LONGEST_SALT: usize = 1 << 16;

/// The hash function of PBKDF2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashFunction {
    /// SHA-256.
    Sha256,
    /// SHA-512, which is OpenTofu's default.
    Sha512,
}

/// How a state was sealed, without salt and nonce, which are new each time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Parameters {
    /// The name in `meta` under which OpenTofu looks for the key: `key_provider.pbkdf2.` and the name of the block, or the
    /// `encrypted_metadata_alias` of it.
    pub provider: String,
    /// Iterations of PBKDF2.
    pub iterations: u32,
    /// Its hash function.
    pub hash_function: HashFunction,
    /// Length of the salt in bytes.
    pub salt_length: usize,
}

impl Default for Parameters {
    /// OpenTofu's defaults, for a block that is called `default`.
    fn default() -> Self {
        Self {
            provider: format!("{PROVIDER}default"),
            iterations: 600_000,
            hash_function: HashFunction::Sha512,
            salt_length: 32,
        }
    }
}

impl Parameters {
    /// For the block of this name.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.provider = format!("{PROVIDER}{name}");
        self
    }

    /// With so many iterations.
    #[must_use]
    pub fn with_iterations(mut self, iterations: u32) -> Self {
        self.iterations = iterations;
        self
    }

    pub(super) fn check(&self, place: &str) -> Result<(), OpenTofuError> {
        let what = if !(LEAST_ITERATIONS..=MOST_ITERATIONS).contains(&self.iterations) {
            format!("{} iterations of PBKDF2", self.iterations)
        } else if self.salt_length == 0 || self.salt_length > LONGEST_SALT {
            format!("a salt of {} bytes", self.salt_length)
        } else {
            return Ok(());
        };
        Err(OpenTofuError::Unsupported { place: place.to_owned(), what })
    }
}

/// What OpenTofu keeps about the key, in `meta`.
#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    salt: String,
    iterations: u32,
    hash_function: String,
    key_length: usize,
}

/// The members of a state that stand beside the encrypted one, too.
#[derive(Debug, Deserialize)]
pub(super) struct Inside {
    pub(super) serial: Option<u64>,
    pub(super) lineage: Option<String>,
    pub(super) terraform_version: Option<String>,
}

/// What stands in the place of the state, in OpenTofu's order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Outside {
    #[serde(default)]
    serial: Option<u64>,
    #[serde(default)]
    lineage: String,
    meta: BTreeMap<String, String>,
    encrypted_data: String,
    encryption_version: String,
}

impl Outside {
    pub(super) fn new(inside: &Inside, parameters: &Parameters, salt: &[u8], data: &[u8]) -> Self {
        let metadata = Metadata {
            salt: STANDARD.encode(salt),
            iterations: parameters.iterations,
            hash_function: match parameters.hash_function {
                HashFunction::Sha256 => "sha256".to_owned(),
                HashFunction::Sha512 => "sha512".to_owned(),
            },
            key_length: 32,
        };
        // Texts and numbers always have a JSON form.
        let metadata = serde_json::to_vec(&metadata).unwrap_or_default();
        Self {
            serial: inside.serial,
            lineage: inside.lineage.clone().unwrap_or_default(),
            meta: [(parameters.provider.clone(), STANDARD.encode(metadata))].into(),
            encrypted_data: STANDARD.encode(data),
            encryption_version: VERSION.to_owned(),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether it says of itself that it is encrypted, as OpenTofu asks.
    pub(super) fn is_like(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Sign {
            #[serde(default)]
            encryption_version: Option<String>,
        }
        serde_json::from_slice::<Sign>(bytes).is_ok_and(|sign| sign.encryption_version.is_some_and(|it| !it.is_empty()))
    }

    pub(super) fn read(bytes: &[u8], place: &str) -> Result<Self, OpenTofuError> {
        if !Self::is_like(bytes) {
            return Err(OpenTofuError::NotEncrypted { place: place.to_owned() });
        }
        let damaged = |what| OpenTofuError::Damaged { place: place.to_owned(), what };
        let read: Self = serde_json::from_slice(bytes)
            .map_err(|_| damaged("what stands beside the encrypted state is not whole"))?;
        if read.encryption_version != VERSION {
            return Err(unsupported(place, format!("the version {} of the format", shown(&read.encryption_version))));
        }
        Ok(read)
    }

    /// How the key came about, and its salt.
    pub(super) fn parameters(&self, place: &str) -> Result<(Parameters, Vec<u8>), OpenTofuError> {
        let damaged = |what| OpenTofuError::Damaged { place: place.to_owned(), what };
        let mut providers = self.meta.iter();
        let (Some((provider, meta)), None) = (providers.next(), providers.next()) else {
            let names: Vec<String> = self.meta.keys().map(|name| shown(name)).collect();
            let what = if names.is_empty() {
                "no key provider".to_owned()
            } else {
                format!("several key providers ({})", names.join(", "))
            };
            return Err(unsupported(place, what));
        };
        let foreign = provider.strip_prefix("key_provider.").filter(|_| !provider.starts_with(PROVIDER));
        if let Some(name) = foreign {
            let kind = name.split('.').next().unwrap_or_default();
            return Err(unsupported(place, format!("the key provider {}", shown(kind))));
        }
        let meta = STANDARD.decode(meta).map_err(|_| damaged("what it says about its key is no Base64"))?;
        // Under an alias of the configuration, only this tells whose it is.
        let Ok(meta) = serde_json::from_slice::<Metadata>(&meta) else {
            return Err(if provider.starts_with(PROVIDER) {
                damaged("what it says about its key is none of PBKDF2")
            } else {
                unsupported(place, format!("the key provider behind {}", shown(provider)))
            });
        };
        let hash_function = match meta.hash_function.as_str() {
            "sha256" => HashFunction::Sha256,
            "sha512" => HashFunction::Sha512,
            other => return Err(unsupported(place, format!("the hash function {}", shown(other)))),
        };
        if meta.key_length != 32 {
            return Err(unsupported(place, format!("a key of {} bytes", meta.key_length)));
        }
        let salt = STANDARD.decode(&meta.salt).map_err(|_| damaged("the salt of its key is no Base64"))?;
        let parameters = Parameters {
            provider: provider.clone(),
            iterations: meta.iterations,
            hash_function,
            salt_length: salt.len(),
        };
        parameters.check(place)?;
        Ok((parameters, salt))
    }

    pub(super) fn data(&self, place: &str) -> Result<Vec<u8>, OpenTofuError> {
        let what = "its encrypted data is no Base64";
        STANDARD.decode(&self.encrypted_data).map_err(|_| OpenTofuError::Damaged { place: place.to_owned(), what })
    }

    /// Serial and lineage beside the encrypted state are not authenticated: they must be those inside, where they are there.
    pub(super) fn check_against(&self, plain: &[u8], place: &str) -> Result<(), OpenTofuError> {
        let no_state = |_| OpenTofuError::Damaged { place: place.to_owned(), what: "what was encrypted is no state" };
        let inside: Inside = serde_json::from_slice(plain).map_err(no_state)?;
        let swapped = |member| Err(OpenTofuError::Swapped { place: place.to_owned(), member });
        if self.serial.is_some() && inside.serial.is_some() && self.serial != inside.serial {
            return swapped("serial");
        }
        if !self.lineage.is_empty() && inside.lineage.as_deref() != Some(&self.lineage) {
            return swapped("lineage");
        }
        Ok(())
    }
}

fn unsupported(place: &str, what: String) -> OpenTofuError {
    OpenTofuError::Unsupported { place: place.to_owned(), what }
}

/// A name out of a file, for a message.
fn shown(name: &str) -> String {
    name.chars().take(100).map(|c| if c.is_control() { '?' } else { c }).collect()
}
