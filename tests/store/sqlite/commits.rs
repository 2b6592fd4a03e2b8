//! The group commit as seen from outside: commits are fewer than entries, and the end of a database loses nothing.

use actors::port::store::journal::Written;
use actors::port::store::{Error, Slice};

use crate::backend::{self, lock, submit, until, write};
use crate::sample::{accept, accepted, event, flow_id, install, key, progress, run};

#[tokio::test]
async fn what_waits_behind_a_lock_is_written_in_one_commit() {
    let file = backend::file().await;
    let store = file.database.store();
    install(&*store, key(1)).await;
    let before = file.database.figures();
    let mut locked = lock(file.connect().await).await;
    let first = submit(&*store, accept(key(1), &event(), &[]));
    until("the writer has taken the first entry", || file.database.figures().entries_waiting == 0).await;
    let others: Vec<_> = (0..64)
        .map(|_| {
            let event = event();
            let run = run(key(1), &event, flow_id());
            submit(&*store, accept(key(1), &event, &[run]))
        })
        .collect();
    assert_eq!(file.database.figures().entries_waiting, 64);
    sqlx::query("ROLLBACK").execute(&mut locked).await.unwrap();
    for pending in std::iter::once(first).chain(others) {
        assert_eq!(pending.outcome().await, Ok(Written::Done));
    }
    let after = file.database.figures();
    assert_eq!((after.batches - before.batches, after.entries - before.entries), (2, 65));
}

#[tokio::test]
async fn closing_keeps_what_was_queued_and_leaves_one_complete_file() {
    let file = backend::file().await;
    let store = file.database.store();
    install(&*store, key(1)).await;
    let pending: Vec<_> = (0..500).map(|_| submit(&*store, accept(key(1), &event(), &[]))).collect();
    let log = file.folder.path().join("x.db-wal");
    assert!(log.exists());
    let file = {
        let backend::File { database, folder } = file;
        database.close().await;
        for answer in pending {
            assert_eq!(answer.outcome().await, Ok(Written::Done));
        }
        assert!(!log.exists(), "the log is folded in");
        backend::File { database: clockify_addons::store::open(backend::settings(&folder)).await.unwrap(), folder }
    };
    let listed = file.database.store().events(key(1), &Default::default(), Slice { limit: 0, offset: 0 }).await.unwrap();
    assert_eq!(listed.total, 500);
}

#[tokio::test]
async fn a_closed_store_is_unavailable_and_says_so() {
    let file = backend::file().await;
    let store = file.database.store();
    install(&*store, key(1)).await;
    assert_eq!(store.ping().await, Ok(()));
    let (_, run) = accepted(&*store, key(1)).await;
    let backend::File { database, folder: _folder } = file;
    database.close().await;
    let unavailable = |error: &Error| matches!(error, Error::Unavailable(_));
    assert!(write(&*store, progress(&run)).await.is_err_and(|error| unavailable(&error)));
    assert!(store.installation(key(1)).await.is_err_and(|error| unavailable(&error)));
    assert!(store.ping().await.is_err_and(|error| unavailable(&error)));
    assert!(store.create_flow(key(1), &crate::sample::flow("late"), 1).await.is_err_and(|error| unavailable(&error)));
}

#[tokio::test]
async fn a_store_goes_on_as_long_as_somebody_holds_it() {
    let file = backend::file().await;
    let store = file.database.store();
    let backend::File { database, folder: _folder } = file;
    drop(database);
    install(&*store, key(1)).await;
    let (event, _) = accepted(&*store, key(1)).await;
    assert_eq!(store.event(key(1), event.id).await, Ok(Some(event)));
}
