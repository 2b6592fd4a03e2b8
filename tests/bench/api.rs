//! A stand-in for the platform's API that answers every request well and counts those that write, on a thread of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::connection::head;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n{\"id\":\"5f118c837db7a8637ffcaf36\" }";

/// The stand-in.
pub struct Api {
    /// Where it listens.
    pub address: SocketAddr,
    written: Arc<AtomicUsize>,
}

impl Api {
    /// Starts it; it lives as long as the process.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let written = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&written);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, async move {
                let listener = TcpListener::from_std(listener).unwrap();
                loop {
                    if let Ok((stream, _)) = listener.accept().await {
                        tokio::task::spawn_local(serve(stream, Arc::clone(&counter)));
                    }
                }
            });
        });
        Self { address, written }
    }

    /// Requests so far that were no GET.
    pub fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }
}

async fn serve(mut stream: TcpStream, written: Arc<AtomicUsize>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(8 * 1024);
    loop {
        while let Some((head, length)) = head(&buffer).filter(|(head, length)| buffer.len() >= head + length) {
            if !buffer.starts_with(b"GET ") {
                written.fetch_add(1, Ordering::Relaxed);
            }
            buffer.drain(..head + length);
            if stream.write_all(ANSWER).await.is_err() {
                return;
            }
        }
        match stream.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
