//! Whatever way a row goes, what people would not want to be found in it is zeros by then.

use std::time::Duration;

use actors::activity::Activity;
use actors::call::Call;
use actors::clock::Clock;
use actors::entity::EntityChange;
use actors::flow::model::Flow;
use actors::flow::run::{Reason, Run, RunState};
use actors::installation::Verdict;
use actors::limits::flow::VERSIONS_STORED_MAX;
use actors::port::store::Store;
use actors::port::store::journal::Written;
use actors::port::store::retention::Cutoffs;
use actors::port::store::sources::SourceSaved;
use actors::secret::{Secret, SecretName};
use sqlx::AssertSqlSafe;

use crate::activities::change;
use crate::backend::{self, write};
use crate::bootstraps::planned;
use crate::calls::call;
use crate::entities::{entity, kind};
use crate::sample::{
    CLOCK, accept, addon_id, event_at, flow, flow_id, installation, key, progress, proof, run, source, source_name, standing,
};

const TABLES: [(&str, &[&str]); 12] = [
    ("activities", &["person", "what", "subject", "detail"]),
    ("api_calls", &["path", "error", "person", "content"]),
    ("bootstraps", &["head"]),
    ("bootstrap_operations", &["progress"]),
    ("entities", &["parent", "name", "sort", "data"]),
    ("events", &["headers", "entity", "payload"]),
    ("flow_versions", &["definition"]),
    ("installations", &["addon_user", "as_user", "urls", "settings", "webhooks", "broken_reason", "token"]),
    ("runs", &["steps", "answers", "reason", "entity"]),
    ("secrets", &["value"]),
    ("sources", &["definition", "secrets"]),
    ("standings", &["reason"]),
];

/// Notes of every row, at the moment when it is deleted, in which of its columns something still stands.
async fn watch(file: &backend::File) {
    let mut connection = file.connect().await;
    sqlx::query("CREATE TABLE gone (name TEXT, shows TEXT)").execute(&mut connection).await.unwrap();
    for (table, columns) in TABLES {
        let shown = |column: &&str| {
            format!(
                "CASE WHEN OLD.{column} IS NULL OR CAST(OLD.{column} AS BLOB) = zeroblob(octet_length(OLD.{column}))
                    OR CAST(OLD.{column} AS TEXT) = replace(hex(zeroblob(octet_length(OLD.{column}))), '00', '0') THEN '' ELSE '{column} ' END"
            )
        };
        let shown: Vec<String> = columns.iter().map(shown).collect();
        let note = format!("INSERT INTO gone VALUES ('{table}', {})", shown.join(" || "));
        let trigger = format!("CREATE TRIGGER watch_{table} BEFORE DELETE ON {table} BEGIN {note}; END");
        sqlx::query(AssertSqlSafe(trigger)).execute(&mut connection).await.unwrap();
    }
}

/// What went since the last time, a line for each table: how many rows, and what they showed.
async fn gone(file: &backend::File) -> Vec<(String, i64, String)> {
    let mut connection = file.connect().await;
    let query = "SELECT name, count(*), group_concat(DISTINCT shows) FROM gone GROUP BY name ORDER BY name";
    let gone = sqlx::query_as(query).fetch_all(&mut connection).await.unwrap();
    sqlx::query("DELETE FROM gone").execute(&mut connection).await.unwrap();
    gone
}

fn zeros(expected: &[(&str, i64)]) -> Vec<(String, i64, String)> {
    expected.iter().map(|(table, rows)| ((*table).to_owned(), *rows, String::new())).collect()
}

async fn ended(store: &dyn Store, days: u64) {
    let event = event_at(CLOCK.now() - Duration::from_secs(days * 86_400));
    let run = Run { created_at: event.received_at, ..run(key(1), &event, flow_id()) };
    let run = Run { id: event.id.uuid().into(), ..run };
    assert_eq!(write(store, accept(key(1), &event, std::slice::from_ref(&run))).await, Ok(Written::Done));
    let told = Run { reason: Some(Reason::new("told", "in words")), ..standing(&run, RunState::Failed) };
    assert_eq!(write(store, progress(&told)).await, Ok(Written::Done));
}

fn secret(name: &str) -> SecretName {
    SecretName::parse(name).unwrap()
}

