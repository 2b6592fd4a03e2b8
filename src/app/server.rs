//! The HTTP servers and their bounds (I5): HTTP/1.1 alone, no compression, no body without a limit.

use std::sync::Arc;
use std::time::Duration;
use std::{cmp, io};

use actix_web::dev::Server;
use actix_web::{App, HttpServer};
use actors::limits::http as limits;
use actors::port::store::receipt;

use super::listener::Listener;
use super::waiting_room;
use crate::http::{self, Services};

/// The server that answers "not ready". The sockets stay open when it stops.
pub(super) fn waiting(listeners: &[Listener]) -> io::Result<Server> {
    let mut server = HttpServer::new(|| App::new().configure(waiting_room::configure))
        .workers(1)
        .worker_max_blocking_threads(1)
        .max_connections(limits::CONNECTIONS_PER_WORKER_MAX)
        .client_request_timeout(Duration::from_secs(limits::HEAD_SECONDS_MAX))
        .client_disconnect_timeout(Duration::from_secs(1))
        // Who waits here asks again, and then of the service.
        .keep_alive(actix_web::http::KeepAlive::Disabled)
        .disable_signals()
        .shutdown_timeout(1);
    for listener in listeners {
        server = server.listen(listener.socket.try_clone()?)?;
    }
    Ok(server.run())
}

/// The server of one listener's add-on. A server for each listener, because an add-on stands at the root of its own.
pub(super) fn serving(listener: &Listener, services: &Services, workers: usize) -> io::Result<Server> {
    let (own, services) = (listener.addon, Arc::new(services.clone()));
    let factory = move || {
        receipt::open_lane();
        App::new().configure(|config| http::configure(config, &services, own))
    };
    let server = HttpServer::new(factory)
        .workers(cmp::max(1, workers))
        .worker_max_blocking_threads(limits::BLOCKING_THREADS_MAX)
        .max_connections(limits::CONNECTIONS_PER_WORKER_MAX)
        .client_request_timeout(Duration::from_secs(limits::HEAD_SECONDS_MAX))
        .client_disconnect_timeout(Duration::from_secs(limits::DISCONNECT_SECONDS_MAX))
        .keep_alive(Duration::from_secs(limits::IDLE_SECONDS_MAX))
        .tcp_nodelay(true)
        .disable_signals()
        .shutdown_timeout(limits::LAST_ANSWERS_SECONDS_MAX)
        .listen(listener.socket.try_clone()?)?;
    Ok(server.run())
}
