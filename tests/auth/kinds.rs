//! What each kind of token says, and that none stands for another.

use std::sync::Arc;
use std::time::Duration;

use actors::clock::Clock;
use clockify_addons::auth::{Flaw, Keys, Kind, Refusal, Verifier};
use clockify_addons::sandbox::authority::{Authority, Urls, Viewer};
use serde_json::json;

use crate::platform::*;

const KIND: Result<(), Refusal> = Err(Refusal::OtherKind);

#[tokio::test]
async fn each_kind_of_token_stands_for_itself_alone() {
    let platform = Platform::pinned();
    for (kind, [installation, user, webhook, lifecycle]) in [
        (Kind::Installation, [Ok(()), KIND, KIND, KIND]),
        (Kind::User, [KIND, Ok(()), KIND, KIND]),
        (Kind::Webhook, [KIND, KIND, Ok(()), KIND]),
        // No claim tells it from a webhook token that shows no webhook id; hashes do.
        (Kind::Lifecycle, [KIND, KIND, Ok(()), Ok(())]),
    ] {
        for _remembered in [false, true] {
            assert_eq!(platform.outcomes(&platform.token(kind)).await, [installation, user, webhook, lifecycle], "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_single_sign_of_a_person_makes_a_user_token_and_a_user_token_expires() {
    let platform = Platform::pinned();
    for sign in ["workspaceRole", "language", "theme"] {
        for kind in [Kind::Installation, Kind::Webhook, Kind::Lifecycle] {
            for value in [json!("x"), json!(null), json!("")] {
                let person = platform.authority.sign(&changed(kind, json!({sign: value, "exp": now().seconds() + 60})));
                assert_eq!(platform.outcomes(&person).await, [KIND, Ok(()), KIND, KIND], "{sign} {value}");
            }
            let endless = platform.authority.sign(&changed(kind, json!({sign: "x", "exp": "absent"})));
            assert_eq!(platform.outcomes(&endless).await, [Err(Refusal::Invalid(Flaw::Claims)); 4], "{sign}");
        }
    }
}

#[tokio::test]
async fn a_token_says_who_where_and_for_how_long() {
    let platform = Platform::pinned();
    let token = platform.token(Kind::User);
    let verified = platform.verify(Kind::User, &token).await.unwrap();
    assert_eq!((verified.kind, verified.addon), (Kind::User, ADDON));
    assert_eq!((verified.workspace, verified.addon_id), (grant().workspace, grant().addon_id));
    assert_eq!(verified.user.as_deref(), Some("5b641568b0798703575050aa"));
    assert_eq!(
        [&verified.role, &verified.language, &verified.theme].map(|text| text.as_deref()),
        [Some("OWNER"), Some("EN"), Some("DEFAULT")]
    );
    assert_eq!((verified.issued_at, verified.expires_at), (Some(now()), Some(now() + Duration::from_secs(1_800))));
    assert_eq!(verified.urls.backend.as_deref(), Some("https://developer.clockify.me/api"));
    assert_eq!(verified.urls.reports.as_deref(), Some("https://developer.clockify.me/report"));
    assert_eq!(verified.hash, clockify_addons::auth::token::hash(&token));
    let webhook = platform.verify(Kind::Webhook, &platform.token(Kind::Webhook)).await.unwrap();
    assert_eq!((webhook.user.as_deref(), webhook.expires_at, webhook.urls.backend.as_deref()), (None, None, None));
}

#[tokio::test]
async fn a_token_that_may_be_either_says_what_it_was_asked_as() {
    let platform = Platform::pinned();
    let token = platform.token(Kind::Lifecycle);
    for kind in [Kind::Lifecycle, Kind::Webhook, Kind::Lifecycle] {
        assert_eq!(platform.verify(kind, &token).await.unwrap().kind, kind);
    }
}

#[tokio::test]
async fn only_persons_with_an_administrators_role_are_admins() {
    let platform = Platform::pinned();
    let urls = Urls::below("https://api.clockify.me");
    for (role, admin) in [
        ("OWNER", true),
        ("owner", true),
        ("WORKSPACE_ADMIN", true),
        ("Workspace_Admin", true),
        ("ADMIN", true),
        ("MEMBER", false),
        ("TEAM_MANAGER", false),
        ("PROJECT_ADMIN", false),
        ("OWNER ", false),
        ("OWNERS", false),
        ("", false),
    ] {
        let claims = grant().user_claims(&Viewer::with_role("u", role), &urls, now());
        let verified = platform.verify(Kind::User, &platform.authority.sign(&claims)).await.unwrap();
        assert_eq!(verified.is_admin(), admin, "{role:?}");
    }
    let without = platform.authority.sign(&changed(Kind::User, json!({"workspaceRole": "absent"})));
    assert!(!platform.verify(Kind::User, &without).await.unwrap().is_admin());
    let installation = platform.verify(Kind::Installation, &platform.token(Kind::Installation)).await.unwrap();
    assert!(!installation.is_admin(), "an installation token is nobody's");
}

#[tokio::test]
async fn the_names_of_older_portals_are_read_as_well() {
    let platform = Platform::pinned();
    for name in ["baseURL", "apiUrl"] {
        let claims = changed(
            Kind::Installation,
            json!({
                "workspaceId": "absent", "activeWs": grant().workspace, "backendUrl": "absent", name: "https://developer.clockify.me/api",
                "reportsUrl": "absent", "ptoUrl": "absent", "locationsUrl": "absent", "screenshotsUrl": "absent",
            }),
        );
        let verified = platform.verify(Kind::Installation, &platform.authority.sign(&claims)).await.unwrap();
        assert_eq!(verified.workspace, grant().workspace);
        assert_eq!(verified.urls.backend.as_deref(), Some("https://developer.clockify.me/api"));
    }
    let disagreeing = platform.authority.sign(&changed(Kind::Webhook, json!({"activeWs": "5b641568b07987035750505f"})));
    assert_eq!(platform.outcomes(&disagreeing).await, [Err(Refusal::Invalid(Flaw::Claims)); 4]);
}

#[tokio::test]
async fn an_installation_token_may_lack_the_user_or_expire_in_a_century() {
    let platform = Platform::pinned();
    let century = now().seconds() + 100 * 365 * 86_400;
    for changes in
        [json!({"user": "absent"}), json!({"exp": century}), json!({"iat": "absent"}), json!({"sub": ADDON_KEY, "more": {"x": [1]}})]
    {
        let token = platform.authority.sign(&changed(Kind::Installation, changes.clone()));
        assert!(platform.verify(Kind::Installation, &token).await.is_ok(), "{changes}");
    }
}

#[tokio::test]
async fn a_remembered_token_expires_like_any_other() {
    let platform = Platform::pinned();
    let token = platform.token(Kind::User);
    assert!(platform.verify(Kind::User, &token).await.is_ok());
    platform.clock.advance(Duration::from_secs(1_800 + 59));
    assert!(platform.verify(Kind::User, &token).await.is_ok(), "within the leeway");
    platform.clock.advance(Duration::from_secs(1));
    assert_eq!(platform.outcomes(&token).await, [Err(Refusal::Expired); 4]);
    let fresh = Verifier::new(Keys::pem(&platform.authority.public_pem().unwrap()).unwrap(), Arc::new(platform.clock.clone()), |_| {
        ADDON_KEY.into()
    });
    assert_eq!(fresh.verify(ADDON, Kind::User, &token).await.map(|_| ()), Err(Refusal::Expired), "nor by one who never saw it");
}

#[tokio::test]
async fn a_token_is_verified_once_in_an_hour() {
    let platform = Platform::pinned();
    let token = platform.token(Kind::Webhook);
    let first = platform.verify(Kind::Webhook, &token).await.unwrap();
    platform.clock.advance(Duration::from_secs(3_599));
    assert!(Arc::ptr_eq(&first, &platform.verify(Kind::Webhook, &token).await.unwrap()), "remembered, not made again");
    platform.clock.advance(Duration::from_secs(1));
    assert!(!Arc::ptr_eq(&first, &platform.verify(Kind::Webhook, &token).await.unwrap()));
}

#[tokio::test]
async fn without_signatures_everything_but_the_signature_is_checked() {
    let (platform, stranger) = (Platform::pinned(), Authority::generate().unwrap());
    let keys = Keys::platform().unwrap();
    let lax = Verifier::new(keys, Arc::new(platform.clock.clone()), key_of).without_signatures(ADDON);
    let verify = async |kind, claims| lax.verify(ADDON, kind, &stranger.sign(&claims)).await.map(|verified| verified.kind);
    for kind in KINDS {
        assert_eq!(verify(kind, claims(kind)).await, Ok(kind));
        assert_eq!(verify(kind, changed(kind, json!({"sub": "other"}))).await, Err(Refusal::Invalid(Flaw::Subject)));
        assert_eq!(verify(kind, changed(kind, json!({"exp": 1}))).await, Err(Refusal::Expired));
        assert_eq!(
            verify(kind, changed(kind, json!({"iat": platform.clock.now().seconds() + 600}))).await,
            Err(Refusal::Invalid(Flaw::NotYetValid))
        );
    }
    assert_eq!(verify(Kind::Lifecycle, claims(Kind::User)).await, Err(Refusal::OtherKind));
    assert_eq!(
        platform.verify(Kind::Webhook, &stranger.sign(&claims(Kind::Webhook))).await.map(|_| ()),
        Err(Refusal::Invalid(Flaw::Signature))
    );
}
