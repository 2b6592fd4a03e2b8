//! Which events reach the workspace, and webhooks of its own for those that the manifest does not declare.
//!
//! The platform usually refuses add-ons to make webhooks; then the answer says how an admin makes one by hand and tells its token here. Of a token only
//! the hash is kept, and no answer holds one (I7).

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actors::clock::Timestamp;
use actors::event::{EventType, KNOWN, Known};
use actors::flow::read::Faults;
use actors::ids::WorkspaceId;
use actors::limits::setting::CHANGE_BYTES_MAX;
use actors::limits::subscription::{EVENTS_LOOKED_AT_MAX, EVENTS_LOOKED_BACK_SECONDS, TOKEN_CHARS_MIN};
use actors::limits::token::TEXT_BYTES_MAX;
use actors::registry;
use actors::subscription::{Origin, Subscription};
use actors::webhook;
use actors::workspace::subscriptions::{ChangeSubscription, Look, Refused, SubscriptionChange, SubscriptionChanged};
use serde::Serialize;
use serde_json::{Value, json};

use super::caller::Admin;
use super::custom_sources::read::refuse_unknown;
use super::error::{Error, Kind};
use super::{activity, body, request_id};
use crate::auth::token;

/// What the platform says about webhooks that are made through its API or by hand.
const PLAN_LIMITS: [&str; 3] = [
    "FREE: 3 webhooks",
    "BASIC, STANDARD, PRO: 10 webhooks for each user and 100 for the workspace",
    "ENTERPRISE: 100 webhooks for each user and 300 for the workspace",
];

