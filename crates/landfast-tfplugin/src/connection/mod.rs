//! The one connection to a provider, and gRPC's calls over it.
//!
//! Each call goes out whole, in one write: its headers, its one message and the end of it. A channel of tonic writes the three one
//! after the other, through tasks that hand them on, which at a call of a millisecond is most of what we do.

#[cfg(unix)]
mod coalesced;
#[cfg_attr(not(unix), allow(dead_code, reason = "sockets are left alone on Unix alone"))]
mod pace;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use h2::client::{Builder, SendRequest};
use h2::{Reason, RecvStream};
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use http_body::{Body as _, Frame};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::client::GrpcService;
use tonic::{Code, Status};

#[cfg(unix)]
use self::coalesced::Coalesced;
use self::pace::{Pace, Waiting};
use crate::handshake::Address;
use crate::tls::SERVER_NAME;

/// Windows of flow control, in bytes: schemas are sent as one message of many megabytes.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// A stream of bytes, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection, over which any number of calls go at once. It closes when its last clone goes.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    requests: SendRequest<Bytes>,
    pace: Arc<Pace>,
}

impl Connection {
    /// Connects, and does not connect again: who listens there when the provider is gone is not the provider.
    pub(crate) async fn open(address: &Address, tls: Option<ClientConfig>) -> io::Result<Self> {
        let pace = Arc::default();
        let plain = open(address, &pace).await?;
        let stream: Box<dyn Stream> = match tls {
            None => plain,
            Some(config) => {
                let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
                Box::new(TlsConnector::from(Arc::new(config)).connect(name, plain).await?)
            }
        };
        let mut builder = Builder::new();
        builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW).enable_push(false);
        let (requests, connection) = builder.handshake(stream).await.map_err(io::Error::other)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a provider ended");
            }
        });
        Ok(Self { requests, pace })
    }
}

async fn open(address: &Address, pace: &Arc<Pace>) -> io::Result<Box<dyn Stream>> {
    #[cfg(not(unix))]
    let _ = pace;
    match address {
        Address::Tcp(address) => {
            let stream = tokio::net::TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            #[cfg(unix)]
            let stream = Coalesced::new(stream, Arc::clone(pace));
            Ok(Box::new(stream))
        }
        #[cfg(unix)]
        Address::Unix(path) => {
            let stream = tokio::net::UnixStream::connect(path).await?;
            // Whose socket it is, the path does not say.
            if stream.peer_cred()?.uid() != rustix::process::geteuid().as_raw() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, "another user listens there"));
            }
            Ok(Box::new(Coalesced::new(stream, Arc::clone(pace))))
        }
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

impl GrpcService<tonic::body::Body> for Connection {
    type ResponseBody = Received;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Received>, Status>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.requests.poll_ready(context).map_err(status)
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let mut requests = self.requests.clone();
        let waiting = self.pace.begin(request.uri().path());
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let mut target = head.uri.into_parts();
            target.scheme = Some(Scheme::HTTP);
            target.authority = Some(Authority::from_static(SERVER_NAME));
            head.uri = Uri::from_parts(target).map_err(|error| Status::internal(error.to_string()))?;
            let message = whole(body).await?;
            let (answer, mut rest) = requests.send_request(Request::from_parts(head, ()), false).map_err(status)?;
            rest.send_data(message, true).map_err(status)?;
            let answer = answer.await.map_err(status)?;
            waiting.answered();
            Ok(answer.map(|stream| Received { stream, data: Data::More, _waiting: waiting }))
        })
    }
}

/// The body of a request, of which the provider needs all before it answers: none of the calls that we make streams to it.
async fn whole(mut body: tonic::body::Body) -> Result<Bytes, Status> {
    let mut parts = Vec::with_capacity(1);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        parts.extend(frame?.into_data());
    }
    match parts.len() {
        1 => Ok(parts.swap_remove(0)),
        _ => Ok(parts
            .iter()
            .fold(BytesMut::new(), |mut all, part| {
                all.extend_from_slice(part);
                all
            })
            .freeze()),
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Received {
    stream: RecvStream,
    data: Data,
    /// The call waits until its last byte.
    _waiting: Waiting,
}

/// Whether more of a message may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Data {
    More,
    Over,
}

