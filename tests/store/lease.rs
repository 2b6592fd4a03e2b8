//! The lease on a database: one process serves it, another one waits a while and then gives up.

use std::sync::Arc;
use std::time::Duration;

use actors::clock::{Clock, SystemClock};
use actors::limits::store::{LEASE_LOOK_MS, LEASE_WAIT_MS_MAX};
use actors::testing::ManualClock;
use clockify_addons::store::{Lease, OpenError, lease};
use tokio::task::JoinHandle;

use crate::backend::settings;
use crate::postgres::schema::empty;
use crate::sample::CLOCK;

const LOOK: Duration = Duration::from_millis(LEASE_LOOK_MS);

fn clock() -> ManualClock {
    ManualClock::new(CLOCK.now())
}

fn ask(url: &str, clock: &ManualClock) -> JoinHandle<Result<Lease, OpenError>> {
    let (url, clock) = (url.to_owned(), Arc::new(clock.clone()));
    tokio::spawn(async move { lease(&url, clock).await })
}

/// Waits until somebody pauses between two looks. While a server is being dialled, the next thing due is further away.
async fn pausing(clock: &ManualClock) {
    let pauses = async {
        while clock.next_due().is_none_or(|due| due.since(clock.now()) > LOOK) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), pauses).await.unwrap();
}

async fn looks_again(clock: &ManualClock) {
    pausing(clock).await;
    clock.advance(LOOK);
}

async fn soon<T>(task: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), task).await.unwrap()
}

async fn until_it_ends<T>(task: &JoinHandle<T>, clock: &ManualClock) {
    let ends = async {
        while !task.is_finished() {
            if clock.next_due().is_some_and(|due| due.since(clock.now()) <= LOOK) {
                clock.advance(LOOK);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    soon(ends).await;
}

/// Two processes and one database, whichever it is.
async fn one_has_it_and_another_waits(url: &str) {
    let clock = clock();
    let first = soon(ask(url, &clock)).await.unwrap().unwrap();
    let second = ask(url, &clock);
    for _ in 0..3 {
        looks_again(&clock).await;
        assert!(!second.is_finished());
    }
    drop(first);
    // A server ends a session a moment after its connection.
    until_it_ends(&second, &clock).await;
    let second = second.await.unwrap().unwrap();

    let third = ask(url, &clock);
    for _ in 0..LEASE_WAIT_MS_MAX / LEASE_LOOK_MS {
        looks_again(&clock).await;
    }
    assert!(matches!(soon(third).await.unwrap(), Err(OpenError::Leased)));
    drop(second);
}

#[tokio::test]
async fn a_file_is_served_by_one_process_and_another_waits() {
    let folder = tempfile::tempdir().unwrap();
    one_has_it_and_another_waits(&settings(&folder).url).await;
}

#[tokio::test]
async fn a_schema_is_served_by_one_process_and_another_waits() {
    let Some(schema) = empty("a_schema_is_served_by_one_process_and_another_waits").await else { return };
    one_has_it_and_another_waits(&schema.url()).await;
}

#[tokio::test]
async fn a_session_that_breaks_is_followed_by_another_one() {
    let Some(schema) = empty("a_session_that_breaks_is_followed_by_another_one").await else { return };
    let clock = clock();
    let mut held = soon(ask(&schema.url(), &clock)).await.unwrap().unwrap();
    assert_eq!(schema.end_connections(&mut schema.connect().await).await, 1);
    let watch = tokio::spawn(async move { held.lost().await });
    for _ in 0..3 {
        looks_again(&clock).await;
    }
    pausing(&clock).await;
    assert!(!watch.is_finished());
    let other = ask(&schema.url(), &clock);
    pausing(&clock).await;
    assert!(!other.is_finished(), "it has been taken again");
    watch.abort();
    other.abort();
}

#[tokio::test]
async fn who_is_overtaken_while_it_is_out_of_reach_learns_of_it() {
    let Some(schema) = empty("who_is_overtaken_while_it_is_out_of_reach_learns_of_it").await else { return };
    let mine = clock();
    let mut held = soon(ask(&schema.url(), &mine)).await.unwrap().unwrap();
    schema.end_connections(&mut schema.connect().await).await;
    let _theirs = soon(lease(&schema.url(), Arc::new(SystemClock::new()))).await.unwrap();
    let watch = tokio::spawn(async move { held.lost().await });
    until_it_ends(&watch, &mine).await;
}