/// Every event that there is.
#[derive(Serialize, Debug)]
pub struct Listed {
    workspace_id: WorkspaceId,
    events: Vec<Line>,
    plan_limits: [&'static str; 3],
    platform: Platform,
}

/// Whether the platform's own list of webhooks could be compared with what is known here.
#[derive(Serialize, Debug)]
struct Platform {
    compared: bool,
    /// Why not.
    reason: Option<String>,
    /// When Clockify was asked. None: it was not.
    asked_at: Option<Timestamp>,
    /// How long ago that is.
    age_seconds: Option<u64>,
}

impl Platform {
    fn seen(look: &Look, now: Timestamp) -> Self {
        let age = u64::try_from(now.seconds().saturating_sub(look.at.seconds())).unwrap_or(0);
        let reason = look.refused.as_ref().map(words);
        Self { compared: reason.is_none(), reason, asked_at: Some(look.at), age_seconds: Some(age) }
    }
}

/// One event, and how it reaches the workspace.
#[derive(Serialize, Debug)]
struct Line {
    event: &'static str,
    reaches: bool,
    by: Option<&'static str>,
    path: String,
    /// Where a webhook for it goes.
    url: String,
    since: Option<Timestamp>,
    /// Among the newest events of the last thirty days.
    last_event_at: Option<Timestamp>,
}

/// What was done.
#[derive(Serialize, Debug)]
struct Done {
    status: &'static str,
    #[serde(flatten)]
    line: Line,
    /// What is left to do in Clockify.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_to_do: Option<String>,
}

/// `GET /ui/subscriptions`.
pub async fn list(caller: Admin) -> Result<Json<Listed>, Error> {
    let platform = match change(&caller, SubscriptionChange::Reconcile).await {
        Ok(SubscriptionChanged::Looked(look)) => Platform::seen(&look, caller.service.clock.now()),
        Ok(_) | Err(registry::Error::Inactive | registry::Error::Busy | registry::Error::TooFast(_)) => {
            Platform { compared: false, reason: Some("Clockify was not asked this time".into()), asked_at: None, age_seconds: None }
        }
        Err(error) => return Err(error.into()),
    };
    let known = Picture::of(&caller).await?;
    let events = KNOWN.iter().map(|event| known.line(event)).collect();
    Ok(Json(Listed { workspace_id: caller.key.workspace, events, plan_limits: PLAN_LIMITS, platform }))
}

/// `POST /ui/subscriptions`, with `{"event": …}`.
pub async fn create(caller: Admin, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let sent = body::json(&request, payload, CHANGE_BYTES_MAX, &*caller.service.clock).await?;
    let event = wanted(&sent).map_err(Error::fields)?;
    if Picture::of(&caller).await?.declared(event) {
        return Err(Kind::EventDeclared.into());
    }
    match change(&caller, SubscriptionChange::Subscribe(event)).await? {
        SubscriptionChanged::Refused(refused) => return Err(refusal(&caller, event, &refused)),
        SubscriptionChanged::Subscribed => return Err(Kind::AlreadySubscribed.into()),
        SubscriptionChanged::Taken => return Err(Kind::WebhookTokenTaken.into()),
        SubscriptionChanged::Absent | SubscriptionChanged::LeftThere(_) | SubscriptionChanged::Looked(_) => {
            return Err(Kind::SubscriptionNotFound.into());
        }
        SubscriptionChanged::Done | SubscriptionChanged::Replaced => {}
    }
    noted(&caller, &request, event, "made");
    activity::tell(&request, Some(event.name.to_owned()), "");
    answer(&caller, event, StatusCode::CREATED, "created").await
}

/// `PUT /ui/subscriptions/{event}/token`, with `{"token": …}` of a webhook that an admin has made in Clockify.
pub async fn keep_token(caller: Admin, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let event = named(&request)?;
    let sent = body::json(&request, payload, CHANGE_BYTES_MAX, &*caller.service.clock).await?;
    let pasted = pasted(&sent).map_err(Error::fields)?;
    if Picture::of(&caller).await?.declared(event) {
        return Err(Kind::EventDeclared.into());
    }
    let (status, done) = match change(&caller, SubscriptionChange::Token(event, token::hash(&pasted))).await? {
        SubscriptionChanged::Replaced => (StatusCode::OK, "replaced"),
        SubscriptionChanged::Subscribed => return Err(Kind::AlreadySubscribed.into()),
        SubscriptionChanged::Taken => return Err(Kind::WebhookTokenTaken.into()),
        _ => (StatusCode::CREATED, "created"),
    };
    noted(&caller, &request, event, "told");
    answer(&caller, event, status, done).await
}

/// `DELETE /ui/subscriptions/{event}`.
pub async fn delete(caller: Admin, request: HttpRequest) -> Result<HttpResponse, Error> {
    let event = named(&request)?;
    let before = Picture::of(&caller).await?;
    let manual = before.subscription(event).is_some_and(|subscription| subscription.origin == Origin::Manual);
    let left_to_do = match change(&caller, SubscriptionChange::Unsubscribe(event)).await? {
        SubscriptionChanged::Absent if before.declared(event) => return Err(Kind::EventDeclared.into()),
        SubscriptionChanged::Absent => return Err(Kind::SubscriptionNotFound.into()),
        SubscriptionChanged::Refused(refused) => return Err(refusal(&caller, event, &refused)),
        SubscriptionChanged::LeftThere(refused) => Some(format!("{}; delete the webhook in Clockify", words(&refused))),
        _ if manual => Some("Delete the webhook in Clockify, where it was made".to_owned()),
        _ => None,
    };
    noted(&caller, &request, event, "deleted");
    let line = Picture::of(&caller).await?.line(event);
    Ok(HttpResponse::Ok().json(Done { status: "deleted", line, left_to_do }))
}

async fn answer(caller: &Admin, event: &'static Known, status: StatusCode, done: &'static str) -> Result<HttpResponse, Error> {
    let line = Picture::of(caller).await?.line(event);
    Ok(HttpResponse::build(status).json(Done { status: done, line, left_to_do: None }))
}

async fn change(caller: &Admin, change: SubscriptionChange) -> Result<SubscriptionChanged, registry::Error> {
    let base_url = caller.service.manifests.base_url(caller.key.addon).to_owned();
    caller.service.registry.change_subscription(caller.key, ChangeSubscription { change, base_url, digest: token::hash }).await
}

/// What is known of the workspace's events.
struct Picture<'a> {
    caller: &'a Admin,
    subscriptions: Vec<Subscription>,
    last: BTreeMap<EventType, Timestamp>,
}

impl<'a> Picture<'a> {
    async fn of(caller: &'a Admin) -> Result<Self, Error> {
        let (store, key) = (&caller.service.store, caller.key);
        let since = caller.service.clock.now() - Duration::from_secs(EVENTS_LOOKED_BACK_SECONDS);
        let events = store.fingerprints(key, since, EVENTS_LOOKED_AT_MAX).await?;
        // Oldest first, so that the last one stays.
        let last = events.into_iter().map(|event| (event.event_type, event.received_at)).collect();
        Ok(Self { caller, subscriptions: store.subscriptions(key).await?, last })
    }

    fn subscription(&self, event: &Known) -> Option<&Subscription> {
        self.subscriptions.iter().find(|subscription| subscription.event.as_str() == event.name)
    }

    /// Whether the installation has a token for the event's path. Where a path carries several events, the manifest says which of them are sent.
    fn declared(&self, event: &'static Known) -> bool {
        let addon = self.caller.key.addon;
        let path = webhook::path(addon, event);
        let registered = self.caller.installation.webhooks.iter().any(|webhook| webhook.path == path);
        registered && (webhook::events(addon, &path).count() == 1 || self.caller.service.manifests.declares(addon, event.name))
    }

