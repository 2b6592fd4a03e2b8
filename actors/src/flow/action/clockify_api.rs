//! `CLOCKIFY_API`: an operation of the catalogue with values from the context.
//!
//! The workspace is always the installation's (I9); a path parameter is one percent-encoded segment, whatever its value holds.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{push_encoded, scalar};
use crate::flow::model::Params;
use crate::flow::read::Faults;
use crate::flow::run::Reason;
use crate::flow::template::{Compiler, Renderer, Scope, Template};
use crate::ids::WorkspaceId;
use crate::limits::{flow as limits, run};
use crate::operation::{Catalogue, Operation, Place};
use crate::port::clockify::{ApiRequest, Method};

/// The action, ready to be rendered.
#[derive(Clone, Debug)]
pub struct ClockifyApi {
    operation: Arc<Operation>,
    workspace: WorkspaceId,
    path: Vec<(String, Template)>,
    query: Vec<(String, Template)>,
    body: Option<Template>,
}

impl ClockifyApi {
    /// Checks the parameters against the catalogue and compiles their values; what is wrong is noted under `field`.
    pub fn compile(
        operation_id: &str,
        params: &Params,
        (field, scope): (&str, Scope),
        workspace: WorkspaceId,
        catalogue: &Catalogue,
        faults: &mut Faults,
    ) -> Option<Self> {
        let Some(operation) = catalogue.get(operation_id) else {
            faults.add(format!("{field}.operation_id"), "unknown_operation", "the catalogue has no such operation");
            return None;
        };
        if params.path.len() + params.query.len() > limits::PARAMETERS_MAX {
            faults.add(format!("{field}.params"), "too_many", format!("at most {} parameters", limits::PARAMETERS_MAX));
            return None;
        }
        check_path(operation, &params.path, workspace, field, faults);
        check_query(operation, &params.query, field, faults);
        if params.body.is_some() && operation.body.is_none() {
            faults.add(format!("{field}.params.body"), "not_applicable", "this operation takes no body");
        }
        let mut compiler = Compiler { scope, faults, values: 0, secrets: false };
        let mut templates = |map: &Map<String, Value>, place: &str| -> Vec<(String, Template)> {
            let named = map.iter().filter(|(name, _)| *name != "workspaceId");
            named.map(|(name, value)| (name.clone(), compiler.value(value, &format!("{field}.params.{place}.{name}"), 1))).collect()
        };
        let (path, query) = (templates(&params.path, "path"), templates(&params.query, "query"));
        let body = params.body.as_ref().map(|body| compiler.value(body, &format!("{field}.params.body"), 1));
        Some(Self { operation: Arc::clone(operation), workspace, path, query, body })
    }

    /// The operation's method.
    pub fn method(&self) -> Method {
        self.operation.method
    }

    /// The operation.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The call, with values from the context.
    pub fn render(&self, context: &Value) -> Result<ApiRequest, Reason> {
        self.render_with(Renderer::new(context))
    }

    /// The same by a renderer of the caller's.
    pub fn render_with(&self, mut renderer: Renderer<'_>) -> Result<ApiRequest, Reason> {
        let mut path = String::with_capacity(128);
        for segment in self.operation.path.split('/').skip(1) {
            path.push('/');
            match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                None => path.push_str(segment),
                Some("workspaceId") => path.push_str(&self.workspace.to_string()),
                Some(name) => {
                    let template = self.path.iter().find(|(known, _)| known == name).map(|(_, template)| template);
                    let template =
                        template.ok_or_else(|| Reason::new("parameter_missing", format!("path parameter {name} has no value")))?;
                    push_segment(&mut path, name, &renderer.value(template)?)?;
                }
            }
        }
        let mut query = Vec::with_capacity(self.query.len());
        for (name, template) in &self.query {
            match renderer.value(template)? {
                Value::Null => {}
                Value::Array(items) => {
                    for item in &items {
                        query.push((name.clone(), scalar(name, item)?));
                    }
                }
                value => query.push((name.clone(), scalar(name, &value)?)),
            }
        }
        let body = match &self.body {
            None => None,
            Some(template) => Some(Bytes::from(renderer.value(template)?.to_string())),
        };
        Ok(ApiRequest {
            method: self.operation.method,
            host: self.operation.host,
            path,
            query,
            body,
            content_type: None,
            response_bytes_max: run::RESPONSE_BYTES_MAX,
            timeout: Duration::from_millis(run::CALL_MS_MAX),
        })
    }
}

fn check_path(operation: &Operation, given: &Map<String, Value>, workspace: WorkspaceId, field: &str, faults: &mut Faults) {
    let known: Vec<&str> = operation.path_parameters().collect();
    for name in known.iter().filter(|name| **name != "workspaceId" && !given.contains_key(**name)) {
        faults.add(format!("{field}.params.path.{name}"), "required", "this operation needs it");
    }
    for (name, value) in given {
        let field = format!("{field}.params.path.{name}");
        if name == "workspaceId" {
            let same = value
                .as_str()
                .is_some_and(|text| text == workspace.to_string() || text == "$.workspace.id" || text == "$.webhook.workspaceId");
            if !same {
                faults.add(field, "not_allowed", "the workspace is always the one that the add-on is installed in; leave it out");
            }
        } else if !known.contains(&name.as_str()) {
            faults.add(field, "unknown_parameter", "this operation has no such path parameter");
        } else if !value.is_string() && !value.is_number() {
            faults.add(field, "invalid_type", "expected a text or a number");
        }
    }
}

