//! A call of the explorer: what a person asks for, checked against the operation before anything leaves, and made ready to be sent. All of it pure.
//!
//! The workspace is always the token's (I9), whatever a parameter or a body says. What the official description does not name in a body is let
//! through, because the platform knows more fields than it describes; what it does name is checked, field by field.

mod check;
pub mod curl;
mod form;
pub mod sample;

pub use form::plain_name;

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::flow::action::clockify_api::push_segment;
use crate::flow::model::Params;
use crate::flow::read::{Faults, FieldError};
use crate::ids::{AddonId, WorkspaceId};
use crate::limits::explorer as limits;
use crate::limits::flow::PARAMETERS_MAX;
use crate::operation::{Media, Operation, Parameter, Place};
use crate::port::clockify::ApiRequest;

/// What the service itself knows of a caller, and fills in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    /// The token's workspace.
    pub workspace: WorkspaceId,
    /// The add-on's installation.
    pub addon_id: AddonId,
    /// The person who asks, by the platform's id.
    pub user: Option<String>,
}

/// A call that may be sent.
#[derive(Clone, PartialEq, Debug)]
pub struct Ready {
    /// What is sent.
    pub request: ApiRequest,
    /// The parameters that it was made of, with what was filled in; the workspace is not among them.
    pub params: Params,
}

impl Context {
    /// The value that the service fills in for a parameter of the path.
    pub fn value(&self, parameter: &str) -> Option<String> {
        match parameter {
            "workspaceId" => Some(self.workspace.to_string()),
            "userId" => self.user.clone(),
            "addonId" => Some(self.addon_id.to_string()),
            _ => None,
        }
    }

    /// Checks parameters and renders the call. `boundary` parts a form; it must be fresh.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, by field: `params.path.id`, `params.query.page`, `params.body.name`.
    pub fn ready(&self, operation: &Operation, given: &Params, boundary: Uuid) -> Result<Ready, Vec<FieldError>> {
        let mut faults = Faults::default();
        if given.path.len() + given.query.len() > PARAMETERS_MAX {
            faults.add("params", "too_many", format!("at most {PARAMETERS_MAX} parameters"));
            return faults.into_result(None);
        }
        let (path, path_params) = self.path(operation, &given.path, &mut faults);
        let (query, query_params) = self.query(operation, &given.query, &mut faults);
        let body = given.body.as_ref().filter(|body| !body.is_null());
        let sent = self.body(operation, body, boundary, &mut faults);
        let params = Params { path: path_params, query: query_params, body: body.cloned() };
        let (body, content_type) = sent.map_or((None, None), |(bytes, media)| (Some(bytes), media));
        let request = ApiRequest {
            method: operation.method,
            host: operation.host,
            path,
            query,
            body,
            content_type,
            response_bytes_max: limits::RESPONSE_BYTES_MAX,
            timeout: Duration::from_millis(limits::CALL_MS_MAX),
        };
        faults.into_result(Some(Ready { request, params }))
    }

