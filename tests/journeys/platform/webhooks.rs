//! Webhooks and lifecycle calls: who hears of what, with which proof, and how often.

use std::collections::BTreeSet;

use actors::event::KNOWN;
use clockify_addons::sandbox::platform::Error;
use clockify_addons::sandbox::platform::delivery::State;
use clockify_addons::sandbox::platform::lifecycle::{Goodbye, Install};
use clockify_addons::sandbox::platform::settings::Change;
use clockify_addons::sandbox::platform::world::{Habits, Status, World};
use serde_json::json;

use super::{SOON, Stage};

impl Stage {
    async fn settled(&self) {
        let all_settled =
            self.platform.until(SOON, |world| world.deliveries.all().iter().all(|delivery| delivery.state != State::Pending)).await;
        assert!(all_settled, "{:?}", self.platform.deliveries());
    }
}

#[actix_web::test]
async fn an_install_carries_a_token_for_every_path_in_every_spelling() {
    let stage = Stage::set().await;
    let calls = stage.addon.calls("/lifecycle/installed");
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    assert!(!call.header("x-addon-lifecycle-token").is_empty());
    let body = &call.body;
    assert_eq!(body["workspaceId"], stage.installed.workspace.to_string());
    assert_eq!(body["apiUrl"], format!("{}/api", stage.platform.base_url()));
    assert_eq!(body["authToken"], stage.token());
    let paths: Vec<&str> = body["webhooks"].as_array().unwrap().iter().map(|hook| hook["path"].as_str().unwrap()).collect();
    assert_eq!(paths[0], format!("{}/webhooks/new_tag", stage.addon.url));
    assert_eq!(paths[1..3], ["/webhooks/tag_updated", "//webhooks/new_time_entry"]);
    let tokens: BTreeSet<&str> = body["webhooks"].as_array().unwrap().iter().map(|hook| hook["authToken"].as_str().unwrap()).collect();
    assert_eq!(tokens.len(), paths.len());
}

#[actix_web::test]
async fn an_addons_own_write_comes_back_signed_with_the_token_of_its_path() {
    let stage = Stage::set().await;
    let (_, tag) = stage.call("POST", "~/tags", Some(json!({"name": "written by the add-on"}))).await;
    stage.settled().await;
    let calls = stage.addon.calls("/webhooks/new_tag");
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(call.body, tag);
    assert_eq!(call.header("clockify-webhook-event-type"), "NEW_TAG");
    let listed = stage.addon.calls("/lifecycle/installed")[0].body["webhooks"][0]["authToken"].clone();
    assert_eq!(call.header("clockify-signature"), listed);
}

#[actix_web::test]
async fn a_timer_sends_two_events_when_it_starts_and_two_when_it_stops() {
    let stage = Stage::set().await;
    let user = stage.first("~/users?include-roles=false").await;
    let path = format!("~/user/{user}/time-entries");
    assert_eq!(stage.call("POST", &path, None).await.0, 201, "an empty body starts a timer");
    assert_eq!(stage.call("PATCH", &path, Some(json!({"end": "2999-01-01T00:00:00Z"}))).await.0, 200);
    stage.settled().await;
    for path in ["new_timer_started", "new_time_entry", "timer_stopped", "time_entry_updated"] {
        assert_eq!(stage.addon.calls(path).len(), 1, "{path}");
    }
}

#[actix_web::test]
async fn any_answer_but_2xx_is_tried_again_with_the_same_bytes_and_a_new_key() {
    let stage = Stage::set().await;
    stage.platform.set_habits(Habits { redelivery_ms: 1, delivery_tries: 5, ..Habits::default() });
    stage.addon.answers(&[500, 404, 302, 200]);
    stage.platform.fire(stage.installed.workspace, "NEW_TAG").unwrap();
    stage.settled().await;
    let calls = stage.addon.calls("/webhooks/new_tag");
    assert_eq!(calls.len(), 4);
    assert!(calls.iter().all(|call| call.body == calls[0].body));
    let keys: BTreeSet<&str> = calls.iter().map(|call| call.header("idempotency-key")).collect();
    assert_eq!(keys.len(), 4);
    let [delivery] = stage.platform.deliveries().try_into().unwrap();
    assert_eq!(delivery.attempts.iter().map(|attempt| attempt.status).collect::<Vec<_>>(), [Some(500), Some(404), Some(302), Some(200)]);
}

#[actix_web::test]
async fn a_delivery_is_given_up_after_its_last_try_and_can_be_sent_again_by_hand() {
    let stage = Stage::set().await;
    stage.platform.set_habits(Habits { redelivery_ms: 1, delivery_tries: 2, ..Habits::default() });
    stage.addon.answers(&[500, 500]);
    let [number] = stage.platform.fire(stage.installed.workspace, "NEW_TAG").unwrap().try_into().unwrap();
    stage.settled().await;
    assert_eq!(stage.platform.deliveries()[0].state, State::GivenUp);
    stage.platform.redeliver(number).unwrap();
    assert!(stage.platform.until(SOON, |world| world.deliveries.get(number).unwrap().state == State::Delivered).await);
    assert_eq!(stage.addon.calls("/webhooks/new_tag").len(), 3);
}

