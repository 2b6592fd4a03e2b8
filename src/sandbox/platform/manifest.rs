//! What the platform takes from an add-on's manifest.

use std::collections::BTreeMap;

use serde_json::Value;

use super::workspace::text;

/// A manifest, read.
#[derive(Clone, PartialEq, Debug)]
pub struct Manifest {
    /// `key`.
    pub key: String,
    /// `name`.
    pub name: String,
    /// `baseUrl`, without a slash at the end.
    pub base_url: String,
    /// `scopes`.
    pub scopes: Vec<String>,
    /// Event type and path of each webhook.
    pub webhooks: Vec<(String, String)>,
    /// Paths of lifecycle calls by type.
    pub lifecycle: BTreeMap<String, String>,
    /// The path of the first component: the page in the side bar.
    pub page: String,
    /// `settings`, or an empty tree.
    pub settings: Value,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// What is missing, in words.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        let whole: Value = serde_json::from_slice(json).map_err(|error| format!("the manifest is not JSON: {error}"))?;
        let required = |name: &str| match text(&whole, name) {
            "" => Err(format!("the manifest has no {name}")),
            value => Ok(value.to_owned()),
        };
        let listed = |name: &str| whole.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let pairs = |name: &str, kind: &str| -> Vec<(String, String)> {
            listed(name).iter().map(|item| (text(item, kind).to_owned(), text(item, "path").to_owned())).collect()
        };
        Ok(Self {
            key: required("key")?,
            name: required("name")?,
            base_url: required("baseUrl")?.trim_end_matches('/').to_owned(),
            scopes: listed("scopes").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            webhooks: pairs("webhooks", "event"),
            lifecycle: pairs("lifecycle", "type").into_iter().collect(),
            page: listed("components").first().map(|component| text(component, "path").to_owned()).unwrap_or_default(),
            settings: whole
                .get("settings")
                .filter(|settings| settings.is_object())
                .cloned()
                .unwrap_or_else(|| serde_json::json!({"tabs": []})),
        })
    }
}
