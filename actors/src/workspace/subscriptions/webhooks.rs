//! The platform's own webhooks, over its API: looked for, made, given a new token, deleted. Nothing here keeps anything.
//!
//! A webhook is ours if it goes to the address that we would make it for; the platform has no other mark. Making one is not repeatable (I4), so that
//! who makes one looks first, and looks again when the answer was lost.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Error;
use super::super::runner::Runner;
use super::super::runner::ask::Unasked;
use crate::event::Known;
use crate::installation::Installation;
use crate::limits::{setting, subscription as limits};
use crate::port::clockify::{ApiRequest, ApiResponse, CallError, Host, Method};
use crate::secret::Secret;
use crate::subscription::WebhookId;

/// A webhook as the platform lists it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its id.
    pub id: WebhookId,
    /// Where it goes.
    pub url: String,
    /// What it tells.
    pub event: String,
    /// What its deliveries carry, where the platform says so.
    pub token: Option<Secret>,
}

/// Why the platform did not do it. The variants are what an admin can do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// It does not let add-ons call this, or not this add-on.
    NotForAddons(Option<String>),
    /// The plan has no room for another webhook.
    PlanLimit(Option<String>),
    /// Anything else.
    Otherwise {
        /// HTTP status.
        status: u16,
        /// Its words, cut.
        words: Option<String>,
    },
    /// It was not reached, or gave no answer to a question that changes nothing.
    Silent,
    /// Whether it has done it is not known: no answer, and none to the question afterwards.
    Uncertain,
}

/// No good answer: the platform's doing, or ours.
#[derive(Debug)]
pub enum Unmade {
    /// The platform's.
    Refused(Refused),
    /// The budget had no room.
    NoRoom(Duration),
}

