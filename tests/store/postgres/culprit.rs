//! One bad entry costs itself and nobody else.

use actors::event::Event;
use actors::port::store::Error;
use actors::port::store::journal::Written;

use super::schema::schema;
use crate::backend::{submit, until};
use crate::sample::{accept, event, event_type, flow, flow_id, install, key, run};

/// Makes the database refuse rows of a table, as a constraint would.
async fn refuse(schema: &super::schema::Schema, table: &str, when: &str) {
    let sql = format!(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'told to'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut schema.connect().await).await.unwrap();
}

#[tokio::test]
async fn an_entry_that_the_database_refuses_does_not_fail_its_neighbours() {
    let Some(schema) = schema("an_entry_that_the_database_refuses_does_not_fail_its_neighbours").await else { return };
    let store = schema.database().store();
    install(&*store, key(1)).await;
    refuse(&schema, "events", "NEW.event_type = 'BAD'").await;
    let mut hold = schema.hold().await;
    let first = submit(&*store, accept(key(1), &event(), &[]));
    until("the writer has taken the first entry", || schema.database().figures().entries_waiting == 0).await;
    let mut sent = Vec::new();
    for index in 0..100 {
        let bad = [13, 14, 77].contains(&index);
        let event = if bad { Event { event_type: event_type("BAD"), ..event() } } else { event() };
        let run = run(key(1), &event, flow_id());
        sent.push((submit(&*store, accept(key(1), &event, std::slice::from_ref(&run))), event, run, bad));
    }
    sqlx::query("ROLLBACK").execute(&mut hold).await.unwrap();
    assert_eq!(first.outcome().await, Ok(Written::Done));
    for (pending, event, run, bad) in sent {
        let outcome = pending.outcome().await;
        assert_eq!(matches!(outcome, Err(Error::Unavailable(_))), bad, "{outcome:?}");
        assert_eq!(store.event(key(1), event.id).await, Ok((!bad).then_some(event)));
        assert_eq!(store.run(key(1), run.id).await, Ok((!bad).then_some(run)));
    }
    assert_eq!(store.ping().await, Ok(()));
}

#[tokio::test]
async fn a_refused_transaction_leaves_the_writer_free() {
    let Some(schema) = schema("a_refused_transaction_leaves_the_writer_free").await else { return };
    let store = schema.database().store();
    install(&*store, key(1)).await;
    refuse(&schema, "flow_versions", "true").await;
    assert!(store.create_flow(key(1), &flow("refused"), 5).await.is_err());
    assert_eq!(store.flows(key(1)).await, Ok(vec![]), "half of it is not kept");
    assert_eq!(submit(&*store, accept(key(1), &event(), &[])).outcome().await, Ok(Written::Done));
}
