//! A socket that is looked at when several answers have come, and not for each of them.
//!
//! Where a service is waited for, each answer wakes a program of which the processor's caches hold nothing any more, which costs several times
//! what is then done. Network drivers coalesce interrupts for the same reason.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::pace::Pace;

/// Who has read more than this, in bytes, looks for more at once: a long message comes through a buffer that is soon full.
const LONG: usize = 64 * 1024;

/// A socket that the runtime can watch.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin + Sized {
    /// The same one, of which the runtime knows nothing. It does not block.
    type Unwatched: Read + Write + Send + Unpin;

    fn unwatch(self) -> io::Result<Self::Unwatched>;

    fn watch(socket: Self::Unwatched) -> io::Result<Self>;
}

macro_rules! socket {
    ($name:ty, $unwatched:ty) => {
        impl Socket for $name {
            type Unwatched = $unwatched;

            fn unwatch(self) -> io::Result<$unwatched> {
                self.into_std()
            }

            fn watch(socket: $unwatched) -> io::Result<Self> {
                Self::from_std(socket)
            }
        }
    };
}

socket!(tokio::net::UnixStream, std::os::unix::net::UnixStream);
socket!(tokio::net::TcpStream, std::net::TcpStream);

enum State<S: Socket> {
    /// The runtime wakes us when something comes.
    Watched(S),
    /// Nobody does: even a runtime that has nobody to wake would be woken itself.
    Unwatched(S::Unwatched),
    /// It could not be changed from one to the other.
    Lost,
}

/// The socket of a connection.
pub(super) struct Coalesced<S: Socket> {
    state: State<S>,
    pace: Arc<Pace>,
    /// How many bytes have come since nothing was there.
    came: usize,
    /// Until when it is left alone.
    rest: Option<Pin<Box<Sleep>>>,
}

impl<S: Socket> Coalesced<S> {
    pub(super) fn new(socket: S, pace: Arc<Pace>) -> Self {
        Self { state: State::Watched(socket), pace, came: 0, rest: None }
    }

    fn watched(&mut self) -> io::Result<Pin<&mut S>> {
        self.state = match std::mem::replace(&mut self.state, State::Lost) {
            State::Unwatched(socket) => State::Watched(S::watch(socket)?),
            other => other,
        };
        match &mut self.state {
            State::Watched(socket) => Ok(Pin::new(socket)),
            State::Unwatched(_) | State::Lost => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn unwatch(&mut self) -> io::Result<()> {
        self.state = match std::mem::replace(&mut self.state, State::Lost) {
            State::Watched(socket) => State::Unwatched(socket.unwatch()?),
            other => other,
        };
        Ok(())
    }

    /// Does something with the socket where the runtime does not watch it; nothing where it would block.
    fn now<T>(&mut self, mut with: impl FnMut(&mut S::Unwatched) -> io::Result<T>) -> Option<io::Result<T>> {
        let State::Unwatched(socket) = &mut self.state else { return None };
        loop {
            match with(socket) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                done => return Some(done),
            }
        }
    }
}

impl<S: Socket> AsyncRead for Coalesced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if let Some(rest) = &mut this.rest {
                if this.pace.rest().is_some() && rest.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                this.rest = None;
            }
            let before = buffer.filled().len();
            let read = match &mut this.state {
                State::Watched(socket) => Pin::new(socket).poll_read(context, buffer),
                _ => match this.now(|socket| socket.read(buffer.initialize_unfilled())) {
                    Some(read) => Poll::Ready(read.map(|length| buffer.advance(length))),
                    None => Poll::Pending,
                },
            };
            if read.is_ready() {
                this.came += buffer.filled().len() - before;
                return read;
            }
            // Nothing more is there.
            let came = std::mem::take(&mut this.came);
            match (this.pace.rest(), &this.state) {
                (Some(time), _) if (1..LONG).contains(&came) => {
                    this.unwatch()?;
                    this.rest = Some(Box::pin(sleep(time)));
                }
                (_, State::Watched(_)) => return Poll::Pending,
                _ => {
                    this.watched()?;
                }
            }
        }
    }
}

impl<S: Socket> AsyncWrite for Coalesced<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.now(|socket| socket.write(bytes)) {
            Some(written) => Poll::Ready(written),
            None => self.watched()?.poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.now(|socket| socket.write_vectored(parts)) {
            Some(written) => Poll::Ready(written),
            None => self.watched()?.poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Sockets keep nothing back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watched()?.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream, UnixStream};
    use tokio::time::Instant;

    use super::super::pace::Waiting;
    use super::*;

