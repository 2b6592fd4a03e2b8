//! What stands in the columns of every backend: numbers of add-ons, and the texts of JSON that hold what is not searched.

use std::borrow::Cow;

use actors::addon::Addon;
use actors::call::Bearer;
use actors::clock::Timestamp;
use actors::event::Source;
use actors::flow::run::Step;
use actors::ids::Key;
use actors::installation::{Health, Status, TokenHash, WebhookToken, hex};
use actors::port::clockify::Method;
use actors::source::{CustomSource, Scheme, SourceName, SourceSecret, TypeFrom};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::failure::{Failure, unreadable};

/// An add-on's number: the order of their ports, which is also the order of keys. Never changed, only added to.
pub(super) const fn addon_number(addon: Addon) -> i16 {
    match addon {
        Addon::ApiStudio => 1,
        Addon::UniversalWebhook => 2,
        Addon::ClockifyAddon => 3,
    }
}

/// The add-on of a number.
pub(super) fn addon(number: i16) -> Result<Addon, Failure> {
    Addon::ALL.into_iter().find(|addon| addon_number(*addon) == number).ok_or_else(|| unreadable("addon"))
}

/// A key's two columns.
pub(super) fn key_columns(key: Key) -> (i16, Vec<u8>) {
    (addon_number(key.addon), key.workspace.as_bytes().to_vec())
}

/// Behind which columns keys are listed; none is behind every key.
pub(super) fn columns_behind(after: Option<Key>) -> (i16, Vec<u8>) {
    after.map_or((0, Vec::new()), key_columns)
}

/// The add-ons that have keys behind one, in their order, each with the workspace behind which its keys begin.
pub(super) fn addons_behind(after: Option<Key>) -> impl Iterator<Item = (Addon, Vec<u8>)> {
    let begins = move |addon| match after {
        Some(after) if after.addon > addon => None,
        Some(after) if after.addon == addon => Some((addon, after.workspace.as_bytes().to_vec())),
        _ => Some((addon, Vec::new())),
    };
    Addon::ALL.into_iter().filter_map(begins)
}

/// The name of no custom source, for the workspace's own flows.
pub(super) const FLOW_SOURCE: &str = ":flow";

/// What a column of JSON is given.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::Refused(error.to_string()))
}

/// What stands in a column of JSON.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|_| unreadable(column))
}

/// The columns of steps and of answers. Each answer is parsed by itself: it may nest as deeply as JSON is read at all, and within the list
/// of steps it would be too deep.
pub(super) fn steps_to_json(steps: &[Step]) -> Result<(String, String), Failure> {
    if steps.is_empty() {
        return Ok(("[]".to_owned(), "[]".to_owned()));
    }
    let answers: Vec<_> = steps.iter().map(|step| &step.data).collect();
    let bare_steps: Vec<_> = steps.iter().map(bare).collect();
    Ok((to_json(&bare_steps)?, to_json(&answers)?))
}

/// A step without its answer, which is not copied on the way.
fn bare(step: &Step) -> Step {
    Step {
        index: step.index,
        each: step.each,
        action: step.action.clone(),
        state: step.state,
        attempts: step.attempts,
        first_try_at: step.first_try_at,
        duration_ms: step.duration_ms,
        repeatable: step.repeatable,
        request: step.request.clone(),
        status: step.status,
        data: None,
        error: step.error.clone(),
    }
}

/// Steps with their answers.
pub(super) fn steps_from_json(steps: &str, answers: &str) -> Result<Vec<Step>, Failure> {
    let mut steps: Vec<Step> = from_json(steps, "steps")?;
    let answers: Vec<Option<&RawValue>> = serde_json::from_str(answers).map_err(|_| unreadable("answers"))?;
    for (step, answer) in steps.iter_mut().zip(answers) {
        step.data = answer.map(|raw| serde_json::from_str(raw.get())).transpose().map_err(|_| unreadable("answers"))?;
    }
    Ok(steps)
}

/// A webhook token as its column holds it.
#[derive(Serialize, Deserialize)]
struct Registered<'t> {
    path: Cow<'t, str>,
    hash: String,
}

pub(super) fn webhooks_to_json(tokens: &[WebhookToken]) -> Result<String, Failure> {
    let registered: Vec<_> = tokens.iter().map(|token| Registered { path: token.path.as_str().into(), hash: hex(&token.hash) }).collect();
    to_json(&registered)
}

