//! A closed load: so many connections, each sending its next request when the last one is answered. Every latency is kept, so that the
//! percentiles are exact.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::connection::Connection;

/// When a load ends.
#[derive(Clone)]
pub enum Until {
    /// After this time.
    Passed(Duration),
    /// After so many requests.
    Sent(usize),
    /// When somebody says so.
    Told(Arc<AtomicBool>),
}

/// What came of it.
pub struct Outcome {
    /// Answers by status; 0 is a broken connection.
    pub answers: BTreeMap<u16, usize>,
    /// How long it took.
    pub elapsed: Duration,
    /// Of each answer, sorted.
    latencies: Vec<Duration>,
}

impl Outcome {
    /// Answers of 2xx in a second.
    pub fn rate(&self) -> f64 {
        let good: usize = self.answers.range(200..300).map(|(_, count)| count).sum();
        good as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that this share of the answers did not exceed, in milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        let index = ((self.latencies.len() as f64 * share) as usize).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0)
    }

    /// Answers that were not 2xx, in words.
    pub fn others(&self) -> String {
        let others = self.answers.iter().filter(|(status, _)| !(200..300).contains(*status));
        others.map(|(status, count)| format!(", {count} × {status}")).collect()
    }
}

/// Runs a load; `write` puts the n-th request into a buffer that is empty.
pub async fn run(address: SocketAddr, connections: usize, until: Until, write: impl Fn(usize, &mut Vec<u8>) + 'static) -> Outcome {
    paced(address, connections, until, Duration::ZERO, write).await
}

/// The same with a pause on each connection after each answer.
pub async fn paced(
    address: SocketAddr,
    connections: usize,
    until: Until,
    pause: Duration,
    write: impl Fn(usize, &mut Vec<u8>) + 'static,
) -> Outcome {
    let write = Rc::new(write);
    let next = Rc::new(Cell::new(0));
    let seen = Rc::new(RefCell::new((BTreeMap::new(), Vec::with_capacity(1 << 20))));
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await.expect("connect"));
    }
    let begun = Instant::now();
    let tasks: Vec<_> = open
        .into_iter()
        .map(|mut connection| {
            let (write, next, seen, until) = (Rc::clone(&write), Rc::clone(&next), Rc::clone(&seen), until.clone());
            tokio::task::spawn_local(async move {
                let mut request = Vec::with_capacity(8 * 1024);
                loop {
                    let number = next.get();
                    let over = match &until {
                        Until::Passed(duration) => begun.elapsed() >= *duration,
                        Until::Sent(count) => number >= *count,
                        Until::Told(told) => told.load(Ordering::Relaxed),
                    };
                    if over {
                        return;
                    }
                    next.set(number + 1);
                    request.clear();
                    write(number, &mut request);
                    let sent = Instant::now();
                    let status = connection.exchange(&request).await.unwrap_or(0);
                    {
                        let (answers, latencies) = &mut *seen.borrow_mut();
                        *answers.entry(status).or_insert(0) += 1;
                        latencies.push(sent.elapsed());
                    }
                    if status == 0 {
                        // As every client does; who was refused before its body was read finds its connection closed.
                        connection = Connection::open(address).await.expect("connect again");
                    }
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let elapsed = begun.elapsed();
    let (answers, mut latencies) = seen.take();
    latencies.sort_unstable();
    Outcome { answers, elapsed, latencies }
}
