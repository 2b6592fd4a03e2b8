//! A listener's HTTP server and its bounds (I5): HTTP/1.1 alone, no compression, no body without a limit, no connection that is waited for.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_rt::net::TcpStream;
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use actors::addon::Addon;
use actors::clock::Clock;
use actors::limits::http as limits;
use actors::port::store::receipt;

use super::Services;
use super::connection::Connection;

/// The server of one listener with `own` at its root. A server for each listener, because an add-on stands at the root of its own. `clock` is
/// what connections are timed by.
///
/// # Errors
///
/// The listener cannot be used.
pub fn serving(listener: TcpListener, services: Arc<Services>, own: Addon, workers: usize, clock: Arc<dyn Clock>) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let builder = Server::build()
        .workers(workers.max(1))
        .worker_max_blocking_threads(limits::BLOCKING_THREADS_MAX)
        .max_concurrent_connections(limits::CONNECTIONS_PER_WORKER_MAX)
        .disable_signals()
        .shutdown_timeout(limits::LAST_ANSWERS_SECONDS_MAX);
    let stopping = builder.graceful_shutdown_signal();
    let factory = move || {
        receipt::open_lane();
        let (services, stopping, clock) = (Arc::clone(&services), stopping.clone(), Arc::clone(&clock));
        let app = App::new().configure(|config| super::configure(config, &services, own));
        let app = app.into_factory().map_err(|error: actix_web::Error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(Duration::from_secs(limits::IDLE_SECONDS_MAX))
            .client_request_timeout(Duration::from_secs(limits::HEAD_SECONDS_MAX))
            .client_disconnect_timeout(Duration::from_secs(limits::DISCONNECT_SECONDS_MAX))
            .local_addr(address)
            .h1(map_config(app, |()| AppConfig::default()));
        let accept = move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            // It only spares time; a connection that is without it works as well.
            let _ = stream.set_nodelay(true);
            std::future::ready(Ok((Connection::new(stream, Arc::clone(&clock)), peer)))
        };
        fn_service(accept).and_then(http)
    };
    Ok(builder.listen("http", listener, factory)?.run())
}
