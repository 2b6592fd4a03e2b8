//! Secrets of a workspace: named, counted and replaced by all, and told to those alone who ask for their values.

use std::collections::BTreeSet;
use std::time::Duration;

use actors::clock::Clock;
use actors::flow::template::Secrets as Revealed;
use actors::port::store::secrets::{KeptSecret, SecretSaved};
use actors::secret::{Secret, SecretName};

use crate::backend::Backend;
use crate::sample::{CLOCK, install, key, reinstall, uninstall};

contract! {
    a_secret_is_revealed_as_it_was_stored,
    a_new_value_replaces_the_old_one,
    a_workspace_has_at_most_as_many_secrets_as_it_may,
    secrets_are_listed_by_name_and_only_to_their_workspace,
    there_are_no_secrets_without_an_installation,
    an_uninstall_takes_the_secrets_with_it,
}

fn name(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

fn names(texts: &[&str]) -> BTreeSet<SecretName> {
    texts.iter().map(|text| name(text)).collect()
}

async fn put(backend: &Backend, number: u32, text: &str, value: &str) -> SecretSaved {
    backend.store.put_secret(key(number), &name(text), &Secret::new(value), 3, CLOCK.now()).await.unwrap()
}

async fn a_secret_is_revealed_as_it_was_stored(backend: Backend) {
    install(&*backend.store, key(1)).await;
    let value = "line one\nline \"two\" \u{fc}\u{0} 漢";
    assert!(matches!(put(&backend, 1, "KEY", value).await, SecretSaved::New(_)));
    put(&backend, 1, "OTHER", "y").await;
    let expected = Revealed::from([(name("KEY"), Secret::new(value))]);
    assert_eq!(backend.store.reveal_secrets(key(1), &names(&["KEY", "NONE"])).await, Ok(expected));
    assert_eq!(backend.store.reveal_secrets(key(1), &names(&[])).await, Ok(Revealed::new()));
    assert_eq!(backend.store.reveal_secrets(key(2), &names(&["KEY"])).await, Ok(Revealed::new()));
}

async fn a_new_value_replaces_the_old_one(backend: Backend) {
    install(&*backend.store, key(1)).await;
    let now = CLOCK.now();
    let store = |value: &'static str, at| {
        let (store, name) = (&backend.store, name("KEY"));
        async move { store.put_secret(key(1), &name, &Secret::new(value), 1, at).await.unwrap() }
    };
    let first = KeptSecret { name: name("KEY"), created_at: now, updated_at: now };
    assert_eq!(store("one", now).await, SecretSaved::New(first.clone()));
    let later = now + Duration::from_secs(60);
    let second = KeptSecret { updated_at: later, ..first };
    assert_eq!(store("two", later).await, SecretSaved::Replaced(second.clone()));
    assert_eq!(backend.store.secrets(key(1)).await, Ok(vec![second]));
    assert_eq!(backend.store.reveal_secrets(key(1), &names(&["KEY"])).await.unwrap()[&name("KEY")].expose(), "two");
}

async fn a_workspace_has_at_most_as_many_secrets_as_it_may(backend: Backend) {
    install(&*backend.store, key(1)).await;
    install(&*backend.store, key(2)).await;
    for text in ["A", "B", "C"] {
        assert!(matches!(put(&backend, 1, text, "x").await, SecretSaved::New(_)));
    }
    assert_eq!(put(&backend, 1, "D", "x").await, SecretSaved::TooMany);
    assert!(matches!(put(&backend, 1, "C", "y").await, SecretSaved::Replaced(_)));
    assert!(matches!(put(&backend, 2, "D", "x").await, SecretSaved::New(_)));
    assert_eq!(backend.store.delete_secret(key(1), &name("A")).await, Ok(true));
    assert_eq!(backend.store.delete_secret(key(1), &name("A")).await, Ok(false));
    assert!(matches!(put(&backend, 1, "D", "x").await, SecretSaved::New(_)));
}

async fn secrets_are_listed_by_name_and_only_to_their_workspace(backend: Backend) {
    install(&*backend.store, key(1)).await;
    install(&*backend.store, key(2)).await;
    for text in ["B_", "B1", "A"] {
        put(&backend, 1, text, "x").await;
    }
    let listed = async |number| -> Vec<String> {
        backend.store.secrets(key(number)).await.unwrap().into_iter().map(|kept| kept.name.to_string()).collect()
    };
    assert_eq!(listed(1).await, ["A", "B1", "B_"]);
    assert_eq!(listed(2).await, Vec::<String>::new());
    assert_eq!(backend.store.delete_secret(key(2), &name("A")).await, Ok(false));
    assert_eq!(listed(1).await.len(), 3);
}

async fn there_are_no_secrets_without_an_installation(backend: Backend) {
    assert_eq!(put(&backend, 1, "A", "x").await, SecretSaved::Absent);
    assert_eq!(backend.store.delete_secret(key(1), &name("A")).await, Ok(false));
    assert_eq!(backend.store.secrets(key(1)).await, Ok(vec![]));
}

async fn an_uninstall_takes_the_secrets_with_it(backend: Backend) {
    install(&*backend.store, key(1)).await;
    install(&*backend.store, key(2)).await;
    for number in [1, 2] {
        put(&backend, number, "A", "x").await;
    }
    uninstall(&*backend.store, key(1)).await;
    assert_eq!(backend.store.secrets(key(1)).await, Ok(vec![]));
    reinstall(&*backend.store, key(1)).await;
    assert_eq!(backend.store.secrets(key(1)).await, Ok(vec![]));
    assert_eq!(backend.store.secrets(key(2)).await.unwrap().len(), 1);
}
