//! Tokens that are not what they seem: every attack of the threat model that a verifier alone can meet.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clockify_addons::auth::{Flaw, Kind, Refusal};
use clockify_addons::sandbox::authority::Authority;
use serde_json::{Value, json};

use crate::platform::*;

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header), encode(claims))
}

#[tokio::test]
async fn no_algorithm_but_rs256_is_accepted_whoever_signed() {
    let platform = Platform::pinned();
    for kind in KINDS {
        let claims = claims(kind);
        for alg in [
            json!("none"),
            json!("None"),
            json!("nOnE"),
            json!(["RS256"]),
            json!(null),
            json!("rs256"),
            json!("PS256"),
            json!("HS256"),
            json!(""),
        ] {
            let header = json!({"alg": alg, "typ": "JWT"});
            refused(&platform, &platform.authority.sign_with(&header, &claims), Flaw::Algorithm, &alg.to_string()).await;
            refused(&platform, &format!("{}.", unsigned(&header, &claims)), Flaw::Malformed, &alg.to_string()).await;
        }
        refused(&platform, &platform.authority.sign_with(&json!({"typ": "JWT"}), &claims), Flaw::Algorithm, "no alg").await;
    }
}

#[tokio::test]
async fn the_public_key_is_no_secret_to_sign_with() {
    let platform = Platform::pinned();
    let pem = platform.authority.public_pem().unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let jwks = platform.authority.jwks().unwrap();
    let n = jwks["keys"][0]["n"].as_str().unwrap();
    let secrets: [Vec<u8>; 9] = [
        pem.clone().into(),
        pem.trim_end().into(),
        pem.replace('\n', "\r\n").into(),
        pem.replace('\n', "").into(),
        STANDARD.decode(&body).unwrap(),
        body.into(),
        n.into(),
        URL_SAFE_NO_PAD.decode(n).unwrap(),
        jwks.to_string().into(),
    ];
    for secret in secrets {
        for (alg, hash) in [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)] {
            for (said, flaw) in [(alg, Flaw::Algorithm), ("RS256", Flaw::Signature)] {
                let message = unsigned(&json!({"alg": said}), &claims(Kind::Webhook));
                let tag = hmac::sign(&hmac::Key::new(hash, &secret), message.as_bytes());
                let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
                refused(&platform, &token, flaw, alg).await;
            }
        }
    }
}

#[tokio::test]
async fn the_right_key_with_another_scheme_signs_nothing() {
    let platform = Platform::pinned();
    let schemes: [(&str, &'static dyn RsaEncoding); 3] =
        [("RS384", &RSA_PKCS1_SHA384), ("RS512", &RSA_PKCS1_SHA512), ("PS256", &RSA_PSS_SHA256)];
    for (alg, scheme) in schemes {
        for (said, flaw) in [(alg, Flaw::Algorithm), ("RS256", Flaw::Signature)] {
            let message = unsigned(&json!({"alg": said}), &claims(Kind::Webhook));
            let signature = platform.authority.signature_by(scheme, message.as_bytes());
            refused(&platform, &format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)), flaw, alg).await;
        }
    }
}

#[tokio::test]
async fn a_key_that_the_token_brings_along_or_points_to_is_not_used() {
    let (platform, stranger) = (Platform::pinned(), Authority::generate().unwrap());
    let source = ScriptedSource::new([key_set(&[&platform.authority])]);
    let fetching = Platform::fetched(&source);
    fetching.verify(Kind::Webhook, &platform.token(Kind::Webhook)).await.unwrap();
    let ours = platform.authority.kid();
    for more in [
        json!({"kid": ours, "jwk": stranger.jwk().unwrap()}),
        json!({"kid": ours, "jku": "https://evil.com/jwks.json"}),
        json!({"kid": ours, "x5u": "http://169.254.169.254/"}),
        json!({"kid": ours, "x5c": [STANDARD.encode("certificate")]}),
        json!({"kid": ours}),
    ] {
        let mut header = json!({"alg": "RS256"});
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let token = stranger.sign_with(&header, &claims(Kind::Lifecycle));
        refused(&platform, &token, Flaw::Signature, &more.to_string()).await;
        refused(&fetching, &token, Flaw::Signature, &more.to_string()).await;
    }
    assert_eq!(source.fetches(), 1, "nothing that a header says is fetched");
}

#[tokio::test]
async fn a_key_name_opens_nothing_and_hinders_nothing() {
    let (platform, stranger) = (Platform::pinned(), Authority::generate().unwrap());
    let long = "k".repeat(3_000);
    for kid in ["https://evil.com/key.pem", "../../../../dev/null", "' OR 1=1 --", "a\0b", "", long.as_str(), stranger.kid()] {
        let header = json!({"alg": "RS256", "kid": kid});
        refused(&platform, &stranger.sign_with(&header, &claims(Kind::Webhook)), Flaw::Signature, kid).await;
        let honest = platform.authority.sign_with(&header, &claims(Kind::Webhook));
        assert!(platform.verify(Kind::Webhook, &honest).await.is_ok(), "the one pinned key has no name: {kid:?}");
    }
    for kid in [json!(1), json!(null), json!(["x"]), json!({"x": 1})] {
        let token = platform.authority.sign_with(&json!({"alg": "RS256", "kid": kid}), &claims(Kind::Webhook));
        refused(&platform, &token, Flaw::Header, &kid.to_string()).await;
    }
}

