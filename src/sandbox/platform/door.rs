//! The simulated platform's address: it can be shut, so that connections are refused, and opened again at the same port.
//!
//! A second socket is bound to the port all the while and never listens: it keeps the port from going to somebody else.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::{App, HttpServer, web};
use actors::limits::sandbox as limits;
use tokio::net::{TcpSocket, TcpStream};

use super::shared::Shared;
use super::{api, control, shell};

const BACKLOG: u32 = 1_024;

/// The address, and who answers there.
pub struct Door {
    address: SocketAddr,
    _hold: TcpSocket,
    open: Option<(ServerHandle, Wires)>,
}

/// A connection's socket, so that a fault can end it without a word.
pub struct Wire(std::net::TcpStream);

impl Wire {
    /// Ends the connection.
    pub fn cut(&self) {
        let _ = self.0.shutdown(std::net::Shutdown::Both);
    }
}

/// The connections that are there while the door is open; `None` when it has shut. The server's threads end theirs some time after the
/// server says that it has stopped, and would answer on one that a client keeps for later.
#[derive(Clone)]
struct Wires(Arc<Mutex<Option<Vec<Weak<Wire>>>>>);

impl Wires {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(Vec::new()))))
    }

    /// Keeps a connection in mind; one that comes after the door has shut is ended.
    fn enter(&self, wire: &Arc<Wire>) {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(there) => {
                there.retain(|wire| wire.strong_count() > 0);
                there.push(Arc::downgrade(wire));
            }
            None => wire.cut(),
        }
    }

    fn cut(&self) {
        let there = self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        there.iter().filter_map(Weak::upgrade).for_each(|wire| wire.cut());
    }
}

impl Door {
    /// Takes the address; nobody answers yet.
    pub fn new(listen: SocketAddr) -> io::Result<Self> {
        if !listen.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the sandbox listens on loopback only"));
        }
        let hold = bound(listen)?;
        Ok(Self { address: hold.local_addr()?, _hold: hold, open: None })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers from now on. Call it on the platform's own thread.
    pub fn open(&mut self, shared: &Arc<Shared>) -> io::Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        let listener = bound(self.address)?.listen(BACKLOG)?.into_std()?;
        let shared = web::Data::from(Arc::clone(shared));
        let app = move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(limits::BODY_BYTES_MAX))
                .app_data(web::JsonConfig::default().limit(limits::BODY_BYTES_MAX).content_type_required(false).content_type(|_| true))
                .configure(control::routes)
                .route("/", web::get().to(shell::page))
                .route("/shell/shell.js", web::get().to(shell::script))
                .route("/shell/shell.css", web::get().to(shell::style))
                .default_service(web::to(api::front))
        };
        let wires = Wires::new();
        let enters = wires.clone();
        let server = HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .on_connect(move |connection: &dyn std::any::Any, kept: &mut Extensions| {
                let stream = connection.downcast_ref::<TcpStream>();
                if let Some(Ok(socket)) = stream.map(|stream| stream.as_fd().try_clone_to_owned()) {
                    let wire = Arc::new(Wire(socket.into()));
                    enters.enter(&wire);
                    kept.insert(wire);
                }
            })
            .listen(listener)?
            .run();
        self.open = Some((server.handle(), wires));
        actix_rt::spawn(server);
        Ok(())
    }

    /// Refuses connections from now on, and ends those that are there.
    pub fn close(&mut self) -> impl Future<Output = ()> + 'static {
        let open = self.open.take();
        async move {
            if let Some((server, wires)) = open {
                server.stop(false).await;
                wires.cut();
            }
        }
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
