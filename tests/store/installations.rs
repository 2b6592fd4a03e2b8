//! Installations and the lifecycle: every call is judged and done in one transaction.

use actors::clock::Timestamp;
use actors::installation::{Health, Installation, Proof, Status, Verdict};
use serde_json::json;

use crate::backend::Backend;
use crate::sample::{self, accepted, addon_id, bare_installation, install, installation, key, proof};

contract! {
    a_workspace_without_the_add_on_has_no_installation,
    an_installation_is_read_as_it_was_written,
    the_same_install_again_changes_nothing,
    an_install_overtaken_by_a_newer_one_changes_nothing,
    a_reinstall_replaces_everything_at_once_and_keeps_flows_events_and_runs,
    a_deleted_installation_is_gone_and_its_install_cannot_be_played_again,
    a_late_delete_of_the_former_installation_leaves_the_present_one,
    calls_about_what_is_not_installed_create_nothing,
    the_newest_status_wins_whatever_the_order_of_arrival,
    given_settings_are_replaced_and_the_others_stay,
    health_belongs_to_one_installation_and_touches_nothing_else,
    workspaces_do_not_see_each_other,
    many_installs_at_once_leave_the_newest_one_whole,
    installs_and_deletes_at_once_leave_one_consistent_row,
}

async fn a_workspace_without_the_add_on_has_no_installation(backend: Backend) {
    assert_eq!(backend.store.installation(key(1)).await, Ok(None));
    assert_eq!(backend.store.installation_count().await, Ok(0));
}

async fn an_installation_is_read_as_it_was_written(backend: Backend) {
    for written in [installation(key(1), 1), bare_installation(key(2), 1)] {
        assert_eq!(backend.store.install(&written, proof(1)).await, Ok(Verdict::Apply));
        assert_eq!(backend.store.installation(written.key).await, Ok(Some(written)));
    }
    assert_eq!(backend.store.installation_count().await, Ok(2));
}

async fn the_same_install_again_changes_nothing(backend: Backend) {
    install(&*backend.store, key(1)).await;
    let other = bare_installation(key(1), 1);
    assert_eq!(backend.store.install(&other, proof(1)).await, Ok(Verdict::Repeated));
    assert_eq!(backend.store.installation(key(1)).await, Ok(Some(installation(key(1), 1))));
}

async fn an_install_overtaken_by_a_newer_one_changes_nothing(backend: Backend) {
    assert_eq!(backend.store.install(&installation(key(1), 5), proof(5)).await, Ok(Verdict::Apply));
    assert_eq!(backend.store.install(&installation(key(1), 4), proof(4)).await, Ok(Verdict::Superseded));
    assert_eq!(backend.store.installation(key(1)).await, Ok(Some(installation(key(1), 5))));
}

async fn a_reinstall_replaces_everything_at_once_and_keeps_flows_events_and_runs(backend: Backend) {
    let store = &*backend.store;
    assert_eq!(store.install(&bare_installation(key(1), 1), proof(1)).await, Ok(Verdict::Apply));
    let (event, run) = accepted(store, key(1)).await;
    let flow = sample::flow("kept");
    store.create_flow(key(1), &flow, 10).await.unwrap();
    assert_eq!(store.install(&installation(key(1), 2), proof(2)).await, Ok(Verdict::Apply));
    assert_eq!(store.installation(key(1)).await, Ok(Some(installation(key(1), 2))));
    assert_eq!(store.installation_count().await, Ok(1));
    assert_eq!(store.event(key(1), event.id).await, Ok(Some(event)));
    assert_eq!(store.run(key(1), run.id).await, Ok(Some(run)));
    assert_eq!(store.flows(key(1)).await, Ok(vec![flow]));
}

async fn a_deleted_installation_is_gone_and_its_install_cannot_be_played_again(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    assert_eq!(store.uninstall(key(1), addon_id(1), proof(2)).await, Ok(Verdict::Apply));
    assert_eq!(store.installation(key(1)).await, Ok(None));
    assert_eq!(store.installation_count().await, Ok(0));
    assert_eq!(store.uninstall(key(1), addon_id(1), proof(2)).await, Ok(Verdict::Absent));
    assert_eq!(store.install(&installation(key(1), 1), proof(1)).await, Ok(Verdict::Superseded));
    assert_eq!(store.installation(key(1)).await, Ok(None));
    assert_eq!(store.install(&installation(key(1), 3), proof(3)).await, Ok(Verdict::Apply));
    assert_eq!(store.installation(key(1)).await, Ok(Some(installation(key(1), 3))));
}

async fn a_late_delete_of_the_former_installation_leaves_the_present_one(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    assert_eq!(store.install(&installation(key(1), 2), proof(2)).await, Ok(Verdict::Apply));
    assert_eq!(store.uninstall(key(1), addon_id(1), proof(3)).await, Ok(Verdict::Absent));
    assert_eq!(store.installation(key(1)).await, Ok(Some(installation(key(1), 2))));
}

