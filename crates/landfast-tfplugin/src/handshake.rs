//! The one line by which a provider tells where it listens.

use std::net::SocketAddr;
use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::process::{FirstLine, MAX_HANDSHAKE, Secrets, cut};

/// The major version of the protocol that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolVersion {
    /// Version 5: most providers that were written for terraform 0.12 and later.
    V5,
    /// Version 6: those with nested attributes.
    V6,
}

/// Why what a provider printed is not the line that tells where it listens. Known secrets in it are masked; texts are
/// otherwise as they came: escape them before they are shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// It has not the form of a handshake.
    #[error("it printed something else: {line}")]
    Form {
        /// How the line begins.
        line: String,
    },
    /// It goes on and on.
    #[error("its first line is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// It is not text.
    #[error("its first line is not UTF-8")]
    NotText,
    /// The handshake itself is of another version.
    #[error("its handshake is of version {found}, and 1 is known")]
    CoreVersion {
        /// The version.
        found: String,
    },
    /// The provider speaks a protocol that was not offered.
    #[error("it speaks version {found} of the protocol, and 5 and 6 were offered")]
    ProtocolVersion {
        /// The version.
        found: String,
    },
    /// The provider does not speak gRPC.
    #[error("it speaks {found} and not gRPC, as providers for terraform before 0.12 do")]
    NotGrpc {
        /// What it says that it speaks.
        found: String,
    },
    /// It listens where no provider may.
    #[error("it says that it listens at {network} {address}: {reason}")]
    Address {
        /// The kind of address.
        network: String,
        /// The address.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Its certificate cannot be read.
    #[error("its certificate is not base64 of one certificate")]
    Certificate,
}

/// What the line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handshake {
    pub(crate) protocol: ProtocolVersion,
    pub(crate) address: Address,
    /// The certificate that the provider will present, in DER.
    pub(crate) certificate: Option<Vec<u8>>,
}

/// Where a provider listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

/// How much of a line that is no handshake is repeated, in characters.
const SHOWN: usize = 200;

/// Older plugins put other things in the place of the certificate, none of which is as long.
const SHORTEST_CERTIFICATE: usize = 50;

impl Handshake {
    /// Reads the line. `secrets` are masked in what an error repeats.
    pub(crate) fn parse(line: &FirstLine, secrets: &Secrets) -> Result<Self, HandshakeError> {
        let shown = |text: &str| cut(&secrets.redact(text), SHOWN).to_owned();
        let line = match line {
            FirstLine::Line(bytes) => std::str::from_utf8(bytes).map_err(|_| HandshakeError::NotText)?.trim(),
            FirstLine::TooLong => return Err(HandshakeError::TooLong { limit: MAX_HANDSHAKE }),
            FirstLine::Ended => "",
        };
        let mut fields = line.split('|');
        let (Some(core), Some(version), Some(network), Some(address)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(HandshakeError::Form { line: shown(line) });
        };
        if core.parse() != Ok(1_u32) {
            return match core.parse::<u32>() {
                Ok(_) => Err(HandshakeError::CoreVersion { found: shown(core) }),
                Err(_) => Err(HandshakeError::Form { line: shown(line) }),
            };
        }
        let protocol = match version.parse::<u32>() {
            Ok(5) => ProtocolVersion::V5,
            Ok(6) => ProtocolVersion::V6,
            _ => return Err(HandshakeError::ProtocolVersion { found: shown(version) }),
        };
        match fields.next().unwrap_or("netrpc") {
            "grpc" => {}
            other => return Err(HandshakeError::NotGrpc { found: shown(other) }),
        }
        let certificate = match fields.next() {
            Some(text) if text.len() > SHORTEST_CERTIFICATE => {
                Some(base64().decode(text).map_err(|_| HandshakeError::Certificate)?)
            }
            _ => None,
        };
        let address = parse_address(network, address).map_err(|reason| HandshakeError::Address {
            network: shown(network),
            address: shown(address),
            reason,
        })?;
        Ok(Self { protocol, address, certificate })
    }
}

