//! Webhooks that the manifest does not declare: made at the platform, told by hand, found again after a lost answer; and what their tokens open.

use std::time::Duration;

use actors::addon::Addon;
use actors::limits::subscription::LOOK_GOOD_SECONDS;
use actors::port::clockify::Method;
use actors::port::store::Subscriptions;
use actors::testing::Scripted;
use serde_json::{Value, json};

use super::client::{Answer, get, post, request};
use super::harness::{Harness, grant_of, path_in};

const EVENT: &str = "TIME_OFF_REQUEST_STARTED";
const ID: &str = "76a687e29ae1f428e7ebe101";
const TOKEN: &str = "plain-token-of-a-webhook";

/// Installed with a webhook for every event but one.
async fn harness() -> Harness {
    harness_as(Addon::UniversalWebhook).await
}

async fn harness_as(addon: Addon) -> Harness {
    let harness = Harness::ready_as(addon).await;
    let mut body = harness.installed_body(&harness.home);
    let path = path_in(addon, EVENT);
    body["webhooks"].as_array_mut().unwrap().retain(|webhook| !webhook["path"].as_str().unwrap().ends_with(&path));
    assert_eq!(harness.lifecycle_call("/lifecycle/installed", &harness.home, &body).await.status, 200);
    harness
}

fn webhooks(harness: &Harness) -> String {
    format!("/v1/workspaces/{}/webhooks", harness.home.workspace)
}

fn url(harness: &Harness) -> String {
    format!("https://addons.example.com/{}{}", harness.addon, path_in(harness.addon, EVENT))
}

/// The webhook as the platform shows it.
fn wire(harness: &Harness) -> Value {
    json!({"id": ID, "webhookEvent": EVENT, "url": url(harness).replace("/webhooks/", "//webhooks/"), "authToken": TOKEN, "enabled": true})
}

fn listed(webhooks: &[Value]) -> Scripted {
    Scripted::json(200, &json!({"workspaceWebhookCount": webhooks.len(), "webhooks": webhooks}))
}

async fn subscribe(harness: &Harness) -> Answer {
    harness.send(post("/ui/subscriptions").token(&harness.owner()).json(&json!({"event": EVENT}))).await
}

async fn tell(harness: &Harness, token: &str) -> Answer {
    let target = format!("/ui/subscriptions/{EVENT}/token");
    harness.send(request("PUT", target).token(&harness.owner()).json(&json!({"token": token}))).await
}

async fn unsubscribe(harness: &Harness) -> Answer {
    harness.send(request("DELETE", format!("/ui/subscriptions/{EVENT}")).token(&harness.owner())).await
}

