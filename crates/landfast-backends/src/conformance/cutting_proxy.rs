//! A proxy that breaks connections at a chosen place.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// No limit.
const PASS: usize = usize::MAX;

/// Passes connections on, and breaks them after so many bytes in both directions together. Ends when it is dropped.
#[derive(Debug)]
pub(super) struct CuttingProxy {
    address: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    left: AtomicUsize,
    is_cut: AtomicBool,
}

impl CuttingProxy {
    pub(super) async fn start(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State { left: AtomicUsize::new(PASS), is_cut: AtomicBool::new(false) });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                connections.spawn(async move { state.pass_on(client, server).await });
            }
        });
        Ok(Self { address, state, task })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks every connection when `bytes` more went through, and all that come after.
    pub(super) fn cut_after(&self, bytes: usize) {
        self.state.left.store(bytes, Ordering::SeqCst);
        self.state.is_cut.store(bytes == 0, Ordering::SeqCst);
    }

    /// Breaks nothing any more.
    pub(super) fn pass(&self) {
        self.cut_after(PASS);
    }
}

impl Drop for CuttingProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    async fn pass_on(&self, client: TcpStream, server: SocketAddr) -> io::Result<()> {
        let server = TcpStream::connect(server).await?;
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        // Whichever ends first ends both, so that a cut is seen on both sides.
        tokio::select! {
            done = self.copy(from_client, to_server) => done,
            done = self.copy(from_server, to_client) => done,
        }
    }

    async fn copy(
        &self,
        mut from: tokio::net::tcp::OwnedReadHalf,
        mut to: tokio::net::tcp::OwnedWriteHalf,
    ) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let read = from.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            let mut allowed = 0;
            let _ = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                allowed = left.min(read);
                Some(if left == PASS { PASS } else { left - allowed })
            });
            to.write_all(buffer.get(..allowed).unwrap_or_default()).await?;
            if allowed < read || self.is_cut.load(Ordering::SeqCst) {
                self.is_cut.store(true, Ordering::SeqCst);
                return Ok(());
            }
        }
    }
}
