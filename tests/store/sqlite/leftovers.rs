//! What an uninstall leaves in the bytes of the file and its log: nothing.

use std::path::Path;

use actors::call::Call;
use actors::clock::Clock;
use actors::event::Event;
use actors::flow::model::Flow;
use actors::flow::run::{Reason, Run, RunState};
use actors::installation::Verdict;
use actors::port::store::journal::Written;
use actors::port::store::sources::SourceSaved;
use actors::secret::{Secret, SecretName};
use actors::source::CustomSource;

use crate::backend::{self, submit};
use crate::calls::call;
use crate::sample::{
    CLOCK, accept, addon_id, custom, event, fails, flow, flow_id, install, installation, key, progress, proof, run, source, standing,
};

/// In every payload, name and reason of the workspace that goes.
const GOES: &str = "M4RK3R-0F-TH3-0N3-TH4T-G03S";
/// And of the one that stays.
const STAYS: &str = "M4RK3R-0F-TH3-0N3-TH4T-ST4Y5";

/// How often a text stands in the database's files.
fn count(folder: &Path, text: &str) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.map(|bytes| bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()).sum()
}

async fn fill(file: &backend::File, number: u32, marker: &str) {
    let store = file.database.store();
    let mut brought = installation(key(number), 1);
    brought.settings.insert("name".into(), marker.into());
    brought.addon_user = Some(marker.to_owned());
    assert_eq!(store.install(&brought, proof(1)).await, Ok(Verdict::Apply));
    for index in 0..30 {
        let mut flow = Flow { ..flow(&format!("{marker} {index}")) };
        flow.definition.description = marker.repeat(50);
        store.create_flow(key(number), &flow, 100).await.unwrap();
        store.update_flow(key(number), &flow).await.unwrap();
        assert_eq!(fails(&*store, key(number), flow.id, 1, &marker.repeat(30)).await, Ok(Written::Done));
    }
    let name = SecretName::parse("KEY").unwrap();
    store.put_secret(key(number), &name, &Secret::new(marker.repeat(40)), 10, CLOCK.now()).await.unwrap();
    // A name may be the marker as well.
    let source = CustomSource { entity_path: Some(marker.repeat(20)), ..source(marker) };
    assert_eq!(store.create_source(key(number), &source, 10).await, Ok(SourceSaved::Done));
    for _ in 0..20 {
        let call = Call { path: marker.repeat(20), error: Some(marker.into()), user: Some(marker.into()), ..call(marker) };
        assert_eq!(store.keep_call(key(number), &call, 100).await, Ok(true));
    }
    for _ in 0..4 {
        let mut pending = Vec::new();
        for index in 0..200_usize {
            // Some payloads fit a page with others, some fill pages of their own.
            let payload = marker.repeat(if index % 20 == 0 { 1_000 } else { 20 }).into_bytes();
            let event = Event {
                payload: payload.into(),
                entity: Some(marker.into()),
                headers: Some(marker.into()),
                message: Some(format!("{marker}-{}", CLOCK.fresh_id()).into()),
                ..custom(marker)
            };
            let run = run(key(number), &event, flow_id());
            pending.push(submit(&*store, accept(key(number), &event, std::slice::from_ref(&run))));
            let told = Run { reason: Some(Reason::new("told", marker)), ..standing(&run, RunState::Failed) };
            pending.push(submit(&*store, progress(&told)));
        }
        for answer in pending {
            assert_eq!(answer.outcome().await, Ok(Written::Done));
        }
    }
}

#[tokio::test]
async fn after_an_uninstall_no_byte_of_the_workspace_is_left_in_file_and_log() {
    let file = backend::file().await;
    futures_util::future::join(fill(&file, 1, GOES), fill(&file, 2, STAYS)).await;
    let folder = file.folder.path();
    let (goes, stays) = (count(folder, GOES), count(folder, STAYS));
    assert!(goes > 10_000 && stays > 10_000, "{goes} {stays}");
    let size = std::fs::metadata(folder.join("x.db")).unwrap().len();
    let token = installation(key(1), 1).token;
    assert_eq!(file.database.store().uninstall(key(1), addon_id(1), proof(2)).await, Ok(Verdict::Apply));
    assert!(file.database.purged().await);
    assert_eq!(count(folder, GOES), 0);
    assert_eq!(count(folder, token.expose()), 0);
    assert!(count(folder, STAYS) > 10_000);
    let shorter = std::fs::metadata(folder.join("x.db")).unwrap().len();
    assert!(shorter < size * 3 / 4, "space is given back: {size} then {shorter}");
    let mut connection = file.connect().await;
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(verdict, "ok");
    let free: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(&mut connection).await.unwrap();
    assert_eq!(free, 0);
}

#[tokio::test]
async fn a_reader_in_the_way_only_delays_it() {
    let file = backend::file().await;
    install(&*file.database.store(), key(2)).await;
    fill(&file, 1, GOES).await;
    let mut reading = file.connect().await;
    sqlx::query("BEGIN").execute(&mut reading).await.unwrap();
    sqlx::query("SELECT 1 FROM events").fetch_one(&mut reading).await.unwrap();
    assert_eq!(file.database.store().uninstall(key(1), addon_id(1), proof(2)).await, Ok(Verdict::Apply));
    let event = event();
    assert_eq!(backend::write(&*file.database.store(), accept(key(2), &event, &[])).await, Ok(Written::Done));
    sqlx::query("ROLLBACK").execute(&mut reading).await.unwrap();
    assert!(file.database.purged().await);
    assert_eq!(count(file.folder.path(), GOES), 0);
    assert_eq!(file.database.store().event(key(2), event.id).await, Ok(Some(event)));
}
