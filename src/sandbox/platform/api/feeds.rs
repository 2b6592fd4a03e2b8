//! The feeds of what was made, changed and deleted. They count pages from 0 and look back thirty days unless told otherwise.

use std::time::Duration;

use actors::clock::Timestamp;
use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::Scene;
use super::super::members::Members;
use super::super::workspace::{Shelf, text, wire_time};
use super::approvals::zoned;

const LOOKS_BACK: Duration = Duration::from_secs(30 * 86_400);

/// The types of the feeds, and where the simulator keeps them. Rates of entries are not kept, so there is never news of them.
const TYPES: [(&str, Option<Shelf>); 6] = [
    ("TIME_ENTRY", Some(Shelf::TimeEntries)),
    ("TIME_ENTRY_CUSTOM_FIELD_VALUE", Some(Shelf::TimeEntries)),
    ("CUSTOM_FIELDS", Some(Shelf::CustomFields)),
    ("EXPENSE", Some(Shelf::Expenses)),
    ("CUSTOM_ATTRIBUTE", None),
    ("TIME_ENTRY_RATE", None),
];

/// What was made.
pub fn created(scene: &Scene<'_>) -> Outcome {
    let (from, until) = range(scene)?;
    living(scene, |made, _| made >= from && made <= until)
}

/// What was changed. What was made in the same range is not in it.
pub fn updated(scene: &Scene<'_>) -> Outcome {
    let (from, until) = range(scene)?;
    living(scene, |made, changed| made < from && changed.is_some_and(|changed| changed >= from && changed <= until))
}

/// What was deleted. What was made in the same range is not in it.
pub fn deleted(scene: &Scene<'_>) -> Outcome {
    let (from, until) = range(scene)?;
    let types = types(scene)?;
    let mut found = Vec::new();
    for gone in scene.workspace.changes.gone() {
        let named = types.iter().find(|(name, shelf)| *shelf == Some(gone.shelf) && *name != "TIME_ENTRY_CUSTOM_FIELD_VALUE");
        if let Some((name, _)) = named
            && gone.at >= from
            && gone.at <= until
            && made(&gone.entity) < from
        {
            found.push(json!({
                "id": gone.entity.at("id"), "deletionBinId": gone.entity.at("id"), "document": gone.entity, "documentType": name, "deletedAt": wire_time(gone.at),
                "eligibleForRestore": true,
            }));
        }
    }
    let page = scene.call.cut(found)?.items;
    Ok(Reply::ok(json!({"response": page})))
}

fn living(scene: &Scene<'_>, fits: impl Fn(Timestamp, Option<Timestamp>) -> bool) -> Outcome {
    let mut found = Vec::new();
    for (name, shelf) in types(scene)? {
        let Some(shelf) = shelf else { continue };
        for entity in scene.workspace.all(shelf) {
            let (made, changed) = (made(entity), scene.workspace.changes.last(shelf, text(entity, "id")));
            if fits(made, changed) {
                let audit = json!({"createdAt": wire_time(made), "updatedAt": wire_time(changed.unwrap_or(made))});
                found.extend(documents(name, entity, &audit));
            }
        }
    }
    scene.call.cut(found)?.show(|document| document)
}

/// An entity as a feed shows it; an entry's custom values are documents of their own.
fn documents(kind: &str, entity: &Value, audit: &Value) -> Vec<Value> {
    if kind == "TIME_ENTRY_CUSTOM_FIELD_VALUE" {
        let values = entity.at("customFieldValues").as_array().into_iter().flatten();
        return values
            .map(|value| {
                json!({
                    "id": format!("{}{}", text(entity, "id").get(12..).unwrap_or_default(), text(value, "customFieldId").get(12..).unwrap_or_default()),
                    "customFieldId": value.at("customFieldId"), "timeEntryId": entity.at("id"), "value": value.at("value"), "sourceType": "TIMEENTRY",
                    "documentType": kind, "auditMetadata": audit,
                })
            })
            .collect();
    }
    let mut document = entity.clone();
    document.set("documentType", json!(kind));
    document.set("auditMetadata", audit.clone());
    if kind == "TIME_ENTRY" {
        document.set("timeInterval", zoned(entity.at("timeInterval")));
        document.set("approvalStatus", json!(if entity.at("isLocked") == true { "APPROVED" } else { "UNSUBMITTED" }));
    }
    vec![document]
}

fn types(scene: &Scene<'_>) -> Result<Vec<(&'static str, Option<Shelf>)>, Refusal> {
    let wanted = scene.call.listed("type");
    let known = |name: &&str| TYPES.iter().find(|(known, _)| known == name).copied();
    wanted.iter().map(|name| known(name).ok_or_else(|| Refusal::parameter("type"))).collect()
}

fn range(scene: &Scene<'_>) -> Result<(Timestamp, Timestamp), Refusal> {
    let (start, end) = (scene.call.moment("start")?, scene.call.moment("end")?);
    let until = end.or_else(|| start.map(|start| start + LOOKS_BACK)).unwrap_or(scene.call.now);
    let from = start.unwrap_or(until - LOOKS_BACK);
    if until < from { Err(Refusal::parameter("end")) } else { Ok((from, until)) }
}

/// When an entity was made: its id says it.
fn made(entity: &Value) -> Timestamp {
    let seconds = text(entity, "id").get(..8).and_then(|digits| i64::from_str_radix(digits, 16).ok());
    Timestamp::from_seconds(seconds.unwrap_or(0))
}
