//! The schemes against their published examples, and everything that must not pass.

use actors::secret::Secret;
use actors::source::{SourceName, SourceSecret, TypeFrom};
use proptest::prelude::*;

use super::*;

/// The published example of Standard Webhooks.
const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const STANDARD_BODY: &[u8] = br#"{"test": 2432232314}"#;
const STANDARD_HEAD: [(&str, &str); 3] = [
    ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
    ("webhook-timestamp", "1614265330"),
    ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
];
/// The documented example of GitHub.
const GITHUB_SECRET: &str = "It's a Secret to Everybody";
const GITHUB_TAG: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const GITHUB_BODY: &[u8] = b"Hello, World!";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn now() -> Timestamp {
    at(1_614_265_330)
}

fn source(scheme: Scheme, secrets: &[&str]) -> CustomSource {
    let secret = |text: &&str| SourceSecret { secret: Secret::new(*text), created_at: at(0), expires_at: None };
    CustomSource {
        name: SourceName::parse("s").unwrap(),
        scheme,
        signature_header: None,
        type_from: TypeFrom::Body,
        entity_path: None,
        secrets: secrets.iter().map(secret).collect(),
        created_at: at(0),
        updated_at: at(0),
    }
}

fn try_at(source: &CustomSource, head: &[(&str, &str)], body: &[u8], now: Timestamp) -> Result<Proved, Unproved> {
    prove(Some(source), |name| head.iter().find(|(found, _)| *found == name).map(|(_, value)| *value), body, now)
}

fn attempt(source: &CustomSource, head: &[(&str, &str)], body: &[u8]) -> Result<Proved, Unproved> {
    try_at(source, head, body, now())
}

fn with<'h>(head: &[(&'h str, &'h str)], name: &'h str, value: &'h str) -> Vec<(&'h str, &'h str)> {
    head.iter().filter(|(found, _)| *found != name).copied().chain([(name, value)]).collect()
}

#[test]
fn the_published_example_of_standard_webhooks_is_proved_and_names_its_message() {
    let source = source(Scheme::Standard, &[STANDARD_SECRET]);
    let proved = attempt(&source, &STANDARD_HEAD, STANDARD_BODY).unwrap();
    assert_eq!(proved.message.as_deref(), Some("msg_p5jXN8AQM9LWM0D4loKWxJek"));
    let among = "v1,bm9wZQ== v1a,AAAA v2,g0hM v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert!(attempt(&source, &with(&STANDARD_HEAD, "webhook-signature", among), STANDARD_BODY).is_ok());
}