impl Received {
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        let data = match ready!(self.stream.poll_data(context)) {
            Some(Ok(data)) => data,
            // The provider needs no more of the request than it has: what it said is all the same complete.
            Some(Err(error)) if error.reason() == Some(Reason::NO_ERROR) => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(status(error)))),
            None => return Poll::Ready(None),
        };
        self.stream.flow_control().release_capacity(data.len()).map_err(status)?;
        Poll::Ready(Some(Ok(data)))
    }
}

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.data == Data::More {
            if let Some(data) = ready!(self.poll_data(context)) {
                return Poll::Ready(Some(data.map(Frame::data)));
            }
            self.data = Data::Over;
        }
        let trailers = ready!(self.stream.poll_trailers(context)).map_err(status);
        Poll::Ready(trailers.transpose().map(|trailers| trailers.map(Frame::trailers)))
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }
}

/// What an error of HTTP/2 means, as [gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors) has it.
fn status(error: h2::Error) -> Status {
    let code = match error.reason() {
        Some(Reason::REFUSED_STREAM) => Code::Unavailable,
        Some(Reason::CANCEL) => Code::Cancelled,
        Some(Reason::ENHANCE_YOUR_CALM) => Code::ResourceExhausted,
        Some(Reason::INADEQUATE_SECURITY) => Code::PermissionDenied,
        Some(_) => Code::Internal,
        // The connection is gone.
        None => Code::Unavailable,
    };
    Status::new(code, error.to_string())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use tokio::net::UnixListener;
    use tokio::time::{Instant, sleep};

    use super::*;

    /// A service that takes 100 ms for each call, and answers with so many bytes.
    async fn serve(path: &Path, length: usize) {
        let (stream, _) = UnixListener::bind(path).unwrap().accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(call) = connection.accept().await {
            let (request, mut respond) = call.unwrap();
            tokio::spawn(async move {
                let mut body = request.into_body();
                while let Some(part) = body.data().await {
                    let part = part.unwrap();
                    body.flow_control().release_capacity(part.len()).unwrap();
                }
                sleep(Duration::from_millis(100)).await;
                let mut answer = respond.send_response(Response::new(()), false).unwrap();
                answer.send_data(vec![7; length].into(), true).unwrap();
            });
        }
    }

    async fn read(mut connection: Connection, asked: usize, answered: usize) {
        let body = tonic::body::Body::new("7".repeat(asked));
        let request = Request::post("/tfplugin6.Provider/ReadResource").body(body).unwrap();
        poll_fn(|context| connection.poll_ready(context)).await.unwrap();
        let mut answer = connection.call(request).await.unwrap().into_body();
        let mut came = 0;
        while let Some(frame) = poll_fn(|context| Pin::new(&mut answer).poll_frame(context)).await {
            came += frame.unwrap().into_data().unwrap().len();
        }
        assert_eq!(came, answered);
    }

    /// What 200 reads take, twenty at once.
    fn took(asked: usize, answered: usize) -> Duration {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("socket");
            let server = tokio::spawn({
                let path = path.clone();
                async move { serve(&path, answered).await }
            });
            tokio::task::yield_now().await;
            let connection = Connection::open(&Address::Unix(path), None).await.unwrap();
            let begun = Instant::now();
            for _ in 0..10 {
                futures_util::future::join_all((0..20).map(|_| read(connection.clone(), asked, answered))).await;
            }
            server.abort();
            begun.elapsed()
        })
    }

    #[test]
    fn reads_take_little_longer_than_the_service_whatever_their_size() {
        for (asked, answered) in [(100, 100), (300_000, 100), (100, 300_000), (300_000, 300_000)] {
            let took = took(asked, answered);
            let expected = Duration::from_secs(1)..Duration::from_millis(1300);
            assert!(expected.contains(&took), "{asked} bytes, {answered} back: {took:?}");
        }
    }
}
