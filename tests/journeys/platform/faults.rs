//! Faults on demand, the door, and the control surface.

use std::time::Duration;

use actors::limits::outbound;
use awc::error::{PayloadError, SendRequestError};
use clockify_addons::sandbox::platform::fault::{Fault, Kind};
use clockify_addons::sandbox::platform::journal::TokenKind;
use serde_json::{Value, json};

use super::{SOON, Stage};

const TAGS: &str = "/v1/workspaces/*/tags/**";

impl Stage {
    fn tags(&self) -> awc::ClientRequest {
        let url = format!("{}/api/v1/workspaces/{}/tags", self.platform.base_url(), self.installed.workspace);
        self.http.get(url).insert_header(("X-Addon-Token", self.token()))
    }
}

#[actix_web::test]
async fn a_status_comes_as_often_as_asked_and_nothing_is_done_unless_it_comes_after() {
    let stage = Stage::set().await;
    let fault = Fault::new("POST", TAGS, Kind::Status { status: 503, code: Some(7), retry_after: Some(3) });
    stage.platform.fault(fault.clone().times(1)).unwrap();
    stage.platform.fault(fault.times(1).after()).unwrap();
    let (status, body) = stage.call("POST", "~/tags", Some(json!({"name": "a"}))).await;
    assert_eq!((status, body["code"].as_u64()), (503, Some(7)));
    assert_eq!(stage.call("POST", "~/tags", Some(json!({"name": "a"}))).await.0, 503, "done, and answered so all the same");
    assert_eq!(stage.call("POST", "~/tags", Some(json!({"name": "a"}))).await.0, 400, "the name is taken");
    let statuses: Vec<Option<u16>> = stage.platform.requests().iter().map(|seen| seen.status).collect();
    assert_eq!(statuses, [Some(503), Some(503), Some(400)]);
}

#[actix_web::test]
async fn a_connection_is_cut_before_the_answer_or_in_the_middle_of_it() {
    let stage = Stage::set().await;
    stage.platform.fault(Fault::new("GET", TAGS, Kind::CutOff).times(1)).unwrap();
    stage.platform.fault(Fault::new("GET", TAGS, Kind::CutShort).times(1).after()).unwrap();
    let cut = stage.tags().send().await;
    assert!(matches!(cut, Err(SendRequestError::Connect(_) | SendRequestError::Response(_) | SendRequestError::Send(_))), "{cut:?}");
    let mut half = stage.tags().send().await.unwrap();
    assert_eq!(half.status().as_u16(), 200);
    let length: usize = half.headers().get("content-length").unwrap().to_str().unwrap().parse().unwrap();
    // awc takes the end of the connection for the end of the body.
    assert!(half.body().await.is_ok_and(|body| body.len() < length));
    assert!(stage.tags().send().await.unwrap().status().is_success());
}

#[actix_web::test]
async fn a_huge_answer_is_well_formed_and_as_large_as_asked() {
    let stage = Stage::set().await;
    let bytes = outbound::RESPONSE_BYTES_MAX as u64 + 1;
    stage.platform.fault(Fault::new("GET", TAGS, Kind::Huge { bytes })).unwrap();
    let mut response = stage.tags().send().await.unwrap();
    assert!(matches!(response.body().limit(1024).await, Err(PayloadError::Overflow)));
    let body = stage.tags().send().await.unwrap().body().limit(64 << 20).await.unwrap();
    assert_eq!(body.len() as u64, bytes);
    assert!(serde_json::from_slice::<Value>(&body).unwrap().is_string());
    assert!(stage.platform.fault(Fault::new("GET", TAGS, Kind::Huge { bytes: u64::MAX })).is_err());
}

#[actix_web::test]
async fn what_hangs_goes_on_when_it_is_released_and_what_is_slow_when_its_time_has_come() {
    let (stage, clock) = Stage::held().await;
    stage.platform.fault(Fault::new("GET", TAGS, Kind::Hang).times(1)).unwrap();
    stage.platform.fault(Fault::new("GET", TAGS, Kind::Slow { ms: 60_000 }).times(1)).unwrap();
    let hanging = actix_rt::spawn(stage.tags().send());
    assert!(stage.platform.until(SOON, |world| world.journal.total() == 1).await);
    let slow = actix_rt::spawn(stage.tags().send());
    assert!(stage.platform.until(SOON, |world| world.journal.total() == 2).await);
    assert!(stage.platform.requests().iter().all(|seen| seen.status.is_none()));
    // The one that hangs may not have begun to wait when its arrival is noted.
    while !hanging.is_finished() {
        stage.platform.release();
        tokio::task::yield_now().await;
    }
    assert_eq!(hanging.await.unwrap().unwrap().status().as_u16(), 200);
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!slow.is_finished());
    clock.advance(Duration::from_secs(60));
    assert_eq!(slow.await.unwrap().unwrap().status().as_u16(), 200);
}

