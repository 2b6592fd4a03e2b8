//! The laws of flows: no definition makes the reader panic, whatever is read survives its own JSON, and no rendered value leaves its place.

use actors::flow::{compiled, read};
use actors::ids::WorkspaceId;
use actors::operation::Catalogue;
use proptest::prelude::*;
use serde_json::{Value, json};

fn catalogue() -> Catalogue {
    let listed = json!([{ "id": "updateTag", "method": "PUT", "path": "/v1/workspaces/{workspaceId}/tags/{id}", "tag": "Tag", "summary": "s", "body": {},
        "parameters": [{ "name": "id", "in": "path", "required": true }] }]);
    Catalogue::read(listed.to_string().as_bytes()).unwrap()
}

fn workspace() -> WorkspaceId {
    WorkspaceId::parse("5b641568b07987035750505e").unwrap()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}|\\$\\.[a-z.]{0,9}|\\{\\{ \\$\\.[a-z]{1,4} \\}\\}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let key = prop_oneof![
            Just("type".to_owned()),
            Just("rules".to_owned()),
            Just("field".to_owned()),
            Just("operator".to_owned()),
            Just("value".to_owned()),
            Just("params".to_owned()),
            Just("path".to_owned()),
            Just("operation_id".to_owned()),
            "[a-z_]{1,8}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Definitions that are right but for one part.
fn nearly_right() -> impl Strategy<Value = Value> {
    let part = prop_oneof![
        Just("/name"),
        Just("/conditions"),
        Just("/conditions/rules/0"),
        Just("/conditions/rules/0/operator"),
        Just("/conditions/rules/0/value"),
        Just("/actions"),
        Just("/actions/0"),
        Just("/actions/0/params"),
        Just("/actions/0/params/path/id"),
        Just("/actions/0/params/body"),
        Just("/actions/0/retry"),
        Just("/trigger_event_types"),
        Just("/enabled"),
        Just("/description")
    ];
    (part, any_json()).prop_map(|(part, odd)| {
        let mut definition = json!({
            "name": "f", "description": "", "enabled": true, "trigger_event_types": ["NEW_TIME_ENTRY"],
            "conditions": { "type": "ALL", "rules": [{ "field": "$.projectId", "operator": "==", "value": "x" }] },
            "actions": [{ "type": "CLOCKIFY_API", "operation_id": "updateTag", "retry": {}, "params": { "path": { "id": "$.webhook.id" }, "body": { "name": "n" } } }],
        });
        if let Some(place) = definition.pointer_mut(part) {
            *place = odd;
        }
        definition
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_survives_its_own_json_and_nothing_panics(sent in prop_oneof![any_json(), nearly_right()]) {
        if let Ok(definition) = read::definition(&sent) {
            let shown = serde_json::to_value(&definition).unwrap();
            prop_assert_eq!(read::definition(&shown), Ok(definition.clone()), "{}", shown);
            let _ = compiled::check(&definition, workspace(), &catalogue());
        }
    }

    #[test]
    fn a_path_parameter_is_one_segment_of_this_workspace_whatever_it_holds(id in any::<String>()) {
        use actors::flow::action::clockify_api::ClockifyApi;
        use actors::flow::template::Scope;
        let params = serde_json::from_value(json!({ "path": { "id": "$.webhook.id" } })).unwrap();
        let mut faults = read::Faults::default();
        let action = ClockifyApi::compile("updateTag", &params, ("actions[0]", Scope::of(0)), workspace(), &catalogue(), &mut faults).unwrap();
        if let Ok(request) = action.render(&json!({ "webhook": { "id": id } })) {
            let prefix = "/v1/workspaces/5b641568b07987035750505e/tags/";
            let segment = request.path.strip_prefix(prefix).expect("the same workspace and collection");
            prop_assert!(!segment.is_empty() && segment != "." && segment != "..");
            prop_assert!(segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte)), "{}", segment);
            let decoded = percent_encoding::percent_decode_str(segment).decode_utf8().unwrap();
            prop_assert_eq!(decoded, id);
        }
    }
}
