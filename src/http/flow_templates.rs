//! Flows to begin with, and the flow that one of them becomes.

use actix_web::http::StatusCode;
use actix_web::web::{Json, Payload};
use actix_web::{HttpRequest, Responder};
use actors::flow::read::FieldError;
use actors::limits::setting::CHANGE_BYTES_MAX;
use serde::Serialize;
use serde_json::{Map, Value};

use super::body;
use super::caller::Admin;
use super::error::{Error, Kind};
use super::{flows, time_zone};
use crate::flow_templates::{self, Template};

/// Every template.
#[derive(Serialize, Debug)]
pub struct Listed {
    templates: &'static [Template],
}

/// `GET /ui/flow-templates`.
pub async fn list(_: Admin) -> Json<Listed> {
    Json(Listed { templates: flow_templates::all() })
}

/// `POST /ui/flow-templates/{id}`: a flow with the parameters that are sent.
pub async fn create(caller: Admin, request: HttpRequest, payload: Payload) -> Result<impl Responder, Error> {
    let template = request.match_info().get("id").and_then(flow_templates::of).ok_or(Kind::TemplateNotFound)?;
    let sent = body::json(&request, payload, CHANGE_BYTES_MAX, &*caller.service.clock).await?;
    let none = Map::new();
    let given = match (sent.as_object(), sent.get("parameters")) {
        (Some(sent), None | Some(Value::Null)) if sent.is_empty() || sent.contains_key("parameters") => &none,
        (Some(sent), Some(Value::Object(given))) if sent.len() == 1 => given,
        _ => {
            let fault = FieldError {
                field: "parameters".into(),
                code: "invalid_type",
                message: "expected an object, and nothing beside it".into(),
            };
            return Err(Error::fields(vec![fault]));
        }
    };
    let mut filled = template.filled(given).map_err(Error::fields)?;
    time_zone::settle(&caller, &request, std::slice::from_mut(&mut filled)).await;
    let definition = flows::checked(&caller, &filled)?;
    Ok((flows::made(&caller, &request, definition).await?, StatusCode::CREATED))
}
