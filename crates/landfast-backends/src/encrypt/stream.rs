//! The content in chunks, each under AES-256-GCM: the STREAM construction, so that no chunk can be changed, left out, repeated
//! or moved, and nothing can be cut off the end.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use landfast_state::BytesDigest;

use super::derive::Key;
use super::error::SealError;

const CHUNK: usize = 64 << 10;
const TAG: usize = 16;

/// Number of the chunk, and whether it is the last one. The key is of this envelope alone.
fn nonce(number: u32, is_last: bool) -> [u8; 12] {
    let [a, b, c, d] = number.to_be_bytes();
    [0, 0, 0, 0, 0, 0, 0, a, b, c, d, u8::from(is_last)]
}

/// Appends the sealed chunks to the header. There is always one, which may be empty.
pub(super) fn seal(plain: &[u8], key: &Key, mut header: Vec<u8>) -> Result<Vec<u8>, SealError> {
    let cipher = Aes256Gcm::new_from_slice(key.bytes()).map_err(|_| SealError::TooLarge)?;
    let about = BytesDigest::of(&header);
    header.reserve(plain.len() + (plain.len() / CHUNK + 1) * TAG);
    let (mut rest, mut number) = (plain, 0_u32);
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
        let is_last = after.is_empty();
        let payload = Payload { msg: chunk, aad: about.as_bytes() };
        let sealed = cipher.encrypt(&Nonce::from(nonce(number, is_last)), payload).map_err(|_| SealError::TooLarge)?;
        header.extend_from_slice(&sealed);
        if is_last {
            return Ok(header);
        }
        rest = after;
        number = number.checked_add(1).ok_or(SealError::TooLarge)?;
    }
}

/// Opens all chunks, or says that one is not as it was.
pub(super) fn open(sealed: &[u8], key: &Key, header: &[u8]) -> Result<Vec<u8>, &'static str> {
    const CHANGED: &str = "its content is not as it was written, or not whole";
    let cipher = Aes256Gcm::new_from_slice(key.bytes()).map_err(|_| CHANGED)?;
    let about = BytesDigest::of(header);
    let mut plain = Vec::with_capacity(sealed.len());
    let (mut rest, mut number) = (sealed, 0_u32);
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK + TAG));
        let is_last = after.is_empty();
        let payload = Payload { msg: chunk, aad: about.as_bytes() };
        let opened = cipher.decrypt(&Nonce::from(nonce(number, is_last)), payload).map_err(|_| CHANGED)?;
        plain.extend_from_slice(&opened);
        if is_last {
            // An empty last chunk follows nothing but the header: there is one way to write each content.
            return if opened.is_empty() && number > 0 { Err(CHANGED) } else { Ok(plain) };
        }
        rest = after;
        number = number.checked_add(1).ok_or(CHANGED)?;
    }
}
