//! The workspace's settings: what applies now and who chose it; and a change, which goes to the platform first, because settings are its own.

use actix_web::HttpRequest;
use actix_web::web::{Json, Payload};
use actors::flow::read::{Faults, FieldError};
use actors::ids::WorkspaceId;
use actors::installation::Installation;
use actors::limits::flow::NAME_SHOWN_CHARS_MAX;
use actors::limits::setting::CHANGE_BYTES_MAX;
use actors::settings::{self, Setting, Takes};
use actors::workspace::settings::SettingsWritten;
use serde::Serialize;
use serde_json::{Map, Value};

use super::caller::Admin;
use super::error::{Error, Kind};
use super::{activity, body, request_id};

/// Every setting of the add-on, in the manifest's order.
#[derive(Serialize, Debug)]
pub struct Listed {
    /// What was done, where something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    workspace_id: WorkspaceId,
    settings: Vec<Line>,
}

/// One setting.
#[derive(Serialize, Debug)]
struct Line {
    id: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    /// What applies.
    value: Value,
    /// Who chose it: an admin of the workspace, or the operator.
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<&'static [&'static str]>,
}

/// `GET /ui/settings`.
pub async fn show(caller: Admin) -> Result<Json<Listed>, Error> {
    Ok(Json(listed(&caller, &caller.installation, None)))
}

/// `PATCH /ui/settings`, with `{id: value}` for those that change.
pub async fn change(caller: Admin, request: HttpRequest, payload: Payload) -> Result<Json<Listed>, Error> {
    let (service, key) = (&caller.service, caller.key);
    let sent = body::json(&request, payload, CHANGE_BYTES_MAX, &*service.clock).await?;
    let values = checked(&caller, &sent).map_err(Error::fields)?;
    let ids = values.keys().cloned().collect::<Vec<_>>().join(",");
    match service.registry.change_settings(key, values).await? {
        SettingsWritten::Done => {}
        SettingsWritten::Refused { status, words } => {
            let words = words.map(|words| format!(": {words}")).unwrap_or_default();
            return Err(Error::saying(Kind::PlatformRefused, format!("Clockify has refused the change with status {status}{words}")));
        }
        SettingsWritten::Unanswered => return Err(Kind::PlatformSilent.into()),
    }
    log::info!(addon = key.addon.slug(), workspace:% = key.workspace, request = request_id::of(&request), settings = ids.as_str();
        "settings are changed by an admin");
    activity::tell(&request, None, ids.as_str());
    let installation = service.store.installation(key).await?.ok_or(Kind::NotInstalled)?;
    Ok(Json(listed(&caller, &installation, Some("updated"))))
}

fn listed(caller: &Admin, installation: &Installation, status: Option<&'static str>) -> Listed {
    let addon = caller.key.addon;
    let environment = caller.service.registry.environment();
    let defaults = environment.defaults.get(&addon).copied().unwrap_or_else(|| settings::Settings::built_in(addon));
    let line = |setting: &'static Setting| {
        let chosen = installation.settings.get(setting.id).and_then(|value| setting.taken(value));
        let source = if chosen.is_some() { "workspace" } else { "operator" };
        let value = chosen.or_else(|| setting.value(defaults)).unwrap_or_default();
        let (kind, minimum, maximum, choices) = match &setting.takes {
            Takes::Flag(_) => ("boolean", None, None, None),
            Takes::Number(range, _) => ("number", Some(*range.start()), Some(*range.end()), None),
            Takes::Text => ("text", None, None, None),
            Takes::Choice(choices) => ("choice", None, None, Some(*choices)),
        };
        Line { id: setting.id, kind, value, source, minimum, maximum, choices }
    };
    Listed { status, workspace_id: caller.key.workspace, settings: settings::of(addon).map(line).collect() }
}

/// Values that the add-on's settings take, or everything that is wrong with them.
fn checked(caller: &Admin, sent: &Value) -> Result<Map<String, Value>, Vec<FieldError>> {
    let mut faults = Faults::default();
    let mut values = Map::new();
    match sent.as_object() {
        Some(sent) if sent.is_empty() => faults.add("", "required", "expected at least one setting"),
        None => faults.add("", "invalid_type", "expected a JSON object of values by id"),
        Some(sent) => {
            for (id, value) in sent {
                let field: String = id.chars().take(NAME_SHOWN_CHARS_MAX).collect();
                let Some(setting) = settings::of(caller.key.addon).find(|setting| setting.id == *id) else {
                    faults.add(field, "unknown_setting", "the add-on has no such setting");
                    continue;
                };
                match setting.taken(value) {
                    Some(value) => drop(values.insert(id.clone(), value)),
                    None => refuse(&mut faults, field, setting),
                }
            }
        }
    }
    faults.into_result(Some(values))
}

fn refuse(faults: &mut Faults, field: String, setting: &Setting) {
    match &setting.takes {
        Takes::Flag(_) => faults.add(field, "invalid_type", "expected true or false"),
        Takes::Number(range, _) => {
            faults.add(field, "out_of_range", format!("expected a whole number from {} to {}", range.start(), range.end()));
        }
        Takes::Text => faults.add(field, "invalid_type", "expected a text"),
        Takes::Choice(choices) => faults.add(field, "invalid_value", format!("expected one of {}", choices.join(", "))),
    }
}
