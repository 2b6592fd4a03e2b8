//! Laws: no input at all makes the verifier panic, and nothing passes that the platform did not sign.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clockify_addons::auth::token::Compact;
use clockify_addons::auth::{Kind, Refusal};
use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::platform::*;

static PLATFORM: LazyLock<Platform> = LazyLock::new(Platform::pinned);

/// With pinned keys a verification never waits.
fn outcomes(token: &str) -> [Result<(), Refusal>; 4] {
    PLATFORM.outcomes(token).now_or_never().unwrap()
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[0-9a-f]{24}".prop_map(Value::from),
        prop_oneof![Just("clockify"), Just("addon"), Just(ADDON_KEY), Just("https://api.clockify.me/api")].prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{1,4}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    let known = [
        "iss",
        "type",
        "sub",
        "workspaceId",
        "activeWs",
        "addonId",
        "user",
        "workspaceRole",
        "language",
        "theme",
        "exp",
        "nbf",
        "iat",
        "backendUrl",
        "baseURL",
        "apiUrl",
        "reportsUrl",
        "webhookId",
    ];
    prop_oneof![9 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,10}"]
}

proptest! {
    #[test]
    fn no_text_panics_or_passes(text in any::<String>()) {
        prop_assert!(outcomes(&text).iter().all(Result::is_err));
    }

    #[test]
    fn no_bytes_in_the_form_of_a_token_pass(header: Vec<u8>, payload: Vec<u8>, signature: Vec<u8>) {
        let token = [header, payload, signature].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        prop_assert!(outcomes(&token).iter().all(Result::is_err));
    }

    #[test]
    fn no_signature_of_nobody_passes(signature in prop::collection::vec(any::<u8>(), 0..600)) {
        let good = PLATFORM.token(Kind::Webhook);
        let (message, honest) = good.rsplit_once('.').unwrap();
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        prop_assume!(!token.ends_with(honest));
        prop_assert!(outcomes(&token).iter().all(Result::is_err));
    }

    #[test]
    fn what_parses_is_spelled_in_one_way(text in "[A-Za-z0-9_=. -]{0,60}") {
        let token = format!("{}.{text}", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#));
        if let Ok(compact) = Compact::parse(&token) {
            let message = String::from_utf8(compact.message().to_vec()).unwrap();
            let payload = URL_SAFE_NO_PAD.encode(compact.payload());
            prop_assert_eq!(format!("{message}.{}", compact.signature()), &*token);
            prop_assert_eq!(message.rsplit_once('.').unwrap().1, payload);
        }
    }

    #[test]
    fn claims_of_any_types_are_refused_or_mean_what_they_say(kind in 0_usize..4, changes in prop::collection::hash_map(name(), value(), 0..6)) {
        let kind = KINDS[kind];
        let changes: Map<String, Value> = changes.into_iter().collect();
        let claims = changed(kind, Value::Object(changes));
        let token = PLATFORM.authority.sign(&claims);
        for kind in KINDS {
            let Ok(verified) = PLATFORM.verify(kind, &token).now_or_never().unwrap() else { continue };
            prop_assert_eq!(&claims["iss"], "clockify");
            prop_assert_eq!(&claims["type"], "addon");
            prop_assert_eq!(&claims["sub"], ADDON_KEY);
            prop_assert_eq!(&claims["addonId"], &json!(verified.addon_id));
            let workspace = claims.get("workspaceId").or(claims.get("activeWs")).unwrap();
            prop_assert_eq!(workspace, &json!(verified.workspace));
            let person = ["workspaceRole", "language", "theme"].iter().any(|name| claims.get(*name).is_some());
            prop_assert_eq!(person, kind == Kind::User);
            prop_assert!(!person || claims["exp"].is_number());
        }
    }
}
