//! Every route of the table against every kind of caller: the right refusal, and nothing stored. A route without a row fails the test.

mod rows;

use actors::addon::Addon;
use clockify_addons::http::ROUTES;
use clockify_addons::http::caller::Proof;
use clockify_addons::sandbox::authority::{Authority, Viewer};
use serde_json::{Value, json};

use self::rows::rows;
use super::client::{Request, request};
use super::harness::{AUTHORITY, FORGER, Harness, METRICS_TOKEN, grant, grant_of, path_in, urls};

/// A route with its request, ready but for the proof.
struct Sample {
    proof: Proof,
    name: String,
    request: Request,
}

impl Sample {
    fn with(&self, headers: &[(&str, &str)]) -> Request {
        headers.iter().fold(self.request.clone(), |request, (name, value)| request.header(name, *value))
    }
}

fn samples(harness: &Harness) -> Vec<Sample> {
    let rows = rows(harness.home.workspace, &json!(harness.home.addon_id));
    let listed: Vec<_> = rows.iter().map(|(method, path, _)| (*method, *path)).collect();
    let served: Vec<_> = ROUTES.iter().map(|route| (route.verb.as_str(), route.path)).collect();
    assert_eq!(served, listed, "every route of the table needs a row in this test");
    let of = |(route, (method, path, body)): (&clockify_addons::http::routes::Endpoint, (&'static str, &'static str, Option<Value>))| {
        let event = if path == "/webhooks/{category}" { "NEW_TAG" } else { "NEW_PROJECT" };
        let mut request = request(method, harness.target(route)).header("clockify-webhook-event-type", event);
        if route.proof == Proof::SourceSecret {
            request = request.header("x-workspace-id", harness.home.workspace.to_string());
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Sample { proof: route.proof, name: format!("{method} {path}"), request }
    };
    ROUTES.iter().zip(rows).filter(|(route, _)| route.is_of(harness.addon)).map(of).collect()
}

/// Tokens of each kind, by the name of what is wrong with them where something is.
struct Tokens {
    installation: String,
    owner: String,
    member: String,
    webhook: String,
    lifecycle: String,
}

fn tokens(authority: &Authority, harness: &Harness) -> Tokens {
    let (home, now) = (&harness.home, actors::clock::Clock::now(&harness.clock));
    let user = |role| authority.user_token(home, &Viewer::with_role("c00000000000000000000001", role), &urls(), now);
    Tokens {
        installation: authority.installation_token(home, "c00000000000000000000002", &urls(), now),
        owner: user("OWNER"),
        member: user("MEMBER"),
        webhook: authority.webhook_token(home, &path_in(harness.addon, "NEW_PROJECT")),
        lifecycle: authority.lifecycle_token(home, now),
    }
}

fn expired(harness: &Harness) -> String {
    let past = actors::clock::Clock::now(&harness.clock) - std::time::Duration::from_secs(7_200);
    let mut claims = harness.home.lifecycle_claims(past);
    claims["exp"] = json!((past + std::time::Duration::from_secs(60)).seconds());
    AUTHORITY.sign(&claims)
}

/// Where a proof of this kind is presented.
fn header_of(proof: Proof) -> &'static str {
    match proof {
        Proof::Lifecycle => "x-addon-lifecycle-token",
        Proof::WebhookSignature => "clockify-signature",
        Proof::Admin => "x-addon-token",
        Proof::MetricsToken | Proof::SourceSecret | Proof::Open => "authorization",
    }
}

#[actix_web::test]
async fn what_is_open_says_nothing_and_needs_nothing() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        for sample in samples(&harness).into_iter().filter(|sample| sample.proof == Proof::Open) {
            for headers in [&[][..], &[("authorization", "Bearer rubbish"), ("x-addon-token", "rubbish")]] {
                let answer = harness.send(sample.with(headers)).await;
                assert_eq!(answer.status, 200, "{}: {answer:?}", sample.name);
                for secret in [harness.home.workspace.to_string(), harness.home.addon_id.to_string()] {
                    assert!(!answer.body.contains(&secret), "{}: {answer:?}", sample.name);
                }
            }
        }
    }
}

#[actix_web::test]
async fn no_route_serves_a_caller_without_a_valid_token() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        let before = harness.stored(harness.home.workspace).await;
        let forged = tokens(&FORGER, &harness);
        let (expired, long) = (expired(&harness), "a".repeat(20_000));
        let missing = [("", "token_missing"), (" ", "token_missing")];
        let invalid = [
            ("rubbish", "token_invalid"),
            ("a.b.c", "token_invalid"),
            (&long, "token_invalid"),
            (&forged.owner, "token_invalid"),
            (&forged.webhook, "token_invalid"),
            (&forged.lifecycle, "token_invalid"),
            (&forged.installation, "token_invalid"),
            (&expired, "token_expired"),
        ];
        for sample in
            samples(&harness).into_iter().filter(|sample| !matches!(sample.proof, Proof::Open | Proof::MetricsToken | Proof::SourceSecret))
        {
            let header = header_of(sample.proof);
            let answer = harness.send(sample.request.clone()).await;
            answer.refused(401, "token_missing");
            for (token, code) in missing.into_iter().chain(invalid) {
                println!("{} {token:.20}", sample.name);
                harness.send(sample.with(&[(header, token)])).await.refused(401, code);
            }
            // Neither a query nor a cookie nor another header is a place for a token.
            let good = tokens(&AUTHORITY, &harness);
            for (name, token) in [("cookie", format!("auth_token={}", good.owner)), ("x-auth-token", good.owner.clone())] {
                harness.send(sample.with(&[(name, &token)])).await.refused(401, "token_missing");
            }
        }
        assert_eq!(harness.stored(harness.home.workspace).await, before);
    }
}

