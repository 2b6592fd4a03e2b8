//! A client that says exactly what a test says, wrong things included: one connection, one request, the whole answer.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A request under construction.
#[derive(Clone, Debug)]
pub struct Request {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    stated_length: Option<usize>,
}

/// A request for `target`, path and query.
pub fn request(method: &'static str, target: impl Into<String>) -> Request {
    Request { method, target: target.into(), headers: Vec::new(), body: Vec::new(), stated_length: None }
}

pub fn get(target: impl Into<String>) -> Request {
    request("GET", target)
}

pub fn post(target: impl Into<String>) -> Request {
    request("POST", target)
}

impl Request {
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same request without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(found, _)| found != name);
        self
    }

    /// The same request somewhere else.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// As a page proves who it is.
    pub fn token(self, token: &str) -> Self {
        self.header("x-addon-token", token)
    }

    /// As the platform signs a delivery.
    pub fn signed(self, token: &str) -> Self {
        self.header("clockify-signature", token)
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Claims a length and sends what there is.
    pub fn stating_length(mut self, length: usize) -> Self {
        self.stated_length = Some(length);
        self
    }

    /// All of it as it goes over the wire.
    pub fn whole(&self) -> Vec<u8> {
        [self.head(), self.body.clone()].concat()
    }

    /// The head as it goes over the wire.
    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.headers.iter().any(|(name, _)| name == "transfer-encoding") {
            head.push_str(&format!("content-length: {}\r\n", self.stated_length.unwrap_or(self.body.len())));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, self.body))
    }

    /// The stable code of a refusal.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Fields that a 422 names, with their codes.
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.json()["error"]["details"].as_array().unwrap().iter().map(|fault| (text(&fault["field"]), text(&fault["code"]))).collect()
    }

    /// Whether it is refused like this, in the one shape.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{self:?}");
        let error = &self.json()["error"];
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{self:?}");
        assert_eq!(error["request_id"].as_str(), self.header("x-request-id"), "{self:?}");
        assert_eq!(self.header("retry-after").is_some(), matches!(status, 429 | 503), "{self:?}");
        assert_eq!(self.header("www-authenticate").is_some(), status == 401, "{self:?}");
    }
}

/// A connection on which a test writes what it likes.
pub struct Wire(TcpStream);

impl Wire {
    pub async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// One on which little waits to be read.
    pub async fn with_small_buffers(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        Self(socket.connect(address).await.unwrap())
    }

    /// A server that has answered already may have closed; what it said can still be read.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// The answer, as soon as it is complete.
    pub async fn answer(self) -> Answer {
        self.read(is_complete).await
    }

    /// Whether nothing has come.
    pub fn has_nothing(&self) -> bool {
        self.0.try_read(&mut [0]).is_err()
    }

    /// Says that nothing more comes.
    pub async fn finish(&mut self) {
        let _ = self.0.shutdown().await;
    }

    /// Every byte until the server closes.
    pub async fn everything(self) -> String {
        String::from_utf8_lossy(&self.bytes().await).into_owned()
    }

    /// The same, as it came.
    pub async fn bytes(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let reading = async {
            let mut chunk = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = self.0.read(&mut chunk).await {
                bytes.extend_from_slice(&chunk[..read]);
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reading).await.expect("the server closes within 20 seconds");
        bytes
    }

    /// The next bytes, as many as come at once.
    pub async fn some(&mut self) -> Vec<u8> {
        let mut chunk = vec![0; 4 * 1024];
        let read = tokio::time::timeout(Duration::from_secs(20), self.0.read(&mut chunk)).await.expect("something within 20 seconds");
        chunk.truncate(read.unwrap());
        chunk
    }

    /// Whatever comes until the server closes: several answers read as one with a long body.
    pub async fn answers(self) -> Answer {
        self.read(|_| false).await
    }

    /// Reads on until `text` holds what is looked for; the connection stays.
    pub async fn read_until(&mut self, text: &mut String, enough: impl Fn(&str) -> bool) {
        let reading = async {
            let mut chunk = vec![0; 16 * 1024];
            while !enough(text) {
                let read = self.0.read(&mut chunk).await.unwrap();
                assert!(read > 0, "the server closed: {text}");
                text.push_str(&String::from_utf8_lossy(&chunk[..read]));
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reading).await.unwrap_or_else(|_| panic!("not within 20 seconds: {text}"));
    }

    /// Whether the server closes the connection, whatever it still says.
    pub async fn closes(mut self) -> bool {
        let reading = async {
            let mut chunk = vec![0; 16 * 1024];
            while let Ok(1..) = self.0.read(&mut chunk).await {}
        };
        tokio::time::timeout(Duration::from_secs(20), reading).await.is_ok()
    }

    async fn read(mut self, enough: impl Fn(&[u8]) -> bool) -> Answer {
        let mut bytes = Vec::new();
        let reading = async {
            let mut chunk = vec![0; 16 * 1024];
            // A reset after the answer is the server's way not to read a body that it refused.
            while let Ok(read @ 1..) = self.0.read(&mut chunk).await {
                bytes.extend_from_slice(&chunk[..read]);
                if enough(&bytes) {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reading).await.expect("an answer within 20 seconds");
        parse(&bytes)
    }
}

/// Sends a request and reads the answer.
pub async fn send(address: SocketAddr, request: Request) -> Answer {
    let mut wire = Wire::open(address).await;
    wire.write(&request.whole()).await;
    wire.answer().await
}

fn is_complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    if head.contains("text/event-stream") {
        // It has no end of its own; its first message tells enough.
        return body.contains("\n\n");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    length.is_some_and(|length| body.len() >= length)
}

fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap();
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    if status == 100 {
        return parse(&bytes[head.len() + 4..]);
    }
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked { String::from_utf8_lossy(&unchunked(&bytes[head.len() + 4..]).0).into_owned() } else { body.to_owned() };
    Answer { status, headers, body }
}

/// What stands in the chunks of a body, and whether the last of them is there.
pub fn unchunked(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(line) = bytes.windows(2).position(|pair| pair == b"\r\n") {
        let Ok(size) = usize::from_str_radix(&String::from_utf8_lossy(&bytes[..line]), 16) else { break };
        bytes = &bytes[line + 2..];
        if size == 0 {
            return (body, bytes == b"\r\n");
        }
        body.extend_from_slice(&bytes[..size.min(bytes.len())]);
        bytes = bytes.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}
