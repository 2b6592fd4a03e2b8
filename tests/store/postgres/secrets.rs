//! After a change of keys, what is sealed is sealed anew here as well; what is sealed at all, the tests of the file's store show.

use actors::clock::Timestamp;
use actors::installation::{Status, Verdict};
use clockify_addons::store::sealing::Keyring;
use clockify_addons::store::{Settings, open};

use super::schema::{Schema, schema};
use crate::backend::key as secret;
use crate::calls::call;
use crate::sample::{addon_id, install, key, proof};

fn under(schema: &Schema, current: char, previous: Option<char>) -> Settings {
    Settings { keyring: Keyring::new(&secret(current), previous.map(secret).as_ref()).unwrap(), ..schema.settings() }
}

#[tokio::test]
async fn after_a_change_of_keys_lifecycle_calls_and_further_calls_seal_the_explorers_calls_anew() {
    let Some(schema) = schema("after_a_change_of_keys_lifecycle_calls_and_further_calls_seal_the_explorers_calls_anew").await else {
        return;
    };
    let old = call("getTags");
    for number in [1, 2, 3] {
        install(&*schema.database().store(), key(number)).await;
        assert_eq!(schema.database().store().keep_call(key(number), &old, 9).await, Ok(true));
    }
    let database = open(under(&schema, 'b', Some('a'))).await.unwrap();
    let at = Timestamp::from_millis(5);
    assert_eq!(database.store().set_status(key(1), addon_id(1), Status::Active, proof(2), at).await, Ok(Verdict::Apply));
    assert_eq!(database.store().keep_call(key(2), &call("getTags"), 9).await, Ok(true));
    database.close().await;
    let database = open(under(&schema, 'b', None)).await.unwrap();
    for (number, content) in [(1, old.content.clone()), (2, old.content.clone()), (3, None)] {
        let kept = database.store().call(key(number), old.id).await.unwrap().unwrap();
        assert_eq!(kept.content, content, "{number}");
    }
    database.close().await;
}
