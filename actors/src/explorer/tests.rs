//! Every operation of the catalogue through the explorer, and everything that a call must not be able to do.

use serde_json::json;

use super::sample::sample;
use super::*;
use crate::operation::Catalogue;

const WORKSPACE: &str = "5b641568b07987035750505e";
const OTHER: &str = "64c777ddd3fcab07cfbb210c";

fn catalogue() -> Catalogue {
    Catalogue::read(include_bytes!("../../../manifests/operations.json")).unwrap()
}

fn context() -> Context {
    Context {
        workspace: WorkspaceId::parse(WORKSPACE).unwrap(),
        addon_id: AddonId::parse("bbbbbbbbbbbbbbbbbbbbbbbb").unwrap(),
        user: Some("c00000000000000000000001".into()),
    }
}

fn ready(id: &str, params: Value) -> Result<Ready, Vec<FieldError>> {
    let params: Params = serde_json::from_value(params).unwrap();
    context().ready(catalogue().get(id).unwrap(), &params, Uuid::nil())
}

fn faults(id: &str, params: Value) -> Vec<(String, &'static str)> {
    ready(id, params).unwrap_err().into_iter().map(|fault| (fault.field, fault.code)).collect()
}

fn at(field: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(field.to_owned(), code)]
}

#[test]
fn a_sample_of_every_operation_passes_and_stays_in_the_workspace() {
    let catalogue = catalogue();
    for operation in catalogue.iter() {
        let params = sample(operation);
        let ready = context().ready(operation, &params, Uuid::nil()).unwrap_or_else(|faults| panic!("{}: {faults:?}", operation.id));
        assert_eq!(ready.request.path.split('/').count(), operation.path.split('/').count(), "{}", operation.id);
        if operation.path_parameters().any(|name| name == "workspaceId") {
            assert!(ready.request.path.starts_with(&format!("/v1/workspaces/{WORKSPACE}")), "{}", operation.id);
        }
        assert!(!ready.request.path.contains(['{', '}']), "{}", operation.id);
        assert_eq!(ready.request.body.is_some(), operation.body.is_some(), "{}", operation.id);
        let again = context().ready(operation, &ready.params, Uuid::nil()).unwrap();
        assert_eq!(again.request, ready.request, "{}: what is kept makes the same call", operation.id);
    }
}

#[test]
fn what_every_operation_needs_is_asked_for_by_name() {
    let catalogue = catalogue();
    let nobody = Context { user: None, ..context() };
    for operation in catalogue.iter() {
        let bare = nobody.ready(operation, &Params::default(), Uuid::nil()).err().unwrap_or_default();
        let asked: Vec<&str> = bare.iter().filter(|fault| fault.code == "required").map(|fault| fault.field.as_str()).collect();
        assert_eq!(asked.len(), bare.len(), "{}: {bare:?}", operation.id);
        for name in operation.path_parameters().filter(|name| !matches!(*name, "workspaceId" | "addonId")) {
            assert!(asked.contains(&format!("params.path.{name}").as_str()), "{}: {name}", operation.id);
        }
    }
}

#[test]
fn an_id_stays_one_segment_or_is_refused() {
    for (id, segment) in [
        ("5b64", "5b64"),
        ("../../x", "..%2F..%2Fx"),
        ("a/b", "a%2Fb"),
        ("?", "%3F"),
        ("a#b", "a%23b"),
        ("%2e", "%252e"),
        ("%2e%2e", "%252e%252e"),
        ("a\\b", "a%5Cb"),
    ] {
        let path = ready("getTag", json!({"path": {"id": id}})).unwrap().request.path;
        assert_eq!(path, format!("/v1/workspaces/{WORKSPACE}/tags/{segment}"));
    }
    for bad in [json!(""), json!("."), json!(".."), json!("\0"), json!("a\r\nb"), json!([1]), json!({"a": 1})] {
        assert_eq!(faults("getTag", json!({"path": {"id": bad}})), at("params.path.id", "invalid_value"), "{bad}");
    }
    assert_eq!(faults("getTag", json!({"path": {"id": null}})), at("params.path.id", "required"));
}

#[test]
fn no_parameter_and_no_body_names_another_workspace() {
    let catalogue = catalogue();
    for operation in catalogue.iter() {
        let mut params = sample(operation);
        params.path.insert("workspaceId".into(), json!(OTHER));
        if let Some(body) = params.body.as_mut().and_then(Value::as_object_mut) {
            body.insert("filter".into(), json!([{"workspaceId": OTHER}]));
        }
        let found = context().ready(operation, &params, Uuid::nil()).unwrap_err();
        assert!(!found.is_empty(), "{}", operation.id);
    }
    assert_eq!(faults("getTags", json!({"path": {"workspaceId": OTHER}})), at("params.path.workspaceId", "not_allowed"));
    assert_eq!(
        faults("createNewTag", json!({"body": {"name": "x", "deep": [{"workspaceId": OTHER}]}})),
        at("params.body.deep[0].workspaceId", "not_allowed")
    );
    let own = ready("createNewTag", json!({"path": {"workspaceId": WORKSPACE}, "body": {"name": "x", "workspaceId": WORKSPACE}}));
    assert!(own.unwrap().params.path.is_empty());
}

