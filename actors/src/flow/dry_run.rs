//! What a flow would do for a payload: its conditions with what they find, its requests as they would be sent. Nothing is done.
//!
//! Answers of calls are not known. Whoever wants to see further gives samples of them; an action that refers to an answer that nobody has given
//! is said not to be reached.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::action::for_each::ForEach;
use super::action::generic_http::GenericHttp;
use super::action::{CompiledAction, CompiledKind};
use super::compiled::Compiled;
use super::condition::Examined;
use super::context::Context;
use super::machine::Tried;
use super::model::Definition;
use super::run::Reason;
use super::template::Renderer;
use crate::event::{EventType, Source};
use crate::ids::WorkspaceId;
use crate::jsonpath::Unevaluated;
use crate::port::clockify::ApiRequest;

/// What would happen.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DryRun {
    /// Whether the event would start the flow.
    pub matches: bool,
    /// Why, or why not.
    pub trigger: Trigger,
    /// Every comparison of the conditions.
    pub conditions: Vec<Examined>,
    /// What its actions would do, whether it would start or not.
    pub actions: Vec<Rehearsed>,
}

/// What has to be so for a flow to start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Trigger {
    /// It is switched on.
    pub enabled: bool,
    /// The event is of its source.
    pub source_fits: bool,
    /// The event is of one of its types.
    pub event_type_fits: bool,
    /// Its conditions hold.
    pub conditions_hold: bool,
    /// Why they could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// What an action would do.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Rehearsed {
    /// Its index.
    pub index: usize,
    /// Its JSON type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// In short.
    pub outcome: Outcome,
    /// What would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// What would be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<Lookup>,
    /// How many items a `FOR_EACH` has found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<usize>,
    /// What it would do for the first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Rehearsed>,
    /// The comparisons of a `STOP_IF`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Examined>,
    /// Why it would fail, or is not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// What an action would come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its request would be sent.
    WouldSend,
    /// The snapshot would be asked.
    WouldLookUp,
    /// It would do its actions for each item.
    WouldRepeat,
    /// It would end the run as stopped, or what is done for the item.
    WouldStop,
    /// It would let the run go on.
    WouldGoOn,
    /// An earlier action would end the run, or its answer is not known.
    NotReached,
    /// It would fail before anything is sent.
    Fault,
}

/// An entity of the snapshot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Lookup {
    /// Its type.
    pub entity_type: String,
    /// Its id; none is what no entity can have.
    pub id: Option<String>,
}

/// A request, without token, without the host where it is Clockify, with placeholders where secrets are.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Request {
    /// HTTP method.
    pub method: &'static str,
    /// The path, or the address where it is another server's.
    pub path: String,
    /// Query parameters, in order.
    pub query: Vec<(String, String)>,
    /// Header fields that the action names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body: JSON as it is, anything else as text.
    pub body: Option<Value>,
}

/// What a flow is tried with.
#[derive(Clone, Debug)]
pub struct Trial<'t> {
    /// Whose event it would be.
    pub source: &'t Source,
    /// Its type.
    pub event_type: &'t EventType,
    /// `$.event` of the context.
    pub event: Value,
    /// The payload.
    pub payload: Value,
    /// Answers by the name of their action, `action_0`.
    pub samples: &'t Map<String, Value>,
}

/// Tries a flow.
pub fn dry_run(definition: &Definition, flow: &Compiled, workspace: WorkspaceId, trial: Trial<'_>) -> DryRun {
    let examined = flow.examine(&trial.payload);
    let holds = flow.applies_to(&trial.payload);
    let fault = holds.as_ref().err().map(ToString::to_string);
    let trigger = Trigger {
        enabled: definition.enabled,
        source_fits: flow.is_of(trial.source),
        event_type_fits: flow.is_about(trial.event_type),
        conditions_hold: holds.unwrap_or(false),
        fault,
    };
    let matches = trigger.enabled && trigger.source_fits && trigger.event_type_fits && trigger.conditions_hold;
    let context = Context::new(trial.payload, trial.event, workspace);
    let actions = Rehearsal { context, samples: trial.samples, prefix: "action" }.of(&flow.actions, &definition.actions);
    DryRun { matches, trigger, conditions: examined.unwrap_or_default(), actions }
}