#[actix_web::test]
async fn a_token_in_the_query_counts_for_nothing() {
    let harness = Harness::installed().await;
    let owner = harness.owner();
    for target in [format!("/ui/flows?auth_token={owner}"), format!("/ui/flows?token={owner}&x-addon-token={owner}")] {
        harness.send(super::client::get(target)).await.refused(401, "token_missing");
    }
}

#[actix_web::test]
async fn a_good_token_of_another_kind_is_refused_everywhere() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        let before = harness.stored(harness.home.workspace).await;
        let good = tokens(&AUTHORITY, &harness);
        for sample in samples(&harness) {
            let refused: Vec<(&str, &str)> = match sample.proof {
                Proof::Open => continue,
                Proof::MetricsToken | Proof::SourceSecret => continue,
                Proof::Admin => vec![
                    (&good.installation, "wrong_token"),
                    (&good.webhook, "wrong_token"),
                    (&good.lifecycle, "wrong_token"),
                    (&good.member, "admins_only"),
                ],
                Proof::Lifecycle => {
                    vec![
                        (&good.installation, "wrong_token"),
                        (&good.webhook, "wrong_token"),
                        (&good.owner, "wrong_token"),
                        (&good.member, "wrong_token"),
                    ]
                }
                Proof::WebhookSignature => vec![
                    (&good.installation, "wrong_token"),
                    (&good.owner, "wrong_token"),
                    (&good.member, "wrong_token"),
                    // The claims of a lifecycle token may pass as a webhook's; the stored hash does not.
                    (&good.lifecycle, "token_mismatch"),
                ],
            };
            for (token, code) in refused {
                println!("{} {code}", sample.name);
                harness.send(sample.with(&[(header_of(sample.proof), token)])).await.refused(403, code);
            }
        }
        assert_eq!(harness.stored(harness.home.workspace).await, before);
    }
}

#[actix_web::test]
async fn a_custom_source_is_proved_by_none_of_the_platforms_tokens() {
    let harness = Harness::installed().await;
    super::custom_sources::created(&harness, &json!({"name": "s", "scheme": "bearer"})).await;
    let before = harness.stored(harness.home.workspace).await;
    let good = tokens(&AUTHORITY, &harness);
    for sample in samples(&harness).into_iter().filter(|sample| sample.proof == Proof::SourceSecret) {
        harness.send(sample.request.clone()).await.refused(401, "source_unproved");
        for token in [&good.installation, &good.owner, &good.webhook, &good.lifecycle, &METRICS_TOKEN.to_owned()] {
            let bearer = format!("Bearer {token}");
            for header in
                [("authorization", &bearer), ("x-addon-token", token), ("clockify-signature", token), ("webhook-signature", token)]
            {
                harness.send(sample.with(&[(header.0, header.1)])).await.refused(401, "source_unproved");
            }
        }
    }
    assert_eq!(harness.stored(harness.home.workspace).await, before);
}

#[actix_web::test]
async fn another_workspaces_admin_reaches_only_his_own_workspace() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        let event = harness.deliver("NEW_PROJECT", &json!({"id": "p1"})).await;
        let before = harness.stored(harness.home.workspace).await;
        let other = grant_of(addon, '2');
        let stranger = harness.user(&other, "OWNER");
        for sample in samples(&harness).into_iter().filter(|sample| sample.proof == Proof::Admin) {
            harness.send(sample.with(&[("x-addon-token", &stranger)])).await.refused(404, "not_installed");
        }
        assert_eq!(harness.install(&other).await.status, 200);
        for sample in samples(&harness).into_iter().filter(|sample| sample.proof == Proof::Admin) {
            let answer = harness.send(sample.with(&[("x-addon-token", &stranger)])).await;
            assert!(
                !answer.body.contains(&harness.home.workspace.to_string()) && !answer.body.contains(&event),
                "{}: {answer:?}",
                sample.name
            );
        }
        harness.send(super::client::get(format!("/ui/webhooks/{event}")).token(&stranger)).await.refused(404, "webhook_not_found");
        assert_eq!(harness.stored(harness.home.workspace).await, before);
    }
}

