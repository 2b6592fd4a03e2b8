//! One bad entry costs itself and nobody else.

use actors::event::Event;
use actors::port::store::Error;
use actors::port::store::journal::{Entry, Written};

use crate::backend::{self, lock, submit, until, write};
use crate::sample::{accept, event, event_type, flow_id, install, key, run};

/// Makes the database refuse events of the type BAD, as a constraint would.
async fn refuse_bad_events(file: &backend::File) {
    let trigger = "CREATE TRIGGER bad BEFORE INSERT ON events WHEN new.event_type = 'BAD' BEGIN SELECT RAISE(ABORT, 'bad event'); END";
    sqlx::query(trigger).execute(&mut file.connect().await).await.unwrap();
}

fn bad() -> Event {
    Event { event_type: event_type("BAD"), ..event() }
}

#[tokio::test]
async fn an_entry_that_the_database_refuses_does_not_fail_its_neighbours() {
    let file = backend::file().await;
    let store = file.database.store();
    install(&*store, key(1)).await;
    refuse_bad_events(&file).await;
    let mut locked = lock(file.connect().await).await;
    let first = submit(&*store, accept(key(1), &event(), &[]));
    until("the writer has taken the first entry", || file.database.figures().entries_waiting == 0).await;
    let mut expected = Vec::new();
    let mut pending = Vec::new();
    for index in 0..100 {
        let event = if [13, 14, 77].contains(&index) { bad() } else { event() };
        let run = run(key(1), &event, flow_id());
        pending.push(submit(&*store, accept(key(1), &event, std::slice::from_ref(&run))));
        expected.push((event, run));
    }
    sqlx::query("ROLLBACK").execute(&mut locked).await.unwrap();
    assert_eq!(first.outcome().await, Ok(Written::Done));
    for (pending, (event, run)) in pending.into_iter().zip(expected) {
        let outcome = pending.outcome().await;
        if event.event_type == bad().event_type {
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
            assert_eq!(store.event(key(1), event.id).await, Ok(None));
            assert_eq!(store.run(key(1), run.id).await, Ok(None), "nothing of it is kept");
        } else {
            assert_eq!(outcome, Ok(Written::Done));
            assert_eq!(store.event(key(1), event.id).await, Ok(Some(event)));
            assert_eq!(store.run(key(1), run.id).await, Ok(Some(run)));
        }
    }
    assert_eq!(store.ping().await, Ok(()));
}

#[tokio::test]
async fn a_refused_transaction_leaves_the_writer_free() {
    let file = backend::file().await;
    let store = file.database.store();
    install(&*store, key(1)).await;
    let trigger = "CREATE TRIGGER bad BEFORE INSERT ON flow_versions BEGIN SELECT RAISE(ABORT, 'no flows today'); END";
    sqlx::query(trigger).execute(&mut file.connect().await).await.unwrap();
    assert!(store.create_flow(key(1), &crate::sample::flow("refused"), 5).await.is_err());
    assert_eq!(store.flows(key(1)).await, Ok(vec![]), "half of it is not kept");
    let event = event();
    assert_eq!(write(&*store, accept(key(1), &event, &[])).await, Ok(Written::Done));
    assert_eq!(write(&*store, Entry::Repeat { key: key(1), event: event.id }).await, Ok(Written::Done));
}
