//! A stand-in for the platform's API that answers every request well and counts those that write, on a thread of its own. Asked to, it has a list of tags
//! of any length, and every other list is empty. What a path's end asks for it does as well: `slow`, `failing`, `huge`; that is not counted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::connection::head;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n{\"id\":\"5f118c837db7a8637ffcaf36\" }";

const FAILURE: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
/// How long a slow answer takes.
const SLOW: Duration = Duration::from_secs(20);
/// Bytes of a huge answer: nearly as many as a step keeps.
const HUGE_BYTES: usize = 250_000;

/// The stand-in.
pub struct Api {
    /// Where it listens.
    pub address: SocketAddr,
    written: Arc<AtomicUsize>,
}

impl Api {
    /// Starts it; it lives as long as the process.
    pub fn start() -> Self {
        Self::with_tags(None)
    }

    /// The same with so many tags in each workspace.
    pub fn with_tags(tags: Option<usize>) -> Self {
        Self::serving(tags, "nobody's")
    }

    /// The same that does not count requests about one workspace.
    pub fn ignoring(workspace: &'static str) -> Self {
        Self::serving(None, workspace)
    }

    fn serving(tags: Option<usize>, ignored: &'static str) -> Self {
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
                        tokio::task::spawn_local(serve(stream, Arc::clone(&counter), tags, ignored));
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

async fn serve(mut stream: TcpStream, written: Arc<AtomicUsize>, tags: Option<usize>, ignored: &str) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(8 * 1024);
    loop {
        while let Some((head, length)) = head(&buffer).filter(|(head, length)| buffer.len() >= head + length) {
            if let Some(answer) = unpleasant(&buffer[..head]) {
                buffer.drain(..head + length);
                let (wait, answer) = answer;
                tokio::time::sleep(wait).await;
                if stream.write_all(&answer).await.is_err() {
                    return;
                }
                continue;
            }
            let counts = !buffer[..head].windows(ignored.len()).any(|part| part == ignored.as_bytes());
            if counts && !buffer.starts_with(b"GET ") {
                written.fetch_add(1, Ordering::Relaxed);
            }
            let asked = tags.filter(|_| buffer.starts_with(b"GET ")).map(|tags| page(&buffer[..head], tags));
            buffer.drain(..head + length);
            if stream.write_all(asked.as_deref().map_or(ANSWER, str::as_bytes)).await.is_err() {
                return;
            }
        }
        match stream.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// After which time what is answered to a request whose path asks for something unpleasant.
fn unpleasant(head: &[u8]) -> Option<(Duration, Vec<u8>)> {
    let target = head.split(|byte| *byte == b' ').nth(1)?;
    let answer = |name: &str| target.ends_with(name.as_bytes());
    if answer("/slow") {
        return Some((SLOW, ANSWER.to_vec()));
    }
    if answer("/failing") {
        return Some((Duration::ZERO, FAILURE.to_vec()));
    }
    if answer("/huge") {
        let body = format!("{{\"id\":\"5f118c837db7a8637ffcaf36\",\"list\":[{}0]}}", "1,".repeat(HUGE_BYTES / 2));
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        return Some((Duration::ZERO, [head.into_bytes(), body.into_bytes()].concat()));
    }
    None
}

/// A page of tags of half a kilobyte each, or an empty list.
fn page(head: &[u8], tags: usize) -> String {
    let head = String::from_utf8_lossy(head);
    let target = head.split(' ').nth(1).unwrap_or_default();
    let number = |name: &str| target.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse::<usize>().ok());
    let (page, size) = (number("page").unwrap_or(1), number("page-size").unwrap_or(200));
    let tag = |n: usize| format!("{{\"id\":\"{n:024x}\",\"name\":\"Tag number {n}\",\"archived\":false,\"note\":\"{}\"}}", "n".repeat(420));
    let listed = if target.contains("/tags?") { ((page - 1) * size).min(tags)..(page * size).min(tags) } else { 0..0 };
    let body = format!("[{}]", listed.map(tag).collect::<Vec<_>>().join(","));
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
