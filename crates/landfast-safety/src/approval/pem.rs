//! The one form of private keys that is read and written: PKCS#8 of Ed25519 in PEM, as `openssl genpkey` writes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// What stands before the 32 bytes of the key (RFC 8410): a sequence of version 0, the algorithm Ed25519, and the key as an
/// octet string in an octet string.
const DER_BEFORE: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

pub(super) fn write(seed: &[u8; 32]) -> Zeroizing<String> {
    let mut der = Zeroizing::new(Vec::with_capacity(DER_BEFORE.len() + seed.len()));
    der.extend_from_slice(&DER_BEFORE);
    der.extend_from_slice(seed);
    let body = Zeroizing::new(STANDARD.encode(&*der));
    Zeroizing::new(format!("{BEGIN}\n{}\n{END}\n", *body))
}

/// The key in a text, or what is wrong with it.
pub(super) fn read(text: &str) -> Result<Zeroizing<[u8; 32]>, &'static str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines.next() {
        Some(BEGIN) => {}
        Some("-----BEGIN ENCRYPTED PRIVATE KEY-----") => {
            return Err("the key is encrypted, and only plain keys are read");
        }
        Some("-----BEGIN OPENSSH PRIVATE KEY-----") => {
            return Err("the key is one of OpenSSH, and only PKCS#8 is read");
        }
        Some("-----BEGIN PUBLIC KEY-----") => return Err("the key is a public one"),
        _ => return Err("it does not begin with -----BEGIN PRIVATE KEY-----"),
    }
    let mut body = Zeroizing::new(String::with_capacity(text.len()));
    loop {
        match lines.next() {
            Some(END) => break,
            Some(line) => body.push_str(line),
            None => return Err("it does not end with -----END PRIVATE KEY-----"),
        }
    }
    if lines.next().is_some() {
        return Err("something stands behind the key");
    }
    let der = Zeroizing::new(STANDARD.decode(body.as_bytes()).map_err(|_| "what it holds is not base64")?);
    let seed = der.strip_prefix(&DER_BEFORE).ok_or("it holds no Ed25519 key of PKCS#8 version 0")?;
    let seed: &[u8; 32] = seed.try_into().map_err(|_| "its key is not 32 bytes long")?;
    Ok(Zeroizing::new(*seed))
}