/// Actions one after another, as far as their answers are known.
struct Rehearsal<'t> {
    context: Context,
    samples: &'t Map<String, Value>,
    /// What answers are called before the index: `action`, or `each` within a `FOR_EACH`.
    prefix: &'static str,
}

impl Rehearsal<'_> {
    fn of(mut self, actions: &[CompiledAction], defined: &[super::model::Action]) -> Vec<Rehearsed> {
        let mut unknown: Vec<String> = Vec::new();
        let mut ended: Option<usize> = None;
        let mut rehearsed = Vec::with_capacity(actions.len());
        for (index, (action, defined)) in actions.iter().zip(defined).enumerate() {
            let missing = unknown.iter().find(|earlier| refers_to(defined, earlier));
            let outcome = match (ended, missing) {
                (Some(earlier), _) => not_reached(index, action, format!("action {earlier} would be the last one")),
                (None, Some(earlier)) => not_reached(index, action, format!("it refers to {earlier}; give a sample as samples.{earlier}")),
                (None, None) => self.rehearse(index, action, defined),
            };
            if matches!(outcome.outcome, Outcome::WouldStop | Outcome::Fault) {
                ended = Some(index);
            }
            let name = format!("{}_{index}", self.prefix);
            match (self.samples.get(&name), &action.kind) {
                (Some(sample), _) => self.context.assume(&name, action.name(), sample),
                (None, CompiledKind::StopIf(_)) => self.context.assume(&name, action.name(), &Value::Bool(false)),
                (None, _) => unknown.push(name),
            }
            rehearsed.push(outcome);
        }
        rehearsed
    }

    fn rehearse(&self, index: usize, action: &CompiledAction, defined: &super::model::Action) -> Rehearsed {
        let context = self.context.value();
        let done = match &action.kind {
            CompiledKind::ClockifyApi(call) => {
                call.render(context).map(|request| Rehearsed { request: Some(request.into()), ..bare(index, action, Outcome::WouldSend) })
            }
            CompiledKind::GenericHttp(call) => {
                elsewhere(call, context).map(|request| Rehearsed { request: Some(request), ..bare(index, action, Outcome::WouldSend) })
            }
            CompiledKind::CacheLookup(lookup) => lookup.render(Renderer::new(context)).map(|id| {
                let lookup = Lookup { entity_type: lookup.kind().to_string(), id: id.map(|id| id.to_string()) };
                Rehearsed { lookup: Some(lookup), ..bare(index, action, Outcome::WouldLookUp) }
            }),
            CompiledKind::ForEach(each) => self.repeat(index, action, each, defined),
            CompiledKind::StopIf(condition) => {
                let at = format!("actions[{index}].conditions");
                let looked_at = condition.holds(context).and_then(|holds| Ok((holds, condition.examine(context, &at)?)));
                looked_at.map_err(|error| unevaluated(&error)).map(|(holds, conditions)| {
                    let outcome = if holds { Outcome::WouldStop } else { Outcome::WouldGoOn };
                    Rehearsed { conditions, ..bare(index, action, outcome) }
                })
            }
        };
        done.unwrap_or_else(|reason| Rehearsed { reason: Some(reason), ..bare(index, action, Outcome::Fault) })
    }

    /// The list, and the actions for its first item.
    fn repeat(&self, index: usize, action: &CompiledAction, each: &ForEach, defined: &super::model::Action) -> Result<Rehearsed, Reason> {
        let items = each.list(self.context.value())?;
        if let Tried::Unrendered(reason) = each.judge(&items, 0) {
            return Err(reason);
        }
        let count = items.len();
        let inner = match &defined.kind {
            super::model::ActionKind::ForEach { actions, .. } => actions.as_slice(),
            _ => &[],
        };
        let actions = match items.into_iter().next() {
            None => Vec::new(),
            Some(first) => {
                let mut context = self.context.clone();
                context.assume_item(first);
                Rehearsal { context, samples: self.samples, prefix: "each" }.of(each.actions(), inner)
            }
        };
        Ok(Rehearsed { items: Some(count), actions, ..bare(index, action, Outcome::WouldRepeat) })
    }
}

