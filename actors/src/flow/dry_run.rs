//! What a flow would do for a payload: its conditions with what they find, its requests as they would be sent. Nothing is done.
//!
//! Answers of calls are not known. Whoever wants to see further gives samples of them; an action that refers to an answer that nobody has given
//! is said not to be reached.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::action::{self, CompiledAction, CompiledKind};
use super::compiled::Compiled;
use super::condition::Examined;
use super::model::Definition;
use super::run::Reason;
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
    /// It would end the run as stopped.
    WouldStop,
    /// It would let the run go on.
    WouldGoOn,
    /// An earlier action would end the run, or its answer is not known.
    NotReached,
    /// It would fail before anything is sent.
    Fault,
}

/// A request, without host and token.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Request {
    /// HTTP method.
    pub method: &'static str,
    /// The path, or the address where it is another server's.
    pub path: String,
    /// Query parameters, in order.
    pub query: Vec<(String, String)>,
    /// The JSON body.
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
    let mut context = action::context(trial.payload, trial.event, workspace);
    let mut unknown: Vec<usize> = Vec::new();
    let mut ended: Option<usize> = None;
    let mut actions = Vec::with_capacity(flow.actions.len());
    for (index, action) in flow.actions.iter().enumerate() {
        let missing =
            unknown.iter().copied().find(|earlier| definition.actions.get(index).is_some_and(|action| refers_to(action, *earlier)));
        let rehearsed = match (ended, missing) {
            (Some(earlier), _) => not_reached(index, action, format!("action {earlier} would end the run")),
            (None, Some(earlier)) => {
                not_reached(index, action, format!("it refers to the answer of action {earlier}; give one as samples.action_{earlier}"))
            }
            (None, None) => rehearse(index, action, &context),
        };
        if matches!(rehearsed.outcome, Outcome::WouldStop | Outcome::Fault) {
            ended = Some(index);
        }
        match (trial.samples.get(&format!("action_{index}")), &action.kind) {
            (Some(sample), _) => answer(&mut context, index, sample),
            (None, CompiledKind::StopIf(_)) => answer(&mut context, index, &Value::Bool(false)),
            (None, _) => unknown.push(index),
        }
        actions.push(rehearsed);
    }
    DryRun { matches, trigger, conditions: examined.unwrap_or_default(), actions }
}

fn answer(context: &mut Value, index: usize, data: &Value) {
    action::answered(context, u16::try_from(index).unwrap_or(u16::MAX), Some(200), data);
}

fn rehearse(index: usize, action: &CompiledAction, context: &Value) -> Rehearsed {
    let rehearsed = |outcome| Rehearsed { index, kind: action.name(), outcome, request: None, conditions: Vec::new(), reason: None };
    match &action.kind {
        CompiledKind::ClockifyApi(call) => match call.render(context) {
            Ok(request) => Rehearsed { request: Some(request.into()), ..rehearsed(Outcome::WouldSend) },
            Err(reason) => Rehearsed { reason: Some(reason), ..rehearsed(Outcome::Fault) },
        },
        CompiledKind::StopIf(condition) => {
            let at = format!("actions[{index}].conditions");
            let looked_at = condition.holds(context).and_then(|holds| Ok((holds, condition.examine(context, &at)?)));
            match looked_at {
                Ok((true, conditions)) => Rehearsed { conditions, ..rehearsed(Outcome::WouldStop) },
                Ok((false, conditions)) => Rehearsed { conditions, ..rehearsed(Outcome::WouldGoOn) },
                Err(error) => Rehearsed { reason: Some(unevaluated(&error)), ..rehearsed(Outcome::Fault) },
            }
        }
    }
}

fn unevaluated(error: &Unevaluated) -> Reason {
    Reason::new("condition_not_evaluated", error.to_string())
}

fn not_reached(index: usize, action: &CompiledAction, why: String) -> Rehearsed {
    let reason = Some(Reason::new("not_reached", why));
    Rehearsed { index, kind: action.name(), outcome: Outcome::NotReached, request: None, conditions: Vec::new(), reason }
}

/// Whether an action names the answer of another one anywhere.
fn refers_to(action: &super::model::Action, earlier: usize) -> bool {
    let name = format!("action_{earlier}");
    let text = json!(action).to_string();
    text.match_indices(&name)
        .any(|(at, _)| !text.get(at + name.len()..).unwrap_or_default().starts_with(|next: char| next.is_ascii_digit()))
}

impl From<ApiRequest> for Request {
    fn from(request: ApiRequest) -> Self {
        let body = request.body.as_ref().and_then(|body| serde_json::from_slice(body).ok());
        Self { method: request.method.as_str(), path: request.path, query: request.query, body }
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
}
