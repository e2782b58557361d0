//! A socket that is looked at from time to time, and not for each answer that comes.
//!
//! Where a service is waited for, each answer wakes a program of which the processor's caches hold nothing any more, which costs several times
//! what is then done. Network drivers coalesce interrupts for the same reason.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::pace::Pace;

/// Above this traffic, in bytes each second, a socket is not left alone: its buffer would soon be full, and so would the windows of HTTP/2.
const BUSY: usize = 2 << 20;

/// What may come or go at once, in bytes, without counting as such traffic. Windows of HTTP/2 begin with as much.
const BURST: usize = 64 << 10;

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
    /// The runtime knows nothing of it, and so is not woken by what comes either.
    Unwatched(S::Unwatched),
    /// It could not be changed from one to the other.
    Lost,
}

/// Whether the socket has taken all that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    All,
    /// The writer waits for the runtime to wake it.
    Waits,
}

/// The bytes of the last moment, as a bucket that leaks [`BUSY`] bytes each second.
struct Traffic {
    level: usize,
    at: Instant,
}

impl Traffic {
    fn add(&mut self, bytes: usize) {
        self.leak();
        // Twice what may come at once: so it is over soon after the traffic is.
        self.level = (self.level + bytes).min(2 * BURST);
    }

    fn leak(&mut self) {
        let now = Instant::now();
        let leaked = (now - self.at).as_micros().saturating_mul(BUSY as u128) / 1_000_000;
        self.level = self.level.saturating_sub(usize::try_from(leaked).unwrap_or(usize::MAX));
        self.at = now;
    }

    fn is_busy(&mut self) -> bool {
        self.leak();
        self.level >= BURST
    }
}

/// What came of a look at the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Something,
    Nothing,
}

/// The socket of a connection. Read and written by one task.
pub(super) struct Coalesced<S: Socket> {
    state: State<S>,
    pace: Arc<Pace>,
    /// Since nothing more was there.
    came: Look,
    traffic: Traffic,
    written: Written,
    /// Until when it is left alone.
    rest: Option<Pin<Box<Sleep>>>,
}

impl<S: Socket> Coalesced<S> {
    pub(super) fn new(socket: S, pace: Arc<Pace>) -> Self {
        let traffic = Traffic { level: 0, at: Instant::now() };
        let state = State::Watched(socket);
        Self { state, pace, came: Look::Nothing, traffic, written: Written::All, rest: None }
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

    /// Does something with a socket that the runtime does not watch. `None` where it would block, or is not such a one.
    fn at_once<T>(&mut self, mut with: impl FnMut(&mut S::Unwatched) -> io::Result<T>) -> Option<io::Result<T>> {
        let State::Unwatched(socket) = &mut self.state else { return None };
        loop {
            match with(socket) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                done => return Some(done),
            }
        }
    }

    /// How long it may be left alone from now on.
    fn may_rest(&mut self) -> Option<Duration> {
        let rest = self.pace.rest()?;
        (self.written == Written::All && !self.traffic.is_busy()).then_some(rest)
    }

    /// Something was written, or must wait until it can be.
    fn wrote(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.written = if written.is_pending() { Written::Waits } else { Written::All };
        if let Poll::Ready(Ok(length)) = &written {
            self.traffic.add(*length);
        }
        written
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
            if let Some(mut rest) = this.rest.take()
                && this.may_rest().is_some()
                && rest.as_mut().poll(context).is_pending()
            {
                this.rest = Some(rest);
                return Poll::Pending;
            }
            let before = buffer.filled().len();
            let read = match &mut this.state {
                State::Watched(socket) => Pin::new(socket).poll_read(context, buffer),
                State::Unwatched(_) => match this.at_once(|socket| socket.read(buffer.initialize_unfilled())) {
                    Some(read) => Poll::Ready(read.map(|length| buffer.advance(length))),
                    None => Poll::Pending,
                },
                State::Lost => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            };
            if read.is_ready() {
                this.came = Look::Something;
                this.traffic.add(buffer.filled().len() - before);
                return read;
            }
            let came = std::mem::replace(&mut this.came, Look::Nothing);
            if came == Look::Something
                && let Some(time) = this.may_rest()
            {
                this.unwatch()?;
                this.rest = Some(Box::pin(sleep(time)));
            } else if matches!(this.state, State::Watched(_)) {
                return Poll::Pending;
            } else {
                this.watched()?;
            }
        }
    }
}

impl<S: Socket> AsyncWrite for Coalesced<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = match self.at_once(|socket| socket.write(bytes)) {
            Some(written) => Poll::Ready(written),
            None => self.watched()?.poll_write(context, bytes),
        };
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match self.at_once(|socket| socket.write_vectored(parts)) {
            Some(written) => Poll::Ready(written),
            None => self.watched()?.poll_write_vectored(context, parts),
        };
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Sockets keep nothing back. But what was flushed may be a call for which nobody may rest, and came after the last look.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.rest.is_some() && self.may_rest().is_none() {
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watched()?.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream, UnixStream};

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
        for other in [None, Some("/plugin.GRPCStdio/StreamStdio")] {
            let moments = moments(20, other);
            assert!((3..=7).contains(&moments), "{moments}");
        }
        // Where few reads go on, and where somebody waits for more than reads, each is looked at when it comes.
        assert_eq!(moments(3, None), 20);
        assert_eq!(moments(20, Some("/tfplugin6.Provider/UpgradeResourceState")), 20);
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