    fn path(&self, operation: &Operation, given: &Map<String, Value>, faults: &mut Faults) -> (String, Map<String, Value>) {
        let (mut path, mut used) = (String::with_capacity(128), Map::new());
        for name in given.keys().filter(|name| !operation.path_parameters().any(|known| known == name.as_str())) {
            // Naming one's own workspace is no fault where the path has none.
            if name != "workspaceId" || !self.is_own(given.get(name)) {
                faults.add(format!("params.path.{name}"), "unknown_parameter", "this operation has no such path parameter");
            }
        }
        for segment in operation.path.split('/').skip(1) {
            path.push('/');
            let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
                path.push_str(segment);
                continue;
            };
            let field = format!("params.path.{name}");
            let value = given.get(name).filter(|value| !value.is_null());
            if name == "workspaceId" {
                if value.is_some() && !self.is_own(value) {
                    faults.add(field, "not_allowed", "the workspace is always the one that the add-on is installed in; leave it out");
                }
                path.push_str(&self.workspace.to_string());
                continue;
            }
            let Some(value) = value.cloned().or_else(|| self.value(name).map(Value::String)) else {
                faults.add(field, "required", "this operation needs it");
                continue;
            };
            if let Err(reason) = push_segment(&mut path, name, &value) {
                faults.add(field, "invalid_value", reason.message);
            }
            used.insert(name.to_owned(), value);
        }
        (path, used)
    }

    fn is_own(&self, value: Option<&Value>) -> bool {
        value.and_then(Value::as_str) == Some(self.workspace.to_string().as_str())
    }

    fn query(&self, operation: &Operation, given: &Map<String, Value>, faults: &mut Faults) -> (Vec<(String, String)>, Map<String, Value>) {
        let known = || operation.parameters.iter().filter(|parameter| parameter.place == Place::Query);
        for name in given.keys().filter(|name| !known().any(|parameter| parameter.name == **name)) {
            faults.add(format!("params.query.{name}"), "unknown_parameter", "this operation has no such query parameter");
        }
        let (mut query, mut used) = (Vec::new(), Map::new());
        for parameter in known() {
            let Parameter { name, schema, required, .. } = parameter;
            let field = format!("params.query.{name}");
            let sent = given.get(name).filter(|value| !value.is_null() && value.as_str() != Some(""));
            let Some(value) = sent.or(schema.default.as_ref().filter(|_| *required)) else {
                if *required {
                    faults.add(field, "required", "this operation needs it");
                }
                continue;
            };
            if name.replace('-', "").eq_ignore_ascii_case("workspaceid") && !self.is_own(Some(value)) {
                faults.add(field, "not_allowed", "the workspace is always the one that the add-on is installed in; leave it out");
                continue;
            }
            let texts = check::query(schema, value, &field, faults);
            query.extend(texts.into_iter().map(|text| (name.clone(), text)));
            used.insert(name.clone(), value.clone());
        }
        (query, used)
    }

    fn body(&self, operation: &Operation, given: Option<&Value>, boundary: Uuid, faults: &mut Faults) -> Option<(Bytes, Option<String>)> {
        let (described, value) = match (&operation.body, given) {
            (None, None) => return None,
            (None, Some(_)) => {
                faults.add("params.body", "not_applicable", "this operation takes no body");
                return None;
            }
            (Some(described), None) => {
                let needed = described.required || (described.media == Media::Multipart && !described.schema.required.is_empty());
                if needed {
                    faults.add("params.body", "required", "this operation needs a body");
                }
                return None;
            }
            (Some(described), Some(value)) => (described, value),
        };
        self.keep_workspace(value, "params.body", 0, faults);
        if described.media == Media::Multipart {
            let parts = form::parts(&described.schema, value, faults)?;
            return Some((form::write(&parts, boundary), Some(form::content_type(boundary))));
        }
        check::body(&described.schema, value, "params.body", faults);
        Some((Bytes::from(value.to_string()), None))
    }

    /// No body names another workspace, at whatever depth.
    fn keep_workspace(&self, value: &Value, field: &str, depth: usize, faults: &mut Faults) {
        if depth > limits::BODY_LEVELS_MAX {
            faults.add(field, "too_deep", format!("at most {} levels", limits::BODY_LEVELS_MAX));
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let field = format!("{field}.{name}");
                    if name.eq_ignore_ascii_case("workspaceId") && !value.is_null() && !self.is_own(Some(value)) {
                        faults.add(field, "not_allowed", "the workspace is always the one that the add-on is installed in; leave it out");
                    } else {
                        self.keep_workspace(value, &field, depth + 1, faults);
                    }
                }
            }
            Value::Array(elements) => {
                for (index, value) in elements.iter().enumerate() {
                    self.keep_workspace(value, &format!("{field}[{index}]"), depth + 1, faults);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
