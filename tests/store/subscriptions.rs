//! Subscriptions: one for an event of a workspace, found by its token, as long as the add-on is installed.

use std::time::Duration;

use actors::addon::Addon;
use actors::clock::Timestamp;
use actors::ids::Key;
use actors::port::store::subscriptions::SubscriptionSaved;
use actors::subscription::{Origin, Subscription, WebhookId};

use crate::backend::Backend;
use crate::sample::{event_type, install, key, reinstall, uninstall};

contract! {
    a_subscription_is_read_as_it_was_written_and_found_by_its_token,
    an_event_has_one_subscription_and_a_later_one_takes_its_place,
    a_token_belongs_to_one_subscription_of_an_add_on,
    there_are_no_subscriptions_without_an_installation,
    subscriptions_are_listed_by_event_and_only_to_their_workspace,
    an_uninstall_takes_the_subscriptions_and_frees_their_tokens,
}

fn subscription(event: &str, hash: u8) -> Subscription {
    Subscription { event: event_type(event), origin: Origin::Manual, hash: [hash; 32], since: Timestamp::from_seconds(1_700_000_000) }
}

fn of_api(event: &str, hash: u8) -> Subscription {
    Subscription { origin: Origin::Api { webhook: WebhookId::parse("76a687e29ae1f428e7ebe101").unwrap() }, ..subscription(event, hash) }
}

async fn a_subscription_is_read_as_it_was_written_and_found_by_its_token(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (manual, made) = (subscription("NEW_TAG", 1), of_api("NEW_TASK", 2));
    for written in [&manual, &made] {
        assert_eq!(store.put_subscription(key(1), written).await, Ok(SubscriptionSaved::Done));
    }
    assert_eq!(store.subscriptions(key(1)).await, Ok(vec![manual, made]));
    assert_eq!(store.subscriber(key(1).addon, &[2; 32]).await, Ok(Some(key(1))));
    assert_eq!(store.subscriber(key(1).addon, &[3; 32]).await, Ok(None));
    assert_eq!(store.subscriber(Addon::ApiStudio, &[2; 32]).await, Ok(None), "another add-on has nothing of it");
}

async fn an_event_has_one_subscription_and_a_later_one_takes_its_place(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    assert_eq!(store.put_subscription(key(1), &subscription("NEW_TAG", 1)).await, Ok(SubscriptionSaved::Done));
    let later = Subscription { since: Timestamp::from_seconds(1_700_000_000) + Duration::from_secs(9), ..of_api("NEW_TAG", 2) };
    assert_eq!(store.put_subscription(key(1), &later).await, Ok(SubscriptionSaved::Replaced));
    assert_eq!(store.put_subscription(key(1), &later).await, Ok(SubscriptionSaved::Replaced), "the same again");
    assert_eq!(store.subscriptions(key(1)).await, Ok(vec![later]));
    assert_eq!(store.subscriber(key(1).addon, &[1; 32]).await, Ok(None));
    assert_eq!(store.delete_subscription(key(1), &event_type("NEW_TAG")).await, Ok(true));
    assert_eq!(store.delete_subscription(key(1), &event_type("NEW_TAG")).await, Ok(false));
    assert_eq!(store.subscriber(key(1).addon, &[2; 32]).await, Ok(None));
}

async fn a_token_belongs_to_one_subscription_of_an_add_on(backend: Backend) {
    let store = &*backend.store;
    let elsewhere = Key { addon: Addon::ClockifyAddon, ..key(1) };
    for key in [key(1), key(2), elsewhere] {
        install(store, key).await;
    }
    assert_eq!(store.put_subscription(key(1), &subscription("NEW_TAG", 1)).await, Ok(SubscriptionSaved::Done));
    for (key, event) in [(key(1), "NEW_TASK"), (key(2), "NEW_TAG"), (key(2), "NEW_TASK")] {
        assert_eq!(store.put_subscription(key, &subscription(event, 1)).await, Ok(SubscriptionSaved::Taken), "{event}");
    }
    assert_eq!(store.put_subscription(elsewhere, &subscription("NEW_TAG", 1)).await, Ok(SubscriptionSaved::Done));
    assert_eq!(store.subscriber(Addon::ClockifyAddon, &[1; 32]).await, Ok(Some(elsewhere)));
    assert_eq!(store.subscriptions(key(2)).await, Ok(vec![]));
}

async fn there_are_no_subscriptions_without_an_installation(backend: Backend) {
    let store = &*backend.store;
    assert_eq!(store.put_subscription(key(1), &subscription("NEW_TAG", 1)).await, Ok(SubscriptionSaved::Absent));
    assert_eq!(store.delete_subscription(key(1), &event_type("NEW_TAG")).await, Ok(false));
    assert_eq!(store.subscriptions(key(1)).await, Ok(vec![]));
    assert_eq!(store.subscriber(key(1).addon, &[1; 32]).await, Ok(None));
}

async fn subscriptions_are_listed_by_event_and_only_to_their_workspace(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    for (hash, event) in (1..).zip(["NEW_TASK", "NEW_CLIENT", "CLIENT_UPDATED", "NEW_TAG"]) {
        store.put_subscription(key(1), &subscription(event, hash)).await.unwrap();
    }
    store.put_subscription(key(2), &subscription("USER_UPDATED", 9)).await.unwrap();
    let events = async |number| -> Vec<String> {
        store.subscriptions(key(number)).await.unwrap().iter().map(|one| one.event.as_str().to_owned()).collect()
    };
    assert_eq!(events(1).await, ["CLIENT_UPDATED", "NEW_CLIENT", "NEW_TAG", "NEW_TASK"]);
    assert_eq!(events(2).await, ["USER_UPDATED"]);
}

async fn an_uninstall_takes_the_subscriptions_and_frees_their_tokens(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    store.put_subscription(key(1), &subscription("NEW_TAG", 1)).await.unwrap();
    store.put_subscription(key(2), &subscription("NEW_TAG", 2)).await.unwrap();
    uninstall(store, key(1)).await;
    assert_eq!(store.subscriber(key(1).addon, &[1; 32]).await, Ok(None));
    assert_eq!(store.put_subscription(key(2), &subscription("NEW_TASK", 1)).await, Ok(SubscriptionSaved::Done));
    reinstall(store, key(1)).await;
    assert_eq!(store.subscriptions(key(1)).await, Ok(vec![]));
    backend.purged().await;
    assert_eq!(store.subscriptions(key(2)).await.unwrap().len(), 2);
}