async fn calls_about_what_is_not_installed_create_nothing(backend: Backend) {
    let (store, now) = (&*backend.store, Timestamp::from_millis(9));
    for _ in 0..2 {
        assert_eq!(store.uninstall(key(1), addon_id(1), proof(1)).await, Ok(Verdict::Absent));
        assert_eq!(store.set_status(key(1), addon_id(1), Status::Active, proof(1), now).await, Ok(Verdict::Absent));
        assert_eq!(store.set_settings(key(1), addon_id(1), &serde_json::Map::new(), proof(1), now).await, Ok(Verdict::Absent));
        assert_eq!(store.set_health(key(1), addon_id(1), &Health::Sound).await, Ok(false));
        assert_eq!(store.installation(key(1)).await, Ok(None));
    }
    install(store, key(1)).await;
    assert_eq!(store.set_status(key(1), addon_id(2), Status::Inactive, proof(2), now).await, Ok(Verdict::Absent));
    assert_eq!(store.installation(key(1)).await, Ok(Some(installation(key(1), 1))));
}

async fn the_newest_status_wins_whatever_the_order_of_arrival(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let at = Timestamp::from_millis;
    assert_eq!(store.set_status(key(1), addon_id(1), Status::Inactive, proof(5), at(50)).await, Ok(Verdict::Apply));
    assert_eq!(store.set_status(key(1), addon_id(1), Status::Active, proof(4), at(60)).await, Ok(Verdict::Superseded));
    let expected = Installation { status: Status::Inactive, updated_at: at(50), ..installation(key(1), 1) };
    assert_eq!(store.installation(key(1)).await, Ok(Some(expected)));
}

async fn given_settings_are_replaced_and_the_others_stay(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let given = json!({ "nested": "gone", "new": [true] });
    let at = Timestamp::from_millis(70);
    assert_eq!(store.set_settings(key(1), addon_id(1), given.as_object().unwrap(), proof(2), at).await, Ok(Verdict::Apply));
    let read = store.installation(key(1)).await.unwrap().unwrap();
    assert_eq!(serde_json::Value::from(read.settings), json!({ "number": 1, "nested": "gone", "new": [true] }));
    assert_eq!(read.updated_at, at);
    let late = Proof { hash: [1; 32], issued_at: proof(1).issued_at };
    assert_eq!(store.set_settings(key(1), addon_id(1), &serde_json::Map::new(), late, at).await, Ok(Verdict::Superseded));
}

async fn health_belongs_to_one_installation_and_touches_nothing_else(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let broken = Health::Broken { since: Timestamp::from_millis(77), reason: "401, 4017".into() };
    assert_eq!(store.set_health(key(1), addon_id(2), &broken).await, Ok(false));
    assert_eq!(store.set_health(key(1), addon_id(1), &broken).await, Ok(true));
    let expected = Installation { health: broken, ..installation(key(1), 1) };
    assert_eq!(store.installation(key(1)).await, Ok(Some(expected)));
    assert_eq!(store.set_health(key(1), addon_id(1), &Health::Sound).await, Ok(true));
    assert_eq!(store.installation(key(1)).await, Ok(Some(installation(key(1), 1))));
}

async fn workspaces_do_not_see_each_other(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    sample::uninstall(store, key(1)).await;
    assert_eq!(store.installation(key(1)).await, Ok(None));
    assert_eq!(store.installation(key(2)).await, Ok(Some(installation(key(2), 1))));
}

async fn many_installs_at_once_leave_the_newest_one_whole(backend: Backend) {
    let calls = (1..=40).map(|number| {
        let store = backend.store.clone();
        tokio::spawn(async move { store.install(&installation(key(1), number), proof(number)).await.unwrap() })
    });
    let verdicts = futures_util::future::join_all(calls.rev()).await;
    assert!(verdicts.iter().any(|verdict| matches!(verdict, Ok(Verdict::Apply))));
    assert_eq!(backend.store.installation(key(1)).await, Ok(Some(installation(key(1), 40))));
    assert_eq!(backend.store.installation_count().await, Ok(1));
}

async fn installs_and_deletes_at_once_leave_one_consistent_row(backend: Backend) {
    let calls = (1..=40_u32).map(|number| {
        let store = backend.store.clone();
        // A delete is issued after its own install and before the next one.
        tokio::spawn(async move {
            let install = installation(key(1), number);
            let (installed, deleted) =
                tokio::join!(store.install(&install, proof(number * 2)), store.uninstall(key(1), addon_id(number), proof(number * 2 + 1)));
            (number, installed.unwrap(), deleted.unwrap())
        })
    });
    let done: Vec<_> = futures_util::future::join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let last = done
        .iter()
        .filter(|(_, installed, _)| *installed == Verdict::Apply)
        .map(|(number, _, deleted)| (*number, *deleted))
        .max_by_key(|(number, _)| *number);
    let (number, deleted) = last.unwrap();
    let expected = (deleted != Verdict::Apply).then(|| installation(key(1), number));
    assert_eq!(backend.store.installation(key(1)).await, Ok(expected.clone()));
    assert_eq!(backend.store.installation_count().await, Ok(u64::from(expected.is_some())));
}
