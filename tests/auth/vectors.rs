//! Wycheproof's vectors for JSON Web Signature, at the level of signatures: their payloads are no claims of ours.

use clockify_addons::auth::keys::PublicKey;
use clockify_addons::auth::token::Compact;
use serde_json::Value;

/// The reference data's file, or a loud word that it is skipped. On the build server its absence is a failure.
fn reference(name: &str, test: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("CLOCKIFY_REFERENCE_DIR") else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{test}: CLOCKIFY_REFERENCE_DIR is not set");
        eprintln!("SKIPPED: {test}: CLOCKIFY_REFERENCE_DIR is not set");
        return None;
    };
    let text = std::fs::read(std::path::Path::new(&folder).join(name)).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

fn vectors(test: &str) -> Option<Vec<Value>> {
    let mut file = reference("vectors/wycheproof_json_web_signature_test.json", test)?;
    Some(serde_json::from_value(file["testGroups"].take()).unwrap())
}

/// The key of a group. A secret is offered as a key as well: it must not become one.
fn key(group: &Value) -> Option<PublicKey> {
    PublicKey::from_jwk(group.get("public").unwrap_or(&group["private"]))
}

fn accepts(key: Option<&PublicKey>, jws: &Value) -> bool {
    let text = jws.as_str().map_or_else(|| jws.to_string(), str::to_owned);
    Compact::parse(&text).is_ok_and(|token| key.is_some_and(|key| key.has_signed(&token)))
}

#[test]
fn every_rs256_vector_is_answered_as_labelled() {
    let Some(groups) = vectors("every_rs256_vector_is_answered_as_labelled") else { return };
    let mut seen = 0;
    for group in
        groups.iter().filter(|group| group["public"]["kty"] == "RSA" && matches!(group["public"]["alg"].as_str(), None | Some("RS256")))
    {
        let key = key(group);
        for test in group["tests"].as_array().unwrap() {
            assert_eq!(accepts(key.as_ref(), &test["jws"]), test["result"] == "valid", "{} {}", test["tcId"], test["comment"]);
            seen += 1;
        }
    }
    assert_eq!(seen, 235, "vectors for RS256");
}

#[test]
fn every_vector_of_another_algorithm_is_refused() {
    let Some(groups) = vectors("every_vector_of_another_algorithm_is_refused") else { return };
    let mut seen = 0;
    for group in groups.iter().filter(|group| !(group["public"]["kty"] == "RSA" && group["public"]["alg"] == "RS256")) {
        let key = key(group);
        for test in group["tests"].as_array().unwrap() {
            assert!(!accepts(key.as_ref(), &test["jws"]), "{} {}", test["tcId"], test["comment"]);
            seen += 1;
        }
    }
    assert_eq!(seen, 168, "vectors for other algorithms");
}