#[actix_web::test]
async fn a_workspace_in_the_query_must_be_the_tokens() {
    let harness = Harness::installed().await;
    let (home, other) = (harness.home.workspace, grant('2').workspace);
    let owner = harness.owner();
    let ask = |query: String| harness.send(super::client::get(format!("/ui/flows?{query}")).token(&owner));
    for query in [String::new(), format!("workspace_id={home}"), format!("workspaceId={home}&workspace_id={home}"), "limit=1".into()] {
        assert_eq!(ask(query.clone()).await.status, 200, "{query}");
    }
    for query in [
        format!("workspace_id={other}"),
        format!("workspaceId={other}"),
        format!("WORKSPACE_ID={other}"),
        format!("workspace%5Fid={other}"),
        format!("workspace_id={home}&workspace_id={other}"),
        format!("workspace_id={other}&workspace_id={home}"),
        format!("x=1&workspaceId={other}#"),
        "workspace_id=".into(),
        "workspace_id".into(),
        "workspace_id=%00".into(),
    ] {
        println!("{query}");
        ask(query).await.refused(403, "workspace_mismatch");
    }
}

#[actix_web::test]
async fn two_proofs_are_refused_even_if_they_are_the_same() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        let before = harness.stored(harness.home.workspace).await;
        let good = tokens(&AUTHORITY, &harness);
        let bearer = format!("Bearer {}", good.owner);
        for sample in samples(&harness) {
            let pairs: Vec<[(&str, &str); 2]> = match sample.proof {
                Proof::Open | Proof::SourceSecret => continue,
                Proof::MetricsToken => {
                    let token = concat!("Bearer ", "metrics-token-of-the-operator");
                    vec![[("authorization", token), ("authorization", token)]]
                }
                Proof::Admin => vec![
                    [("x-addon-token", &good.owner), ("x-addon-token", &good.owner)],
                    [("x-addon-token", &good.owner), ("authorization", &bearer)],
                    [("authorization", &bearer), ("authorization", &bearer)],
                ],
                Proof::Lifecycle => vec![
                    [("x-addon-lifecycle-token", &good.lifecycle), ("x-addon-lifecycle-token", &good.lifecycle)],
                    [("x-addon-lifecycle-token", &good.lifecycle), ("clockify-signature", &good.lifecycle)],
                    [("x-addon-signature", &good.lifecycle), ("x-webhook-signature", &good.lifecycle)],
                ],
                Proof::WebhookSignature => vec![
                    [("clockify-signature", &good.webhook), ("clockify-signature", &good.webhook)],
                    [("clockify-signature", &good.webhook), ("x-webhook-signature", &good.webhook)],
                    [("clockify-signature", &good.webhook), ("x-addon-lifecycle-token", &good.lifecycle)],
                ],
            };
            for pair in pairs {
                println!("{} {} {}", sample.name, pair[0].0, pair[1].0);
                harness.send(sample.with(&pair)).await.refused(400, "ambiguous_proof");
            }
        }
        assert_eq!(harness.stored(harness.home.workspace).await, before);
    }
}

#[actix_web::test]
async fn admins_are_known_by_role_without_case_and_by_either_header() {
    let harness = Harness::installed().await;
    for role in ["OWNER", "owner", "Workspace_Admin", "ADMIN"] {
        let token = harness.user(&harness.home, role);
        assert_eq!(harness.send(super::client::get("/ui/flows").token(&token)).await.status, 200, "{role}");
        let bearer = super::client::get("/ui/flows").header("authorization", format!("bearer {token}"));
        assert_eq!(harness.send(bearer).await.status, 200, "{role}");
    }
    for role in ["", "MEMBER", "USER", "PROJECT_MANAGER", "TEAM_MANAGER", "ADMIN ", "OWNERS"] {
        let token = harness.user(&harness.home, role);
        harness.send(super::client::get("/ui/flows").token(&token)).await.refused(403, "admins_only");
    }
}

#[actix_web::test]
async fn a_user_token_lives_thirty_minutes_and_a_minute_of_grace() {
    let harness = Harness::installed().await;
    let owner = harness.owner();
    let ask = || harness.send(super::client::get("/ui/flows").token(&owner));
    harness.clock.advance(std::time::Duration::from_secs(1_859));
    assert_eq!(ask().await.status, 200);
    harness.clock.advance(std::time::Duration::from_secs(2));
    ask().await.refused(401, "token_expired");
}

#[actix_web::test]
async fn metrics_want_the_operators_token() {
    let harness = Harness::ready().await;
    let ask = |value: &str| harness.send(super::client::get("/metrics").header("authorization", value));
    assert_eq!(ask(&format!("Bearer {METRICS_TOKEN}")).await.status, 200);
    harness.send(super::client::get("/metrics")).await.refused(401, "token_missing");
    harness.send(super::client::get("/metrics").token(METRICS_TOKEN)).await.refused(401, "token_missing");
    ask("Bearer ").await.refused(401, "token_missing");
    ask("Basic abc").await.refused(401, "token_missing");
    for wrong in ["x", "metrics-token-of-the-operato", "metrics-token-of-the-operator2", "METRICS-TOKEN-OF-THE-OPERATOR"] {
        ask(&format!("Bearer {wrong}")).await.refused(401, "token_invalid");
    }
}
