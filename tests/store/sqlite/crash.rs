//! Whatever was answered is in the file and its log at that moment (I1): a copy of both is a crash.

use actors::flow::run::RunState;
use actors::port::store::Slice;
use actors::port::store::journal::Written;
use actors::port::store::runs::RunFilter;
use clockify_addons::store::open;

use crate::backend::{self, lock, settings, submit};
use crate::sample::{accept, event, flow_id, install, key, progress, run, standing, uninstall};

/// Copies the database as a crash would leave it: in the middle of the load, between two commits.
async fn crashed(file: &backend::File) -> tempfile::TempDir {
    let mut locked = lock(file.connect().await).await;
    let copy = tempfile::tempdir().unwrap();
    for name in ["x.db", "x.db-wal"] {
        std::fs::copy(file.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    sqlx::query("ROLLBACK").execute(&mut locked).await.unwrap();
    copy
}

#[tokio::test]
async fn a_copy_of_file_and_log_in_the_middle_of_the_load_has_every_answered_entry() {
    let file = backend::file().await;
    let store = file.database.store();
    install(&*store, key(1)).await;
    let mut answered = Vec::new();
    let mut under_way = Vec::new();
    for round in 0..12_u32 {
        for index in 0..150 {
            let event = event();
            let run = run(key(1), &event, flow_id());
            under_way.push((submit(&*store, accept(key(1), &event, std::slice::from_ref(&run))), event, run.clone()));
            if index % 3 == 0 {
                let told = standing(&run, RunState::Waiting);
                under_way.push((submit(&*store, progress(&told)), under_way.last().unwrap().1.clone(), told));
            }
        }
        // The last round is still under way when the copy is made.
        if round < 11 {
            for (pending, event, run) in under_way.drain(..) {
                assert_eq!(pending.outcome().await, Ok(Written::Done));
                answered.push((event, run));
            }
        }
    }
    let copy = crashed(&file).await;
    let recovered = open(settings(&copy)).await.unwrap();
    let store = recovered.store();
    let newest = |run: &actors::flow::run::Run| answered.iter().rev().find(|(_, later)| later.id == run.id).unwrap().1.clone();
    for (event, run) in &answered {
        assert_eq!(store.event(key(1), event.id).await.unwrap().as_ref(), Some(event));
        assert_eq!(store.run(key(1), run.id).await, Ok(Some(newest(run))));
    }
    let none = Slice { limit: 0, offset: 0 };
    let events = store.events(key(1), &Default::default(), none).await.unwrap().total;
    let runs = store.runs(key(1), &RunFilter::default(), none).await.unwrap().total;
    assert_eq!(events, runs, "an event and its run are there together or not at all");
    assert!((1_650..=1_800).contains(&events), "{events}");
    assert_eq!(store.keys_with_work(None, 10).await, Ok(vec![key(1)]));
    recovered.close().await;
    let mut connection = backend::connect(&copy).await;
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(verdict, "ok");
}

#[tokio::test]
async fn what_an_uninstall_left_when_the_process_died_goes_after_the_next_start() {
    let file = backend::file().await;
    let store = file.database.store();
    install(&*store, key(1)).await;
    for _ in 0..3 {
        let pending: Vec<_> = (0..500).map(|_| submit(&*store, accept(key(1), &event(), &[]))).collect();
        for answer in pending {
            assert_eq!(answer.outcome().await, Ok(Written::Done));
        }
    }
    // Nothing can be purged while the test reads, so the copy is of a purge that has not ended.
    let mut reading = file.connect().await;
    sqlx::query("BEGIN").execute(&mut reading).await.unwrap();
    sqlx::query("SELECT 1 FROM events").fetch_one(&mut reading).await.unwrap();
    uninstall(&*store, key(1)).await;
    let copy = crashed(&file).await;
    let recovered = open(settings(&copy)).await.unwrap();
    assert_eq!(recovered.store().installation(key(1)).await, Ok(None));
    assert!(recovered.purged().await);
    recovered.close().await;
    let mut connection = backend::connect(&copy).await;
    for table in ["installations", "events", "purges"] {
        let count = format!("SELECT count(*) FROM {table}");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(&mut connection).await.unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}
