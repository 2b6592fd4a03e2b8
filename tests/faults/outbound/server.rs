//! A server on loopback whose every connection does what a test says, and a client that may reach it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actors::clock::{Clock, SystemClock};
use actors::port::clockify::CallError;
use awc::http::Method;
use awc::http::header::HeaderMap;
use bytes::Bytes;
use clockify_addons::outbound::client::{Answer, Client, Exchange, Reuse};
use clockify_addons::outbound::guard::{Guard, Policy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the tests allow an answer to have.
pub const BYTES_MAX: usize = 1024 * 1024;

/// A server on a free port of 127.0.0.1, as long as it is kept.
pub struct Server {
    pub address: SocketAddr,
    seen: Rc<Seen>,
    accepting: actix_rt::task::JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    connections: Cell<usize>,
    requests: RefCell<Vec<String>>,
    bytes_written: Cell<usize>,
    ended: Cell<usize>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// Treats each connection as `behave` says; the connection closes when that ends.
    pub async fn new<F, Fut>(behave: F) -> Self
    where
        F: Fn(Peer) -> Fut + 'static,
        Fut: Future<Output = Option<()>> + 'static,
    {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), behave)
    }

    /// The same behind a listener of the test's own.
    pub fn on<F, Fut>(listener: TcpListener, behave: F) -> Self
    where
        F: Fn(Peer) -> Fut + 'static,
        Fut: Future<Output = Option<()>> + 'static,
    {
        let address = listener.local_addr().unwrap();
        let seen = Rc::<Seen>::default();
        let accepting = {
            let seen = Rc::clone(&seen);
            actix_rt::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    seen.connections.set(seen.connections.get() + 1);
                    let treated = behave(Peer { stream, seen: Rc::clone(&seen), number: seen.connections.get() });
                    let seen = Rc::clone(&seen);
                    actix_rt::spawn(async move {
                        treated.await;
                        seen.ended.set(seen.ended.get() + 1);
                    });
                }
            })
        };
        Self { address, seen, accepting }
    }

    /// Reads one request on each connection, writes these bytes and closes.
    pub async fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = Rc::new(bytes.into());
        Self::new(move |mut peer| {
            let bytes = Rc::clone(&bytes);
            async move {
                peer.request().await?;
                peer.write(&**bytes).await
            }
        })
        .await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn connections(&self) -> usize {
        self.seen.connections.get()
    }

    /// Heads and bodies, as they came.
    pub fn requests(&self) -> Vec<String> {
        self.seen.requests.borrow().clone()
    }

    pub fn bytes_written(&self) -> usize {
        self.seen.bytes_written.get()
    }

    /// Waits until as many connections have been treated to the end.
    pub async fn has_ended(&self, connections: usize) {
        until(|| self.seen.ended.get() >= connections).await;
    }
}

/// A listener on a port that flows may name, at an address of loopback that no other test has.
pub async fn listener() -> TcpListener {
    let process = std::process::id().to_be_bytes();
    for last in 1..250 {
        let address = format!("127.{}.{}.{last}:8080", process[2] % 200 + 20, process[3]);
        if let Ok(listener) = TcpListener::bind(address).await {
            return listener;
        }
    }
    panic!("no address of loopback is free");
}

/// Waits for a condition, some ten seconds at the most.
pub async fn until(condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        SystemClock::new().sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain");
}

/// The server's end of a connection. Methods give `None` when the other end is gone.
pub struct Peer {
    stream: TcpStream,
    seen: Rc<Seen>,
    /// The how manyeth connection this is.
    pub number: usize,
}

impl Peer {
    /// Reads a request with its body.
    pub async fn request(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
                if body.len() >= length.unwrap_or(0) {
                    self.seen.requests.borrow_mut().push(text.clone());
                    return Some(text);
                }
            }
            let mut chunk = vec![0; 16 * 1024];
            let read = self.stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
            bytes.extend_from_slice(&chunk[..read]);
        }
    }

    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> Option<()> {
        for piece in bytes.as_ref().chunks(64 * 1024) {
            self.stream.write_all(piece).await.ok()?;
            self.seen.bytes_written.set(self.seen.bytes_written.get() + piece.len());
        }
        self.stream.flush().await.ok()
    }

    /// What makes a stream a drip.
    pub async fn pause(&self) {
        SystemClock::new().sleep(Duration::from_millis(5)).await;
    }

    /// Closes with a reset instead of an end.
    pub fn reset(self) {
        #[expect(deprecated, reason = "a linger of zero does not block, which is what the warning is about")]
        self.stream.set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Holds the connection until the other end is gone.
    pub async fn hold(&mut self) -> Option<()> {
        let mut byte = [0];
        while self.stream.read(&mut byte).await.is_ok_and(|read| read > 0) {}
        None
    }
}

/// An answer with a body and its length.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A client that may reach `ports` of 127.0.0.0/8.
pub fn client(ports: &[u16]) -> Client {
    Client::new(guard(ports)).unwrap()
}

pub fn guard(ports: &[u16]) -> Arc<Guard> {
    let allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
    Arc::new(Guard::new(Policy { allow_networks, allow_ports: ports.to_vec(), ..Policy::default() }))
}

pub fn get(url: &str) -> Exchange {
    Exchange {
        method: Method::GET,
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: None,
        response_bytes_max: BYTES_MAX,
        timeout: Duration::from_secs(20),
        repeatable: true,
        reuse: Reuse::Pooled,
    }
}

pub fn post(url: &str, body: &str) -> Exchange {
    Exchange { method: Method::POST, body: Some(Bytes::from(body.to_owned())), repeatable: false, ..get(url) }
}

/// One exchange with one server.
pub async fn answer(server: &Server) -> Result<Answer, CallError> {
    client(&[server.address.port()]).exchange(get(&server.url("/"))).await
}

#[track_caller]
pub fn assert_lost(outcome: Result<Answer, CallError>, words: &str) {
    match outcome {
        Err(CallError::Lost(why)) => assert!(why.contains(words), "{why:?} does not say {words:?}"),
        other => panic!("not lost, but {other:?}"),
    }
}

#[track_caller]
pub fn assert_not_reached(outcome: Result<Answer, CallError>, words: &str) {
    match outcome {
        Err(CallError::NotReached(why)) => assert!(why.contains(words), "{why:?} does not say {words:?}"),
        other => panic!("not unreached, but {other:?}"),
    }
}