fn parse_address(network: &str, address: &str) -> Result<Address, &'static str> {
    match network {
        "unix" => {
            let path = PathBuf::from(address);
            if path.is_absolute() { Ok(Address::Unix(path)) } else { Err("a socket is named by an absolute path") }
        }
        "tcp" => {
            let address: SocketAddr = address.parse().map_err(|_| "not an address with a port")?;
            if address.ip().is_loopback() { Ok(Address::Tcp(address)) } else { Err("that is not this machine") }
        }
        _ => Err("unix and tcp are known"),
    }
}

/// Plugins leave the padding out; one that does not is understood as well.
fn base64() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, config)
}

#[cfg(test)]
mod tests {
    use landfast_state::{SecretTexts, Value};

    use super::*;

    fn parse(line: &str) -> Result<Handshake, HandshakeError> {
        let mut texts = SecretTexts::default();
        texts.add_all(&Value::String("hunter2-hunter2".to_owned()));
        Handshake::parse(&FirstLine::Line(line.into()), &Secrets::new(texts.redactor()))
    }

    #[test]
    fn what_providers_print_is_read() {
        let unix = parse("1|5|unix|/run/plugin123|grpc|").unwrap();
        assert_eq!(unix.protocol, ProtocolVersion::V5);
        assert_eq!(unix.address, Address::Unix("/run/plugin123".into()));
        assert_eq!(unix.certificate, None);
        let der = vec![7_u8; 64];
        let text = base64().encode(&der);
        for end in ["", "|", "|true|more"] {
            for text in [text.as_str(), text.trim_end_matches('=')] {
                let tcp = parse(&format!("1|6|tcp|127.0.0.1:1234|grpc|{text}{end}\r")).unwrap();
                assert_eq!(tcp.protocol, ProtocolVersion::V6);
                assert_eq!(tcp.address, Address::Tcp("127.0.0.1:1234".parse().unwrap()));
                assert_eq!(tcp.certificate, Some(der.clone()));
            }
        }
        // Not long enough to be a certificate.
        assert_eq!(parse("1|5|unix|/run/p|grpc|extra").unwrap().certificate, None);
    }

    #[test]
    fn lies_and_noise_are_refused_and_named() {
        for (line, says) in [
            ("", "it printed something else: "),
            ("This binary is a plugin.", "something else: This binary is a plugin."),
            ("token hunter2-hunter2|2|3", "something else: token (sensitive value)|2|3"),
            ("x|5|unix|/run/p|grpc", "something else"),
            ("2|5|unix|/run/p|grpc", "its handshake is of version 2, and 1 is known"),
            ("1|4|unix|/run/p|grpc", "it speaks version 4 of the protocol"),
            ("1|6.0|unix|/run/p|grpc", "it speaks version 6.0 of the protocol"),
            ("1|5|unix|/run/p", "it speaks netrpc and not gRPC"),
            ("1|5|unix|/run/p|netrpc", "it speaks netrpc and not gRPC"),
            ("1|5|unix|run/p|grpc", "listens at unix run/p: a socket is named by an absolute path"),
            ("1|5|tcp|192.0.2.1:80|grpc", "listens at tcp 192.0.2.1:80: that is not this machine"),
            ("1|5|tcp|localhost:80|grpc", "not an address with a port"),
            ("1|5|udp|127.0.0.1:80|grpc", "unix and tcp are known"),
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(says), "{line}: {error}");
        }
        let certificate = format!("1|5|unix|/run/p|grpc|{}", "*".repeat(80));
        assert_eq!(parse(&certificate), Err(HandshakeError::Certificate));
        let long = parse(&"x".repeat(5000)).unwrap_err().to_string();
        assert!(long.len() < 300, "{long}");
        let secrets = Secrets::default();
        let not_text = Handshake::parse(&FirstLine::Line(vec![0xff]), &secrets);
        assert_eq!(not_text, Err(HandshakeError::NotText));
        let too_long = Handshake::parse(&FirstLine::TooLong, &secrets);
        assert_eq!(too_long, Err(HandshakeError::TooLong { limit: MAX_HANDSHAKE }));
    }
}
