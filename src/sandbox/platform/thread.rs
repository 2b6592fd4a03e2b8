//! The thread that the simulated platform lives on, with an actix system of its own, whatever runtime its handles are used from.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use actix_rt::System;
use actors::clock::Clock;
use tokio::sync::mpsc;

use super::Error;
use super::api::route::Routes;
use super::catalogue::catalogue;
use super::door::Door;
use super::shared::{Order, Shared};
use super::world::World;
use crate::sandbox::authority::{Authority, Urls};

/// A running platform. It ends when this is dropped, and its port is free then.
pub struct Thread {
    shared: Arc<Shared>,
    running: Option<JoinHandle<()>>,
}

impl Thread {
    /// Takes the address and answers there.
    pub fn start(authority: Authority, listen: SocketAddr, clock: Arc<dyn Clock>) -> Result<(Arc<Shared>, Self), Error> {
        let (orders, inbox) = mpsc::unbounded_channel();
        let (started, starts) = std::sync::mpsc::channel();
        let run = move || {
            System::new().block_on(async move {
                match begin(authority, listen, clock, orders) {
                    Ok((shared, door)) => {
                        let _ = started.send(Ok(Arc::clone(&shared)));
                        obey(shared, door, inbox).await;
                    }
                    Err(error) => drop(started.send(Err(error))),
                }
            });
        };
        let running = std::thread::Builder::new().name("sandbox".into()).spawn(run).map_err(Error::Listen)?;
        let shared = starts.recv().map_err(|_| Error::Stopped)?.map_err(Error::Listen)?;
        Ok((Arc::clone(&shared), Self { shared, running: Some(running) }))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.shared.order(Order::Stop);
        // The port is free once the thread has ended.
        if let Some(running) = self.running.take() {
            let _ = running.join();
        }
    }
}

type Orders = mpsc::UnboundedSender<Order>;

fn begin(authority: Authority, listen: SocketAddr, clock: Arc<dyn Clock>, orders: Orders) -> io::Result<(Arc<Shared>, Door)> {
    let mut door = Door::new(listen)?;
    let world = World::new(Urls::below(&format!("http://{}", door.address())), clock.chance());
    let shared = Arc::new(Shared::new(authority, clock, Routes::new(&catalogue()), world, orders));
    shared.set_courier(actix_rt::Arbiter::current());
    door.open(&shared)?;
    Ok((shared, door))
}

async fn obey(shared: Arc<Shared>, mut door: Door, mut inbox: mpsc::UnboundedReceiver<Order>) {
    while let Some(order) = inbox.recv().await {
        match order {
            Order::Close(done) => {
                door.close().await;
                let _ = done.send(());
            }
            Order::Open(done) => drop(done.send(door.open(&shared))),
            Order::Stop => break,
        }
    }
    door.close().await;
}
