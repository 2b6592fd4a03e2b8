//! Claims about what a template is filled in with, and what is refused when it is saved.

use super::*;
use serde_json::json;

fn context() -> Value {
    json!({"webhook": {"id": "e1", "n": 7, "none": null, "list": [1, 2], "evil": "{{ $.webhook.id }} $.webhook.id"}, "event": {"type": "X"}, "workspace": {"id": "w"}, "action_0": {"a": 1}})
}

fn compile(value: Value) -> Result<Template, Vec<crate::flow::read::FieldError>> {
    let mut faults = Faults::default();
    let template = Compiler { scope: Scope::of(1), faults: &mut faults, values: 0, secrets: true }.value(&value, "body", 1);
    faults.into_result(Some(template))
}

fn render(value: Value) -> Result<Value, Reason> {
    Renderer::new(&context()).value(&compile(value).unwrap())
}

#[test]
fn a_reference_keeps_the_type_and_a_placeholder_becomes_text() {
    assert_eq!(
        render(json!({"a": "$.webhook.n", "b": ["$.webhook.list"], "c": "n={{ $.webhook.n }}/{{$.webhook.list}}", "d": true})),
        Ok(json!({"a": 7, "b": [[1, 2]], "c": "n=7/[1,2]", "d": true}))
    );
    assert_eq!(render(json!("$.webhook.none")), Ok(Value::Null));
    assert_eq!(render(json!("$.action_0.a")), Ok(json!(1)));
}

#[test]
fn nothing_is_rendered_twice_and_nothing_is_evaluated() {
    assert_eq!(render(json!("{{ $.webhook.evil }}")), Ok(json!("{{ $.webhook.id }} $.webhook.id")));
    assert_eq!(render(json!("$.webhook.evil")), Ok(json!("{{ $.webhook.id }} $.webhook.id")));
}

#[test]
fn what_is_not_found_is_an_error_unless_there_is_a_default() {
    assert_eq!(render(json!("$.webhook.gone")).unwrap_err().code, "path_not_found");
    assert_eq!(render(json!("a {{ $.webhook.none }}")).unwrap_err().code, "path_not_found");
    assert_eq!(render(json!("$.webhook.gone ?? null")), Ok(Value::Null));
    assert_eq!(render(json!("a {{ $.webhook.none ?? \"b\" }}")), Ok(json!("a b")));
    assert_eq!(render(json!("$.webhook.gone ?? [1]")), Ok(json!([1])));
}

#[test]
fn dollars_and_braces_can_be_plain() {
    assert_eq!(render(json!("$$5")), Ok(json!("$5")));
    assert_eq!(render(json!("5 $")), Ok(json!("5 $")));
    assert_eq!(render(json!("\\{{ x }}")), Ok(json!("{{ x }}")));
}

#[test]
fn bad_references_are_refused_when_the_flow_is_saved() {
    for (bad, code) in [
        ("$webhook", "invalid_jsonpath"),
        ("${7*7}", "invalid_jsonpath"),
        ("{{ 7*7 }}", "invalid_jsonpath"),
        ("{{ $.webhook.id", "invalid_template"),
        ("$.webhook.id ?? none", "invalid_template"),
        ("$.action_1", "unknown_reference"),
        ("$.installation.token", "unknown_reference"),
        ("{{ $.env }}", "unknown_reference"),
    ] {
        assert_eq!(compile(json!(bad)).unwrap_err()[0].code, code, "{bad}");
    }
}

#[test]
fn a_secret_is_filled_in_for_the_wire_alone_and_never_looked_at_again() {
    let template =
        compile(json!({"a": "Bearer {{ secret.API_KEY }}", "b": "\\{{ secret.API_KEY }}", "c": "{{ $.webhook.evil }}"})).unwrap();
    let mut names = BTreeSet::new();
    template.collect_secrets(&mut names);
    let name = SecretName::parse("API_KEY").unwrap();
    assert_eq!(names, BTreeSet::from([name.clone()]));
    let context = json!({"webhook": {"evil": "{{ secret.API_KEY }}"}});
    let secrets = Secrets::from([(name, Secret::new("{{ $.webhook.evil }}"))]);
    let kept = Renderer::new(&context).value(&template).unwrap();
    assert_eq!(kept, json!({"a": "Bearer {{ secret.API_KEY }}", "b": "{{ secret.API_KEY }}", "c": "{{ secret.API_KEY }}"}));
    let sent = Renderer::with_secrets(&context, &secrets).value(&template).unwrap();
    assert_eq!(sent, json!({"a": "Bearer {{ $.webhook.evil }}", "b": "{{ secret.API_KEY }}", "c": "{{ secret.API_KEY }}"}));
    assert_eq!(Renderer::with_secrets(&context, &Secrets::new()).value(&template).unwrap_err().code, "secret_missing");
    assert_eq!(compile(json!("{{ secret.lower }}")).unwrap_err()[0].code, "invalid_template");
    assert_eq!(compile(json!("$.secret.API_KEY")).unwrap_err()[0].code, "unknown_reference");
}

#[test]
fn a_small_template_cannot_grow_without_bound() {
    let context = json!({"webhook": {"big": "x".repeat(100_000)}});
    let template = compile(json!(vec!["$.webhook.big"; 5])).unwrap();
    assert_eq!(Renderer::new(&context).value(&template).unwrap_err().code, "rendered_too_large");
}
