//! What is served, as OpenAPI 3.1: made of the route table, the table of errors and the list of settings, so that it cannot say something else.
//!
//! Only what those do not know stands in [`described`]: a summary, parameters, bodies, and the refusals that are a route's own;
//! in [`answers`], what the good answers look like. [`page`] shows all of it to people.

mod answers;
pub mod described;
pub mod page;
mod schemas;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actors::addon::Addon;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use self::described::{Body, Described, Place};
use super::ROUTES;
use super::caller::{Anyone, Proof};
use super::error::Kind;
use super::routes::Endpoint;

/// Each add-on's document, made once. Its server is where it was read, so that it depends on no request.
static DOCUMENTS: LazyLock<BTreeMap<Addon, Bytes>> =
    LazyLock::new(|| Addon::ALL.into_iter().map(|addon| (addon, Bytes::from(document(addon).to_string()))).collect());

/// `GET /openapi.json`.
pub async fn show(caller: Anyone) -> HttpResponse {
    let document = DOCUMENTS.get(&caller.addon).cloned().unwrap_or_default();
    HttpResponse::Ok().insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json"))).body(document)
}

/// The document of an add-on.
pub fn document(addon: Addon) -> Value {
    let mut paths = Map::new();
    for endpoint in ROUTES.iter().filter(|endpoint| endpoint.is_of(addon)) {
        let item = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(endpoint.verb.as_str().to_ascii_lowercase(), operation(endpoint, addon));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": format!("clockify-addons: {addon}"), "version": env!("CARGO_PKG_VERSION")},
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {"schemas": {"Error": schemas::error()}, "securitySchemes": security_schemes()},
    })
}

fn operation(endpoint: &Endpoint, addon: Addon) -> Value {
    let described = described::of(endpoint.verb, endpoint.path);
    let mut operation = Map::new();
    operation.insert("operationId".into(), operation_id(endpoint).into());
    operation.insert("summary".into(), described.summary.into());
    operation.insert("security".into(), security(endpoint.proof));
    let parameters = parameters(endpoint, described);
    if !parameters.is_empty() {
        operation.insert("parameters".into(), parameters.into());
    }
    if let Some(schema) = schemas::body(described.body, addon) {
        let required = !matches!(described.body, Body::Rotation | Body::Again);
        operation.insert("requestBody".into(), json!({"required": required, "content": {"application/json": {"schema": schema}}}));
    }
    operation.insert("responses".into(), responses(endpoint, described));
    Value::Object(operation)
}

/// Method and path in one word: unique because they are.
fn operation_id(endpoint: &Endpoint) -> String {
    let words = endpoint.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(endpoint.verb.as_str().to_ascii_lowercase()).chain(words.map(str::to_owned)).collect::<Vec<_>>().join("_")
}

fn parameters(endpoint: &Endpoint, described: &Described) -> Vec<Value> {
    let in_path = endpoint.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    let others = described.parameters.iter().map(|parameter| {
        let place = match parameter.place {
            Place::Query => "query",
            Place::Header => "header",
        };
        let schema = schemas::parameter(parameter.name);
        json!({"name": parameter.name, "in": place, "required": parameter.required, "description": parameter.says, "schema": schema})
    });
    in_path.chain(others).collect()
}