fn bare(index: usize, action: &CompiledAction, outcome: Outcome) -> Rehearsed {
    let (kind, actions, conditions) = (action.name(), Vec::new(), Vec::new());
    Rehearsed { index, kind, outcome, request: None, lookup: None, items: None, actions, conditions, reason: None }
}

/// A call of another server, as people see it.
fn elsewhere(call: &GenericHttp, context: &Value) -> Result<Request, Reason> {
    let summary = call.summary(context)?;
    let body = summary.body.map(|body| serde_json::from_str(&body).unwrap_or(Value::String(body)));
    Ok(Request { method: call.method().as_str(), path: summary.path, query: Vec::new(), headers: call.headers_shown(context)?, body })
}

fn unevaluated(error: &Unevaluated) -> Reason {
    Reason::new("condition_not_evaluated", error.to_string())
}

fn not_reached(index: usize, action: &CompiledAction, why: String) -> Rehearsed {
    Rehearsed { reason: Some(Reason::new("not_reached", why)), ..bare(index, action, Outcome::NotReached) }
}

/// Whether an action names an answer anywhere.
fn refers_to(action: &super::model::Action, name: &str) -> bool {
    let text = json!(action).to_string();
    text.match_indices(name).any(|(at, _)| !text.get(at + name.len()..).unwrap_or_default().starts_with(|next: char| next.is_ascii_digit()))
}

