//! A kept HTTP/1.1 connection that does as little as possible: bytes out, status and body in.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects, without delays for small packets.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a whole request and reads a whole answer: its status, and its body in [`Self::body`].
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some((head, length)) = head(&self.buffer)
                && self.buffer.len() >= head + length
            {
                return status(&self.buffer).ok_or_else(|| io::ErrorKind::InvalidData.into());
            }
        }
    }

    /// The body of the last answer.
    pub fn body(&self) -> String {
        let (head, _) = head(&self.buffer).unwrap_or_default();
        String::from_utf8_lossy(&self.buffer[head..]).into_owned()
    }
}

/// Length of the head and of the body of a message, once the head is there.
pub fn head(bytes: &[u8]) -> Option<(usize, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let name = b"content-length:";
    let length = bytes[..end].split(|byte| *byte == b'\n').find_map(|line| {
        let (start, value) = line.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then(|| std::str::from_utf8(value).ok()?.trim().parse().ok())?
    });
    Some((end, length.unwrap_or(0)))
}

fn status(bytes: &[u8]) -> Option<u16> {
    std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok()
}

/// A request with a body.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}
