//! Bootstraps: one of each workspace, stored page by page with what it brought.

use std::collections::BTreeSet;

use actors::bootstrap::plan::{Terms, plan};
use actors::bootstrap::record::{OperationStatus, Record, Status};
use actors::clock::{Clock, Timestamp};
use actors::entity::EntityChange;
use actors::installation::{Health, Status as Installed, Verdict};
use actors::operation::Catalogue;
use actors::port::store::Store;
use actors::settings::Settings;

use crate::backend::Backend;
use crate::entities::entity;
use crate::sample::{CLOCK, addon_id, install, installation, key, proof, reinstall, uninstall};

contract! {
    a_bootstrap_is_read_as_it_was_written,
    a_page_is_stored_with_what_it_brought_or_not_at_all,
    an_installation_brings_its_bootstrap_unless_one_is_under_way,
    those_with_work_come_in_order_and_in_parts,
    an_uninstall_takes_it_along,
}

/// A bootstrap of two lists of the workspace and one below each project.
pub fn planned() -> Record {
    let operation = |id: &str, path: &str| serde_json::json!({"id": id, "method": "GET", "path": format!("/v1/workspaces/{{workspaceId}}/{path}"), "tag": "", "summary": "", "answer": {"list": ""}});
    let all = serde_json::json!([operation("a", "projects"), operation("b", "tags"), operation("c", "projects/{projectId}/tasks")]);
    let catalogue = Catalogue::read(all.to_string().as_bytes()).unwrap();
    let now = CLOCK.now();
    let mut record = Record::asked(CLOCK.fresh_id().into(), now);
    let terms = Terms { scopes: &BTreeSet::new(), settings: Settings::default(), now };
    record.begin(plan(&catalogue, terms), 200, now);
    record
}

async fn put(store: &dyn Store, number: u32, record: &Record) {
    assert_eq!(store.put_bootstrap(key(number), record).await, Ok(true));
}

async fn a_bootstrap_is_read_as_it_was_written(backend: Backend) {
    let store = &*backend.store;
    assert_eq!(store.put_bootstrap(key(1), &planned()).await, Ok(false));
    install(store, key(1)).await;
    assert_eq!(store.bootstrap(key(1)).await, Ok(None));
    for record in [planned(), Record::asked(CLOCK.fresh_id().into(), CLOCK.now()), planned()] {
        put(store, 1, &record).await;
        assert_eq!(store.bootstrap(key(1)).await, Ok(Some(record)));
    }
    assert_eq!(store.bootstrap(key(2)).await, Ok(None));
}

async fn a_page_is_stored_with_what_it_brought_or_not_at_all(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let mut record = planned();
    put(store, 1, &record).await;
    record.head.entities = 1;
    record.operations[1].status = OperationStatus::Complete;
    record.operations[1].error = Some("NUL \u{0} ü".into());
    let tag = entity("tags", "t", Some("x"), 100);
    let changes = [EntityChange::Seen(tag.clone())];
    assert_eq!(store.advance_bootstrap(key(1), &record.head, &record.operations[1..2], &changes).await, Ok(true));
    assert_eq!(store.bootstrap(key(1)).await, Ok(Some(record.clone())));
    assert_eq!(store.entity(key(1), &tag.kind, &tag.id).await, Ok(Some(tag.clone())));

    let later = planned();
    put(store, 1, &later).await;
    let other = entity("tags", "u", Some("x"), 100);
    let changes = [EntityChange::Seen(other.clone())];
    assert_eq!(store.advance_bootstrap(key(1), &record.head, &record.operations, &changes).await, Ok(false));
    assert_eq!(store.bootstrap(key(1)).await, Ok(Some(later)));
    assert_eq!(store.entity(key(1), &other.kind, &other.id).await, Ok(None));
}

async fn an_installation_brings_its_bootstrap_unless_one_is_under_way(backend: Backend) {
    let store = &*backend.store;
    let now = Timestamp::from_seconds(1_800_000_000);
    let (asked, disabled) = (Record::asked(CLOCK.fresh_id().into(), now), Record::disabled(CLOCK.fresh_id().into(), now));
    let again = async |number, record: &Record| store.install_with(&installation(key(1), 1), proof(number), Some(record)).await;
    assert_eq!(again(1, &disabled).await, Ok(Verdict::Apply));
    assert_eq!(store.bootstrap(key(1)).await, Ok(Some(disabled.clone())));
    assert_eq!(again(2, &asked).await, Ok(Verdict::Apply));
    assert_eq!(store.bootstrap(key(1)).await, Ok(Some(asked.clone())));
    assert_eq!(again(3, &disabled).await, Ok(Verdict::Apply));
    assert_eq!(again(4, &Record::asked(CLOCK.fresh_id().into(), now)).await, Ok(Verdict::Apply));
    assert_eq!(store.bootstrap(key(1)).await, Ok(Some(asked)));
}

async fn those_with_work_come_in_order_and_in_parts(backend: Backend) {
    let store = &*backend.store;
    for number in 1..=6 {
        assert_eq!(store.install(&installation(key(number), number), proof(number)).await, Ok(Verdict::Apply));
        let mut record = planned();
        if number == 2 {
            record.head.status = Status::Complete;
        }
        put(store, number, &record).await;
    }
    let now = CLOCK.now();
    store.set_status(key(3), addon_id(3), Installed::Inactive, proof(30), now).await.unwrap();
    let broken = Health::Broken { since: now, reason: "x".into() };
    assert_eq!(store.set_health(key(4), addon_id(4), &broken).await, Ok(true));
    assert_eq!(store.keys_with_bootstrap(None, 10).await, Ok(vec![key(1), key(5), key(6)]));
    assert_eq!(store.keys_with_bootstrap(None, 1).await, Ok(vec![key(1)]));
    assert_eq!(store.keys_with_bootstrap(Some(key(1)), 1).await, Ok(vec![key(5)]));
    assert_eq!(store.keys_with_bootstrap(Some(key(6)), 1).await, Ok(vec![]));
}

async fn an_uninstall_takes_it_along(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let record = planned();
    put(store, 1, &record).await;
    uninstall(store, key(1)).await;
    assert_eq!(store.bootstrap(key(1)).await, Ok(None));
    assert_eq!(store.advance_bootstrap(key(1), &record.head, &[], &[]).await, Ok(false));
    assert_eq!(store.keys_with_bootstrap(None, 10).await, Ok(vec![]));
    reinstall(store, key(1)).await;
    assert_eq!(store.bootstrap(key(1)).await, Ok(None));
    backend.purged().await;
}
