//! Secrets in the file are sealed, to their row, under a key that can be changed.

use actors::clock::Timestamp;
use actors::installation::{Status, Verdict};
use actors::port::store::Error;
use actors::port::store::sources::SourceSaved;
use clockify_addons::store::sealing::Keyring;
use clockify_addons::store::{Settings, open};

use crate::backend::{self, key as secret, settings};
use crate::calls::call;
use crate::sample::{addon_id, bare_installation, install, installation, key, proof, source, source_name};

fn under(folder: &tempfile::TempDir, current: char, previous: Option<char>) -> Settings {
    Settings { keyring: Keyring::new(&secret(current), previous.map(secret).as_ref()).unwrap(), ..settings(folder) }
}

#[tokio::test]
async fn an_installation_token_stands_nowhere_in_the_clear() {
    let file = backend::file().await;
    install(&*file.database.store(), key(1)).await;
    let token = installation(key(1), 1).token;
    let look = || {
        for entry in std::fs::read_dir(file.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(token.expose().len()).any(|window| window == token.expose().as_bytes()), "{}", path.display());
        }
    };
    look();
    assert_eq!(file.database.store().install(&bare_installation(key(1), 2), proof(2)).await, Ok(Verdict::Apply));
    look();
}

#[tokio::test]
async fn a_sealed_token_moved_to_another_workspace_does_not_open() {
    let file = backend::file().await;
    let store = file.database.store();
    install(&*store, key(1)).await;
    install(&*store, key(2)).await;
    let swap = "UPDATE installations SET token = (SELECT token FROM installations WHERE stay = 1) WHERE stay = 2";
    sqlx::query(swap).execute(&mut file.connect().await).await.unwrap();
    assert!(matches!(store.installation(key(2)).await, Err(Error::Unreadable(_))));
    assert!(store.installation(key(1)).await.is_ok());
}

#[tokio::test]
async fn secrets_of_sources_stand_nowhere_in_the_clear_and_open_only_for_their_source() {
    let file = backend::file().await;
    let store = file.database.store();
    install(&*store, key(1)).await;
    for name in ["one", "other"] {
        assert_eq!(store.create_source(key(1), &source(name), 9).await, Ok(SourceSaved::Done));
    }
    for entry in std::fs::read_dir(file.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|window| window == b"whsec_one"));
    }
    let swap = "UPDATE sources SET secrets = (SELECT secrets FROM sources WHERE name = 'one') WHERE name = 'other'";
    sqlx::query(swap).execute(&mut file.connect().await).await.unwrap();
    assert!(matches!(store.source(key(1), &source_name("other")).await, Err(Error::Unreadable(_))));
    assert!(store.source(key(1), &source_name("one")).await.is_ok());
}

#[tokio::test]
async fn after_a_change_of_keys_a_lifecycle_call_seals_the_secrets_of_sources_anew() {
    let file = backend::file().await;
    let written = source("shop");
    for number in [1, 2] {
        install(&*file.database.store(), key(number)).await;
        assert_eq!(file.database.store().create_source(key(number), &written, 9).await, Ok(SourceSaved::Done));
    }
    let backend::File { database, folder } = file;
    database.close().await;
    let database = open(under(&folder, 'b', Some('a'))).await.unwrap();
    let at = Timestamp::from_millis(5);
    assert_eq!(database.store().set_status(key(1), addon_id(1), Status::Active, proof(2), at).await, Ok(Verdict::Apply));
    database.close().await;
    let database = open(under(&folder, 'b', None)).await.unwrap();
    assert_eq!(database.store().sources(key(1)).await, Ok(vec![written]));
    assert!(matches!(database.store().sources(key(2)).await, Err(Error::Unreadable(_))), "not written since");
}

#[tokio::test]
async fn after_a_change_of_keys_lifecycle_calls_and_further_calls_seal_the_explorers_calls_anew() {
    let file = backend::file().await;
    let old: Vec<_> = (0..3).map(|_| call("getTags")).collect();
    for number in [1, 2] {
        install(&*file.database.store(), key(number)).await;
        for call in &old {
            assert_eq!(file.database.store().keep_call(key(number), call, 9).await, Ok(true));
        }
    }
    // One that neither key opens stands in nobody's way.
    let damage = "UPDATE api_calls SET content = x'01ffffffff00' WHERE stay = 1 AND id = (SELECT max(id) FROM api_calls WHERE stay = 1)";
    sqlx::query(damage).execute(&mut file.connect().await).await.unwrap();
    let backend::File { database, folder } = file;
    database.close().await;
    let database = open(under(&folder, 'b', Some('a'))).await.unwrap();
    let at = Timestamp::from_millis(5);
    assert_eq!(database.store().set_status(key(1), addon_id(1), Status::Active, proof(2), at).await, Ok(Verdict::Apply));
    assert_eq!(database.store().keep_call(key(2), &call("getTags"), 9).await, Ok(true));
    database.close().await;
    let database = open(under(&folder, 'b', None)).await.unwrap();
    for (number, readable) in [(1, 2), (2, 3)] {
        for (index, call) in old.iter().enumerate() {
            let kept = database.store().call(key(number), call.id).await.unwrap().unwrap();
            assert_eq!(kept.content, call.content.clone().filter(|_| index < readable), "{number}, {index}");
        }
    }
}

#[tokio::test]
async fn without_its_key_an_installation_is_unreadable_and_a_reinstall_mends_it() {
    let file = backend::file().await;
    install(&*file.database.store(), key(1)).await;
    let backend::File { database, folder } = file;
    database.close().await;
    let database = open(under(&folder, 'b', None)).await.unwrap();
    let read = database.store().installation(key(1)).await;
    assert!(matches!(&read, Err(Error::Unreadable(why)) if why.contains("key")), "{read:?}");
    assert_eq!(database.store().install(&installation(key(1), 2), proof(2)).await, Ok(Verdict::Apply));
    assert_eq!(database.store().installation(key(1)).await, Ok(Some(installation(key(1), 2))));
}

#[tokio::test]
async fn after_a_change_of_keys_old_tokens_open_and_the_next_write_seals_them_anew() {
    let file = backend::file().await;
    install(&*file.database.store(), key(1)).await;
    install(&*file.database.store(), key(2)).await;
    let backend::File { database, folder } = file;
    database.close().await;
    let database = open(under(&folder, 'b', Some('a'))).await.unwrap();
    assert_eq!(database.store().installation(key(1)).await, Ok(Some(installation(key(1), 1))));
    let at = Timestamp::from_millis(5);
    assert_eq!(database.store().set_status(key(1), addon_id(1), Status::Active, proof(2), at).await, Ok(Verdict::Apply));
    database.close().await;
    let database = open(under(&folder, 'b', None)).await.unwrap();
    assert!(database.store().installation(key(1)).await.unwrap().is_some(), "written since the change");
    assert!(matches!(database.store().installation(key(2)).await, Err(Error::Unreadable(_))), "not written since");
}
