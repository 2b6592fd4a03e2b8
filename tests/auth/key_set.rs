//! A key set that is fetched: rotation, absence, hostile answers, and how seldom it is asked for.

use std::sync::Arc;
use std::time::Duration;

use clockify_addons::auth::{Flaw, Kind, Refusal};
use clockify_addons::sandbox::authority::Authority;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::platform::*;

const MINUTE: Duration = Duration::from_secs(60);
const UNAVAILABLE: Result<(), Refusal> = Err(Refusal::KeysUnavailable);
const UNKNOWN: Result<(), Refusal> = Err(Refusal::Invalid(Flaw::UnknownKey));

fn authority() -> Authority {
    Authority::generate().unwrap()
}

/// A webhook token that is unlike any other.
fn token(authority: &Authority, path: &str) -> String {
    authority.webhook_token(&grant(), path)
}

async fn fares(platform: &Platform, token: &str) -> Result<(), Refusal> {
    platform.verify(Kind::Webhook, token).await.map(|_| ())
}

#[tokio::test]
async fn keys_are_fetched_once_when_they_are_first_needed() {
    let key = authority();
    let source = ScriptedSource::new([key_set(&[&key])]);
    let platform = Platform::fetched(&source);
    assert_eq!(source.fetches(), 0);
    for path in ["/a", "/b", "/a"] {
        assert_eq!(fares(&platform, &token(&key, path)).await, Ok(()));
    }
    assert_eq!(source.fetches(), 1);
}

#[tokio::test]
async fn any_number_that_wait_for_a_key_wait_for_one_fetch() {
    let key = authority();
    let (open, answer) = gated(key_set(&[&key]));
    let source = ScriptedSource::new([answer]);
    let platform = Arc::new(Platform::fetched(&source));
    let waiting: Vec<_> = (0..100)
        .map(|number| {
            let (platform, token) = (Arc::clone(&platform), token(&key, &format!("/{number}")));
            tokio::spawn(async move { fares(&platform, &token).await })
        })
        .collect();
    platform.clock.settle().await;
    assert_eq!(source.fetches(), 1);
    open.send(()).unwrap();
    assert!(join_all(waiting).await.into_iter().all(|outcome| outcome.unwrap() == Ok(())));
    assert_eq!(source.fetches(), 1);
}

#[tokio::test]
async fn who_stops_waiting_does_not_stop_the_fetch_for_others() {
    let key = authority();
    let (open, answer) = gated(key_set(&[&key]));
    let source = ScriptedSource::new([answer]);
    let platform = Arc::new(Platform::fetched(&source));
    let spawn = |path: &str| {
        let (platform, token) = (Arc::clone(&platform), token(&key, path));
        tokio::spawn(async move { fares(&platform, &token).await })
    };
    let (first, second) = (spawn("/a"), spawn("/b"));
    platform.clock.settle().await;
    first.abort();
    platform.clock.settle().await;
    open.send(()).unwrap();
    assert_eq!(second.await.unwrap(), Ok(()));
    assert_eq!(source.fetches(), 1);
}