pub(super) fn webhooks_from_json(text: &str) -> Result<Vec<WebhookToken>, Failure> {
    let registered: Vec<Registered<'_>> = from_json(text, "webhooks")?;
    registered.into_iter().map(webhook).collect::<Option<_>>().ok_or_else(|| unreadable("webhooks"))
}

fn webhook(registered: Registered<'_>) -> Option<WebhookToken> {
    let mut hash: TokenHash = [0; 32];
    let digits = registered.hash.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(WebhookToken { path: registered.path.into_owned(), hash })
}

pub(super) fn status_text(status: Status) -> &'static str {
    match status {
        Status::Active => "ACTIVE",
        Status::Inactive => "INACTIVE",
    }
}

pub(super) fn status(text: &str) -> Result<Status, Failure> {
    match text {
        "ACTIVE" => Ok(Status::Active),
        "INACTIVE" => Ok(Status::Inactive),
        _ => Err(unreadable("status")),
    }
}

/// The columns of a health.
pub(super) fn broken(health: &Health) -> (Option<i64>, Option<String>) {
    match health {
        Health::Sound => (None, None),
        Health::Broken { since, reason } => (Some(since.millis()), Some(reason.clone())),
    }
}

/// Reads [`broken`].
pub(super) fn health(since: Option<Timestamp>, reason: Option<String>) -> Health {
    since.map_or(Health::Sound, |since| Health::Broken { since, reason: reason.unwrap_or_default() })
}

/// The method of a call.
pub(super) fn method(text: &str) -> Result<Method, Failure> {
    let all = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
    all.into_iter().find(|method| method.as_str() == text).ok_or_else(|| unreadable("method"))
}

/// Whose token a call bore.
pub(super) fn bearer(text: &str) -> Result<Bearer, Failure> {
    Bearer::parse(text).ok_or_else(|| unreadable("bearer"))
}

/// What the column of JSON holds of a custom source.
#[derive(Serialize, Deserialize)]
pub(super) struct SourceDefinition {
    pub(super) scheme: Scheme,
    pub(super) signature_header: Option<String>,
    pub(super) type_from: TypeFrom,
    pub(super) entity_path: Option<String>,
}

impl SourceDefinition {
    /// The source of that definition.
    pub(super) fn of(self, name: SourceName, secrets: Vec<SourceSecret>, created_at: Timestamp, updated_at: Timestamp) -> CustomSource {
        let Self { scheme, signature_header, type_from, entity_path } = self;
        CustomSource { name, scheme, signature_header, type_from, entity_path, secrets, created_at, updated_at }
    }
}

pub(super) fn source_to_json(source: &CustomSource) -> Result<String, Failure> {
    to_json(&SourceDefinition {
        scheme: source.scheme,
        signature_header: source.signature_header.clone(),
        type_from: source.type_from.clone(),
        entity_path: source.entity_path.clone(),
    })
}

/// What stands in the column of sources for the flows' own schedules: no custom source may have that name.
pub(super) const SCHEDULE: &str = ":schedule";

/// The column of an event's source; none is Clockify.
pub(super) fn source_text(source: &Source) -> Option<&str> {
    match source {
        Source::Clockify => None,
        Source::Custom(name) => Some(name),
        Source::Flow => Some(FLOW_SOURCE),
        Source::Schedule => Some(SCHEDULE),
    }
}

/// An event's source.
pub(super) fn source(text: Option<&str>) -> Source {
    match text {
        None => Source::Clockify,
        Some(FLOW_SOURCE) => Source::Flow,
        Some(SCHEDULE) => Source::Schedule,
        Some(name) => Source::Custom(name.into()),
    }
}

/// What a filter by source asks for: which kind, and which name of that kind.
pub(super) fn source_filter(source: Option<&Source>) -> (&'static str, Option<String>) {
    match source {
        None => ("any", None),
        Some(Source::Clockify) => ("clockify", None),
        Some(Source::Custom(name)) if name.is_empty() => ("custom", None),
        Some(Source::Custom(name)) => ("named", Some(name.to_string())),
        Some(Source::Flow) => ("named", Some(FLOW_SOURCE.to_owned())),
        Some(Source::Schedule) => ("named", Some(SCHEDULE.to_owned())),
    }
}
