//! Making the content smaller before it is sealed.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};

use serde::{Deserialize, Serialize};

use super::SealError;

/// The largest content that is unpacked.
const LARGE: u64 = 2 << 30;

/// Whether content is made smaller before it is sealed. The size of the envelope then depends on how regular the content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// As it is.
    #[default]
    None,
    /// By gzip: states become a tenth or less.
    Gzip,
}

pub(crate) fn pack(plain: &[u8], compression: Compression) -> Result<Cow<'_, [u8]>, SealError> {
    match compression {
        Compression::None => Ok(plain.into()),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            let packed = encoder.write_all(plain).and_then(|()| encoder.finish());
            packed.map(Cow::Owned).map_err(|_| SealError::TooLarge)
        }
    }
}

pub(crate) fn unpack(packed: &[u8], compression: Compression) -> Result<Vec<u8>, &'static str> {
    match compression {
        Compression::None => Ok(packed.to_vec()),
        Compression::Gzip => {
            let mut plain = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(packed).take(LARGE + 1);
            decoder.read_to_end(&mut plain).map_err(|_| "its content cannot be unpacked")?;
            if plain.len() as u64 > LARGE {
                return Err("its content is larger than 2 GB unpacked");
            }
            Ok(plain)
        }
    }
}
