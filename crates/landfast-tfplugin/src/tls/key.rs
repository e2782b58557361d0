//! Keys on the curve P-256, from the system's random numbers.
//!
//! All of what TLS needs random numbers for is made with these and not by aws-lc, which takes 50 ms of CPU to be ready for its first
//! random number. What needs none is aws-lc's: the ciphers, and the signatures of providers, some of which are on P-521.

use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData};
use tokio_rustls::rustls::crypto::{ActiveKeyExchange, GetRandomFailed, SecureRandom, SharedSecret, SupportedKxGroup};
use tokio_rustls::rustls::{Error, NamedGroup, PeerMisbehaved, SignatureAlgorithm, SignatureScheme, sign};

/// The system's random numbers.
#[derive(Debug)]
pub(super) struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        getrandom::fill(bytes).map_err(|_| GetRandomFailed)
    }
}

/// A new secret.
fn secret() -> Result<SecretKey, getrandom::Error> {
    let mut secret = [0; 32];
    // One of four billion numbers is none of the curve's.
    loop {
        getrandom::fill(&mut secret)?;
        if let Ok(secret) = SecretKey::from_slice(&secret) {
            return Ok(secret);
        }
    }
}

/// A point, uncompressed.
fn point(secret: &SecretKey) -> Vec<u8> {
    use p256::elliptic_curve::sec1::ToEncodedPoint as _;
    secret.public_key().to_encoded_point(false).as_bytes().to_vec()
}

/// A key that signs: our certificate, and that it is ours.
#[derive(Clone)]
pub(super) struct Key {
    signing: SigningKey,
    public: Vec<u8>,
}

impl Key {
    pub(super) fn make() -> Result<Self, getrandom::Error> {
        let secret = secret()?;
        Ok(Self { public: point(&secret), signing: secret.into() })
    }

    fn signature(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signature: DerSignature = self.signing.try_sign(message).ok()?;
        Some(signature.as_bytes().to_vec())
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.signature(message).ok_or(rcgen::Error::RemoteKeyError)
    }
}

impl sign::SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn sign::Signer>> {
        offered.contains(&sign::Signer::scheme(self)).then(|| Box::new(self.clone()) as _)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl sign::Signer for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.signature(message).ok_or_else(|| Error::General("no signature can be made".to_owned()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

/// Key exchange on P-256, which every TLS library knows.
#[derive(Debug)]
pub(super) struct Exchange;

impl SupportedKxGroup for Exchange {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let secret = secret().map_err(|_| GetRandomFailed)?;
        Ok(Box::new(Exchanging { public: point(&secret), secret }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

/// A key exchange of which the other side's part is missing.
struct Exchanging {
    secret: SecretKey,
    public: Vec<u8>,
}

impl ActiveKeyExchange for Exchanging {
    fn complete(self: Box<Self>, theirs: &[u8]) -> Result<SharedSecret, Error> {
        let theirs = p256::PublicKey::from_sec1_bytes(theirs).map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        let shared = p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), theirs.as_affine());
        Ok(SharedSecret::from(&**shared.raw_secret_bytes()))
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        Exchange.name()
    }
}
