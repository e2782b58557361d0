//! TLS as plugins speak it: each side makes a certificate for this one connection and tells the other beforehand.

use std::sync::Arc;

use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePrivateKey as _;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PublicKeyData, SerialNumber, SignatureAlgorithm,
};
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

/// The name that both certificates are for.
pub(crate) const SERVER_NAME: &str = "localhost";

/// A certificate of ours with its key, for one connection.
pub(crate) struct OwnCertificate {
    certificate: rcgen::Certificate,
    /// In PKCS #8.
    key: Vec<u8>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateProblem {
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
    #[error("its key cannot be made")]
    Key(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("it cannot be signed")]
    Sign(#[from] rcgen::Error),
}

impl OwnCertificate {
    /// Makes one. Its key is on the curve P-256, which every TLS library takes, and it is no authority: some providers take no
    /// authority for a client.
    ///
    /// The key is from the system's random numbers and not from those of aws-lc, which take 50 ms to be ready for their first use.
    /// TLS needs these too, but only once the provider has started: they are made ready meanwhile.
    pub(crate) fn make() -> Result<Self, CertificateProblem> {
        std::thread::spawn(|| aws_lc_rs::default_provider().secure_random.fill(&mut [0]));
        let mut random = [0; 8];
        getrandom::fill(&mut random)?;
        let key = Key::make()?;
        let mut parameters = CertificateParams::new([SERVER_NAME.to_owned()])?;
        let mut name = DistinguishedName::new();
        name.push(DnType::OrganizationName, "Landfast");
        name.push(DnType::CommonName, SERVER_NAME);
        parameters.distinguished_name = name;
        parameters.serial_number = Some(SerialNumber::from_slice(&random));
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = parameters.self_signed(&key)?;
        let key = SecretKey::from(key.signing).to_pkcs8_der().map_err(|error| CertificateProblem::Key(error.into()))?;
        Ok(Self { certificate, key: key.as_bytes().to_vec() })
    }

    /// What the provider is told beforehand.
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// How to connect to a provider that will present exactly this certificate, in DER.
    pub(crate) fn client(&self, provider: Vec<u8>) -> Result<ClientConfig, Error> {
        let crypto = Arc::new(aws_lc_rs::default_provider());
        let pinned = Pinned { certificate: provider.into(), crypto: Arc::clone(&crypto) };
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let mut config = ClientConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pinned))
            .with_client_auth_cert(vec![self.certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

/// A key on P-256, which signs our certificate.
struct Key {
    signing: SigningKey,
    /// A point, uncompressed.
    public: Vec<u8>,
}

impl Key {
    fn make() -> Result<Self, CertificateProblem> {
        let mut secret = [0; 32];
        // One of four billion numbers is none of the curve's.
        let signing = loop {
            getrandom::fill(&mut secret)?;
            if let Ok(signing) = SigningKey::from_slice(&secret) {
                break signing;
            }
        };
        let public = signing.verifying_key().to_encoded_point(false).as_bytes().to_vec();
        Ok(Self { signing, public })
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: DerSignature = self.signing.try_sign(message).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_bytes().to_vec())
    }
}

/// Takes one certificate, whoever signed it and whatever it says that it is for, from who has its key.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    crypto: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.crypto.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.crypto.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}

impl std::fmt::Debug for OwnCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnCertificate")
    }
}
