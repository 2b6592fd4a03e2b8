//! The sockets, bound before anything else is done and open until the end, so that no caller meets a refused connection in between.

use std::io;
use std::net::{SocketAddr, TcpListener};

use actors::addon::Addon;
use actors::limits::http::BACKLOG_MAX;
use tokio::net::TcpSocket;

/// A socket that is bound, and whose add-on stands at its root.
pub(super) struct Listener {
    pub(super) addon: Addon,
    pub(super) socket: TcpListener,
}

/// Binds as actix would, and keeps the socket so that it outlives the servers on it.
pub(super) fn bind(wanted: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if wanted.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(wanted)?;
    let listener = socket.listen(BACKLOG_MAX)?.into_std()?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