impl From<Unmade> for Result<Refused, Error> {
    fn from(unmade: Unmade) -> Self {
        match unmade {
            Unmade::Refused(refused) => Ok(refused),
            Unmade::NoRoom(wait) => Err(Error::TooFast(wait)),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Wrapped { webhooks: Vec<Wire> },
    Bare(Vec<Wire>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    webhook_event: String,
    #[serde(default)]
    auth_token: Option<String>,
}

impl Wire {
    fn read(self) -> Option<Found> {
        let token = self.auth_token.filter(|token| !token.is_empty()).map(Secret::new);
        Some(Found { id: WebhookId::parse(&self.id)?, url: self.url, event: self.webhook_event, token })
    }
}

/// The webhooks of the workspace, as far as the platform shows them.
pub async fn list(runner: &Runner, installation: &Installation) -> Result<Vec<Found>, Unmade> {
    let request = request(installation, Method::Get, "", None, limits::LOOK_MS_MAX);
    let answer = ask(runner, installation, request).await?;
    let listed: Listed = serde_json::from_slice(&answer.body).map_err(|_| odd(&answer))?;
    let (Listed::Wrapped { webhooks } | Listed::Bare(webhooks)) = listed;
    Ok(webhooks.into_iter().filter_map(Wire::read).collect())
}

/// Makes a webhook for an event, unless it is there.
pub async fn find_or_make(runner: &Runner, installation: &Installation, event: &Known, url: &str) -> Result<Found, Unmade> {
    let ours = |found: Vec<Found>| found.into_iter().find(|webhook| webhook.event == event.name && same_address(&webhook.url, url));
    if let Some(there) = ours(list(runner, installation).await?) {
        return Ok(there);
    }
    let body = json!({
        // The platform takes names of at least 2 characters, and every event has more.
        "name": event.slug().chars().take(limits::NAME_CHARS_MAX).collect::<String>(),
        "url": url, "webhookEvent": event.name, "triggerSource": [], "triggerSourceType": "WORKSPACE_ID",
    });
    match ask(runner, installation, request(installation, Method::Post, "", Some(&body), limits::MAKE_MS_MAX)).await {
        Ok(answer) => match serde_json::from_slice::<Wire>(&answer.body).ok().and_then(Wire::read) {
            Some(made) => Ok(made),
            None => look_again(runner, installation, ours).await,
        },
        // A 5xx may come from a gateway in front of a platform that did it.
        Err(Unmade::Refused(Refused::Uncertain | Refused::Otherwise { status: 500.., .. })) => look_again(runner, installation, ours).await,
        Err(unmade) => Err(unmade),
    }
}

async fn look_again(runner: &Runner, installation: &Installation, ours: impl Fn(Vec<Found>) -> Option<Found>) -> Result<Found, Unmade> {
    match list(runner, installation).await {
        Ok(found) => ours(found).ok_or(Unmade::Refused(Refused::Uncertain)),
        Err(_) => Err(Unmade::Refused(Refused::Uncertain)),
    }
}

/// The token of a webhook: what the platform told of it, or a new one.
pub async fn token(runner: &Runner, installation: &Installation, webhook: Found) -> Result<Secret, Unmade> {
    if let Some(token) = webhook.token {
        return Ok(token);
    }
    let path = format!("/{}/token", webhook.id.as_str());
    let answer = ask(runner, installation, request(installation, Method::Patch, &path, None, limits::LOOK_MS_MAX)).await?;
    let renewed = serde_json::from_slice::<Wire>(&answer.body).ok().and_then(Wire::read);
    renewed.and_then(|renewed| renewed.token).ok_or_else(|| odd(&answer))
}

/// Deletes a webhook. One that is not there is deleted.
pub async fn delete(runner: &Runner, installation: &Installation, id: &WebhookId) -> Result<(), Unmade> {
    match ask(runner, installation, deletion(installation, id)).await {
        Ok(_) | Err(Unmade::Refused(Refused::Otherwise { status: 404, .. })) => Ok(()),
        // An id that is not of this workspace breaks a rule of the domain: 400, 501.
        Err(Unmade::Refused(Refused::Otherwise { status: 400, .. })) => {
            let left = list(runner, installation).await?;
            if left.iter().any(|webhook| webhook.id == *id) {
                Err(Unmade::Refused(Refused::Otherwise { status: 400, words: None }))
            } else {
                Ok(())
            }
        }
        Err(unmade) => Err(unmade),
    }
}

/// The call that deletes a webhook, for those who do not go by the budget any more.
pub fn deletion(installation: &Installation, id: &WebhookId) -> ApiRequest {
    request(installation, Method::Delete, &format!("/{}", id.as_str()), None, limits::LOOK_MS_MAX)
}

/// Whether two addresses are one: the platform joins with a slash of its own.
pub fn same_address(a: &str, b: &str) -> bool {
    fn parts(url: &str) -> impl Iterator<Item = &str> {
        url.split('/').filter(|part| !part.is_empty())
    }
    parts(a).eq(parts(b))
}

fn request(installation: &Installation, method: Method, path: &str, body: Option<&Value>, ms: u64) -> ApiRequest {
    ApiRequest {
        method,
        host: Host::Backend,
        path: format!("/v1/workspaces/{}/webhooks{path}", installation.key.workspace),
        query: Vec::new(),
        body: body.map(|body| Bytes::from(body.to_string())),
        content_type: None,
        response_bytes_max: limits::ANSWER_BYTES_MAX,
        timeout: Duration::from_millis(ms),
    }
}

/// Makes a call; a good answer, or what the refusal means.
async fn ask(runner: &Runner, installation: &Installation, request: ApiRequest) -> Result<ApiResponse, Unmade> {
    let makes = request.method == Method::Post;
    let lost = if makes { Refused::Uncertain } else { Refused::Silent };
    match runner.ask(installation, request).await {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(answer),
        Ok(answer) => Err(Unmade::Refused(meaning(answer.status, &answer.body))),
        Err(Unasked::NoRoom(wait)) => Err(Unmade::NoRoom(wait)),
        Err(Unasked::Failed(error)) => {
            log::warn!(workspace:% = installation.key.workspace; "the platform's webhooks: {error}");
            Err(Unmade::Refused(match error {
                CallError::Lost(_) => lost,
                CallError::TooLarge { status, .. } if (200..300).contains(&status) => lost,
                CallError::TooLarge { status, .. } => Refused::Otherwise { status, words: None },
                CallError::NotReached(_) | CallError::NotAllowed | CallError::Malformed(_) => Refused::Silent,
            }))
        }
    }
}

fn odd(answer: &ApiResponse) -> Unmade {
    Unmade::Refused(Refused::Otherwise { status: answer.status, words: None })
}

/// What a refusal means. The platform has no code of its own for its plans' limits; its words tell.
fn meaning(status: u16, body: &[u8]) -> Refused {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let words = body.get("message").and_then(Value::as_str);
    let of_a_limit = words.is_some_and(|words| {
        let words = words.to_lowercase();
        ["limit", "maximum", "upgrade"].iter().any(|sign| words.contains(sign))
    });
    let words = words.map(|words| words.chars().filter(|character| !character.is_control()).take(setting::WORDS_CHARS_MAX).collect());
    let dead = body.get("code").and_then(Value::as_i64) == Some(4017);
    match status {
        400..=409 if of_a_limit && !dead => Refused::PlanLimit(words),
        401 | 403 if !dead => Refused::NotForAddons(words),
        status => Refused::Otherwise { status, words },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_what_can_be_done_about_it() {
        let of = |status, body: &str| meaning(status, body.as_bytes());
        assert!(
            matches!(of(401, r#"{"message":"API is not accessible"}"#), Refused::NotForAddons(Some(words)) if words == "API is not accessible")
        );
        assert!(matches!(of(403, ""), Refused::NotForAddons(None)));
        assert!(matches!(of(401, r#"{"code":4017,"message":"Token limit"}"#), Refused::Otherwise { status: 401, .. }));
        assert!(matches!(of(400, r#"{"code":501,"message":"Webhook LIMIT reached"}"#), Refused::PlanLimit(_)));
        assert!(matches!(of(400, r#"{"code":3002,"message":"Odd body"}"#), Refused::Otherwise { status: 400, .. }));
        assert!(matches!(of(502, "limit"), Refused::Otherwise { status: 502, words: None }));
    }

    #[test]
    fn an_address_is_the_same_whatever_its_slashes() {
        assert!(same_address("https://a.example//x/y/", "https://a.example/x/y"));
        assert!(!same_address("https://a.example/x", "https://b.example/x"));
        assert!(!same_address("https://a.example/x", "https://a.example/x/y"));
    }
}