impl From<ApiRequest> for Request {
    fn from(request: ApiRequest) -> Self {
        let body = request.body.as_ref().and_then(|body| serde_json::from_slice(body).ok());
        Self { method: request.method.as_str(), path: request.path, query: request.query, headers: Vec::new(), body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::flow::model::Flow;
    use crate::flow::read;
    use crate::operation::Catalogue;

    fn tried(definition: Value, payload: Value, samples: Value) -> DryRun {
        let listed = json!([{
            "id": "getTag", "method": "GET", "path": "/v1/workspaces/{workspaceId}/tags/{id}", "tag": "Tag", "summary": "s",
            "parameters": [{"name": "id", "in": "path", "required": true}],
        }]);
        let catalogue = Catalogue::read(listed.to_string().as_bytes()).unwrap();
        let workspace = WorkspaceId::parse("5b641568b07987035750505e").unwrap();
        let definition = read::definition(&definition).unwrap();
        let now = Timestamp::from_seconds(1);
        let id = uuid::Uuid::nil().into();
        let flow = Flow { id, version: 1, definition: definition.clone(), created_at: now, updated_at: now };
        let compiled = Compiled::compile(&flow, workspace, &catalogue).unwrap();
        let (source, event_type) = (Source::Clockify, EventType::parse("NEW_TAG").unwrap());
        let samples = samples.as_object().unwrap().clone();
        let trial = Trial { source: &source, event_type: &event_type, event: json!({"id": "e"}), payload, samples: &samples };
        dry_run(&definition, &compiled, workspace, trial)
    }

    fn definition() -> Value {
        json!({
            "name": "x", "trigger_event_types": ["NEW_TAG"],
            "conditions": {"rules": [{"field": "$.n", "operator": ">", "value": 3}, {"rules": [{"field": "$.tags[*]", "operator": "==", "value": "b"}]}]},
            "actions": [
                {"operation_id": "getTag", "params": {"path": {"id": "$.webhook.id"}}},
                {"type": "STOP_IF", "conditions": {"rules": [{"field": "$.action_0.archived", "operator": "==", "value": true}]}},
                {"operation_id": "getTag", "params": {"path": {"id": "$.action_0.next"}}},
                {"operation_id": "getTag", "params": {"path": {"id": "$.event.id"}}},
            ],
        })
    }

    fn outcomes(tried: &DryRun) -> Vec<Outcome> {
        tried.actions.iter().map(|action| action.outcome).collect()
    }

    #[test]
    fn conditions_are_shown_with_what_they_find() {
        let tried = tried(definition(), json!({"id": "t", "n": 2, "tags": ["a", "b"]}), json!({}));
        assert!(!tried.matches && !tried.trigger.conditions_hold && tried.trigger.enabled && tried.trigger.source_fits);
        let seen: Vec<_> = tried.conditions.iter().map(|seen| (seen.at.as_str(), seen.actual.clone(), seen.holds)).collect();
        assert_eq!(seen, [("conditions.rules[0]", json!(2), false), ("conditions.rules[1].rules[0]", json!(["a", "b"]), true)]);
    }

    #[test]
    fn what_refers_to_an_unknown_answer_is_not_reached_until_a_sample_is_given() {
        use Outcome::{Fault, NotReached, WouldGoOn, WouldSend, WouldStop};
        let payload = json!({"id": "t/1", "n": 4, "tags": ["b"]});
        let without = tried(definition(), payload.clone(), json!({}));
        assert!(without.matches);
        assert_eq!(outcomes(&without), [WouldSend, NotReached, NotReached, WouldSend]);
        assert!(without.actions[0].request.as_ref().unwrap().path.ends_with("/tags/t%2F1"));
        let with = |sample: Value| outcomes(&tried(definition(), payload.clone(), json!({ "action_0": sample })));
        assert_eq!(with(json!({"archived": false, "next": "t2"})), [WouldSend, WouldGoOn, WouldSend, WouldSend]);
        assert_eq!(with(json!({"archived": true})), [WouldSend, WouldStop, NotReached, NotReached]);
        assert_eq!(with(json!({})), [WouldSend, WouldGoOn, Fault, NotReached]);
    }

    #[test]
    fn a_call_of_another_server_is_shown_with_its_address_and_without_secrets() {
        let call = json!({
            "type": "GENERIC_HTTP", "method": "POST", "url": "https://hooks.example.com/a/{{ $.webhook.id }}",
            "headers": {"Authorization": "Bearer {{ secret.HOOK }}"}, "body": {"kind": "json", "value": {"n": "$.webhook.n"}},
        });
        let tried = tried(json!({"name": "x", "trigger_event_types": [], "actions": [call]}), json!({"id": "a b", "n": 4}), json!({}));
        let request = tried.actions[0].request.as_ref().unwrap();
        assert_eq!((request.method, request.path.as_str()), ("POST", "https://hooks.example.com/a/a%20b"));
        assert_eq!(request.body, Some(json!({"n": 4})));
        assert!(request.headers.iter().any(|(_, value)| value.contains("{{ secret.HOOK }}")), "{request:?}");
    }

    #[test]
    fn a_lookup_and_the_first_item_of_a_list_are_rehearsed() {
        use Outcome::{NotReached, WouldLookUp, WouldRepeat, WouldSend};
        let each = json!({"type": "FOR_EACH", "items": "$.webhook.tags", "max": 10, "actions": [
            {"operation_id": "getTag", "params": {"path": {"id": "$.item"}}},
            {"operation_id": "getTag", "params": {"path": {"id": "$.each_0.next"}}},
        ]});
        let lookup = json!({"type": "CACHE_LOOKUP", "entity_type": "projects", "id": "$.webhook.projectId"});
        let definition = json!({"name": "x", "trigger_event_types": [], "actions": [lookup, each]});
        let tried = tried(definition, json!({"projectId": "p1", "tags": ["t1", "t2"]}), json!({}));
        assert_eq!(outcomes(&tried), [WouldLookUp, WouldRepeat]);
        let lookup = tried.actions[0].lookup.as_ref().unwrap();
        assert_eq!((lookup.entity_type.as_str(), lookup.id.as_deref()), ("projects", Some("p1")));
        let each = &tried.actions[1];
        assert_eq!((each.items, each.actions.iter().map(|inner| inner.outcome).collect()), (Some(2), vec![WouldSend, NotReached]));
        assert!(each.actions[0].request.as_ref().unwrap().path.ends_with("/tags/t1"));
    }
}
