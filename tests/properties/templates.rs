//! The laws of templates: no hole is left, nothing is looked at twice, types are kept, and what is rendered is the template with its holes filled.

use actors::flow::read::Faults;
use actors::flow::template::{Compiler, Renderer, Scope, Template};
use proptest::prelude::*;
use serde_json::{Value, json};

fn compile(value: &Value) -> Template {
    let mut faults = Faults::default();
    let template = Compiler { scope: Scope::of(0), faults: &mut faults, values: 0, secrets: false }.value(value, "body", 1);
    faults.into_result(Some(template)).unwrap()
}

fn payload_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "(\\{\\{ \\$\\.webhook\\.[ab] \\}\\}|\\$\\.webhook\\.a|\\$\\$|\\{\\{|\\}\\}|\\\\|secret\\.KEY|[a-z]){0,6}"]
}

fn plain() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 .,:/-]{0,8}"
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        payload_text().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((payload_text(), inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_is_its_plain_parts_around_what_is_found_and_nothing_is_looked_at_twice(
        a in payload_text(), b in payload_text(), before in plain(), between in plain(), behind in plain(),
    ) {
        let template = compile(&json!(format!("-{before}{{{{ $.webhook.a }}}}{between}{{{{$.webhook.b}}}}{behind}")));
        let context = json!({ "webhook": { "a": a, "b": b } });
        prop_assert_eq!(Renderer::new(&context).value(&template), Ok(json!(format!("-{before}{a}{between}{b}{behind}"))));
    }

    #[test]
    fn a_reference_keeps_what_it_finds_whatever_that_is(found in any_json()) {
        let template = compile(&json!({ "x": ["$.webhook.v"], "y": "$$.webhook.v" }));
        let context = json!({ "webhook": { "v": found } });
        prop_assert_eq!(Renderer::new(&context).value(&template), Ok(json!({ "x": [found], "y": "$.webhook.v" })));
    }

    #[test]
    fn a_template_without_holes_is_itself(value in any_json()) {
        let mut faults = Faults::default();
        let template = Compiler { scope: Scope::of(0), faults: &mut faults, values: 0, secrets: false }.value(&value, "body", 1);
        let has_marks = value.to_string().contains(['$', '{', '\\']);
        if let (false, Ok(template)) = (has_marks, faults.into_result(Some(template))) {
            prop_assert_eq!(Renderer::new(&json!({})).value(&template), Ok(value));
        }
    }

    #[test]
    fn compiling_any_text_never_panics_and_what_compiles_never_panics_when_rendered(text in payload_text(), found in any_json()) {
        let mut faults = Faults::default();
        let template = Compiler { scope: Scope { action: 1, inner: Some(1) }, faults: &mut faults, values: 0, secrets: true }.value(&json!(text), "body", 1);
        if let Ok(template) = faults.into_result(Some(template)) {
            let _ = Renderer::new(&json!({ "webhook": { "a": found } })).value(&template);
        }
    }
}
