//! The fence: what it refuses, what passes it means what the RFC says, and nothing that passes takes long.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Path, Refused, Unevaluated};
use crate::limits::jsonpath::{DOCUMENT_LEVELS_MAX, DOCUMENT_NODES_MAX, RESULT_NODES_MAX};

fn refused(text: &str) -> Refused {
    Path::parse(text).expect_err(text)
}

fn selected(text: &str, document: &Value) -> Value {
    Path::parse(text).unwrap().select(document).unwrap().into_iter().cloned().collect()
}

#[test]
fn the_traps_of_the_evaluator_are_refused() {
    let long_union = |selector: &str, times: usize| format!("$[{}]", vec![selector; times].join(","));
    let unions = format!("${}", "[0,0]".repeat(16));
    let traps = [
        ("zero step", "$[1:2:0]".to_owned()),
        ("zero step after a descent", "$..[1:2:0]".to_owned()),
        ("names in a filter", "$[?@['a','b']]".to_owned()),
        ("indexes in a filter", "$[?@[0,1]]".to_owned()),
        ("slice in a filter", "$[?@[0:1]]".to_owned()),
        ("wildcard compared", "$[?$.*==1]".to_owned()),
        ("filter compared", "$[?$[?@.a]==1]".to_owned()),
        ("bald descent compared", "$[?$[..]==1]".to_owned()),
        ("number without end", "$[?@.a==1e400]".to_owned()),
        ("filter in a filter", "$[?@[?@.a]]".to_owned()),
        ("filters a thousand deep", format!("${}", "[?(@".repeat(1000))),
        ("filters as deep as the length permits", format!("${}", "[?(@".repeat(63))),
        ("parentheses", format!("$[?{}@.a{}]", "(".repeat(9), ")".repeat(9))),
        ("many parentheses", format!("$[?{}", "(".repeat(3000))),
        ("brackets", format!("${}", "[".repeat(3000))),
        ("dots", format!("${}", ".".repeat(3000))),
        ("alternatives", format!("$[?@.a{}]", "||@.a".repeat(16))),
        ("negations", format!("$[?{}@.a]", "!".repeat(200))),
        ("segments", "$.a".to_owned() + &".a".repeat(16)),
        ("a hundred thousand segments", format!("${}", ".a".repeat(100_000))),
        ("the same index twice, often", unions),
        ("the same name twice", long_union("'a'", 2)),
        ("the same name in two spellings", "$['a',\"\\u0061\"]".to_owned()),
        ("union of a thousand", long_union("1", 1000)),
        ("union of nine", "$[0,1,2,3,4,5,6,7,8]".to_owned()),
        ("overlap of wildcard and index", "$[*,0]".to_owned()),
        ("overlap of index and slice", "$[0,0:1]".to_owned()),
        ("overlap of both ends", "$[0,-1]".to_owned()),
        ("two descents", "$..a..a".to_owned()),
        ("five descents", "$..a..a..a..a..a".to_owned()),
        ("great index", "$[1000000000000]".to_owned()),
        ("index beyond an integer", "$[99999999999999999999999]".to_owned()),
        ("great slice", "$[0:1000000000000]".to_owned()),
        ("great step", "$[::1000000000000]".to_owned()),
        ("negative step", "$[::-1]".to_owned()),
        ("function", "$[?length(@.a) > 1]".to_owned()),
        ("regular expression", "$[?@.a =~ /a/]".to_owned()),
        ("name that the evaluator cannot spell", r#"$.*["a'\"b"]"#.to_owned()),
    ];
    for (trap, path) in traps {
        assert!(Path::parse(&path).is_err(), "{trap}: {path:.80}");
    }
}

#[test]
fn a_refusal_says_where_and_why() {
    assert_eq!(refused("").to_string(), "JSONPath refused at byte 0: a path starts with $");
    assert_eq!(refused("$.é.1a").position, 5);
    assert_eq!(refused("$.a[?@.b == 'open]").position, 18);
    assert_eq!(refused("$.a[?@.b = 1]").position, 9);
    assert_eq!(refused("$.tags[0,1,0]").position, 11);
    assert_eq!(refused("$[0:1:0]"), Refused { position: 6, reason: "the step of a slice must be at least 1" });
    assert_eq!(refused("$..a..b").position, 4);
    assert_eq!(refused(&format!("$.{}", "a".repeat(300))).position, 256);
    assert_eq!(refused("$.a ").position, 4);
    assert_eq!(refused(r"$['\ud800']").position, 3);
    assert_eq!(refused(r"$['\u00é']").position, 3);
}

#[test]
fn the_bounds_named_in_reasons_are_those_enforced() {
    use crate::limits::jsonpath as limits;
    assert!(refused(&"$".repeat(300)).reason.contains(&limits::TEXT_BYTES_MAX.to_string()));
    assert!(refused(&"$.a".replace(".a", &".a".repeat(17))).reason.contains(&limits::SEGMENTS_MAX.to_string()));
    assert!(refused("$[0,1,2,3,4,5,6,7,8]").reason.contains(&limits::UNION_SELECTORS_MAX.to_string()));
    assert!(refused("$[1000001]").reason.contains(&limits::INTEGER_MAX.to_string()));
    assert!(refused(&format!("$[?@.a{}]", "||@.a".repeat(16))).reason.contains(&limits::FILTER_TERMS_MAX.to_string()));
    let parentheses = format!("$[?{}@.a{}]", "(".repeat(9), ")".repeat(9));
    assert!(refused(&parentheses).reason.contains(&limits::FILTER_PARENTHESES_DEEP_MAX.to_string()));
}

#[test]
fn a_negative_index_beyond_the_start_selects_nothing() {
    let document = json!({"a": [1, 2], "b": []});
    assert_eq!(selected("$.*[-2]", &document), json!([1]));
    assert_eq!(selected("$.*[-3]", &document), json!([]));
    assert_eq!(selected("$.a[-3]", &document), json!([]));
    assert_eq!(selected("$.*[-1]", &document), json!([2]));
}

#[test]
fn an_index_does_not_look_into_the_members_of_an_object() {
    let document = json!([{"a": [1]}, [2]]);
    assert_eq!(selected("$[*][0]", &document), json!([2]));
    assert_eq!(selected("$[*][0:9]", &document), json!([2]));
    assert_eq!(selected("$[*][0,1]", &document), json!([2]));
    assert_eq!(selected("$..[0]", &document), json!([{"a": [1]}, 1, 2]));
}

#[test]
fn a_filter_decides_on_each_child_alone() {
    let document = json!({"tags": [{"id": 1, "n": {"x": null}}, {"id": 1}, {"id": 2}, [{"id": 1}], 1], "one": {"id": 1}, "wanted": 2});
    assert_eq!(selected("$.tags[?@.id==1].id", &document), json!([1, 1]));
    assert_eq!(selected("$.tags[?(@.id == 1 && @.n.x == null)].id", &document), json!([1]));
    assert_eq!(selected("$.tags[?@.id==$.wanted]", &document), json!([{"id": 2}]));
    assert_eq!(selected("$[?@.id==1]", &document), json!([{"id": 1}]));
    assert_eq!(selected("$.tags[?@ == 1]", &document), json!([1]));
    assert_eq!(selected("$.tags[?@.id != 1]", &document), json!([{"id": 2}, [{"id": 1}], 1]));
    assert_eq!(selected("$.tags[?!@.id]", &document), json!([[{"id": 1}], 1]));
    assert_eq!(selected("$..[?@.x == null && @.x].x", &document), json!([null]));
}

#[test]
fn only_paths_of_names_and_indexes_are_singular() {
    for path in ["$", "$.a", "$['a'][0].b", "$[-1]", r#"$["a'\"\\"]"#] {
        assert!(Path::parse(path).unwrap().is_singular(), "{path}");
    }
    for path in ["$.*", "$..a", "$[0:1]", "$['a','b']", "$[?@.a]", "$.a[*].b"] {
        assert!(!Path::parse(path).unwrap().is_singular(), "{path}");
    }
}

#[test]
fn a_path_is_stored_as_its_text_and_checked_when_read() {
    let path: Path = serde_json::from_value(json!("$.a [0]")).unwrap();
    assert_eq!(serde_json::to_value(&path).unwrap(), json!("$.a [0]"));
    assert_eq!(path, Path::parse("$.a [0]").unwrap());
    assert_eq!((path.text(), path.to_string().as_str()), ("$.a [0]", "$.a [0]"));
    assert_eq!(format!("{path:?}"), "Path(\"$.a [0]\")");
    let refused = serde_json::from_value::<Path>(json!("$.a [0")).unwrap_err().to_string();
    assert!(refused.contains("at byte 6"), "{refused}");
}

#[test]
fn a_document_too_large_to_search_still_has_its_singular_paths() {
    let document = json!({"many": vec![0; DOCUMENT_NODES_MAX], "one": [1]});
    assert_eq!(Path::parse("$..x").unwrap().select(&document), Err(Unevaluated::TooLarge));
    assert_eq!(Path::parse("$.many[*]").unwrap().first(&document), Err(Unevaluated::TooLarge));
    assert_eq!(selected("$.one[*]", &document), json!([1]));
    assert_eq!(selected("$.many[7]", &document), json!([0]));
}

#[test]
fn too_many_results_are_an_error_and_not_a_part() {
    let document = json!(vec![0; RESULT_NODES_MAX + 1]);
    assert_eq!(Path::parse("$[*]").unwrap().select(&document), Err(Unevaluated::TooMany));
    assert_eq!(Path::parse("$[:7]").unwrap().select(&document).unwrap().len(), 7);
}

#[test]
fn a_document_nested_too_deeply_is_not_searched() {
    let nest = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let path = Path::parse("$..*").unwrap();
    assert_eq!(path.select(&nest(DOCUMENT_LEVELS_MAX)).unwrap().len(), DOCUMENT_LEVELS_MAX);
    assert_eq!(path.select(&nest(DOCUMENT_LEVELS_MAX + 1)), Err(Unevaluated::TooDeep));
}

#[test]
fn a_filter_that_compares_great_parts_again_and_again_is_stopped() {
    let part = json!(vec!["a"; 10_000]);
    let document = json!({"a": part, "b": part, "each": vec![0; 10_000]});
    assert_eq!(Path::parse("$.each[?$.a == $.b]").unwrap().select(&document), Err(Unevaluated::TooCostly));
}

#[test]
fn the_longest_paths_are_evaluated() {
    let document = (0..20).fold(json!(1), |inner, _| json!({"a": inner, "b": 2}));
    let path = Path::parse(&format!("$..a{}", ".a".repeat(15))).unwrap();
    assert_eq!(path.select(&document).unwrap().len(), 20 - 15);
    let mut wide = "$".to_owned();
    (0..16).for_each(|_| write!(wide, "['a','b']").unwrap());
    assert_eq!(Path::parse(&wide).unwrap().select(&json!({"a": {"b": 1}})), Ok(vec![]));
}

#[test]
fn paths_are_shared_between_threads() {
    fn shareable<T: Send + Sync + 'static>() {}
    shareable::<Path>();
}