#[tokio::test]
async fn tokens_with_unknown_keys_cause_one_fetch_a_minute() {
    let (key, stranger) = (authority(), authority());
    let source = ScriptedSource::new([key_set(&[&key])]);
    let platform = Platform::fetched(&source);
    for round in 1..=3 {
        for kid in 0..200 {
            let header = json!({"alg": "RS256", "kid": format!("{round}-{kid}")});
            assert_eq!(fares(&platform, &stranger.sign_with(&header, &claims(Kind::Webhook))).await, UNKNOWN);
        }
        assert_eq!(source.fetches(), round);
        platform.clock.advance(MINUTE - Duration::from_millis(1));
        assert_eq!(fares(&platform, &token(&stranger, "/")).await, UNKNOWN);
        assert_eq!(source.fetches(), round);
        platform.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(fares(&platform, &token(&key, "/")).await, Ok(()), "honest tokens pass all the while");
}

#[tokio::test]
async fn a_bad_signature_under_a_known_name_asks_for_nothing() {
    let (key, stranger) = (authority(), authority());
    let source = ScriptedSource::new([key_set(&[&key])]);
    let platform = Platform::fetched(&source);
    assert_eq!(fares(&platform, &token(&key, "/")).await, Ok(()));
    platform.clock.advance(MINUTE);
    let forged = stranger.sign_with(&json!({"alg": "RS256", "kid": key.kid()}), &claims(Kind::Webhook));
    assert_eq!(fares(&platform, &forged).await, Err(Refusal::Invalid(Flaw::Signature)));
    assert_eq!(source.fetches(), 1);
}

#[tokio::test]
async fn a_new_key_is_found_and_the_old_one_serves_until_it_is_withdrawn() {
    let (old, new) = (authority(), authority());
    let source = ScriptedSource::new([key_set(&[&old])]);
    let platform = Platform::fetched(&source);
    let remembered = token(&old, "/remembered");
    assert_eq!(fares(&platform, &remembered).await, Ok(()));

    source.says([key_set(&[&old, &new])]);
    platform.clock.advance(MINUTE);
    assert_eq!(fares(&platform, &token(&new, "/")).await, Ok(()));
    assert_eq!(fares(&platform, &remembered).await, Ok(()));

    source.says([key_set(&[&new])]);
    platform.clock.advance(MINUTE);
    assert_eq!(fares(&platform, &token(&authority(), "/")).await, UNKNOWN, "what makes it ask");
    assert_eq!(fares(&platform, &remembered).await, UNKNOWN, "what a withdrawn key signed is not even remembered");
    assert_eq!(fares(&platform, &token(&new, "/")).await, Ok(()));
}

#[tokio::test]
async fn while_the_source_is_down_the_keys_that_are_here_stay_good() {
    let (old, new) = (authority(), authority());
    let source = ScriptedSource::new([key_set(&[&old])]);
    let platform = Platform::fetched(&source);
    assert_eq!(fares(&platform, &token(&old, "/")).await, Ok(()));
    source.says([Answer::Down]);
    for hour in 0..48 {
        platform.clock.advance(Duration::from_secs(3_600));
        assert_eq!(fares(&platform, &token(&new, "/")).await, UNAVAILABLE, "it may be good: nobody can say");
        assert_eq!(fares(&platform, &token(&old, &format!("/{hour}"))).await, Ok(()));
    }
    source.says([key_set(&[&old, &new])]);
    platform.clock.advance(MINUTE);
    assert_eq!(fares(&platform, &token(&new, "/")).await, Ok(()));
}

#[tokio::test]
async fn without_any_key_nothing_is_judged_until_the_source_answers() {
    let key = authority();
    let source = ScriptedSource::new([Answer::Down]);
    let platform = Platform::fetched(&source);
    for _ in 0..50 {
        assert_eq!(fares(&platform, &token(&key, "/")).await, UNAVAILABLE);
    }
    assert_eq!(source.fetches(), 1);
    source.says([key_set(&[&key])]);
    assert_eq!(fares(&platform, &token(&key, "/")).await, UNAVAILABLE, "a source that is down is left in peace for a minute");
    platform.clock.advance(MINUTE);
    assert_eq!(fares(&platform, &token(&key, "/")).await, Ok(()));
}

#[tokio::test]
async fn a_source_that_hangs_is_given_up_after_ten_seconds() {
    let key = authority();
    let source = ScriptedSource::new([Answer::Hangs]);
    let platform = Arc::new(Platform::fetched(&source));
    let waiting = {
        let (platform, token) = (Arc::clone(&platform), token(&key, "/"));
        tokio::spawn(async move { fares(&platform, &token).await })
    };
    platform.clock.run_for(Duration::from_millis(9_999)).await;
    assert!(!waiting.is_finished());
    platform.clock.run_for(Duration::from_millis(1)).await;
    assert_eq!(waiting.await.unwrap(), UNAVAILABLE);
}

#[tokio::test]
async fn a_hostile_or_useless_answer_changes_nothing() {
    let (key, stranger) = (authority(), authority());
    let usable = key.jwk().unwrap();
    let with = |changes: Value| {
        let mut jwk = usable.clone();
        jwk.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        jwk
    };
    let mut large = usable.clone();
    large["x"] = "x".repeat(64 * 1024).into();
    for bad in [
        Answer::Document("".into()),
        Answer::Document("<html>".into()),
        Answer::Document(vec![b'['; 60_000].into()),
        Answer::Document(vec![0; 64 * 1024 + 1].into()),
        document(json!([])),
        document(json!({"keys": {}})),
        document(json!({"keys": []})),
        document(json!({"keys": [null, 1, "x", [], {}]})),
        document(json!({"keys": [large]})),
        document(json!({"keys": [with(json!({"use": "enc"}))]})),
        document(json!({"keys": [with(json!({"alg": "PS256"}))]})),
        document(json!({"keys": [with(json!({"alg": "RS384"}))]})),
        document(json!({"keys": [with(json!({"key_ops": ["encrypt"]}))]})),
        document(json!({"keys": [with(json!({"kty": "oct", "k": "AAAA"}))]})),
        document(json!({"keys": [with(json!({"n": "AQAB"}))]})),
        document(json!({"keys": [with(json!({"n": "A".repeat(1_400)}))]})),
        document(json!({"keys": [with(json!({"n": ""}))]})),
        document(json!({"keys": [with(json!({"n": 1}))]})),
    ] {
        let source = ScriptedSource::new([key_set(&[&key])]);
        let platform = Platform::fetched(&source);
        assert_eq!(fares(&platform, &token(&key, "/a")).await, Ok(()));
        source.says([bad]);
        platform.clock.advance(MINUTE);
        assert_eq!(fares(&platform, &token(&stranger, "/")).await, UNAVAILABLE);
        assert_eq!(fares(&platform, &token(&key, "/b")).await, Ok(()));
        assert_eq!(source.fetches(), 2);
    }
}

#[tokio::test]
async fn strange_members_of_a_key_set_are_passed_over() {
    let key = authority();
    let mut zeros = key.jwk().unwrap();
    let padded = format!("AAAA{}", zeros["n"].as_str().unwrap());
    zeros["n"] = padded.into();
    for keys in [json!([null, {"kty": "AKP", "x": 1}, {"kty": "oct", "k": "AAAA", "kid": key.kid()}, key.jwk().unwrap()]), json!([zeros])] {
        let source = ScriptedSource::new([document(json!({ "keys": keys }))]);
        assert_eq!(fares(&Platform::fetched(&source), &token(&key, "/")).await, Ok(()));
    }
}

#[tokio::test]
async fn a_token_or_a_key_without_a_name_is_tried_with_all() {
    let (first, second) = (authority(), authority());
    let source = ScriptedSource::new([key_set(&[&first, &second])]);
    let platform = Platform::fetched(&source);
    let nameless = second.sign_with(&json!({"alg": "RS256"}), &claims(Kind::Webhook));
    assert_eq!(fares(&platform, &nameless).await, Ok(()));
    let forged = authority().sign_with(&json!({"alg": "RS256"}), &claims(Kind::Webhook));
    assert_eq!(fares(&platform, &forged).await, UNKNOWN);

    let mut jwk = first.jwk().unwrap();
    jwk.as_object_mut().unwrap().remove("kid");
    let platform = Platform::fetched(&ScriptedSource::new([document(json!({"keys": [jwk]}))]));
    assert_eq!(fares(&platform, &token(&first, "/")).await, Ok(()));
}

#[tokio::test]
async fn a_set_of_ten_thousand_keys_costs_no_more_than_sixteen() {
    let (key, last) = (authority(), authority());
    let mut small = key.jwk().unwrap();
    small.as_object_mut().unwrap().retain(|name, _| matches!(name.as_str(), "kty" | "n" | "e"));
    let mut keys = vec![small; 16];
    keys.push(last.jwk().unwrap());
    let platform = Platform::fetched(&ScriptedSource::new([document(json!({ "keys": keys }))]));
    assert_eq!(fares(&platform, &token(&key, "/")).await, Ok(()));
    assert_eq!(fares(&platform, &token(&last, "/")).await, UNKNOWN, "beyond the bound");
}

#[tokio::test]
async fn keys_are_refreshed_in_rounds_and_sooner_after_a_failure() {
    let (old, new) = (authority(), authority());
    let source = ScriptedSource::new([key_set(&[&old])]);
    let platform = Arc::new(Platform::fetched(&source));
    let rounds = {
        let platform = Arc::clone(&platform);
        tokio::spawn(async move { platform.verifier.keep_keys_fresh().await })
    };
    platform.clock.settle().await;
    assert_eq!(source.fetches(), 1, "at once");
    platform.clock.run_for(Duration::from_secs(3_599)).await;
    assert_eq!(source.fetches(), 1);
    source.says([Answer::Down, Answer::Down, key_set(&[&new])]);
    platform.clock.run_for(Duration::from_secs(1)).await;
    assert_eq!(source.fetches(), 2);
    platform.clock.run_for(Duration::from_secs(121)).await;
    assert_eq!(source.fetches(), 4, "after a failure each minute");
    assert_eq!(fares(&platform, &token(&new, "/")).await, Ok(()));
    platform.clock.run_for(Duration::from_secs(3_000)).await;
    assert_eq!(source.fetches(), 4);
    rounds.abort();
}

#[tokio::test]
async fn a_clock_that_goes_back_does_not_keep_the_source_from_being_asked() {
    let (old, new) = (authority(), authority());
    let source = ScriptedSource::new([key_set(&[&old])]);
    let platform = Platform::fetched(&source);
    assert_eq!(fares(&platform, &token(&old, "/")).await, Ok(()));
    source.says([key_set(&[&old, &new])]);
    platform.clock.jump(-86_400_000);
    assert_eq!(fares(&platform, &token(&new, "/")).await, Ok(()));
}

#[tokio::test]
async fn pinned_keys_need_no_rounds() {
    Platform::pinned().verifier.keep_keys_fresh().await;
}
