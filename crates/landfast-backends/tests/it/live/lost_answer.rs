//! A proxy that loses one answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Passes on to `server`, and keeps back the answer to the first request that holds `marker`: the server does what it was
/// asked, and nobody hears of it. Gives its address, and whether that happened.
pub(crate) async fn losing(server: SocketAddr, marker: &'static str) -> (SocketAddr, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let is_lost = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_lost);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(client, server, marker, Arc::clone(&is_lost)));
        }
    });
    (address, told)
}

async fn pass(mut client: TcpStream, server: SocketAddr, marker: &str, is_lost: Arc<AtomicBool>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let (mut asked, mut answered) = (vec![0; 65536], vec![0; 65536]);
    let mut loses = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(read @ 1..) = read else { return };
                let request = String::from_utf8_lossy(&asked[..read]);
                if request.contains(marker) && !is_lost.swap(true, Ordering::SeqCst) {
                    loses = true;
                }
                if server.write_all(&asked[..read]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(read @ 1..) = read else { return };
                if loses || client.write_all(&answered[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}
