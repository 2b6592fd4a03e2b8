//! The shipped catalogue against the official description, and what a description that cannot be used is told.

use std::collections::BTreeSet;

use actors::operation::{Catalogue, Operation, Place};
use actors::port::clockify::Host;
use serde_json::{Value, json};

use super::*;

fn official() -> Option<Vec<u8>> {
    crate::sandbox::reference("clockify/openapi.json")
}

fn find<'c>(catalogue: &'c Catalogue, id: &str) -> &'c Operation {
    catalogue.get(id).unwrap()
}

/// Every text that the document says of operations, parameters and fields.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) => {
                        if matches!(name.as_str(), "summary" | "description" | "example") {
                            found.insert(text.to_lowercase());
                        }
                    }
                    value => texts(value, found),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|value| texts(value, found)),
        _ => {}
    }
}

#[test]
fn the_shipped_catalogue_is_what_the_official_description_gives() {
    let Some(file) = official() else { return };
    let fresh = written(&derive::operations(&file).unwrap()).unwrap();
    assert!(fresh.as_bytes() == SHIPPED, "write it anew: clockify-addons catalogue <openapi.json> > manifests/operations.json");
    assert_eq!(shipped().unwrap().iter().count(), 170);
}

#[test]
fn no_summary_is_the_officials_own() {
    let Some(file) = official() else { return };
    let mut theirs = BTreeSet::new();
    texts(&serde_json::from_slice(&file).unwrap(), &mut theirs);
    for operation in shipped().unwrap().iter() {
        assert!(!theirs.contains(&operation.summary.to_lowercase()), "{}: the summary is to be in our own words", operation.id);
        assert!(!operation.summary.contains("/v1/"), "{} has no words", operation.id);
    }
}

#[test]
fn every_operation_has_its_path_parameters_and_a_scope_that_fits_its_kind() {
    for operation in shipped().unwrap().iter() {
        let listed: Vec<&str> = operation.parameters.iter().filter(|one| one.place == Place::Path).map(|one| one.name.as_str()).collect();
        assert_eq!(listed, operation.path_parameters().collect::<Vec<_>>(), "{}", operation.id);
        let scope = operation.scope.as_deref().unwrap();
        assert!(scope.ends_with("_READ") || scope.ends_with("_WRITE"), "{}: {scope}", operation.id);
        if operation.method.as_str() == "GET" {
            assert!(scope.ends_with("_READ"), "{}: {scope}", operation.id);
        }
    }
}

#[test]
fn lists_pages_files_and_forms_are_known() {
    let catalogue = shipped().unwrap();
    let list = |id: &str| find(&catalogue, id).answer.list.clone().unwrap();
    let paging = |id: &str| find(&catalogue, id).answer.paging.clone().unwrap();
    assert_eq!(list("getTags"), "");
    assert_eq!(list("getExpenses"), "expenses.expenses");
    assert_eq!(list("getInvoices"), "invoices");
    assert_eq!(find(&catalogue, "getApprovalRequests").answer.entity.as_deref(), Some("approvalRequest"));
    assert_eq!((paging("getTags").size.as_str(), paging("getTags").size_max, paging("getTags").first), ("page-size", 200, 1));
    assert_eq!(paging("getInProgressTimeEntries").size_max, 1_000);
    assert_eq!(paging("getSharedReportsV1").size, "pageSize");
    assert_eq!((paging("getLogsForWebhook").size.as_str(), paging("getLogsForWebhook").first), ("size", 0));
    assert_eq!(find(&catalogue, "ofWorkspace").answer.paging, None);
    let files: Vec<&str> = catalogue.iter().filter(|one| one.answer.file).map(|one| one.id.as_str()).collect();
    assert_eq!(files, ["downloadFile", "exportInvoice"]);
    let forms = catalogue.iter().filter(|one| one.body.as_ref().is_some_and(|body| body.media == actors::operation::Media::Multipart));
    assert_eq!(forms.map(|one| one.id.as_str()).collect::<Vec<_>>(), ["createExpense", "updateExpense", "uploadImage"]);
    let receipt = &find(&catalogue, "createExpense").body.as_ref().unwrap().schema.properties["file"];
    assert_eq!(receipt.format.as_deref(), Some("binary"));
}