#[actix_web::test]
async fn a_shut_door_refuses_and_opens_at_the_same_address() {
    let stage = Stage::set().await;
    assert!(stage.tags().send().await.is_ok());
    for _ in 0..3 {
        stage.platform.refuse().await.unwrap();
        let refused = stage.tags().send().await;
        let Err(SendRequestError::Connect(awc::error::ConnectError::Io(error))) = refused else { panic!("{refused:?}") };
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
        stage.platform.accept().await.unwrap();
        assert_eq!(stage.tags().send().await.unwrap().status().as_u16(), 200);
    }
}

#[actix_web::test]
async fn the_journal_names_the_kind_of_a_token_and_never_the_token() {
    let stage = Stage::set().await;
    stage.call("GET", "~/tags?name=x", None).await;
    let user = stage.platform.user_token(stage.installed.addon_id, "OWNER").unwrap();
    stage.call_with("POST", "~/tags", Some(json!({"name": "y"})), user.expose()).await;
    stage.call_with("GET", "~/tags", None, "nonsense").await;
    let seen = stage.platform.requests();
    assert_eq!(seen.iter().map(|seen| seen.token).collect::<Vec<_>>(), [TokenKind::Installation, TokenKind::User, TokenKind::Invalid]);
    assert_eq!((seen[0].query.as_str(), seen[1].body.as_str()), ("name=x", r#"{"name":"y"}"#));
    assert!(seen[0].fits("GET", TAGS) && !seen[1].fits("GET", TAGS));
    let printed = format!("{seen:?}{}", serde_json::to_string(&seen).unwrap());
    assert!(!printed.contains(user.expose()) && !printed.contains(&stage.token()));
}

#[actix_web::test]
async fn everything_can_be_done_over_http_from_this_machine_and_not_from_a_web_page() {
    let stage = Stage::set().await;
    let url = |path: &str| format!("{}/sandbox{path}", stage.platform.base_url());
    let mut overview = stage.http.get(url("")).send().await.unwrap();
    let overview: Value = overview.json().await.unwrap();
    assert_eq!(overview["installations"][0]["addon_id"], stage.installed.addon_id.to_string());
    let mut token = stage.http.post(url("/user-tokens")).send_json(&json!({"role": "MEMBER"})).await.unwrap();
    let token = String::from_utf8(token.body().await.unwrap().to_vec()).unwrap();
    assert_eq!(stage.call_with("GET", "~/tags", None, &token).await.0, 200);
    let mut fired = stage.http.post(url("/events/NEW_TAG")).send().await.unwrap();
    assert_eq!(fired.json::<Value>().await.unwrap()["deliveries"].as_array().unwrap().len(), 1);
    assert_eq!(stage.http.post(url("/events/NOTHING")).send().await.unwrap().status().as_u16(), 404);
    let fault = json!({"path": TAGS, "kind": "status", "status": 418, "times": 1});
    assert_eq!(stage.http.post(url("/faults")).send_json(&fault).await.unwrap().status().as_u16(), 201);
    assert_eq!(stage.call("GET", "~/tags", None).await.0, 418);
    let id = stage.installed.addon_id;
    let status = stage.http.put(url(&format!("/installations/{id}/status"))).send_json(&json!({"status": "INACTIVE"})).await.unwrap();
    assert_eq!(status.status().as_u16(), 204);
    let page = stage.http.get(url("")).insert_header(("Origin", "https://elsewhere.example")).send().await.unwrap();
    assert_ne!(page.status().as_u16(), 200);
    let rebound = stage.http.get(url("")).insert_header(("Host", "attacker.example")).send().await.unwrap();
    assert_ne!(rebound.status().as_u16(), 200);
}

#[actix_web::test]
async fn an_outage_over_http_ends_by_itself() {
    let (stage, clock) = Stage::held().await;
    let refuse = stage.http.post(format!("{}/sandbox/refuse", stage.platform.base_url()));
    assert_eq!(refuse.send_json(&json!({"ms": 60_000})).await.unwrap().status().as_u16(), 202);
    let somebody_sleeps = async || {
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
    };
    somebody_sleeps().await;
    clock.advance(Duration::from_secs(1));
    somebody_sleeps().await;
    assert!(stage.tags().send().await.is_err());
    clock.advance(Duration::from_secs(60));
    let answered = async {
        while stage.tags().send().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(SOON, answered).await.is_ok());
}
