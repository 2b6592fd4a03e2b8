//! The body of a lifecycle call, field by field: what the platform sends, and the older spellings of the reference.
//!
//! Fields that nobody asked for are ignored, because the platform adds some from time to time. One that stands there twice is refused.

use actors::flow::read::{Faults, FieldError};
use actors::ids::{AddonId, Invalid, WorkspaceId};
use actors::installation::{Status, WebhookToken};
use actors::limits::http as limits;
use actors::limits::token::TEXT_BYTES_MAX;
use actors::secret::Secret;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::auth::token;
use crate::http::path;

/// What was sent.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Told {
    #[serde(rename = "workspaceId", alias = "workspace_id")]
    workspace: Option<Value>,
    #[serde(rename = "addonId", alias = "addon_id")]
    addon_id: Option<Value>,
    #[serde(rename = "authToken", alias = "auth_token", alias = "addonToken")]
    token: Option<Value>,
    #[serde(rename = "asUser", alias = "as_user")]
    as_user: Option<Value>,
    #[serde(rename = "addonUserId", alias = "addon_user_id")]
    addon_user: Option<Value>,
    webhooks: Option<Value>,
    status: Option<Value>,
    settings: Option<Value>,
    /// Nothing but a list of settings: then the token alone says whose.
    #[serde(skip)]
    bare: bool,
}

/// What INSTALLED says, beside workspace and installation.
pub struct Installed {
    /// The installation token, not yet verified.
    pub token: Secret,
    /// The user that installed it.
    pub as_user: Option<String>,
    /// The user that it acts as.
    pub addon_user: Option<String>,
    /// Tokens by path.
    pub webhooks: Vec<WebhookToken>,
    /// Values by id.
    pub settings: Map<String, Value>,
}

impl Told {
    /// Reads a JSON object; a bare list is SETTINGS_UPDATED as older versions of the platform send it.
    pub fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Ok(Self { settings: Some(serde_json::from_slice(body)?), bare: true, ..Self::default() });
        }
        serde_json::from_slice(body)
    }

    /// The workspace and the installation that it is about, as far as it names them.
    pub fn about(&self) -> Result<(Option<WorkspaceId>, Option<AddonId>), Vec<FieldError>> {
        let mut faults = Faults::default();
        let workspace = id(&mut faults, "workspaceId", self.workspace.as_ref(), WorkspaceId::parse);
        let addon_id = id(&mut faults, "addonId", self.addon_id.as_ref(), AddonId::parse);
        if self.workspace.is_none() && !self.bare {
            faults.add("workspaceId", "required", "expected the id of the workspace");
        }
        faults.into_result(Some((workspace, addon_id)))
    }

    /// What INSTALLED needs.
    pub fn installed(mut self) -> Result<Installed, Vec<FieldError>> {
        let mut faults = Faults::default();
        if self.addon_id.is_none() {
            faults.add("addonId", "required", "expected the id of the installation");
        }
        let token = match self.token.take() {
            Some(Value::String(token)) if (1..=TEXT_BYTES_MAX).contains(&token.len()) => Secret::new(token),
            Some(_) => {
                faults.add("authToken", "invalid_type", "expected the installation token");
                Secret::new("")
            }
            None => {
                faults.add("authToken", "required", "expected the installation token");
                Secret::new("")
            }
        };
        let installed = Installed {
            token,
            as_user: text(&mut faults, "asUser", self.as_user.take()),
            addon_user: text(&mut faults, "addonUserId", self.addon_user.take()),
            webhooks: webhooks(&mut faults, self.webhooks.take()),
            settings: self.settings.take().map(|sent| settings(&mut faults, sent)).unwrap_or_default(),
        };
        faults.into_result(Some(installed))
    }

    /// What STATUS_CHANGED says.
    pub fn status(self) -> Result<Status, Vec<FieldError>> {
        let mut faults = Faults::default();
        let status = match self.status.as_ref().map(Value::as_str) {
            Some(Some("ACTIVE")) => Some(Status::Active),
            Some(Some("INACTIVE")) => Some(Status::Inactive),
            Some(_) => {
                faults.add("status", "invalid_value", "expected ACTIVE or INACTIVE");
                None
            }
            None => {
                faults.add("status", "required", "expected ACTIVE or INACTIVE");
                None
            }
        };
        faults.into_result(status)
    }

    /// What SETTINGS_UPDATED says: values by id.
    pub fn settings(self) -> Result<Map<String, Value>, Vec<FieldError>> {
        let mut faults = Faults::default();
        let chosen = match self.settings {
            Some(sent) => Some(settings(&mut faults, sent)),
            None => {
                faults.add("settings", "required", "expected a list of settings");
                None
            }
        };
        faults.into_result(chosen)
    }
}

fn id<T>(faults: &mut Faults, field: &str, sent: Option<&Value>, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
    match sent?.as_str().map(parse) {
        Some(Ok(id)) => Some(id),
        _ => {
            faults.add(field, "invalid_value", "expected 24 lower-case hexadecimal digits");
            None
        }
    }
}

