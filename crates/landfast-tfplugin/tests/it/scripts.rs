//! Programs that are no providers, or lie: each is refused with an error that says what is wrong, and nothing of it is left.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use landfast_state::{SecretTexts, Value};
use landfast_tfplugin::{CallError, ProviderReader, SchemaScope, StartError, StartOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A program, in a folder that goes with it, into which it writes its number.
struct Script {
    folder: tempfile::TempDir,
}

impl Script {
    fn new(body: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("terraform-provider-odd");
        std::fs::write(&path, format!("#!/bin/sh\necho $$ > {}/number\n{body}\n", folder.path().display())).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("terraform-provider-odd")
    }

    /// Starts it, which must fail. The process must be gone soon after, in whatever way it failed.
    async fn refused(&self, options: &StartOptions) -> StartError {
        let error = ProviderReader::start(&self.path(), options).await.unwrap_err();
        let number = std::fs::read_to_string(self.folder.path().join("number")).unwrap();
        let start = Instant::now();
        while Path::new("/proc").join(number.trim()).exists() {
            assert!(start.elapsed() < Duration::from_secs(5), "{number} is left after {error}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        error
    }

    async fn message(&self, options: &StartOptions) -> String {
        let error = self.refused(options).await;
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        // The folder of the script is another one in each run.
        let text = format!("{error}{}", source.unwrap_or_default());
        text.replace(&self.path().display().to_string(), "PROGRAM")
    }
}

fn quick() -> StartOptions {
    let mut options = StartOptions::default();
    options.start_timeout = Duration::from_secs(5);
    options
}

#[tokio::test]
async fn noise_instead_of_a_handshake() {
    let not = "PROGRAM is not a provider, or one that cannot be understood: ";
    for (body, says) in [
        ("echo Hello there; sleep 60", "it printed something else: Hello there"),
        ("echo; sleep 60", "it printed something else: "),
        ("head -c 100000 /dev/zero; sleep 60", "its first line is longer than 16384 bytes"),
        ("printf '\\377\\n'; sleep 60", "its first line is not UTF-8"),
        ("echo '1|7|unix|/x|grpc'; sleep 60", "it speaks version 7 of the protocol, and 5 and 6 were offered"),
        (
            "echo '1|5|tcp|192.0.2.1:80|grpc'; sleep 60",
            "it says that it listens at tcp 192.0.2.1:80: that is not this machine",
        ),
    ] {
        assert_eq!(Script::new(body).message(&quick()).await, format!("{not}{says}"));
    }
}

#[tokio::test]
async fn an_end_before_the_handshake_is_told_with_its_last_words() {
    let mut options = quick();
    let mut texts = SecretTexts::default();
    texts.add_all(&Value::String("hunter2-hunter2".to_owned()));
    options.redactor = texts.redactor();
    options.environment.push(("TOKEN".into(), "hunter2-hunter2".into()));
    let script = Script::new("echo \"cannot go on with $TOKEN\" >&2; exit 7");
    assert_eq!(
        script.message(&options).await,
        "PROGRAM ended before it could be called (exit status: 7): cannot go on with (sensitive value)"
    );
    assert!(!format!("{options:?}").contains("hunter2"), "{options:?}");
}

#[tokio::test]
async fn silence_is_not_waited_for() {
    let mut options = quick();
    options.start_timeout = Duration::from_millis(300);
    // Half a line is no line.
    let script = Script::new("echo waiting >&2; printf '1|5|unix'; sleep 60 & wait");
    let start = Instant::now();
    assert_eq!(script.message(&options).await, "PROGRAM could not be called within 0.3 s: waiting");
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn nobody_listens_where_it_says() {
    let script = Script::new("echo '1|5|unix|/no/such/socket|grpc'; sleep 60");
    let message = script.message(&quick()).await;
    assert!(message.starts_with("PROGRAM: no connection where it says that it listens: No such file"), "{message}");
}

#[tokio::test]
async fn a_listener_that_presents_another_certificate_is_not_the_provider() {
    let (listener, address) = listen().await;
    let key = rcgen::KeyPair::generate().unwrap();
    let make = || rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (presented, announced) = (make(), make());
    let tls = tokio_rustls::rustls::ServerConfig::builder_with_provider(
        tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().into(),
    )
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(vec![presented.der().clone()], key.serialize_der().try_into().unwrap())
    .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(tls));
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(announced.der());
    let script = Script::new(&format!("echo '1|5|tcp|{address}|grpc|{encoded}'; sleep 60"));
    let message = script.message(&quick()).await;
    assert!(message.contains("no connection where it says that it listens: invalid peer certificate"), "{message}");
    server.abort();
}

#[tokio::test]
async fn a_listener_that_does_not_speak_grpc_fails_the_first_call() {
    let (listener, address) = listen().await;
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 16]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let script = Script::new(&format!("echo '1|6|tcp|{address}|grpc'; sleep 60"));
    let mut options = quick();
    options.call_timeout = Duration::from_secs(5);
    let text = match ProviderReader::start(&script.path(), &options).await {
        Ok(reader) => {
            let error = reader.schemas(&SchemaScope::Everything).await.unwrap_err();
            assert!(matches!(error, CallError::Failed { .. }), "{error}");
            error.to_string()
        }
        Err(error) => error.to_string(),
    };
    assert!(text.contains("terraform-provider-odd"), "{text}");
    server.abort();
}

#[tokio::test]
async fn a_listener_that_never_answers_is_not_waited_for() {
    let (listener, address) = listen().await;
    let server = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let script = Script::new(&format!("echo '1|6|tcp|{address}|grpc'; sleep 60"));
    let mut options = quick();
    options.call_timeout = Duration::from_millis(300);
    let reader = ProviderReader::start(&script.path(), &options).await.unwrap();
    let error = reader.schemas(&SchemaScope::Everything).await.unwrap_err();
    assert_eq!(error.to_string(), "terraform-provider-odd did not answer GetProviderSchema within 0.3 s");
    let start = Instant::now();
    assert_eq!(reader.close().await, landfast_tfplugin::Ending::Killed);
    assert!(start.elapsed() < Duration::from_secs(4));
    server.abort();
}

#[tokio::test]
async fn giving_up_a_start_ends_the_process() {
    let script = Script::new("sleep 60");
    let path = script.path();
    let options = quick();
    let start = ProviderReader::start(&path, &options);
    assert!(tokio::time::timeout(Duration::from_millis(300), start).await.is_err());
    let number = std::fs::read_to_string(script.folder.path().join("number")).unwrap();
    let start = Instant::now();
    while Path::new("/proc").join(number.trim()).exists() {
        assert!(start.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_is_no_program_cannot_be_run() {
    let missing = ProviderReader::start(Path::new("no/such/provider"), &quick()).await.unwrap_err();
    assert_eq!(missing.to_string(), "no/such/provider: cannot be run");
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "nothing").unwrap();
    let not_executable = ProviderReader::start(&text, &quick()).await.unwrap_err();
    assert!(matches!(not_executable, StartError::CannotRun { .. }), "{not_executable}");
}

async fn listen() -> (tokio::net::TcpListener, std::net::SocketAddr) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}
