//! The laws of the JSONPath fence: over the whole compliance suite of RFC 9535 no panic, no wrong answer and no invalid selector accepted; inside the
//! subset, on the suite and on generated input, the same answer as a conforming implementation.

use std::path::PathBuf;

use actors::jsonpath::{Path, Unevaluated, Visits};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The suite, where the reference data is. With `CI=true` its absence is a failure.
fn suite() -> Option<Vec<Value>> {
    let Some(folder) = std::env::var_os("CLOCKIFY_REFERENCE_DIR") else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CLOCKIFY_REFERENCE_DIR is not set");
        eprintln!("SKIPPED: the JSONPath compliance suite needs CLOCKIFY_REFERENCE_DIR");
        return None;
    };
    let file = PathBuf::from(folder).join("vectors/jsonpath-cts.json");
    let suite: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    Some(suite["tests"].as_array().unwrap().clone())
}

#[test]
fn order_is_that_of_the_rfc_for_absent_nodes_and_for_booleans() {
    assert_eq!(ours(&Path::parse("$[?@.a > false]").unwrap(), &json!([{"a": true}])), json!([]));
    for operator in ["<=", ">=", "=="] {
        let path = Path::parse(&format!("$[?@.absent {operator} @.missing]")).unwrap();
        assert_eq!(ours(&path, &json!([null])), json!([null]), "{operator}");
    }
}

fn ours(path: &Path, document: &Value) -> Value {
    path.select(document).unwrap().into_iter().cloned().collect()
}

fn theirs(selector: &str, document: &Value) -> Value {
    serde_json_path::JsonPath::parse(selector).unwrap().query(document).all().into_iter().cloned().collect()
}

#[test]
fn the_compliance_suite_finds_no_wrong_answer_and_no_invalid_selector_is_accepted() {
    let Some(suite) = suite() else { return };
    assert_eq!(suite.len(), 703);
    let (mut inside, mut outside, mut invalid) = (0, 0, 0);
    for case in &suite {
        let (name, selector) = (case["name"].as_str().unwrap(), case["selector"].as_str().unwrap());
        let parsed = Path::parse(selector);
        if case["invalid_selector"] == json!(true) {
            assert!(parsed.is_err(), "accepted although invalid: {name}: {selector}");
            invalid += 1;
            continue;
        }
        let Ok(path) = parsed else {
            outside += 1;
            continue;
        };
        inside += 1;
        let document = &case["document"];
        let answer = ours(&path, document);
        let right = match case.get("results") {
            Some(results) => results.as_array().unwrap().contains(&answer),
            None => case["result"] == answer,
        };
        assert!(right, "wrong answer: {name}: {selector} on {document}: {answer}");
        assert_eq!(path.first(document).unwrap(), path.select(document).unwrap().first().copied(), "{name}");
        assert_eq!(answer, theirs(selector, document), "not as the conforming implementation: {name}");
    }
    println!("{invalid} invalid refused, {inside} answered right, {outside} valid ones outside the subset refused");
    // The subset is worth having: it must not shrink unnoticed.
    assert!(inside >= 200, "only {inside} of the valid selectors are inside the subset");
}

/// Names that collide, nest and need quoting.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-c]", 1 => "[a-z]{1,3}", 1 => Just("id".to_owned()), 1 => Just("é".to_owned())]
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..4).prop_map(Value::from),
        prop_oneof![Just(0.5), Just(2.0), Just(-1.0)].prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..5).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn query() -> impl Strategy<Value = String> {
    let step = prop_oneof![3 => name().prop_map(|name| format!("['{name}']")), 1 => (0..3u8).prop_map(|index| format!("[{index}]"))];
    (prop_oneof![4 => Just("@"), 1 => Just("$")], prop::collection::vec(step, 0..3))
        .prop_map(|(root, steps)| format!("{root}{}", steps.concat()))
}