    /// Everything at a time of its own: sockets are real, the clock is not.
    fn run<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(test)
    }

    /// Of a service whose reads take 100 ms, and how many of them wait.
    fn pace(reads: usize) -> (Arc<Pace>, Vec<Waiting>) {
        let pace = Arc::new(Pace::of_reads(Duration::from_millis(100)));
        let waiting = (0..reads).map(|_| pace.begin("/tfplugin6.Provider/ReadResource")).collect();
        (pace, waiting)
    }

    /// Reads until the end: what came at which moments.
    async fn read_all(mut from: impl AsyncRead + Unpin) -> Vec<(Instant, Vec<u8>)> {
        let mut came = Vec::new();
        let mut part = vec![0; 5000];
        loop {
            let length = from.read(&mut part).await.unwrap();
            if length == 0 {
                return came;
            }
            came.push((Instant::now(), part[..length].to_vec()));
        }
    }

    /// The moments at which something came of twenty answers, 5 ms apart.
    fn moments(reads: usize, other: Option<&str>) -> usize {
        run(async {
            let (pace, _waiting) = pace(reads);
            let _other = other.map(|path| pace.begin(path));
            let (here, mut there) = UnixStream::pair().unwrap();
            let answers = async {
                for _ in 0..20 {
                    there.write_all(b"answer").await.unwrap();
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                drop(there);
            };
            let (came, ()) = tokio::join!(read_all(Coalesced::new(here, pace)), answers);
            assert_eq!(came.iter().map(|(_, part)| part.len()).sum::<usize>(), 20 * 6);
            came.len()
        })
    }

    #[test]
    fn what_comes_one_after_the_other_is_looked_at_together() {
        assert!((3..=7).contains(&moments(20, None)), "{}", moments(20, None));
        assert!((3..=7).contains(&moments(20, Some("/plugin.GRPCStdio/StreamStdio"))));
        // Where few reads go on, and where somebody waits for more than reads, each is looked at when it comes.
        assert_eq!(moments(3, None), 20);
        assert_eq!(moments(20, Some("/tfplugin6.Provider/UpgradeResourceState")), 20);
    }

    #[test]
    fn a_long_message_comes_without_rests() {
        run(async {
            let (pace, _waiting) = pace(20);
            let (here, mut there) = UnixStream::pair().unwrap();
            let begun = Instant::now();
            let message = async {
                there.write_all(&vec![7; 60 << 20]).await.unwrap();
                drop(there);
            };
            let (came, ()) = tokio::join!(read_all(Coalesced::new(here, pace)), message);
            assert_eq!(came.iter().map(|(_, part)| part.len()).sum::<usize>(), 60 << 20);
            assert!(begun.elapsed() < Duration::from_millis(200), "{:?}", begun.elapsed());
        });
    }

    async fn tcp_pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (listener.accept().await.unwrap().0, there)
    }

    /// What is sent back arrives whole and in order, whoever waits for what meanwhile.
    async fn echo<S: Socket>(here: S, there: impl AsyncRead + AsyncWrite + Unpin, parts: &[(usize, u64, bool)]) {
        let (pace, _waiting) = pace(20);
        let sent: Vec<u8> =
            (0..parts.iter().map(|(length, ..)| length).sum()).map(|at: usize| at as u8 ^ (at >> 8) as u8).collect();
        let (mut from, mut to) = tokio::io::split(there);
        let (came, mut answer) = tokio::io::split(Coalesced::new(here, Arc::clone(&pace)));
        let send = async {
            let mut rest = sent.as_slice();
            for (length, pause, urgent) in parts {
                let _other = urgent.then(|| pace.begin("/tfplugin6.Provider/Stop"));
                let (part, others) = rest.split_at(*length);
                rest = others;
                answer.write_all(part).await.unwrap();
                tokio::time::sleep(Duration::from_millis(*pause)).await;
            }
            answer.shutdown().await.unwrap();
        };
        let back = async {
            tokio::io::copy(&mut from, &mut to).await.unwrap();
            to.shutdown().await.unwrap();
        };
        let (came, (), ()) = tokio::join!(read_all(came), send, back);
        assert!(came.into_iter().flat_map(|(_, part)| part).eq(sent));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn nothing_is_lost_nor_changed(
            parts in prop::collection::vec((1..400_000_usize, 0..60_u64, any::<bool>()), 0..12),
        ) {
            run(async {
                let (here, there) = UnixStream::pair().unwrap();
                echo(here, there, &parts).await;
                let (here, there) = tcp_pair().await;
                echo(here, there, &parts).await;
            });
        }
    }
}
