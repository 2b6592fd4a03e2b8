//! How SQLite goes about each statement: along an index, whatever the number of rows. A plan that walks a table is a defect that no small test shows.

use actors::entity::EntityType;
use actors::event::EventType;
use actors::flow::run::RunState;
use actors::port::store::entities::EntityFilter;
use actors::port::store::events::Sought;
use actors::port::store::runs::RunFilter;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::super::entity_rows::Names;
use super::journal::group;
use super::{
    activities, bootstraps, calls, chapters, connection, entities, erase, events, flows, migrate, purge, retention, runs, schedules,
    secrets, sources, standings, statistics, subscriptions,
};

const TABLES: [&str; 16] = [
    "activities",
    "api_calls",
    "events",
    "runs",
    "installations",
    "sources",
    "secrets",
    "standings",
    "subscriptions",
    "flows",
    "flow_versions",
    "marks",
    "purges",
    "entities",
    "bootstraps",
    "bootstrap_operations",
];

async fn database() -> (tempfile::TempDir, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    migrate(&path).await.unwrap();
    let connection = connection::open_writer(&path).await.unwrap();
    (folder, connection)
}

async fn plan(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(connection).await;
    rows.unwrap_or_else(|error| panic!("{error}\n{sql}")).iter().map(|row| row.get("detail")).collect()
}

/// Steps of a plan that look at every row of a table, or make an index for the occasion.
fn walks(plan: &[String]) -> Vec<&String> {
    let walks = |step: &&String| {
        let words: Vec<&str> = step.split_whitespace().collect();
        let over = |name: &str| words.first() == Some(&"SCAN") && words.get(1) == Some(&name);
        TABLES.iter().any(|table| over(table)) || step.contains("AUTOMATIC")
    };
    plan.iter().filter(walks).collect()
}

async fn expect_no_walk(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let plan = plan(connection, sql).await;
    assert_eq!(walks(&plan), Vec::<&String>::new(), "{sql}\n{plan:#?}");
    plan
}

fn with_rows([before, after]: [&str; 2], width: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(","));
    format!("{before}{row},{row},{row}{after}")
}

fn everything_sought() -> Vec<Sought> {
    let sought = |forms: u8| Sought {
        entity: (forms & 1 > 0).then(|| "tag:1".into()),
        run_state: (forms & 2 > 0).then_some(RunState::Failed),
        text: (forms & 4 > 0).then(|| "x".into()),
    };
    (1..8).map(sought).collect()
}

#[tokio::test]
async fn every_read_goes_along_an_index() {
    let (_folder, mut connection) = database().await;
    let mut reads = vec![events::recent(), events::after()];
    reads.extend([events::count(), events::page(), events::first()]);
    for sought in everything_sought() {
        reads.extend([events::count_found(&sought), events::page_found(&sought)]);
    }
    let states = [None].into_iter().chain(RunState::ALL.map(Some));
    for state in states {
        for event in [None, Some(uuid::Uuid::nil().into())] {
            for attention in [false, true] {
                let filter = RunFilter { event, state, attention, ..RunFilter::default() };
                reads.extend([runs::count(&filter), runs::page(&filter)]);
            }
        }
    }
    reads.extend([statistics::runs_of_flows(), statistics::ended_of_flows(), statistics::failed_in_spans(25)]);
    reads.extend(["events", "runs"].map(|table| statistics::in_spans(table, 25)));
    reads.extend([runs::DISMISS, schedules::DUE, schedules::SET_DUE].map(str::to_owned));
    reads.extend([events::ONE, runs::ONE, runs::UNFINISHED, runs::WITH_WORK, flows::NEWEST, flows::ANY, flows::ALL].map(str::to_owned));
    reads.push(format!("SELECT flow_versions.* {} ORDER BY flow_versions.version DESC", flows::VERSIONS));
    reads.extend(erase::FLOW_VERSIONS.statements(flows::OLD));
    reads.extend([sources::ONE, sources::ALL, secrets::ONE, secrets::ALL, standings::ALL].map(str::to_owned));
    reads.extend([entities::ONE, entities::COUNTS, entities::IDS, entities::SWEEP, entities::OLD, entities::KEYS].map(str::to_owned));
    reads.extend([bootstraps::HEAD, bootstraps::OPERATIONS, bootstraps::DUE].map(str::to_owned));
    reads.extend([flows::WHOSE, bootstraps::ADVANCE, bootstraps::ADVANCE_OPERATION].map(str::to_owned));
    for kind in [None, Some(EntityType::parse("tags").unwrap())] {
        for text in [None, Some("x".to_owned())] {
            let filter = EntityFilter { kind: kind.clone(), text };
            reads.push(entities::count_named(&filter));
            reads.extend(Names::BOTH.into_iter().flat_map(|names| [entities::count(&filter, names), entities::page(&filter, names)]));
        }
    }
    reads.extend([activities::count(), activities::page(), calls::count(), calls::page(), calls::one()]);
    reads.extend([calls::SURPLUS, calls::OLD, calls::SEALED_BEFORE].map(str::to_owned));
    reads.extend([subscriptions::TAKEN, subscriptions::ALL, subscriptions::BY_TOKEN].map(str::to_owned));
    reads.extend(purge::finds());
    reads.extend(retention::finds());
    reads.push(retention::keys());
    for read in &reads {
        expect_no_walk(&mut connection, read).await;
    }
}