fn check_query(operation: &Operation, given: &Map<String, Value>, field: &str, faults: &mut Faults) {
    let known = || operation.parameters.iter().filter(|parameter| parameter.place == Place::Query);
    for parameter in known().filter(|parameter| parameter.required && !given.contains_key(&parameter.name)) {
        faults.add(format!("{field}.params.query.{}", parameter.name), "required", "this operation needs it");
    }
    for (name, value) in given {
        let field = format!("{field}.params.query.{name}");
        if !known().any(|parameter| parameter.name == *name) {
            faults.add(field, "unknown_parameter", "this operation has no such query parameter");
        } else if value.is_object() {
            faults.add(field, "invalid_type", "expected a text, a number, true, false or a list of them");
        }
    }
}

/// Appends a value as one segment: everything but unreserved characters is percent-encoded, and what a server could take for
/// "this folder" or "the one above" is refused.
pub(crate) fn push_segment(path: &mut String, name: &str, value: &Value) -> Result<(), Reason> {
    let text = scalar(name, value)?;
    let refuse = |why: &str| Err(Reason::new("parameter_invalid", format!("path parameter {name} {why}")));
    match text.as_str() {
        "" => return refuse("is empty"),
        "." | ".." => return refuse("is a dot segment"),
        _ if text.len() > limits::PATH_PARAMETER_BYTES_MAX => return refuse("is too long"),
        _ if text.chars().any(char::is_control) => return refuse("has a control character"),
        _ => push_encoded(path, &text),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn catalogue() -> Catalogue {
        let listed = json!([{
            "id": "updateTag", "method": "PUT", "path": "/v1/workspaces/{workspaceId}/tags/{id}", "tag": "Tag", "summary": "s", "body": {},
            "parameters": [{"name": "id", "in": "path", "required": true}, {"name": "archived", "in": "query"}],
        }]);
        Catalogue::read(listed.to_string().as_bytes()).unwrap()
    }

    fn workspace() -> WorkspaceId {
        WorkspaceId::parse("5b641568b07987035750505e").unwrap()
    }

    fn compile(params: Value) -> Result<ClockifyApi, Vec<crate::flow::read::FieldError>> {
        let params: Params = serde_json::from_value(params).unwrap();
        let mut faults = Faults::default();
        let action = ClockifyApi::compile("updateTag", &params, ("actions[0]", Scope::of(0)), workspace(), &catalogue(), &mut faults);
        faults.into_result(action)
    }

    fn path_of(id: Value) -> Result<String, Reason> {
        let action = compile(json!({"path": {"id": "$.webhook.id"}})).unwrap();
        action.render(&json!({"webhook": {"id": id}})).map(|request| request.path)
    }

    #[test]
    fn a_path_parameter_stays_one_segment_of_the_same_workspace() {
        let base = "/v1/workspaces/5b641568b07987035750505e/tags/";
        for (value, segment) in [
            (json!("5b64"), "5b64"),
            (json!(17), "17"),
            (json!("a/b"), "a%2Fb"),
            (json!("../../other"), "..%2F..%2Fother"),
            (json!("%2e%2e"), "%252e%252e"),
            (json!("a?b#c;d\\e"), "a%3Fb%23c%3Bd%5Ce"),
            (json!("é"), "%C3%A9"),
        ] {
            assert_eq!(path_of(value), Ok(format!("{base}{segment}")));
        }
        for bad in
            [json!(""), json!("."), json!(".."), json!("a\r\nb"), json!("\0"), json!(null), json!([1]), json!({}), json!("x".repeat(9_000))]
        {
            assert_eq!(path_of(bad.clone()).unwrap_err().code, "parameter_invalid", "{bad}");
        }
    }

    #[test]
    fn the_workspace_cannot_be_chosen() {
        let other = compile(json!({"path": {"id": "x", "workspaceId": "64c777ddd3fcab07cfbb210c"}})).unwrap_err();
        assert_eq!((other[0].field.as_str(), other[0].code), ("actions[0].params.path.workspaceId", "not_allowed"));
        assert!(compile(json!({"path": {"id": "x", "workspaceId": "$.webhook.workspaceId"}})).is_ok());
        let action = compile(json!({"path": {"id": "x", "workspaceId": "$.webhook.workspaceId"}})).unwrap();
        let request = action.render(&json!({"webhook": {"workspaceId": "64c777ddd3fcab07cfbb210c"}})).unwrap();
        assert_eq!(request.path, "/v1/workspaces/5b641568b07987035750505e/tags/x");
    }

    #[test]
    fn parameters_are_checked_against_the_catalogue() {
        let faults = compile(json!({"path": {"tagId": "x"}, "query": {"page": 1}})).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), fault.code)).collect();
        assert_eq!(
            found,
            [
                ("actions[0].params.path.id", "required"),
                ("actions[0].params.path.tagId", "unknown_parameter"),
                ("actions[0].params.query.page", "unknown_parameter"),
            ]
        );
    }

    #[test]
    fn the_body_takes_typed_values_and_no_structure_from_texts() {
        let action = compile(json!({"path": {"id": "x"}, "query": {"archived": [true, "$.webhook.a"]}, "body": {"name": "{{ $.webhook.n }}", "n": "$.webhook.list"}})).unwrap();
        let request = action.render(&json!({"webhook": {"a": "&x=1", "n": "\",\"admin\":true,\"", "list": [1]}})).unwrap();
        assert_eq!(request.query, [("archived".to_owned(), "true".to_owned()), ("archived".to_owned(), "&x=1".to_owned())]);
        assert_eq!(serde_json::from_slice::<Value>(&request.body.unwrap()).unwrap(), json!({"name": "\",\"admin\":true,\"", "n": [1]}));
    }
}