#[actix_web::test]
async fn only_subscribed_events_go_out_and_none_while_the_add_on_is_switched_off() {
    let stage = Stage::set().await;
    let mut sent = Vec::new();
    for event in &KNOWN {
        sent.extend(stage.platform.fire(stage.installed.workspace, event.name).unwrap().iter().map(|_| event.name));
    }
    assert_eq!(sent, ["NEW_TAG", "NEW_TIMER_STARTED", "NEW_TIME_ENTRY", "TAG_UPDATED", "TIMER_STOPPED", "TIME_ENTRY_UPDATED"]);
    stage.platform.set_status(stage.installed.addon_id, Status::Inactive).await.unwrap();
    assert_eq!(stage.addon.calls("/lifecycle/status")[0].body["status"], "INACTIVE");
    assert!(stage.platform.fire(stage.installed.workspace, "NEW_TAG").unwrap().is_empty());
    stage.platform.set_status(stage.installed.addon_id, Status::Active).await.unwrap();
    assert_eq!(stage.platform.fire(stage.installed.workspace, "NEW_TAG").unwrap().len(), 1);
    assert!(matches!(stage.platform.fire(stage.installed.workspace, "NO_SUCH_EVENT"), Err(Error::Unknown("event"))));
}

#[actix_web::test]
async fn deliveries_may_come_to_a_path_with_two_slashes() {
    let stage = Stage::set().await;
    stage.platform.set_habits(Habits { double_slash: true, ..Habits::default() });
    stage.platform.fire(stage.installed.workspace, "NEW_TAG").unwrap();
    stage.settled().await;
    assert_eq!(stage.addon.calls("/webhooks/new_tag")[0].path, "//webhooks/new_tag");
}

#[actix_web::test]
async fn settings_are_sent_as_a_list_and_the_add_on_reads_and_changes_them_by_api() {
    let stage = Stage::set().await;
    let change = |value| vec![Change { id: "days".into(), value }];
    stage.platform.change_settings(stage.installed.addon_id, change(json!(7))).await.unwrap();
    let call = &stage.addon.calls("/lifecycle/settings")[0];
    assert_eq!(call.body["settings"], json!([{"id": "days", "name": "Days", "value": 7}]));
    let url = format!("{}/api/addon/workspaces/{}/settings", stage.platform.base_url(), stage.installed.workspace);
    let patch = stage.http.patch(&url).insert_header(("X-Addon-Token", stage.token()));
    assert!(patch.send_json(&json!([{"id": "days", "value": 9}])).await.unwrap().status().is_success());
    let mut read = stage.http.get(&url).insert_header(("X-Addon-Token", stage.token())).send().await.unwrap();
    let tree: serde_json::Value = read.json().await.unwrap();
    assert_eq!(tree["tabs"][0]["settings"][0]["value"], 9);
}

#[actix_web::test]
async fn a_reinstall_has_a_new_id_and_new_tokens_and_the_old_ones_are_dead() {
    let mut stage = Stage::set().await;
    let (old, old_token) = (stage.installed.addon_id, stage.token());
    assert!(matches!(stage.platform.install(Install::of(&stage.addon.url)).await, Err(Error::Installed)));
    stage.installed = stage.platform.reinstall(old, Goodbye::After).await.unwrap();
    assert_ne!(stage.installed.addon_id, old);
    let deleted = stage.addon.calls("/lifecycle/deleted");
    assert_eq!((deleted.len(), deleted[0].body["addonId"].as_str()), (1, Some(old.to_string().as_str())));
    assert_eq!(stage.call_with("GET", "~/tags", None, &old_token).await.0, 401);
    assert_eq!(stage.call("GET", "~/tags", None).await.0, 200);
    stage.platform.uninstall(stage.installed.addon_id).await.unwrap();
    assert_eq!(stage.addon.calls("/lifecycle/deleted").len(), 2);
}

#[actix_web::test]
async fn an_install_that_the_add_on_refuses_leaves_nothing_behind() {
    let stage = Stage::set().await;
    let other = stage.platform.add_workspace().unwrap();
    stage.addon.answers(&[500]);
    let refused = stage.platform.install(Install { workspace: Some(other), ..Install::of(&stage.addon.url) }).await;
    assert!(matches!(refused, Err(Error::Refused { status: 500, .. })), "{refused:?}");
    assert_eq!(stage.platform.with(|world| world.installations.len()), 1);
}

#[actix_web::test]
async fn a_delivery_on_its_way_to_what_is_switched_off_or_gone_is_not_tried_again() {
    let (stage, clock) = Stage::held().await;
    let ends = async |end: &dyn Fn()| {
        stage.addon.answers(&[500]);
        let [number] = stage.platform.fire(stage.installed.workspace, "NEW_TAG").unwrap().try_into().unwrap();
        assert!(stage.platform.until(SOON, |world| !world.deliveries.get(number).unwrap().attempts.is_empty()).await);
        end();
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        clock.advance(std::time::Duration::from_secs(60));
        assert!(stage.platform.until(SOON, |world| world.deliveries.get(number).unwrap().state == State::Cancelled).await);
    };
    let addon_id = stage.installed.addon_id;
    let installation = |world: &mut World| world.installations.get_mut(&addon_id).unwrap().status = Status::Inactive;
    ends(&|| stage.platform.with(installation)).await;
    stage.platform.with(|world| world.installations.get_mut(&addon_id).unwrap().status = Status::Active);
    ends(&|| stage.platform.with(|world| drop(world.installations.remove(&addon_id)))).await;
    assert_eq!(stage.addon.calls("/webhooks/new_tag").len(), 2);
}
