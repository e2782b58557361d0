//! Services for providers, each of which says the same to everybody who asks the same.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The status and the body of what is said about a path.
pub(super) type Answers = fn(&str) -> (u16, String);

/// A service of this process, which goes with this value.
pub(super) struct Service {
    pub(super) url: String,
    task: JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Service {
    /// One that is spoken to as it is.
    pub(super) async fn plain(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, answers));
            }
        });
        Self { url, task }
    }

    /// One behind TLS. Its certificate is put into the folder: the second value.
    pub(super) async fn encrypted(answers: Answers, folder: &Path) -> (Self, PathBuf) {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        let path = folder.join("certificate.pem");
        std::fs::write(&path, certificate.pem()).unwrap();
        let tls = tokio_rustls::rustls::ServerConfig::builder_with_provider(
            tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().into(),
        )
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer(stream, answers).await;
                    }
                });
            }
        });
        (Self { url, task }, path)
    }
}

/// Answers one request.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, answers: Answers) {
    let mut request = Vec::new();
    let (head, length) = loop {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(read) if read > 0 => request.extend_from_slice(&part[..read]),
            _ => return,
        }
        if let Some(end) = request.windows(4).position(|it| it == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            break (end + 4, length.unwrap_or(0));
        }
    };
    while request.len() < head + length {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(read) if read > 0 => request.extend_from_slice(&part[..read]),
            _ => return,
        }
    }
    let line = String::from_utf8_lossy(&request).into_owned();
    let (status, body) = answers(line.split(' ').nth(1).unwrap_or_default());
    let kind = if body.starts_with('{') { "application/json" } else { "text/xml" };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} said\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    let _ = stream.shutdown().await;
}
