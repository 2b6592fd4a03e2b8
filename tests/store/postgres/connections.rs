//! Connections that end: nothing that was acknowledged is lost, and the store finds its way back.

use actors::port::store::journal::Written;
use actors::port::store::runs::RunFilter;
use actors::port::store::{Error, Slice};

use super::schema::schema;
use crate::backend::{submit, until};
use crate::sample::{accept, event, flow_id, install, key, run};

const NONE: Slice = Slice { limit: 0, offset: 0 };

#[tokio::test]
async fn ended_in_the_middle_of_the_load_they_lose_nothing_that_was_acknowledged() {
    let Some(schema) = schema("ended_in_the_middle_of_the_load_they_lose_nothing_that_was_acknowledged").await else { return };
    let store = schema.database().store();
    install(&*store, key(1)).await;
    let (mut kept, mut lost) = (Vec::new(), 0);
    let mut other = schema.connect().await;
    for round in 0..10 {
        let sent: Vec<_> = (0..400)
            .map(|_| {
                let event = event();
                let run = run(key(1), &event, flow_id());
                (submit(&*store, accept(key(1), &event, std::slice::from_ref(&run))), event, run)
            })
            .collect();
        // The writer has its hands full while its connection ends, in the middle of one batch or another.
        if round % 2 == 1 {
            assert!(schema.end_connections(&mut other).await > 0);
        }
        for (pending, event, run) in sent {
            match pending.outcome().await {
                Ok(Written::Done) => kept.push((event, run)),
                Err(Error::Unavailable(_)) => lost += 1,
                odd => panic!("{odd:?}"),
            }
        }
    }
    assert!(lost > 0, "no connection ended in the middle of a batch");
    assert!(kept.len() > 2_000, "{}", kept.len());
    for (event, run) in &kept {
        assert_eq!(store.event(key(1), event.id).await.as_ref().map(Option::as_ref), Ok(Some(event)));
        assert_eq!(store.run(key(1), run.id).await.as_ref().map(Option::as_ref), Ok(Some(run)));
    }
    let events = store.events(key(1), &Default::default(), NONE).await.unwrap().total;
    let runs = store.runs(key(1), &RunFilter::default(), NONE).await.unwrap().total;
    assert_eq!(events, runs, "an event and its run are there together or not at all");
    assert!(events >= kept.len() as u64);
    assert_eq!(store.ping().await, Ok(()));
}

#[tokio::test]
async fn readers_and_writer_are_opened_again_behind_a_server_that_was_away() {
    let Some(schema) = schema("readers_and_writer_are_opened_again_behind_a_server_that_was_away").await else { return };
    let store = schema.database().store();
    install(&*store, key(1)).await;
    let mut other = schema.connect().await;
    for _ in 0..3 {
        assert!(schema.end_connections(&mut other).await > 0);
        assert!(store.installation(key(1)).await.unwrap().is_some(), "a reader is tried before it is used");
        // The first to write finds out; the next one has a new connection.
        let _ = store.ping().await;
        assert_eq!(store.ping().await, Ok(()));
        until("the store counts as sound", || !schema.database().figures().failing).await;
    }
}

#[tokio::test]
async fn a_closed_store_is_unavailable_and_says_so() {
    let Some(mut schema) = schema("a_closed_store_is_unavailable_and_says_so").await else { return };
    let store = schema.database().store();
    install(&*store, key(1)).await;
    let pending: Vec<_> = (0..500).map(|_| submit(&*store, accept(key(1), &event(), &[]))).collect();
    schema.close().await;
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done), "what was queued is written");
    }
    assert!(matches!(store.installation(key(1)).await, Err(Error::Unavailable(_))));
    assert!(matches!(store.ping().await, Err(Error::Unavailable(_))));
}
