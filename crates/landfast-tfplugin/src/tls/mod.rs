//! TLS as plugins speak it: each side makes a certificate for this one connection and tells the other beforehand.

mod key;

use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, SerialNumber};
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, SupportedKxGroup as _, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use key::{Exchange, Key, SystemRandom};

/// The name that both certificates are for.
pub(crate) const SERVER_NAME: &str = "localhost";

/// A certificate of ours with its key, for one connection.
pub(crate) struct OwnCertificate {
    certificate: rcgen::Certificate,
    key: Key,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateProblem {
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
    #[error("it cannot be signed")]
    Sign(#[from] rcgen::Error),
}

impl OwnCertificate {
    /// Makes one. Its key is on the curve P-256, which every TLS library takes, and it is no authority: some providers take no
    /// authority for a client.
    pub(crate) fn make() -> Result<Self, CertificateProblem> {
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
        Ok(Self { certificate: parameters.self_signed(&key)?, key })
    }

    /// What the provider is told beforehand.
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// How to connect to a provider that will present exactly this certificate, in DER.
    pub(crate) fn client(&self, provider: Vec<u8>) -> Result<ClientConfig, Error> {
        let mut crypto = aws_lc_rs::default_provider();
        crypto.secure_random = &SystemRandom;
        // Who wants another group asks for it.
        crypto.kx_groups.retain(|group| group.name() != Exchange.name());
        crypto.kx_groups.insert(0, &Exchange);
        let crypto = Arc::new(crypto);
        let pinned = Pinned { certificate: provider.into(), crypto: Arc::clone(&crypto) };
        let own = CertifiedKey::new(vec![self.certificate.der().clone()], Arc::new(self.key.clone()));
        let mut config = ClientConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pinned))
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
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

#[cfg(test)]
mod tests {
    use rcgen::KeyPair;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::rustls::crypto::SupportedKxGroup;
    use tokio_rustls::rustls::crypto::aws_lc_rs::kx_group::{SECP256R1, SECP384R1, X25519};
    use tokio_rustls::rustls::server::WebPkiClientVerifier;
    use tokio_rustls::rustls::version::{TLS12, TLS13};
    use tokio_rustls::rustls::{NamedGroup, RootCertStore, ServerConfig, SupportedProtocolVersion};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    /// A conversation with a server of aws-lc alone that knows one group and one version; the group that they agreed on.
    async fn converse(group: &'static dyn SupportedKxGroup, version: &'static SupportedProtocolVersion) -> NamedGroup {
        let own = OwnCertificate::make().unwrap();
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
        let theirs = CertificateParams::new([SERVER_NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
        let crypto = CryptoProvider { kx_groups: vec![group], ..aws_lc_rs::default_provider() };
        let crypto = Arc::new(crypto);
        // As providers do: our certificate is the only authority that they know.
        let mut known = RootCertStore::empty();
        known.add(own.certificate.der().clone()).unwrap();
        let ours = WebPkiClientVerifier::builder_with_provider(Arc::new(known), Arc::clone(&crypto)).build().unwrap();
        let server = ServerConfig::builder_with_provider(crypto)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(ours)
            .with_single_cert(vec![theirs.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        let (here, there) = tokio::io::duplex(1 << 16);
        let echo = async {
            let mut stream = TlsAcceptor::from(Arc::new(server)).accept(there).await.unwrap();
            let mut asked = [0; 5];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(&asked).await.unwrap();
            stream.flush().await.unwrap();
        };
        let ask = async {
            let client = own.client(theirs.der().to_vec()).unwrap();
            let name = ServerName::try_from(SERVER_NAME).unwrap();
            let mut stream = TlsConnector::from(Arc::new(client)).connect(name, here).await.unwrap();
            stream.write_all(b"hello").await.unwrap();
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, *b"hello");
            stream.get_ref().1.negotiated_key_exchange_group().unwrap().name()
        };
        tokio::join!(echo, ask).1
    }

    #[tokio::test]
    async fn servers_of_another_library_understand_our_keys_and_get_the_group_that_they_want() {
        for version in [&TLS12, &TLS13] {
            for group in [SECP256R1, X25519, SECP384R1] {
                assert_eq!(converse(group, version).await, group.name(), "{version:?}");
            }
        }
    }

    #[test]
    fn a_share_that_is_no_point_is_refused() {
        for share in [&[][..], &[4; 65], &[0]] {
            let exchange = Exchange.start().unwrap();
            assert_eq!(exchange.pub_key().len(), 65);
            assert!(matches!(exchange.complete(share), Err(Error::PeerMisbehaved(_))));
        }
    }
}