/// What can be answered: the success, and every refusal of the proof, of the body and of the route itself, by status with its codes.
fn responses(endpoint: &Endpoint, described: &Described) -> Value {
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in refusals(endpoint, described) {
        let kinds = by_status.entry(kind.status().as_u16()).or_default();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let mut responses = Map::new();
    for (status, says) in std::iter::once(described.success).chain(described.also) {
        let success = match described.media {
            "" => json!({"description": says}),
            media => {
                let shape = match answers::of(endpoint.verb, endpoint.path) {
                    Some(schema) => json!({ "schema": schema }),
                    None => json!({}),
                };
                json!({"description": says, "content": {media: shape}})
            }
        };
        responses.insert(status.to_string(), success);
    }
    for (status, kinds) in by_status {
        responses.insert(status.to_string(), refusal(status, &kinds));
    }
    Value::Object(responses)
}

fn refusal(status: u16, kinds: &[Kind]) -> Value {
    let lines: Vec<String> = kinds.iter().map(|kind| format!("`{}`: {}", kind.code(), kind.words())).collect();
    let mut refusal = json!({
        "description": lines.join("\n"),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    });
    let header = match status {
        429 | 503 => Some(("Retry-After", "Seconds after which it may be tried again.", "integer")),
        401 => Some(("WWW-Authenticate", "Always `Bearer`.", "string")),
        _ => None,
    };
    if let (Some((name, says, of_type)), Some(refusal)) = (header, refusal.as_object_mut()) {
        refusal.insert("headers".into(), json!({name: {"description": says, "schema": {"type": of_type}}}));
    }
    refusal
}

fn refusals(endpoint: &Endpoint, described: &Described) -> Vec<Kind> {
    use Kind::*;
    const ANY_TOKEN: &[Kind] = &[
        AmbiguousProof,
        ProofMissing,
        ProofInvalid,
        ProofExpired,
        ProofElsewhere,
        WorkspaceMismatch,
        NotReady,
        KeysUnavailable,
        Busy,
        Unavailable,
    ];
    let (proof, more): (&[Kind], &[Kind]) = match endpoint.proof {
        Proof::Open => (&[], &[]),
        Proof::MetricsToken => (&[AmbiguousProof, ProofMissing, ProofInvalid], &[]),
        Proof::Lifecycle => (ANY_TOKEN, &[TokenMismatch]),
        Proof::WebhookSignature => (ANY_TOKEN, &[TokenMismatch, NotInstalledHere, Inactive]),
        Proof::SourceSecret => (&[WorkspaceMissing, SourceUnproved, NotReady, Busy, Unavailable], &[Inactive, SwitchedOff, TooFast]),
        Proof::Admin => (ANY_TOKEN, &[AdminsOnly, InstallationMismatch, NotInstalled]),
    };
    let body: &[Kind] = match described.body {
        Body::None => &[],
        Body::Payload | Body::Told => &[InvalidJson, BodyCut, BodyTimeout, BodyTooLarge, Encoding],
        Body::Flow
        | Body::Secret
        | Body::Flows
        | Body::Choice
        | Body::Trial
        | Body::PathTrial
        | Body::Runs
        | Body::Source
        | Body::SourceChange
        | Body::Rotation
        | Body::Settings
        | Body::Again
        | Body::Subscription
        | Body::WebhookToken
        | Body::Call
        | Body::ReferenceCall => &[InvalidJson, BodyCut, BodyTimeout, BodyTooLarge, Encoding, MediaType, Fields],
    };
    [proof, more, body, described.refusals, &[Internal]].concat()
}

fn security(proof: Proof) -> Value {
    match proof {
        Proof::Open => json!([]),
        Proof::MetricsToken => json!([{"metricsToken": []}, {}]),
        Proof::Lifecycle => json!([{"lifecycleToken": []}]),
        Proof::WebhookSignature => json!([{"webhookSignature": []}]),
        Proof::SourceSecret => json!([{"standardWebhooks": []}, {"githubSignature": []}, {"sourceSecret": []}]),
        Proof::Admin => json!([{"userToken": []}, {"userBearer": []}]),
    }
}

fn security_schemes() -> Value {
    let header = |name: &str, says: &str| json!({"type": "apiKey", "in": "header", "name": name, "description": says});
    let bearer = |says: &str| json!({"type": "http", "scheme": "bearer", "description": says});
    json!({
        "metricsToken": bearer("`METRICS_TOKEN`, where one is set."),
        "lifecycleToken": header("X-Addon-Lifecycle-Token", "The platform's lifecycle token."),
        "webhookSignature": header("Clockify-Signature", "The token that the installation registered for the path."),
        "standardWebhooks": header("webhook-signature", "Standard Webhooks, with `webhook-id` and `webhook-timestamp`."),
        "githubSignature": header("X-Hub-Signature-256", "`sha256=` and the HMAC of the body; a plain HMAC stands in a header of the source's choice."),
        "sourceSecret": bearer("The secret of a source whose scheme is `bearer`."),
        "userToken": header("X-Addon-Token", "The user token of an admin of the workspace."),
        "userBearer": bearer("The same token."),
    })
}

#[cfg(test)]
mod tests;
