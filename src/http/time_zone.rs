//! The time zone of schedules that name none. The platform gives a workspace no zone and each person one, so it is that of the person who saves the
//! flow, and UTC where the platform does not say it. It is written into the definition: who looks sees it, and it does not move by itself.

use actix_web::HttpRequest;
use serde_json::{Map, Value};

use super::caller::Admin;

/// Where nobody says otherwise.
const NONE_KNOWN: &str = "UTC";

/// Gives a zone to the schedules among `definitions` that need one.
pub async fn settle(caller: &Admin, request: &HttpRequest, definitions: &mut [Value]) {
    let mut open: Vec<&mut Map<String, Value>> = definitions.iter_mut().filter_map(without_zone).collect();
    if open.is_empty() {
        return;
    }
    let zone = match Admin::token(request) {
        Ok(token) => caller.service.registry.time_zone(caller.key, token).await.ok().flatten(),
        Err(_) => None,
    };
    let zone = Value::String(zone.unwrap_or_else(|| NONE_KNOWN.to_owned()));
    open.iter_mut().for_each(|schedule| drop(schedule.insert("time_zone".to_owned(), zone.clone())));
}

/// The schedule of a definition, if it names no zone. An empty text is what a form sends for nothing.
fn without_zone(definition: &mut Value) -> Option<&mut Map<String, Value>> {
    let schedule = definition.get_mut("schedule")?.as_object_mut()?;
    let names_none = schedule.get("time_zone").is_none_or(|zone| zone.is_null() || zone == "");
    (names_none && schedule.get("cron").is_some_and(Value::is_string)).then_some(schedule)
}