#[test]
fn parameters_are_checked_before_anything_leaves() {
    assert_eq!(faults("getTags", json!({"query": {"nmae": "x"}})), at("params.query.nmae", "unknown_parameter"));
    assert_eq!(faults("getTags", json!({"path": {"tagId": "x"}})), at("params.path.tagId", "unknown_parameter"));
    assert_eq!(faults("getTags", json!({"query": {"page": "first"}})), at("params.query.page", "invalid_type"));
    assert_eq!(faults("getTags", json!({"query": {"page": 1.5}})), at("params.query.page", "invalid_type"));
    assert_eq!(faults("getTags", json!({"query": {"page-size": 0}})), at("params.query.page-size", "out_of_range"));
    assert_eq!(faults("getTags", json!({"query": {"sort-order": "UP"}})), at("params.query.sort-order", "invalid_value"));
    assert_eq!(faults("getTags", json!({"query": {"archived": "maybe"}})), at("params.query.archived", "invalid_type"));
    assert_eq!(faults("getTags", json!({"query": {"name": {"a": 1}}})), at("params.query.name", "invalid_type"));
    assert_eq!(faults("getTags", json!({"body": {}})), at("params.body", "not_applicable"));
    let dates = |start: &str| json!({"query": {"assigned-to": "x", "start": start, "end": "2026-02-01"}});
    assert_eq!(faults("getHolidaysInPeriod", dates("soon")), at("params.query.start", "invalid_value"));
    assert_eq!(faults("getHolidaysInPeriod", dates("2026-02-30")), at("params.query.start", "invalid_value"));
    assert!(ready("getHolidaysInPeriod", dates("2026-01-31")).is_ok());
}

#[test]
fn forms_send_texts_and_lists_repeat_their_name() {
    let call = ready("getTags", json!({"query": {"page": "2", "archived": "true", "name": "", "page-size": null}})).unwrap().request;
    assert_eq!(call.query, [("page".to_owned(), "2".to_owned()), ("archived".to_owned(), "true".to_owned())]);
    let list = ready("getProjects", json!({"query": {"clients": ["a", "b"], "users": "c"}})).unwrap().request.query;
    let pairs: Vec<(&str, &str)> = list.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("clients", "a"), ("clients", "b"), ("users", "c")]);
    let filled = ready("getUsersOfWorkspace", json!({})).unwrap().request.query;
    assert_eq!(filled, [("include-roles".to_owned(), "false".to_owned())], "what is needed and has a default is filled in");
}

#[test]
fn a_body_is_checked_by_what_is_described_and_keeps_what_is_not() {
    let name = "x".repeat(200);
    assert_eq!(faults("createNewTag", json!({"body": {"name": name}})), at("params.body.name", "too_long"));
    assert_eq!(faults("createNewTag", json!({"body": {"name": 7}})), at("params.body.name", "invalid_type"));
    assert_eq!(faults("createNewTag", json!({"body": ["x"]})), at("params.body", "invalid_type"));
    assert_eq!(faults("createNewTag", json!({})), at("params.body", "required"));
    assert_eq!(
        faults("createTimeEntry", json!({"body": {"customFields": [{}]}})),
        at("params.body.customFields[0].customFieldId", "required")
    );
    let sent = ready("createNewTag", json!({"body": {"name": "x", "undescribed": [1]}})).unwrap().request.body.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), json!({"name": "x", "undescribed": [1]}));
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(ready("createNewTag", json!({"body": {"name": "x", "deep": deep}})).unwrap_err()[0].code, "too_deep");
}

#[test]
fn the_viewer_is_filled_in_and_may_be_another_member() {
    let path = |params: Value| ready("getTimeEntries", params).unwrap().request.path;
    assert_eq!(path(json!({})), format!("/v1/workspaces/{WORKSPACE}/user/c00000000000000000000001/time-entries"));
    assert_eq!(path(json!({"path": {"userId": "u"}})), format!("/v1/workspaces/{WORKSPACE}/user/u/time-entries"));
}

#[test]
fn a_form_carries_its_file_and_no_name_breaks_out_of_its_header() {
    let body = json!({"amount": 12.5, "categoryId": "c", "date": "2026-01-31T00:00:00Z", "projectId": "p", "userId": "u", "billable": true,
        "file": {"name": "../a\"\r\nX-Evil: 1.png", "media_type": "image/png\r\nX: 1", "base64": "aGVsbG8="}});
    let request = ready("createExpense", json!({ "body": body })).unwrap().request;
    let text = String::from_utf8(request.body.unwrap().to_vec()).unwrap();
    assert_eq!(request.content_type.as_deref(), Some("multipart/form-data; boundary=00000000000000000000000000000000"));
    assert!(text.contains("name=\"amount\"\r\n\r\n12.5\r\n"), "{text}");
    assert!(text.contains("name=\"billable\"\r\n\r\ntrue\r\n"), "{text}");
    assert!(text.contains("filename=\"a___X-Evil_ 1.png\"\r\nContent-Type: application/octet-stream\r\n\r\nhello\r\n"), "{text}");
    assert!(text.ends_with("--00000000000000000000000000000000--\r\n"));
    let with = |member: &str, value: Value| {
        let mut body = body.clone();
        body[member] = value;
        faults("createExpense", json!({ "body": body }))
    };
    assert_eq!(with("file", json!("no base64!")), at("params.body.file", "invalid_value"));
    assert_eq!(with("file", Value::Null), at("params.body.file", "required"));
    assert_eq!(with("x\"; filename=\"y", json!("z")), at("params.body.x\"; filename=\"y", "unknown_field"));
    assert_eq!(with("amount", json!("much")), at("params.body.amount", "invalid_type"));
}