#[tokio::test]
async fn other_forms_of_a_token_are_refused() {
    let platform = Platform::pinned();
    let good = platform.token(Kind::Webhook);
    let [header, payload, signature] = [0, 1, 2].map(|part| good.split('.').nth(part).unwrap().to_owned());
    for token in [
        json!({"protected": header, "payload": payload, "signature": signature}).to_string(),
        json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]}).to_string(),
        format!("{header}.{payload}.{signature}."),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{payload}.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{}", "x".repeat(5)),
        format!(" {good}"),
        format!("{good}\n"),
        format!("Bearer {good}"),
        good.replace('.', ","),
        String::new(),
    ] {
        refused(&platform, &token, Flaw::Malformed, &token).await;
    }
    for more in [json!({"crit": ["exp"]}), json!({"crit": []}), json!({"b64": false}), json!({"zip": "DEF"}), json!({"enc": "A256GCM"})] {
        let mut header = json!({"alg": "RS256"});
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        refused(&platform, &platform.authority.sign_with(&header, &claims(Kind::Webhook)), Flaw::Header, &more.to_string()).await;
    }
    assert!(platform.verify(Kind::Webhook, &good).await.is_ok());
}

#[tokio::test]
async fn a_token_of_more_than_eight_kilobytes_is_not_read() {
    let platform = Platform::pinned();
    let token = |bytes: usize| platform.authority.sign(&changed(Kind::Webhook, json!({"x": "x".repeat(bytes)})));
    assert!(platform.verify(Kind::Webhook, &token(5_000)).await.is_ok());
    refused(&platform, &token(6_200), Flaw::TooLong, "signed").await;
    refused(&platform, &"x".repeat(10_000_000), Flaw::TooLong, "ten megabytes").await;
}

#[tokio::test]
async fn a_good_token_with_one_character_changed_is_refused() {
    let platform = Platform::pinned();
    for kind in [Kind::User, Kind::Webhook] {
        let good = platform.token(kind);
        assert!(platform.verify(kind, &good).await.is_ok());
        for (at, old) in good.char_indices() {
            for new in ['A', 'b', '-', '=', '.', '\0'] {
                let forged = format!("{}{new}{}", &good[..at], &good[at + 1..]);
                if new != old {
                    assert!(platform.verify(kind, &forged).await.is_err(), "{at} {new:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn rubbish_costs_neither_a_signature_nor_a_fetch() {
    let (source, stranger) = (ScriptedSource::new([Answer::Down]), Authority::generate().unwrap());
    let platform = Platform::fetched(&source);
    for (changes, flaw) in [
        (json!({"iss": "x"}), Flaw::Issuer),
        (json!({"sub": "x"}), Flaw::Subject),
        (json!({"workspaceId": "x"}), Flaw::Claims),
        (json!({"addonId": "absent"}), Flaw::Claims),
        (json!({"theme": "DARK", "exp": "absent"}), Flaw::Claims),
    ] {
        refused(&platform, &stranger.sign(&changed(Kind::Webhook, changes.clone())), flaw, &changes.to_string()).await;
    }
    assert_eq!(source.fetches(), 0);
    assert_eq!(platform.outcomes(&stranger.sign(&claims(Kind::Webhook))).await, [Err(Refusal::KeysUnavailable); 4]);
    assert_eq!(source.fetches(), 1, "only what looks like a token is worth a question, and one a minute");
}

#[tokio::test]
async fn a_token_of_no_good_signature_learns_nothing_of_kinds_and_times() {
    let (platform, stranger) = (Platform::pinned(), Authority::generate().unwrap());
    for changes in [json!({}), json!({"exp": 1}), json!({"nbf": u64::MAX})] {
        for kind in KINDS {
            refused(&platform, &stranger.sign(&changed(kind, changes.clone())), Flaw::Signature, &changes.to_string()).await;
        }
    }
}

#[test]
fn a_refusal_repeats_nothing_of_the_token() {
    let flaws = [
        Flaw::TooLong,
        Flaw::Malformed,
        Flaw::Header,
        Flaw::Algorithm,
        Flaw::Claims,
        Flaw::Issuer,
        Flaw::Subject,
        Flaw::UnknownKey,
        Flaw::Signature,
        Flaw::NotYetValid,
    ];
    let refusals = flaws.map(Refusal::Invalid).into_iter().chain([
        Refusal::Expired,
        Refusal::OtherKind,
        Refusal::OtherAddon,
        Refusal::KeysUnavailable,
    ]);
    let codes: std::collections::BTreeSet<_> = refusals.clone().map(Refusal::code).collect();
    assert_eq!(codes.len(), 14, "each reason has its own code");
    for refusal in refusals {
        assert!(refusal.code().bytes().all(|c| c.is_ascii_lowercase() || c == b'_'), "{refusal}");
        assert_eq!(refusal.is_proof_of_something_else(), matches!(refusal, Refusal::OtherKind | Refusal::OtherAddon));
    }
}