async fn list(harness: &Harness) -> Value {
    let answer = harness.send(get("/ui/subscriptions").token(&harness.owner())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// The event's line of the list.
async fn line(harness: &Harness) -> Value {
    list(harness).await["events"].as_array().unwrap().iter().find(|line| line["event"] == EVENT).cloned().unwrap()
}

async fn deliver(harness: &Harness, path: &str, event: &str, token: &str) -> Answer {
    let n = harness.clockify.calls().len();
    harness.send(post(path).signed(token).header("clockify-webhook-event-type", event).json(&json!({"id": "1", "n": n}))).await
}

fn made(harness: &Harness) -> usize {
    harness.clockify.calls().iter().filter(|call| call.request.method == Method::Post).count()
}

#[actix_web::test]
async fn the_list_says_of_every_event_whether_and_how_it_reaches_the_workspace() {
    let harness = harness().await;
    harness.deliver("NEW_TAG", &json!({"id": "64b641568b07987035751999"})).await;
    let list = list(&harness).await;
    let events = list["events"].as_array().unwrap();
    assert_eq!((events.len(), list["plan_limits"].as_array().unwrap().len()), (52, 3));
    let of = |event: &str| events.iter().find(|line| line["event"] == event).unwrap();
    let tag = of("NEW_TAG");
    assert_eq!((&tag["reaches"], &tag["by"], &tag["path"]), (&json!(true), &json!("manifest"), &json!("/webhooks/clockify/new-tag")));
    assert!(tag["last_event_at"].is_string() && tag["since"].is_string(), "{tag}");
    let other = of(EVENT);
    assert_eq!((&other["reaches"], &other["by"], &other["url"]), (&json!(false), &Value::Null, &json!(url(&harness))));
}

#[actix_web::test]
async fn a_webhook_is_made_at_the_platform_and_its_plain_token_opens_its_event_alone() {
    let harness = harness().await;
    harness.clockify.always(Method::Get, &webhooks(&harness), listed(&[]));
    harness.clockify.once(Method::Post, &webhooks(&harness), Scripted::json(201, &wire(&harness)));
    let answer = subscribe(&harness).await;
    assert_eq!((answer.status, &answer.json()["by"]), (201, &json!("api")), "{answer:?}");
    assert!(!answer.body.contains(TOKEN));
    let sent: Value = serde_json::from_slice(harness.clockify.calls()[1].request.body.as_ref().unwrap()).unwrap();
    assert_eq!((&sent["webhookEvent"], &sent["url"], &sent["triggerSource"]), (&json!(EVENT), &json!(url(&harness)), &json!([])));
    assert!((2..=30).contains(&sent["name"].as_str().unwrap().len()));

    let path = path_in(harness.addon, EVENT);
    assert_eq!(deliver(&harness, &path, EVENT, TOKEN).await.status, 200);
    assert_eq!(deliver(&harness, "/webhooks/clockify", EVENT, TOKEN).await.status, 200);
    deliver(&harness, "/webhooks/clockify/new-tag", "NEW_TAG", TOKEN).await.refused(403, "token_mismatch");
    deliver(&harness, "/webhooks/clockify", "NEW_TAG", TOKEN).await.refused(403, "token_mismatch");
    deliver(&harness, &path, EVENT, "plain-token-of-a-webhoo").await.refused(401, "token_invalid");
    let foreign = deliver(&harness, &format!("{path}?workspace_id=a22222222222222222222222"), EVENT, TOKEN).await;
    foreign.refused(403, "workspace_mismatch");
    // It is nothing but a webhook's token.
    harness.send(get("/ui/subscriptions").token(TOKEN)).await.refused(401, "token_invalid");
    subscribe(&harness).await.refused(409, "already_subscribed");
    assert_eq!(made(&harness), 1);
}

#[actix_web::test]
async fn a_path_that_carries_several_events_takes_the_token_for_one_of_them() {
    let harness = harness_as(Addon::ClockifyAddon).await;
    assert_eq!(tell(&harness, TOKEN).await.status, 201);
    let path = path_in(harness.addon, EVENT);
    assert_eq!(deliver(&harness, &path, EVENT, TOKEN).await.status, 200);
    deliver(&harness, &path, "TIME_OFF_REQUESTED", TOKEN).await.refused(403, "token_mismatch");
}

#[actix_web::test]
async fn a_refusal_of_add_on_tokens_says_the_way_out_and_the_way_out_works() {
    let harness = harness().await;
    harness.clockify.always(Method::Get, &webhooks(&harness), Scripted::json(401, &json!({"message": "API is not accessible"})));
    let answer = subscribe(&harness).await;
    answer.refused(424, "addon_tokens_refused");
    let way_out = answer.json()["error"]["details"]["way_out"].clone();
    assert_eq!((&way_out["manual"]["url"], &way_out["manual"]["event"]), (&json!(url(&harness)), &json!(EVENT)));
    assert!(way_out["declare"].is_string() && answer.body.contains("API is not accessible"));
    assert_eq!(made(&harness), 0);
    let told = tell(&harness, TOKEN).await;
    assert_eq!((told.status, &told.json()["by"]), (201, &json!("manual")), "{told:?}");
    assert_eq!(tell(&harness, "another-plain-token-of-it").await.status, 200);
    let path = path_in(harness.addon, EVENT);
    assert_eq!(deliver(&harness, &path, EVENT, "another-plain-token-of-it").await.status, 200);
    deliver(&harness, &path, EVENT, TOKEN).await.refused(401, "token_invalid");
    let shown = list(&harness).await;
    assert_eq!(shown["platform"]["compared"], false);
    assert!(shown["platform"]["reason"].as_str().unwrap().contains("API is not accessible"));
    let gone = unsubscribe(&harness).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    assert!(gone.json()["left_to_do"].is_string());
    deliver(&harness, &path, EVENT, "another-plain-token-of-it").await.refused(403, "token_mismatch");
    deliver(&harness, &path, EVENT, "another-plain-token-of-it").await.refused(401, "token_invalid");
    unsubscribe(&harness).await.refused(404, "subscription_not_found");
}

#[actix_web::test]
async fn a_plan_without_room_is_told_with_the_limits_of_all_plans() {
    let harness = harness().await;
    harness.clockify.always(Method::Get, &webhooks(&harness), listed(&[]));
    harness.clockify.once(
        Method::Post,
        &webhooks(&harness),
        Scripted::json(400, &json!({"message": "Webhook limit reached", "code": 501})),
    );
    let answer = subscribe(&harness).await;
    answer.refused(409, "plan_limit");
    assert_eq!(answer.json()["error"]["details"]["plan_limits"].as_array().unwrap().len(), 3);
    harness.clockify.once(Method::Post, &webhooks(&harness), Scripted::json(400, &json!({"message": "Odd", "code": 3002})));
    subscribe(&harness).await.refused(502, "platform_refused");
    harness.clockify.once(Method::Get, &webhooks(&harness), Scripted::refused());
    subscribe(&harness).await.refused(504, "platform_silent");
    assert_eq!(line(&harness).await["reaches"], false);
}

#[actix_web::test]
async fn after_a_lost_answer_the_webhook_is_looked_for_and_never_made_twice() {
    let harness = harness().await;
    // The answer is lost, and so is that of the look afterwards.
    harness.clockify.once(Method::Get, &webhooks(&harness), listed(&[]));
    harness.clockify.once(Method::Post, &webhooks(&harness), Scripted::lost());
    harness.clockify.once(Method::Get, &webhooks(&harness), Scripted::lost());
    subscribe(&harness).await.refused(504, "subscription_uncertain");
    assert_eq!(harness.store.subscriptions(harness.key()).await.unwrap(), []);
    // It had been made: the next try finds it.
    harness.clockify.always(Method::Get, &webhooks(&harness), listed(&[wire(&harness)]));
    let again = subscribe(&harness).await;
    assert_eq!((again.status, &again.json()["by"]), (201, &json!("api")), "{again:?}");
    assert_eq!(made(&harness), 1);
    assert_eq!(deliver(&harness, &path_in(harness.addon, EVENT), EVENT, TOKEN).await.status, 200);
}

#[actix_web::test]
async fn a_lost_answer_whose_webhook_is_found_at_once_is_no_trouble() {
    let harness = harness().await;
    harness.clockify.once(Method::Get, &webhooks(&harness), listed(&[]));
    harness.clockify.once(Method::Post, &webhooks(&harness), Scripted::status(502));
    // Without a token in the list a new one is made.
    let mut bare = wire(&harness);
    bare.as_object_mut().unwrap().remove("authToken");
    harness.clockify.once(Method::Get, &webhooks(&harness), listed(&[bare]));
    harness.clockify.once(Method::Patch, &format!("{}/{ID}/token", webhooks(&harness)), Scripted::json(200, &wire(&harness)));
    assert_eq!(subscribe(&harness).await.status, 201);
    assert_eq!(made(&harness), 1);
}

#[actix_web::test]
async fn the_list_finds_what_was_made_and_forgets_what_is_gone() {
    let harness = harness().await;
    harness.clockify.always(Method::Get, &webhooks(&harness), listed(&[wire(&harness)]));
    assert_eq!(line(&harness).await["by"], "api", "an orphan is known again");
    assert_eq!(deliver(&harness, &path_in(harness.addon, EVENT), EVENT, TOKEN).await.status, 200);
    let mut elsewhere = wire(&harness);
    elsewhere["url"] = json!("https://elsewhere.example.com/webhooks/clockify/time-off-request-started");
    elsewhere["id"] = json!("76a687e29ae1f428e7ebe102");
    harness.clockify.always(Method::Get, &webhooks(&harness), listed(&[elsewhere]));
    harness.clock.advance(Duration::from_secs(LOOK_GOOD_SECONDS));
    assert_eq!(line(&harness).await["reaches"], false, "deleted there, and another's webhook is not ours");
}

#[actix_web::test]
async fn the_platform_is_asked_again_when_a_look_is_old_and_after_each_change_and_the_answer_says_its_age() {
    let harness = harness().await;
    harness.clockify.always(Method::Get, &webhooks(&harness), listed(&[]));
    let looks = || harness.clockify.calls().len();
    let first = list(&harness).await["platform"].clone();
    assert_eq!((&first["compared"], &first["age_seconds"], looks()), (&json!(true), &json!(0), 1));
    harness.clock.advance(Duration::from_secs(LOOK_GOOD_SECONDS - 1));
    let second = list(&harness).await["platform"].clone();
    assert_eq!((&second["age_seconds"], &second["asked_at"], looks()), (&json!(LOOK_GOOD_SECONDS - 1), &first["asked_at"], 1));
    harness.clock.advance(Duration::from_secs(1));
    assert_eq!((&list(&harness).await["platform"]["age_seconds"], looks()), (&json!(0), 2));
    // A change of our own asks nothing here, and yet what was seen before it is no longer told.
    assert_eq!(tell(&harness, TOKEN).await.status, 201);
    assert_eq!((&list(&harness).await["platform"]["age_seconds"], looks()), (&json!(0), 3));
}

#[actix_web::test]
async fn a_refused_look_is_remembered_as_well() {
    let harness = harness().await;
    harness.clockify.always(Method::Get, &webhooks(&harness), Scripted::json(401, &json!({"message": "API is not accessible"})));
    let reasons = [list(&harness).await, list(&harness).await].map(|list| list["platform"]["reason"].clone());
    assert!(reasons.iter().all(|reason| reason.as_str().unwrap().contains("API is not accessible")), "{reasons:?}");
    assert_eq!(harness.clockify.calls().len(), 1);
}

#[actix_web::test]
async fn an_unsubscription_deletes_at_the_platform_first() {
    let harness = harness().await;
    harness.clockify.always(Method::Get, &webhooks(&harness), listed(&[wire(&harness)]));
    assert_eq!(subscribe(&harness).await.status, 201);
    let one = format!("{}/{ID}", webhooks(&harness));
    harness.clockify.once(Method::Delete, &one, Scripted::lost());
    unsubscribe(&harness).await.refused(504, "platform_silent");
    assert_eq!(line(&harness).await["reaches"], true, "nothing is forgotten that may still be there");
    harness.clockify.once(Method::Delete, &one, Scripted::status(200));
    harness.clockify.always(Method::Get, &webhooks(&harness), listed(&[]));
    assert_eq!(unsubscribe(&harness).await.status, 200);
    assert_eq!(line(&harness).await["reaches"], false);
    harness.send(request("DELETE", "/ui/subscriptions/NEW_TAG").token(&harness.owner())).await.refused(409, "event_declared");
    harness.send(request("DELETE", "/ui/subscriptions/NO_EVENT").token(&harness.owner())).await.refused(404, "unknown_event");
}

#[actix_web::test]
async fn a_webhook_that_the_platform_does_not_let_go_is_forgotten_here_and_the_admin_is_told() {
    let harness = harness().await;
    harness.clockify.once(Method::Get, &webhooks(&harness), listed(&[wire(&harness)]));
    assert_eq!(subscribe(&harness).await.status, 201);
    harness.clockify.rule(|_| Some(Scripted::json(401, &json!({"message": "API is not accessible"}))));
    let gone = unsubscribe(&harness).await;
    assert_eq!(gone.status, 200);
    assert!(gone.json()["left_to_do"].as_str().unwrap().contains("delete the webhook in Clockify"), "{gone:?}");
    assert_eq!(line(&harness).await["reaches"], false);
}

#[actix_web::test]
async fn an_uninstall_takes_back_what_was_made_and_nobody_waits_for_it() {
    let harness = harness().await;
    harness.clockify.always(Method::Get, &webhooks(&harness), listed(&[wire(&harness)]));
    assert_eq!(subscribe(&harness).await.status, 201);
    harness.clockify.always(Method::Delete, &format!("{}/{ID}", webhooks(&harness)), Scripted::status(200).held());
    let body = json!({"workspaceId": harness.home.workspace, "addonId": harness.home.addon_id});
    assert_eq!(harness.lifecycle_call("/lifecycle/deleted", &harness.home, &body).await.status, 200);
    let deleted = || harness.clockify.calls().iter().any(|call| call.request.method == Method::Delete);
    for _ in 0..100_000 {
        if deleted() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(deleted());
    harness.clockify.release();
    assert_eq!(harness.store.subscriber(harness.addon, &clockify_addons::auth::token::hash(TOKEN)).await, Ok(None));
    deliver(&harness, &path_in(harness.addon, EVENT), EVENT, TOKEN).await.refused(401, "token_invalid");
}

#[actix_web::test]
async fn what_is_sent_is_checked_field_by_field() {
    let harness = harness().await;
    for (sent, code) in [(json!({}), "required"), (json!({"event": 1}), "required"), (json!({"event": "NO_EVENT"}), "unknown_event")] {
        let answer = harness.send(post("/ui/subscriptions").token(&harness.owner()).json(&sent)).await;
        answer.refused(422, "invalid_fields");
        assert_eq!(answer.faults(), [("event".into(), code.into())], "{sent}");
    }
    for token in ["", "   ", "short", "has a space in the middle", "ünïcödé-ünïcödé-ünï"] {
        tell(&harness, token).await.refused(422, "invalid_fields");
    }
    let declared = harness.send(post("/ui/subscriptions").token(&harness.owner()).json(&json!({"event": "NEW_TAG"}))).await;
    declared.refused(409, "event_declared");
    assert_eq!(harness.clockify.calls(), []);
}

#[actix_web::test]
async fn a_token_is_one_webhooks_and_one_workspaces() {
    let harness = harness().await;
    let other = grant_of(harness.addon, '2');
    let mut body = harness.installed_body(&other);
    body["webhooks"] = json!([]);
    assert_eq!(harness.lifecycle_call("/lifecycle/installed", &other, &body).await.status, 200);
    assert_eq!(tell(&harness, TOKEN).await.status, 201);
    let theirs = request("PUT", format!("/ui/subscriptions/{EVENT}/token")).token(&harness.user(&other, "OWNER"));
    harness.send(theirs.json(&json!({"token": TOKEN}))).await.refused(409, "webhook_token_taken");
    assert_eq!(deliver(&harness, &path_in(harness.addon, EVENT), EVENT, TOKEN).await.status, 200);
    assert_eq!(harness.stored(other.workspace).await.1, 0, "the event is the one workspace's alone");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 1);
}

#[actix_web::test]
async fn one_change_at_a_time_and_none_while_the_add_on_is_switched_off() {
    let harness = harness().await;
    harness.clockify.always(Method::Get, &webhooks(&harness), listed(&[wire(&harness)]).held());
    let first = subscribe(&harness);
    let mut first = std::pin::pin!(first);
    while harness.clockify.in_flight() == 0 {
        assert!(futures_util::poll!(first.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    subscribe(&harness).await.refused(503, "busy");
    harness.clockify.release();
    assert_eq!(first.await.status, 201);
    harness.clock.advance(Duration::from_secs(1));
    let body = json!({"workspaceId": harness.home.workspace, "addonId": harness.home.addon_id, "status": "INACTIVE"});
    assert_eq!(harness.lifecycle_call("/lifecycle/status-changed", &harness.home, &body).await.status, 200);
    let calls = harness.clockify.calls().len();
    unsubscribe(&harness).await.refused(403, "inactive");
    assert_eq!(list(&harness).await["platform"]["compared"], false);
    assert_eq!(harness.clockify.calls().len(), calls);
}
