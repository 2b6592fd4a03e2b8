//! Flows as one document, to be kept elsewhere and brought into another workspace. A definition names secrets and never holds one.

use actix_web::http::StatusCode;
use actix_web::web::{Json, Payload};
use actix_web::{HttpRequest, Responder};
use actors::flow::model::{Definition, Flow};
use actors::flow::read::Faults;
use actors::ids::FlowId;
use actors::limits::flow::{DEFINITION_BYTES_MAX, FLOWS_MAX};
use actors::limits::http::IMPORT_BYTES_MAX;
use actors::workspace::flows::{FlowChange, FlowChanged};
use serde::Serialize;
use serde_json::Value;

use super::activity::tell;
use super::body;
use super::caller::Admin;
use super::error::{Error, Kind};
use super::flows;
use super::query::Query;
use super::time_zone;

/// What a document says that it is.
const FORMAT: &str = "clockify-addons/flows";
const VERSION: u64 = 1;

/// Flows without their identity.
#[derive(Serialize, Debug)]
pub struct Document {
    format: &'static str,
    version: u64,
    flows: Vec<Definition>,
}

/// What an import has made.
#[derive(Serialize, Debug)]
pub struct Imported {
    created: Vec<Created>,
}

/// A flow that is new.
#[derive(Serialize, Debug)]
struct Created {
    id: FlowId,
    name: String,
}

/// `GET /ui/flow-export`: the flows that `id` names, which may be given several times; all of them if none is.
pub async fn export(caller: Admin, request: HttpRequest) -> Result<Json<Document>, Error> {
    let mut query = Query::of(&request);
    let wanted = query.all("id", FlowId::parse);
    query.checked()?;
    let mut all = caller.service.store.flows(caller.key).await?;
    if wanted.iter().any(|id| !all.iter().any(|flow| flow.id == *id)) {
        return Err(Kind::FlowNotFound.into());
    }
    // A flow that a setting keeps is made by that setting elsewhere too.
    all.retain(|flow| flow.definition.managed_by.is_none() && (wanted.is_empty() || wanted.contains(&flow.id)));
    Ok(Json(Document { format: FORMAT, version: VERSION, flows: all.into_iter().map(|flow| flow.definition).collect() }))
}

/// `POST /ui/flow-import`: all of its flows or none.
pub async fn import(caller: Admin, request: HttpRequest, payload: Payload) -> Result<impl Responder, Error> {
    let mut sent = body::json(&request, payload, IMPORT_BYTES_MAX, &*caller.service.clock).await?;
    if let Some(flows) = sent.get_mut("flows").and_then(Value::as_array_mut) {
        time_zone::settle(&caller, &request, flows).await;
    }
    let definitions = read(&caller, &sent)?;
    match caller.service.registry.change_flow(caller.key, FlowChange::Import(definitions)).await? {
        FlowChanged::Imported(made) => {
            tell(&request, None, format!("{} flows", made.len()));
            let created = made.into_iter().map(|Flow { id, definition, .. }| Created { id, name: definition.name }).collect();
            Ok((Json(Imported { created }), StatusCode::CREATED))
        }
        FlowChanged::TooMany => Err(Kind::TooManyFlows.into()),
        _ => Err(Kind::NotInstalled.into()),
    }
}

/// The definitions of a document, or everything that is wrong with it.
fn read(caller: &Admin, sent: &Value) -> Result<Vec<Definition>, Error> {
    let mut faults = Faults::default();
    if sent.get("format").and_then(Value::as_str) != Some(FORMAT) {
        faults.add("format", "invalid_value", format!("expected {FORMAT:?}"));
    }
    if sent.get("version").and_then(Value::as_u64) != Some(VERSION) {
        faults.add("version", "invalid_value", format!("expected {VERSION}"));
    }
    let listed = sent.get("flows").and_then(Value::as_array).filter(|listed| (1..=FLOWS_MAX as usize).contains(&listed.len()));
    if listed.is_none() {
        faults.add("flows", "invalid_type", format!("expected a list of 1 to {FLOWS_MAX} flows"));
    }
    let mut definitions = Vec::new();
    for (index, sent) in listed.into_iter().flatten().enumerate() {
        let at = format!("flows[{index}]");
        if sent.to_string().len() > DEFINITION_BYTES_MAX {
            faults.add(at, "too_large", format!("at most {DEFINITION_BYTES_MAX} bytes"));
            continue;
        }
        match flows::fit(caller, sent) {
            Ok(definition) => definitions.push(*definition),
            Err(wrong) => wrong.into_iter().for_each(|fault| {
                let field = if fault.field.is_empty() { at.clone() } else { format!("{at}.{}", fault.field) };
                faults.add(field, fault.code, fault.message);
            }),
        }
    }
    faults.into_result(Some(definitions)).map_err(Error::fields)
}