async fn fill(store: &dyn Store) -> Flow {
    let flow = flow("a flow");
    store.create_flow(key(1), &flow, 100).await.unwrap();
    store.flow_failed(key(1), flow.id, 1, "in words", CLOCK.now()).await.unwrap().unwrap();
    for name in ["ONE", "OTHER"] {
        store.put_secret(key(1), &secret(name), &Secret::new("the value"), 10, CLOCK.now()).await.unwrap();
        assert_eq!(store.create_source(key(1), &source(name), 10).await, Ok(SourceSaved::Done));
    }
    for subject in ["one", "two", "three"] {
        let change = Activity { detail: Some("a detail".into()), ..change(subject) };
        assert_eq!(store.record_activity(key(1), &change, 2).await, Ok(true));
        let call = Call { error: Some("in words".into()), user: Some("a person".into()), ..call("getTags") };
        assert_eq!(store.keep_call(key(1), &call, 2).await, Ok(true));
    }
    let seen = |id: &str, second| EntityChange::Seen(entity("tags", id, Some("a name"), second));
    assert_eq!(store.change_entities(key(1), &[seen("a", 1), seen("b", 2), seen("c", 9)]).await, Ok(true));
    assert_eq!(store.put_bootstrap(key(1), &planned()).await, Ok(true));
    flow
}

#[tokio::test]
async fn every_row_is_zeros_when_it_goes() {
    let file = backend::file().await;
    let store = file.database.store();
    assert_eq!(store.install(&installation(key(1), 1), proof(1)).await, Ok(Verdict::Apply));
    watch(&file).await;
    let flow = fill(&*store).await;
    assert_eq!(gone(&file).await, zeros(&[("activities", 1), ("api_calls", 1)]), "beyond what is kept");

    assert_eq!(store.expire_calls(CLOCK.now() + Duration::from_secs(60), 1).await, Ok(1));
    assert_eq!(gone(&file).await, zeros(&[("api_calls", 1)]));
    for _ in 0..VERSIONS_STORED_MAX {
        store.update_flow(key(1), &flow).await.unwrap();
    }
    assert_eq!(gone(&file).await, zeros(&[("flow_versions", 1)]));
    assert_eq!(store.resume_flow(key(1), flow.id).await, Ok(true));
    assert_eq!(store.delete_secret(key(1), &secret("ONE")).await, Ok(true));
    assert_eq!(store.delete_source(key(1), &source_name("ONE")).await, Ok(true));
    assert_eq!(gone(&file).await, zeros(&[("secrets", 1), ("sources", 1), ("standings", 1)]));
    assert_eq!(store.put_bootstrap(key(1), &planned()).await, Ok(true));
    assert_eq!(gone(&file).await, zeros(&[("bootstrap_operations", 3)]));
    let since = entity("tags", "a", None, 2).fetched_at;
    assert_eq!(store.sweep_entities(key(1), &kind("tags"), since, None, 100).await.unwrap().removed, 1);
    let since = entity("tags", "a", None, 3).fetched_at;
    assert_eq!(store.expire_entities(key(1), Some(since), since, 100).await, Ok(1));
    assert_eq!(gone(&file).await, zeros(&[("entities", 2)]));

    ended(&*store, 9).await;
    ended(&*store, 1).await;
    let before = Some(CLOCK.now() - Duration::from_secs(5 * 86_400));
    assert_eq!(store.expire(key(1), Cutoffs { runs_before: before, events_before: before }, 100).await, Ok(2));
    assert_eq!(gone(&file).await, zeros(&[("events", 1), ("runs", 1)]));

    store.flow_failed(key(1), flow.id, 1, "in words", CLOCK.now()).await.unwrap().unwrap();
    assert_eq!(store.uninstall(key(1), addon_id(1), proof(2)).await, Ok(Verdict::Apply));
    assert!(file.database.purged().await);
    let rest = [
        ("activities", 2),
        ("api_calls", 1),
        ("bootstrap_operations", 3),
        ("bootstraps", 1),
        ("entities", 1),
        ("events", 1),
        ("flow_versions", i64::from(VERSIONS_STORED_MAX)),
        ("installations", 1),
        ("runs", 1),
        ("secrets", 1),
        ("sources", 1),
        ("standings", 1),
    ];
    assert_eq!(gone(&file).await, zeros(&rest));
}