#[test]
fn githubs_documented_example_is_proved() {
    let (source, signature) = (source(Scheme::Github, &[GITHUB_SECRET]), format!("sha256={GITHUB_TAG}"));
    let head = [("x-hub-signature-256", signature.as_str()), ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")];
    assert_eq!(attempt(&source, &head, GITHUB_BODY).unwrap().message.as_deref(), Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"));
    assert_eq!(attempt(&source, &with(&head, "x-github-delivery", "a b"), GITHUB_BODY), Ok(Proved { message: None }));
    for wrong in [GITHUB_TAG, "sha1=757107ea", "sha256=", "sha256=757107", &format!("SHA256={GITHUB_TAG}"), &format!("{signature}00"), ""] {
        assert!(attempt(&source, &with(&head, "x-hub-signature-256", wrong), GITHUB_BODY).is_err(), "{wrong}");
    }
}

#[test]
fn a_plain_hmac_is_taken_from_the_header_of_the_sources_choice_alone() {
    let mut source = source(Scheme::Hmac, &[GITHUB_SECRET]);
    for spelling in [GITHUB_TAG.to_owned(), format!("sha256={GITHUB_TAG}"), format!("hmac-sha256={GITHUB_TAG}"), GITHUB_TAG.to_uppercase()]
    {
        assert_eq!(attempt(&source, &[(DEFAULT_HMAC_HEADER, &spelling)], GITHUB_BODY), Ok(Proved { message: None }), "{spelling}");
    }
    source.signature_header = Some("x-mine".into());
    assert!(attempt(&source, &[("x-mine", GITHUB_TAG)], GITHUB_BODY).is_ok());
    assert_eq!(attempt(&source, &[(DEFAULT_HMAC_HEADER, GITHUB_TAG)], GITHUB_BODY), Err(Unproved::Headers));
}

#[test]
fn a_bearer_sends_the_secret_itself_and_nothing_near_it() {
    let source = source(Scheme::Bearer, &[GITHUB_SECRET]);
    let ask = |value: &str| attempt(&source, &[("authorization", value)], b"{}");
    assert_eq!(ask(&format!("bEaReR {GITHUB_SECRET}")), Ok(Proved { message: None }));
    for wrong in
        ["", "Bearer", "Bearer ", "Basic It's a Secret to Everybody", GITHUB_SECRET, "Bearer It's a Secret to Everybod", "Bearer é"]
    {
        assert!(ask(wrong).is_err(), "{wrong}");
    }
    assert!(ask(&format!("Bearer {GITHUB_SECRET}2")).is_err());
    // A signature is no secret.
    assert!(attempt(&source, &[("x-hub-signature-256", &format!("sha256={GITHUB_TAG}"))], GITHUB_BODY).is_err());
}

#[test]
fn the_time_is_a_whole_number_of_seconds_and_not_five_minutes_off() {
    let source = source(Scheme::Standard, &[STANDARD_SECRET]);
    for (off, good) in [(-300, true), (300, true), (-301, false), (301, false), (i64::MAX - 1_614_265_330, false)] {
        let outcome = try_at(&source, &STANDARD_HEAD, STANDARD_BODY, at(1_614_265_330 + off));
        assert_eq!(outcome.is_ok(), good, "{off}");
    }
    // The same key signs what the time says; only its spelling is wrong.
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret::key(Scheme::Standard, &Secret::new(STANDARD_SECRET)).unwrap());
    for time in ["1614265330.0", "+1614265330", " 1614265330", "1614265330 ", "1614265330000", "-1", "", "now", "0x6037bbb2", "٠"] {
        let tag = hmac::sign(&key, &[b"m.", time.as_bytes(), b".", STANDARD_BODY].concat());
        let signature = format!("v1,{}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, tag.as_ref()));
        let head = [("webhook-id", "m"), ("webhook-timestamp", time), ("webhook-signature", signature.as_str())];
        assert!(attempt(&source, &head, STANDARD_BODY).is_err(), "{time:?}");
    }
}

#[test]
fn what_is_missing_or_malformed_proves_nothing_in_any_scheme() {
    let standard = source(Scheme::Standard, &[STANDARD_SECRET]);
    for missing in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let head: Vec<_> = STANDARD_HEAD.into_iter().filter(|(name, _)| *name != missing).collect();
        assert!(attempt(&standard, &head, STANDARD_BODY).is_err(), "{missing}");
    }
    for id in ["", "a b", "é", &"x".repeat(129)] {
        assert_eq!(attempt(&standard, &with(&STANDARD_HEAD, "webhook-id", id), STANDARD_BODY), Err(Unproved::Headers), "{id}");
    }
    let tag = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let crowded = format!("{}v1,{tag}", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ".repeat(actors::limits::source::SIGNATURES_MAX));
    for signature in
        ["", "v1", "v1,", "v1,AA==", tag, &tag[..10], &format!("v1a,{tag}"), &format!("V1,{tag}"), &format!("v1,{tag}="), &crowded]
    {
        assert!(attempt(&standard, &with(&STANDARD_HEAD, "webhook-signature", signature), STANDARD_BODY).is_err(), "{signature}");
    }
    for scheme in [Scheme::Standard, Scheme::Github, Scheme::Hmac, Scheme::Bearer] {
        assert_eq!(attempt(&source(scheme, &[STANDARD_SECRET]), &[], b"{}"), Err(Unproved::Headers), "{scheme:?}");
        assert!(attempt(&source(scheme, &[]), &STANDARD_HEAD, STANDARD_BODY).is_err(), "{scheme:?}: without a secret");
    }
}

#[test]
fn no_source_is_tried_and_refused_whatever_is_sent() {
    let header = |name: &str| STANDARD_HEAD.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
    assert_eq!(prove(None, header, STANDARD_BODY, now()), Err(Unproved::NoSource));
    assert_eq!(prove(None, |_| None, b"", now()), Err(Unproved::NoSource));
}

#[test]
fn both_live_secrets_are_good_until_the_older_one_ends() {
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for secrets in [[STANDARD_SECRET, other], [other, STANDARD_SECRET]] {
        assert!(attempt(&source(Scheme::Standard, &secrets), &STANDARD_HEAD, STANDARD_BODY).is_ok());
    }
    let mut moved = source(Scheme::Standard, &[STANDARD_SECRET]);
    moved.rotate(Secret::new(other), now(), at(0));
    assert!(try_at(&moved, &STANDARD_HEAD, STANDARD_BODY, at(1_614_265_329)).is_ok());
    assert_eq!(attempt(&moved, &STANDARD_HEAD, STANDARD_BODY), Err(Unproved::Signature));
}

/// The same bytes but for one bit.
fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

proptest! {
    #[test]
    fn a_single_bit_anywhere_spoils_the_proof(bit in any::<usize>()) {
        let standard = source(Scheme::Standard, &[STANDARD_SECRET]);
        prop_assert!(attempt(&standard, &STANDARD_HEAD, &flipped(STANDARD_BODY, bit)).is_err());
        for (name, value) in STANDARD_HEAD {
            if let Ok(changed) = String::from_utf8(flipped(value.as_bytes(), bit)) {
                prop_assert!(attempt(&standard, &with(&STANDARD_HEAD, name, &changed), STANDARD_BODY).is_err(), "{name}: {changed}");
            }
        }
        let github = source(Scheme::Github, &[GITHUB_SECRET]);
        let signature = format!("sha256={GITHUB_TAG}");
        prop_assert!(attempt(&github, &[("x-hub-signature-256", &signature)], &flipped(GITHUB_BODY, bit)).is_err());
        // Digits mean the same in either case; every other change counts.
        if let Ok(changed) = String::from_utf8(flipped(signature.as_bytes(), bit)) && !changed.eq_ignore_ascii_case(&signature) {
            prop_assert!(attempt(&github, &[("x-hub-signature-256", &changed)], GITHUB_BODY).is_err(), "{changed}");
        }
        let bearer = source(Scheme::Bearer, &[GITHUB_SECRET]);
        if let Ok(changed) = String::from_utf8(flipped(GITHUB_SECRET.as_bytes(), bit)) {
            prop_assert!(attempt(&bearer, &[("authorization", &format!("Bearer {changed}"))], b"{}").is_err(), "{changed}");
        }
    }
}