fn operand() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => query(),
        1 => (-3i64..4).prop_map(|number| number.to_string()),
        1 => "[a-c]{0,2}".prop_map(|text| format!("'{text}'")),
        1 => prop_oneof![Just("true".to_owned()), Just("false".to_owned()), Just("null".to_owned()), Just("0.5".to_owned())],
    ]
}

fn filter() -> impl Strategy<Value = String> {
    let operator = prop_oneof![Just("=="), Just("!=")];
    // Order is asked for with a literal on the right, because serde_json_path misses two rules of RFC 9535 (section 2.3.5.2.2): `<=` and `>=` of
    // two absent nodes hold, since `==` implies them, and booleans have no order.
    let literal = prop_oneof![(-3i64..4).prop_map(|number| number.to_string()), "[a-c]{0,2}".prop_map(|text| format!("'{text}'"))];
    let ordered = (query(), prop_oneof![Just("<"), Just(">"), Just("<="), Just(">=")], literal);
    let term = prop_oneof![
        1 => query(),
        1 => query().prop_map(|query| format!("!{query}")),
        3 => (operand(), operator, operand()).prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
        2 => ordered.prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
    ];
    let joined = |parts: Vec<String>, by: &str| parts.join(by);
    let all = prop::collection::vec(term, 1..3).prop_map(move |parts| joined(parts, " && "));
    prop::collection::vec(all, 1..3).prop_map(move |parts| parts.join(" || "))
}

fn segment() -> impl Strategy<Value = String> {
    let bound = || prop_oneof![Just(String::new()), (-4i64..5).prop_map(|bound| bound.to_string())];
    prop_oneof![
        4 => name().prop_map(|name| format!("['{name}']")),
        2 => (-3i64..4).prop_map(|index| format!("[{index}]")),
        2 => Just("[*]".to_owned()),
        1 => (bound(), bound(), 1u8..4).prop_map(|(from, to, step)| format!("[{from}:{to}:{step}]")),
        1 => Just("['a','b']".to_owned()),
        1 => Just("[0,2]".to_owned()),
        1 => name().prop_map(|name| format!("..['{name}']")),
        1 => Just("..*".to_owned()),
        2 => filter().prop_map(|filter| format!("[?{filter}]")),
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(segment(), 0..5).prop_map(|segments| format!("${}", segments.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inside_the_subset_every_answer_is_that_of_a_conforming_implementation(path in path(), document in document()) {
        if let Ok(parsed) = Path::parse(&path) {
            prop_assert_eq!(ours(&parsed, &document), theirs(&path, &document), "{} on {}", path, document);
        }
    }

    #[test]
    fn evaluations_that_share_visits_make_no_more_of_them_and_answer_rightly_or_not_at_all(
        paths in prop::collection::vec(path(), 1..8), document in document(), granted in 0_usize..200,
    ) {
        let mut visits = Visits::of(granted);
        let mut refused = false;
        for path in paths.iter().filter_map(|path| Path::parse(path).ok()) {
            let before = visits.made();
            match path.select_within(&document, &mut visits) {
                Ok(found) => {
                    prop_assert_eq!(found, path.select(&document).unwrap(), "{}", path);
                    prop_assert!(visits.made() > before || path.is_singular() || path.select(&document).unwrap().is_empty(), "{} was for nothing", path);
                }
                Err(error) => {
                    prop_assert_eq!(error, Unevaluated::TooCostly, "{}", path);
                    refused = true;
                }
            }
            prop_assert!(visits.made() <= granted);
            prop_assert!(!refused || visits.made() > 0 || granted == 0);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic_and_what_it_accepts_is_valid(text in "\\$[ -~]{0,60}|[$@.*\\[\\]?'\"0-9a-z:,&|!<>= ()\\\\-]{0,80}|\\PC{0,40}", document in document()) {
        if let Ok(parsed) = Path::parse(&text) {
            prop_assert!(serde_json_path::JsonPath::parse(&text).is_ok(), "accepted although invalid: {}", text);
            prop_assert_eq!(ours(&parsed, &document), theirs(&text, &document), "{}", text);
        }
    }
}
