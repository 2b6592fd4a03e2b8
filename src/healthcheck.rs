//! Asks the service on this machine whether it is well: what the image's HEALTHCHECK runs.
//!
//! It speaks to its own listener over a plain socket and to nothing else, so the guard over outgoing calls has no part in it (I8).

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use actors::limits::http::{HEALTHCHECK_ANSWER_BYTES_MAX, HEALTHCHECK_SECONDS_MAX};

/// Where a listener that is bound to `host` is reached from this machine.
pub fn reached(host: IpAddr, port: u16) -> SocketAddr {
    let host = match host {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, port)
}

/// The status that `GET /healthz` answers with.
///
/// # Errors
///
/// Nobody listens, or what listens does not speak HTTP.
pub fn ask(address: SocketAddr) -> io::Result<u16> {
    let limit = Duration::from_secs(HEALTHCHECK_SECONDS_MAX);
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(HEALTHCHECK_ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other("the answer is not HTTP"))
}