#[tokio::test]
async fn pages_of_unfinished_runs_are_not_sorted() {
    let (_folder, mut connection) = database().await;
    let plan = expect_no_walk(&mut connection, runs::UNFINISHED).await;
    let inner: Vec<_> = plan.iter().take_while(|step| !step.starts_with("SCAN waiting")).collect();
    assert!(inner.iter().any(|step| step.contains("MERGE")), "{plan:#?}");
    assert!(!inner.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
}

/// What is counted for a chart or a list, and what a page of one skips, is read out of the index alone.
#[tokio::test]
async fn counts_and_what_a_page_skips_look_at_no_row() {
    let (_folder, mut connection) = database().await;
    let by_type = RunFilter { event_type: Some(EventType::parse("X").unwrap()), ..RunFilter::default() };
    let succeeded = RunFilter { state: Some(RunState::Succeeded), ..by_type.clone() };
    let mut counts = vec![events::count(), runs::count(&by_type), runs::count(&succeeded)];
    counts.extend([statistics::runs_of_flows(), statistics::ended_of_flows(), statistics::failed_in_spans(25)]);
    counts.extend(["events", "runs"].map(|table| statistics::in_spans(table, 25)));
    counts.extend([events::page(), events::first(), runs::page(&by_type), runs::page(&succeeded)]);
    for count in counts {
        let plan = expect_no_walk(&mut connection, &count).await;
        let covered = |step: &&String| step.contains("COVERING INDEX") && (step.contains("SEARCH runs") || step.contains("SEARCH events"));
        assert!(plan.iter().any(|step| covered(&step) && step.contains("stay=?")), "{count}\n{plan:#?}");
    }
}

#[tokio::test]
async fn every_write_of_a_batch_goes_along_an_index_and_copies_no_payload() {
    let (_folder, mut connection) = database().await;
    let entities = [entities::PUT, entities::PUT_OF_BOOTSTRAP].map(|statement| (statement, entities::PUT_WIDTH));
    for (statement, width) in group::STATEMENTS.into_iter().chain(entities) {
        let plan = expect_no_walk(&mut connection, &with_rows(statement, width)).await;
        assert!(!plan.iter().any(|step| step.contains("MATERIALIZE")), "{plan:#?}");
    }
}

#[tokio::test]
async fn chapters_are_sought_one_by_one() {
    let (_folder, mut connection) = database().await;
    for chapters in [chapters::OF_EVENTS, chapters::OF_RUNS] {
        let plan = expect_no_walk(&mut connection, &format!("{chapters} SELECT chapter FROM chapters")).await;
        assert!(plan.iter().any(|step| step.contains("(chapter<?)")), "{plan:#?}");
    }
}

#[tokio::test]
async fn a_walk_is_found() {
    let (_folder, mut connection) = database().await;
    let plan = plan(&mut connection, "SELECT 1 FROM events WHERE entity = ?").await;
    assert_eq!(walks(&plan).len(), 1, "{plan:#?}");
}