#[test]
fn hosts_marks_and_safe_values_are_known() {
    let catalogue = shipped().unwrap();
    assert_eq!(catalogue.iter().filter(|one| one.deprecated).count(), 16);
    assert_eq!(catalogue.iter().filter(|one| one.host == Host::Pto).count(), 14);
    assert_eq!(catalogue.iter().filter(|one| one.host == Host::Reports).count(), 10);
    assert_eq!(catalogue.iter().filter(|one| one.heavy).count(), 11);
    assert_eq!(catalogue.iter().filter(|one| one.time_entry).count(), 12);
    let schema = |id: &str, name: &str| find(&catalogue, id).parameters.iter().find(|one| one.name == name).unwrap().schema.clone();
    assert_eq!(schema("getHolidaysInPeriod", "start").format.as_deref(), Some("date"));
    assert_eq!(schema("getAllAssignments", "start").format.as_deref(), Some("date-time"));
    assert_eq!(schema("getUsersOfWorkspace", "include-roles").default, Some(json!(false)));
    assert!(schema("getCreatedEntityInfo", "type").items.unwrap().choices.contains(&"TIME_ENTRY".to_owned()));
}

#[test]
fn an_operation_without_words_gets_some_of_its_method_and_path() {
    let document = json!({"openapi": "3.0.1", "paths": {"/v1/workspaces/{workspaceId}/kites/{kiteId}": {
        "servers": [{"url": "https://api.clockify.me/api"}],
        "delete": {"operationId": "deleteKite", "tags": ["Tag"], "summary": "Deletes the kite", "responses": {"204": {}},
            "parameters": [{"name": "kiteId", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "workspaceId", "in": "path", "required": true, "schema": {"type": "string"}}]}}}});
    let operations = derive::operations(document.to_string().as_bytes()).unwrap();
    assert_eq!(operations[0].summary, "DELETE /v1/workspaces/{workspaceId}/kites/{kiteId}");
    assert_eq!(operations[0].scope.as_deref(), Some("TAG_WRITE"));
    assert_eq!(operations[0].path_parameters().collect::<Vec<_>>(), ["workspaceId", "kiteId"]);
}

#[test]
fn a_schema_inside_itself_and_one_that_grows_crosswise_stay_small() {
    let names: Vec<String> = (0..12).map(|number| format!("S{number}")).collect();
    let schemas: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| {
            let properties: serde_json::Map<String, Value> =
                names.iter().map(|other| (other.clone(), json!({"$ref": format!("#/components/schemas/{other}")}))).collect();
            (name.clone(), json!({"type": "object", "properties": properties}))
        })
        .collect();
    let document = json!({"openapi": "3.0.1", "components": {"schemas": schemas}, "paths": {"/v1/x": {"post": {"operationId": "x",
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}}}}});
    let operations = derive::operations(document.to_string().as_bytes()).unwrap();
    assert!(written(&operations).unwrap().len() < 200_000);
}

#[test]
fn a_file_that_is_no_description_names_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("newer.json");
    let said = || load(Some(&path)).unwrap_err().to_string();
    assert!(said().contains("newer.json"));
    for text in ["", "[]", "{\"openapi\": \"3.0.1\", \"paths\": {}}", "{\"openapi\": \"3.0.1\", \"paths\": {\"/x\": {\"get\": {}}}}"] {
        std::fs::write(&path, text).unwrap();
        assert!(said().contains("CLOCKIFY_OPENAPI_PATH") && said().contains("newer.json"), "{text}");
    }
    let odd = |path: &str| json!({"openapi": "3.0.1", "paths": {path: {"get": {"operationId": "a"}}}}).to_string();
    for bad in ["x", "/a//b", "/a/../b", "/a/{b}", "/a?b"] {
        std::fs::write(&path, odd(bad)).unwrap();
        assert!(load(Some(&path)).is_err(), "{bad}");
    }
    std::fs::write(&path, odd("/v1/x")).unwrap();
    assert_eq!(load(Some(&path)).unwrap().iter().count(), 1);
}
