//! The laws of conditions: what is said twice in two ways means the same, on every payload; nothing of another type is ever an error.

use actors::flow::condition::Condition;
use actors::flow::model::Group;
use actors::flow::read::Faults;
use proptest::prelude::*;
use serde_json::{Value, json};

fn holds(group: &Value, payload: &Value) -> bool {
    let group: Group = serde_json::from_value(group.clone()).unwrap();
    let mut faults = Faults::default();
    let condition = Condition::compile(&group, "conditions", &mut faults);
    faults.into_result(Some(condition)).unwrap().holds(payload).unwrap()
}

fn rule(field: &str, operator: &str, value: &Value) -> Value {
    json!({ "field": field, "operator": operator, "value": value })
}

fn one(join: &str, rules: &[Value]) -> Value {
    json!({ "type": join, "rules": rules })
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        (-3.0_f64..3.0).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
        Just(json!("2026-01-01T00:00:00Z")),
        Just(json!("2026-01-01T01:00:00+01:00")),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[ab]", inner), 0..3).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn payload() -> impl Strategy<Value = Value> {
    prop::collection::vec(("[abc]", any_value()), 0..4).prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn any_rule() -> impl Strategy<Value = Value> {
    let free = ["==", "!=", "contains", "not_contains", "exists", "not_exists", "is_empty", "not_empty"];
    let field = prop_oneof![Just("$.a"), Just("$.b"), Just("$.a[*]"), Just("$.c.a")];
    (field, prop::sample::select(free.to_vec()), any_value()).prop_map(|(field, operator, value)| match operator {
        "exists" | "not_exists" | "is_empty" | "not_empty" => json!({ "field": field, "operator": operator }),
        _ => rule(field, operator, &value),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_operator_and_its_opposite_never_agree(payload in payload(), value in any_value(), field in "\\$\\.[abc](\\[\\*\\])?") {
        let says = |operator: &str, value: &Value| holds(&one("ALL", &[rule(&field, operator, value)]), &payload);
        prop_assert_ne!(says("==", &value), says("!=", &value), "{} {}", field, value);
        prop_assert_ne!(says("exists", &Value::Null), says("not_exists", &Value::Null), "{}", field);
        // Where a type does not fit, both are false.
        prop_assert!(!(says("contains", &value) && says("not_contains", &value)), "{} {}", field, value);
        // Of several values some may be empty and others not.
        prop_assert!(field.contains('*') || says("is_empty", &Value::Null) != says("not_empty", &Value::Null), "{}", field);
    }

    #[test]
    fn the_joins_mean_what_logic_means_by_them(payload in payload(), rules in prop::collection::vec(any_rule(), 1..5)) {
        let each: Vec<bool> = rules.iter().map(|rule| holds(&one("ALL", std::slice::from_ref(rule)), &payload)).collect();
        prop_assert_eq!(holds(&one("ALL", &rules), &payload), each.iter().all(|holds| *holds));
        prop_assert_eq!(holds(&one("ANY", &rules), &payload), each.iter().any(|holds| *holds));
        prop_assert_eq!(holds(&one("NONE", &rules), &payload), !each.iter().any(|holds| *holds));
        let none_of_none = one("NONE", &[one("NONE", &rules)]);
        prop_assert_eq!(holds(&none_of_none, &payload), holds(&one("ANY", &rules), &payload));
        let reversed: Vec<_> = rules.iter().rev().cloned().collect();
        for join in ["ALL", "ANY", "NONE"] {
            prop_assert_eq!(holds(&one(join, &rules), &payload), holds(&one(join, &reversed), &payload), "{}", join);
        }
    }

    #[test]
    fn order_is_an_order(payload in payload(), value in prop_oneof![(-3_i64..3).prop_map(Value::from), "[ab]{0,2}".prop_map(Value::from)]) {
        let says = |operator: &str| holds(&one("ALL", &[rule("$.a", operator, &value)]), &payload);
        prop_assert!(!(says(">") && says("<")));
        prop_assert!(!says(">") || says(">="));
        prop_assert!(!says("<") || says("<="));
        prop_assert_eq!(says(">=") && says("<="), says("=="));
        prop_assert!(!(says("==") && (says(">") || says("<"))));
    }

    #[test]
    fn in_is_equality_with_one_of_them(payload in payload(), values in prop::collection::vec(any_value(), 0..4)) {
        let among = holds(&one("ALL", &[rule("$.a", "in", &json!(values))]), &payload);
        let any = values.iter().any(|value| holds(&one("ALL", &[rule("$.a", "==", value)]), &payload));
        prop_assert_eq!(among, any);
    }
}
