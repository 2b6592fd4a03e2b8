//! Claims of the wrong type, form or value, under a signature that is right.

use clockify_addons::auth::{Flaw, Kind, Refusal};
use serde_json::json;

use crate::platform::*;

#[tokio::test]
async fn times_are_numbers_and_are_kept_within_a_minutes_leeway() {
    let platform = Platform::pinned();
    let second = now().seconds();
    for kind in KINDS {
        for (changes, outcome) in [
            (json!({"exp": second - 61}), Err(Refusal::Expired)),
            (json!({"exp": second - 60}), Err(Refusal::Expired)),
            (json!({"exp": second - 59}), Ok(())),
            (json!({"exp": second as f64 + 0.5}), Ok(())),
            (json!({"exp": second as f64 - 61.5}), Err(Refusal::Expired)),
            (json!({"exp": 0}), Err(Refusal::Expired)),
            (json!({"exp": -1}), Err(Refusal::Expired)),
            (json!({"exp": i64::MIN}), Err(Refusal::Expired)),
            (json!({"exp": -1e300}), Err(Refusal::Expired)),
            (json!({"exp": u64::MAX}), Ok(())),
            (json!({"exp": 1e300}), Ok(())),
            (json!({"nbf": second + 60}), Ok(())),
            (json!({"nbf": second + 61}), Err(Refusal::Invalid(Flaw::NotYetValid))),
            (json!({"nbf": u64::MAX}), Err(Refusal::Invalid(Flaw::NotYetValid))),
            (json!({"nbf": 0}), Ok(())),
            (json!({"iat": second + 60}), Ok(())),
            (json!({"iat": second + 61}), Err(Refusal::Invalid(Flaw::NotYetValid))),
            (json!({"iat": 1e300}), Err(Refusal::Invalid(Flaw::NotYetValid))),
            (json!({"iat": 0}), Ok(())),
            (json!({"iat": "absent"}), Ok(())),
        ] {
            let token = platform.authority.sign(&changed(kind, changes.clone()));
            assert_eq!(platform.verify(kind, &token).await.map(|_| ()), outcome, "{kind:?} {changes}");
        }
        for name in ["exp", "nbf", "iat"] {
            for value in [
                json!("1"),
                json!(second.to_string()),
                json!("never"),
                json!(true),
                json!(null),
                json!([second + 1]),
                json!({"n": second + 1}),
            ] {
                let token = platform.authority.sign(&changed(kind, json!({name: value})));
                refused(&platform, &token, Flaw::Claims, &format!("{name} {value}")).await;
            }
        }
    }
}

#[tokio::test]
async fn issuer_type_and_subject_are_exactly_what_they_have_to_be() {
    let platform = Platform::pinned();
    for (name, right, flaw) in [("iss", "clockify", Flaw::Issuer), ("type", "addon", Flaw::Issuer), ("sub", ADDON_KEY, Flaw::Subject)] {
        for value in [
            json!("absent"),
            json!(null),
            json!(""),
            json!(right.to_uppercase()),
            json!(format!("{right} ")),
            json!(format!("{right}\0")),
            json!(format!("{right}x")),
            json!(&right[1..]),
            json!([right]),
            json!({right: right}),
            json!(1),
            json!("clockify-api-studio"),
        ] {
            for kind in KINDS {
                let token = platform.authority.sign(&changed(kind, json!({name: value})));
                refused(&platform, &token, flaw, &format!("{name} {value}")).await;
            }
        }
    }
}

#[tokio::test]
async fn ids_are_24_lower_case_hex_digits_and_both_are_there() {
    let platform = Platform::pinned();
    for name in ["workspaceId", "addonId"] {
        for value in [
            json!("absent"),
            json!(null),
            json!(""),
            json!("5B641568B07987035750505E"),
            json!("5b641568b07987035750505"),
            json!("5b641568b07987035750505e0"),
            json!("5b641568b07987035750505g"),
            json!(" 5b641568b07987035750505"),
            json!("5b641568b07987035750505\n"),
            json!("../../../../../../../../"),
            json!("５b641568b079870357505"),
            json!(["5b641568b07987035750505e"]),
            json!({"$ne": ""}),
            json!(123456789012345678901234_f64),
            json!(true),
        ] {
            let token = platform.authority.sign(&changed(Kind::Webhook, json!({name: value})));
            refused(&platform, &token, Flaw::Claims, &format!("{name} {value}")).await;
        }
    }
}

#[tokio::test]
async fn a_claim_or_header_member_that_stands_twice_is_refused() {
    let platform = Platform::pinned();
    let good = claims(Kind::Webhook).to_string();
    let body = good.trim_matches(['{', '}']);
    for twice in [
        format!(r#"{{{body},"workspaceId":"5b641568b07987035750505f"}}"#),
        format!(r#"{{"workspaceId":"5b641568b07987035750505f",{body}}}"#),
        format!(r#"{{{body},"w\u006frkspaceId":"5b641568b07987035750505f"}}"#),
        format!(r#"{{{body},"iss":"clockify"}}"#),
        format!(r#"{{{body},"x":1,"x":1}}"#),
    ] {
        refused(&platform, &platform.authority.sign_text(r#"{"alg":"RS256"}"#, &twice), Flaw::Claims, &twice).await;
    }
    for header in [r#"{"alg":"none","alg":"RS256"}"#, r#"{"alg":"RS256","alg":"RS256"}"#, r#"{"alg":"RS256","kid":"a","kid":"b"}"#] {
        refused(&platform, &platform.authority.sign_text(header, &good), Flaw::Header, header).await;
    }
}

#[tokio::test]
async fn what_is_not_one_json_object_holds_no_claims() {
    let platform = Platform::pinned();
    let good = claims(Kind::Webhook).to_string();
    let deep = format!(r#"{{"x":{}1{}}}"#, "[".repeat(1_500), "]".repeat(1_500));
    for text in [
        "",
        "null",
        "[]",
        "\"x\"",
        "1",
        "{",
        "{}{}",
        "\u{feff}{}",
        &format!("{good} x"),
        &format!("[{good}]"),
        &deep,
        &good.replace("\"iss\"", "iss"),
    ] {
        refused(&platform, &platform.authority.sign_text(r#"{"alg":"RS256"}"#, text), Flaw::Claims, text).await;
        let flaw = if text.is_empty() { Flaw::Malformed } else { Flaw::Header };
        refused(&platform, &platform.authority.sign_text(text, &good), flaw, text).await;
    }
}
