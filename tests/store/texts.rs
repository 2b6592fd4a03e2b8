//! Texts of others are kept whatever they hold: U+0000, quotes, letters of every size.

use actors::flow::run::{Reason, Run, RunState};
use actors::installation::{Health, Installation, Verdict};
use actors::port::store::journal::Written;
use serde_json::json;

use crate::backend::{Backend, write};
use crate::sample::{accept, accepted, addon_id, custom, event, flow, install, installation, key, progress, proof, standing};

contract! {
    an_installation_keeps_its_texts,
    events_and_runs_keep_their_texts,
    a_flow_keeps_its_texts,
}

const ODD: &str = "a\0b\"\\'\u{7f}\n ü \u{1f980} $1 \u{10ffff}";

async fn an_installation_keeps_its_texts(backend: Backend) {
    let store = &*backend.store;
    let odd = || Some(ODD.to_owned());
    let health = Health::Broken { since: installation(key(1), 1).installed_at, reason: ODD.to_owned() };
    let settings = json!({ ODD: ODD }).as_object().unwrap().clone();
    let written = Installation { addon_user: odd(), as_user: odd(), health: health.clone(), settings, ..installation(key(1), 1) };
    assert_eq!(store.install(&written, proof(1)).await, Ok(Verdict::Apply));
    assert_eq!(store.installation(key(1)).await, Ok(Some(written)));
    assert_eq!(store.set_health(key(1), addon_id(1), &health).await, Ok(true));
}

async fn events_and_runs_keep_their_texts(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let message = Some(ODD.into());
    let odd = actors::event::Event { entity: Some(ODD.into()), payload: ODD.as_bytes().into(), message, ..custom("shop") };
    let run = Run { reason: Some(Reason::new("why", ODD)), ..crate::sample::run(key(1), &odd, crate::sample::flow_id()) };
    assert_eq!(write(store, accept(key(1), &odd, std::slice::from_ref(&run))).await, Ok(Written::Done));
    assert_eq!(store.event(key(1), odd.id).await, Ok(Some(odd)));
    assert_eq!(store.run(key(1), run.id).await, Ok(Some(run)));
    let (_, plain) = accepted(store, key(1)).await;
    let told = Run { reason: Some(Reason::new("why", ODD)), ..standing(&plain, RunState::Waiting) };
    assert_eq!(write(store, progress(&told)).await, Ok(Written::Done));
    assert_eq!(store.run(key(1), plain.id).await, Ok(Some(told)));
    assert_eq!(write(store, accept(key(1), &event(), &[])).await, Ok(Written::Done));
}

async fn a_flow_keeps_its_texts(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let mut written = flow(ODD);
    written.definition.description = ODD.to_owned();
    store.create_flow(key(1), &written, 9).await.unwrap();
    assert_eq!(store.flow(key(1), written.id).await, Ok(Some(written)));
}
