//! Claims about [`super::definition`].

use super::*;
use serde_json::json;

fn minimal() -> Value {
    json!({"name": "tag it", "trigger_event_types": ["NEW_TIME_ENTRY"], "actions": [{"operation_id": "getTags"}]})
}

fn faults(sent: Value) -> Vec<(String, &'static str)> {
    definition(&sent).unwrap_err().into_iter().map(|fault| (fault.field, fault.code)).collect()
}

#[test]
fn the_two_shapes_of_the_reference_mean_the_same() {
    let canonical = json!({"type": "CLOCKIFY_API", "operation_id": "getTag", "params": {"path": {"id": "$.webhook.id"}, "query": {"a": 1}, "body": {"b": 2}}});
    let flat = json!({"operation_id": "getTag", "path_params": {"id": "$.webhook.id"}, "query_params": {"a": 1}, "body": {"b": 2}});
    let read = |action: Value| {
        let mut sent = minimal();
        sent["actions"] = json!([action]);
        definition(&sent).unwrap()
    };
    assert_eq!(read(canonical), read(flat));
}

#[test]
fn a_definition_survives_its_canonical_json() {
    let mut sent = minimal();
    sent["conditions"] = json!({"type": "ANY", "rules": [{"field": "$.a", "operator": "exists"}, {"type": "NONE", "rules": [{"field": "$.b", "operator": "in", "value": [1]}]}]});
    sent["actions"] = json!([{"type": "STOP_IF", "conditions": {"rules": []}, "retry": {"max_attempts": 3}}]);
    let read = definition(&sent).unwrap();
    let stored = serde_json::to_value(&read).unwrap();
    assert_eq!(serde_json::from_value::<Definition>(stored.clone()).unwrap(), read);
    assert_eq!(definition(&stored).unwrap(), read);
}

#[test]
fn every_fault_is_named_by_its_field_and_all_at_once() {
    let sent = json!({
        "name": " ", "enabled": "yes", "trigger_source": "MARS", "trigger_event_types": ["NEW_MOON", 7],
        "conditions": {"type": "SOME", "rules": [{"field": 1, "operator": "~"}]},
        "actions": [{"type": "EXPLODE"}, {"operation_id": 1}, {"operation_id": "x", "params": {"header": {}}, "retry": {"max_attempts": 0}}],
        "colour": "red",
    });
    let found = faults(sent);
    for expected in [
        ("name", "required"),
        ("enabled", "invalid_type"),
        ("trigger_source", "invalid_value"),
        ("trigger_event_types[0]", "unknown_event_type"),
        ("trigger_event_types[1]", "invalid_type"),
        ("conditions.type", "invalid_value"),
        ("conditions.rules[0].field", "required"),
        ("conditions.rules[0].operator", "unknown_operator"),
        ("actions[0].type", "unknown_action"),
        ("actions[1].operation_id", "required"),
        ("actions[2].params.header", "unknown_field"),
        ("actions[2].retry.max_attempts", "out_of_range"),
        ("colour", "unknown_field"),
    ] {
        assert!(found.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} is missing from {found:?}");
    }
}

#[test]
fn sizes_and_depths_have_bounds() {
    let mut sent = minimal();
    sent["actions"] = json!(vec![json!({"operation_id": "x"}); limits::ACTIONS_MAX + 1]);
    assert_eq!(faults(sent), [("actions".to_owned(), "out_of_range")]);
    let mut sent = minimal();
    sent["conditions"] = json!({"rules": vec![json!({"field": "$.a", "operator": "exists"}); limits::RULES_MAX + 1]});
    assert_eq!(faults(sent), [("conditions.rules".to_owned(), "too_many")]);
    let mut sent = minimal();
    sent["conditions"] = (0..limits::CONDITION_DEPTH_MAX).fold(json!({"rules": []}), |inner, _| json!({"rules": [inner]}));
    assert_eq!(faults(sent)[0].1, "too_deep");
}