    fn line(&self, event: &'static Known) -> Line {
        let addon = self.caller.key.addon;
        let path = webhook::path(addon, event);
        let subscription = self.subscription(event);
        let by = match subscription.map(|subscription| &subscription.origin) {
            _ if self.declared(event) => Some("manifest"),
            Some(Origin::Api { .. }) => Some("api"),
            Some(Origin::Manual) => Some("manual"),
            None => None,
        };
        let since = match by {
            Some("manifest") => Some(self.caller.installation.installed_at),
            _ => subscription.map(|subscription| subscription.since),
        };
        let last_event_at = EventType::parse(event.name).ok().and_then(|event| self.last.get(&event).copied());
        let url = format!("{}{path}", self.caller.service.manifests.base_url(addon));
        Line { event: event.name, reaches: by.is_some(), by, path, url, since, last_event_at }
    }
}

/// The event that a path names. What is no event has no subscription.
fn named(request: &HttpRequest) -> Result<&'static Known, Error> {
    let name = request.match_info().get("event").unwrap_or_default();
    KNOWN.iter().find(|known| known.name == name).ok_or_else(|| Kind::EventUnknown.into())
}

fn wanted(sent: &Value) -> Result<&'static Known, Vec<actors::flow::read::FieldError>> {
    let mut faults = Faults::default();
    refuse_unknown(&mut faults, sent, &["event"]);
    let event = match sent.get("event") {
        Some(Value::String(name)) => KNOWN.iter().find(|known| known.name == name),
        _ => {
            faults.add("event", "required", "expected the name of an event");
            return Err(faults.into_result(None::<&'static Known>).err().unwrap_or_default());
        }
    };
    if event.is_none() {
        faults.add("event", "unknown_event", "Clockify has no such event");
    }
    faults.into_result(event)
}

/// A token as the platform would send it: it has to fit a header, and to be too long to be guessed.
fn pasted(sent: &Value) -> Result<String, Vec<actors::flow::read::FieldError>> {
    let mut faults = Faults::default();
    refuse_unknown(&mut faults, sent, &["token"]);
    let token = sent.get("token").and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if token.is_empty() {
        faults.add("token", "required", "expected the token of the webhook");
    } else if !(TOKEN_CHARS_MIN..=TEXT_BYTES_MAX).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("expected {TOKEN_CHARS_MIN} to {TEXT_BYTES_MAX} visible characters without spaces");
        faults.add("token", "invalid_value", message);
    }
    faults.into_result(Some(token.to_owned()))
}

/// What the platform's refusal means for an admin.
fn refusal(caller: &Admin, event: &Known, refused: &Refused) -> Error {
    let kind = match refused {
        Refused::NotForAddons(_) => Kind::AddonTokensRefused,
        Refused::PlanLimit(_) => Kind::PlanLimit,
        Refused::Otherwise { .. } => Kind::PlatformRefused,
        Refused::Silent => Kind::PlatformSilent,
        Refused::Uncertain => Kind::SubscriptionUncertain,
    };
    let way_out = match refused {
        Refused::NotForAddons(_) => {
            let url = format!("{}{}", caller.service.manifests.base_url(caller.key.addon), webhook::path(caller.key.addon, event));
            json!({"way_out": {
                "declare": "The operator declares the event in the add-on's manifest; it reaches workspaces that install the add-on from then on.",
                "manual": {
                    "says": "An admin makes a webhook for this event with this URL in Clockify and tells its token with PUT /ui/subscriptions/{event}/token.",
                    "url": url, "event": event.name,
                },
            }})
        }
        Refused::PlanLimit(_) => json!({ "plan_limits": PLAN_LIMITS }),
        _ => return Error::saying(kind, words(refused)),
    };
    Error::saying(kind, words(refused)).with_details(way_out)
}

fn words(refused: &Refused) -> String {
    let told = |words: &Option<String>| words.as_deref().map(|words| format!(": {words}")).unwrap_or_default();
    match refused {
        Refused::NotForAddons(words) => format!("Clockify does not let this add-on call its webhooks{}", told(words)),
        Refused::PlanLimit(words) => format!("The workspace's plan has no room for another webhook{}", told(words)),
        Refused::Otherwise { status, words } => format!("Clockify has refused this with status {status}{}", told(words)),
        Refused::Silent => Kind::PlatformSilent.words().to_owned(),
        Refused::Uncertain => Kind::SubscriptionUncertain.words().to_owned(),
    }
}

fn noted(caller: &Admin, request: &HttpRequest, event: &Known, done: &str) {
    log::info!(addon = caller.key.addon.slug(), workspace:% = caller.key.workspace, request = request_id::of(request), event = event.name;
        "a subscription is {done} by an admin");
}