/// A short text that is kept and shown, such as a user's id.
fn text(faults: &mut Faults, field: &str, sent: Option<Value>) -> Option<String> {
    match sent {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.len() <= limits::PLATFORM_TEXT_BYTES_MAX && !text.contains('\0') => Some(text),
        Some(_) => {
            faults.add(field, "invalid_value", "expected a short text");
            None
        }
    }
}

fn webhooks(faults: &mut Faults, sent: Option<Value>) -> Vec<WebhookToken> {
    let listed = match sent {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(listed)) if listed.len() <= limits::WEBHOOKS_MAX => listed,
        Some(_) => {
            faults.add("webhooks", "invalid_type", format!("expected a list of at most {} webhooks", limits::WEBHOOKS_MAX));
            return Vec::new();
        }
    };
    let mut tokens = Vec::with_capacity(listed.len());
    for (index, webhook) in listed.iter().enumerate() {
        let sent = |name: &str| webhook.get(name).and_then(Value::as_str);
        let path = sent("path").and_then(path::of_webhook);
        let token = sent("authToken").or_else(|| sent("auth_token")).filter(|token| (1..=TEXT_BYTES_MAX).contains(&token.len()));
        if path.is_none() {
            faults.add(format!("webhooks[{index}].path"), "invalid_value", "expected a path below /webhooks/");
        }
        if token.is_none() {
            faults.add(format!("webhooks[{index}].authToken"), "invalid_value", "expected the webhook's token");
        }
        if let (Some(path), Some(token)) = (path, token) {
            tokens.push(WebhookToken { path, hash: token::hash(token) });
        }
    }
    tokens
}

/// Values by id, from the platform's list of `{id, name, value}` or from the reference's object.
fn settings(faults: &mut Faults, sent: Value) -> Map<String, Value> {
    let fits = |id: &str| (1..=limits::PLATFORM_TEXT_BYTES_MAX).contains(&id.len());
    let mut chosen = Map::new();
    match sent {
        Value::Null => {}
        Value::Array(listed) if listed.len() <= limits::SETTINGS_MAX => {
            for (index, mut setting) in listed.into_iter().enumerate() {
                let value = setting.get_mut("value").map(Value::take).unwrap_or_default();
                match setting.get("id").and_then(Value::as_str).filter(|id| fits(id)) {
                    Some(id) => drop(chosen.insert(id.to_owned(), value)),
                    None => faults.add(format!("settings[{index}].id"), "invalid_value", "expected the id of a setting"),
                }
            }
        }
        Value::Object(values) if values.len() <= limits::SETTINGS_MAX && values.keys().all(|id| fits(id)) => chosen = values,
        _ => faults.add("settings", "invalid_type", format!("expected a list of at most {} settings", limits::SETTINGS_MAX)),
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(body: &Value) -> Told {
        Told::read(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn settings_are_read_as_list_as_bare_list_and_as_object() {
        let expected = json!({"enable_flows": false, "max_rps": 10, "tags": ["a"], "none": null});
        let list = json!([
            {"id": "enable_flows", "name": "Flows", "value": false}, {"id": "max_rps", "value": 10}, {"id": "tags", "value": ["a"]}, {"id": "none"}
        ]);
        for body in [json!({"workspaceId": "x", "settings": list}), list.clone(), json!({"settings": expected})] {
            assert_eq!(Value::Object(told(&body).settings().unwrap()), expected, "{body}");
        }
        let faults = told(&json!({"settings": [{"id": 1}, {"value": 2}]})).settings().unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["settings[0].id", "settings[1].id"]);
        assert_eq!(told(&json!({"settings": "x"})).settings().unwrap_err()[0].field, "settings");
        assert_eq!(told(&json!({})).settings().unwrap_err()[0].code, "required");
    }

    #[test]
    fn a_field_that_stands_there_twice_is_refused_under_whatever_spelling() {
        for body in
            [r#"{"workspaceId":"a","workspaceId":"b"}"#, r#"{"workspaceId":"a","workspace_id":"a"}"#, r#"{"addonId":1,"addonId":1}"#]
        {
            assert!(Told::read(body.as_bytes()).is_err(), "{body}");
        }
        for body in ["", "1", "null x", "{", "{} {}", "[", "\"x\""] {
            assert!(Told::read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn webhooks_are_kept_as_hashes_under_the_manifests_paths() {
        let body = json!({"addonId": "x", "authToken": "t", "asUser": "u", "webhooks": [
            {"path": "https://host/universal-webhook//webhooks/clockify/new-project", "webhookType": "ADDON", "authToken": "one"},
            {"path": "//webhooks/clockify/new-tag", "authToken": "two"},
        ]});
        let installed = told(&body).installed().unwrap_or_else(|faults| panic!("{faults:?}"));
        let expected = [("/webhooks/clockify/new-project", "one"), ("/webhooks/clockify/new-tag", "two")];
        assert_eq!(installed.webhooks, expected.map(|(path, token)| WebhookToken { path: path.into(), hash: token::hash(token) }));
    }

    #[test]
    fn what_an_installation_lacks_is_named_all_at_once() {
        let body = json!({"asUser": 1, "webhooks": [{"path": "/other", "authToken": ""}], "settings": 3});
        let faults = told(&body).installed().map(|_| ()).unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["addonId", "authToken", "asUser", "webhooks[0].path", "webhooks[0].authToken", "settings"]);
    }
}
