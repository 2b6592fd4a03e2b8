//! The manifests that the platform reads: `manifests/<slug>/` filled in with what the operator configured, once, at the start.
//!
//! A manifest is the same for every caller and never depends on a request: the base URL tells the platform where to send tokens.
//! No `$schema`, no null and no empty default is served; the platform refuses them.

mod schema;

use std::collections::BTreeMap;

use actors::addon::Addon;
use actors::event::{EventType, Known};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use self::schema::SchemaVersion;

/// The files of an add-on, compiled in.
struct Files {
    manifest: &'static str,
    policy: &'static str,
    icon: &'static [u8],
}

const fn files(addon: Addon) -> Files {
    match addon {
        Addon::UniversalWebhook => Files {
            manifest: include_str!("../manifests/universal-webhook/manifest.json"),
            policy: include_str!("../manifests/universal-webhook/policy.toml"),
            icon: include_bytes!("../manifests/universal-webhook/icon.svg"),
        },
    }
}

/// What `policy.toml` says.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Policy {
    webhooks: WebhookPolicy,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct WebhookPolicy {
    path: String,
    order: Vec<EventType>,
}

/// What the operator says about one add-on.
#[derive(Clone, PartialEq, Debug)]
pub struct Stated {
    /// The manifest's key.
    pub key: String,
    /// Where the platform reaches the add-on, without a slash at the end.
    pub base_url: String,
    /// The version that is served.
    pub schema_version: SchemaVersion,
    /// How many webhooks are declared at the most.
    pub webhooks_max: Option<usize>,
    /// Values of settings, by id: what applies where an admin has chosen nothing.
    pub defaults: Map<String, Value>,
}

/// Why there is no manifest. Only the files of this project can be the cause.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// `manifest.json` is not an object of JSON.
    #[error("{0}: manifest.json is not readable")]
    Manifest(Addon, #[source] Option<serde_json::Error>),
    /// `policy.toml` does not say what it must.
    #[error("{0}: policy.toml is not readable")]
    Policy(Addon, #[source] toml::de::Error),
    /// An event of the policy's order is not one of the platform's.
    #[error("{0}: policy.toml names {1}, which the platform does not know")]
    Event(Addon, EventType),
}

/// Rendered manifests of every add-on.
#[derive(Clone, Debug)]
pub struct Manifests {
    rendered: BTreeMap<Addon, Rendered>,
}

#[derive(Clone, Debug)]
struct Rendered {
    served: SchemaVersion,
    by_version: BTreeMap<SchemaVersion, Bytes>,
}

impl Manifests {
    /// Renders the manifest of each add-on that is served, in every schema version.
    pub fn render(stated: &BTreeMap<Addon, Stated>) -> Result<Self, Unusable> {
        let mut rendered = BTreeMap::new();
        for (&addon, stated) in stated {
            let Files { manifest, policy, .. } = files(addon);
            let template: Value = serde_json::from_str(manifest).map_err(|error| Unusable::Manifest(addon, Some(error)))?;
            let Value::Object(template) = template else { return Err(Unusable::Manifest(addon, None)) };
            let policy: Policy = toml::from_str(policy).map_err(|error| Unusable::Policy(addon, error))?;
            if let Some(unknown) = policy.webhooks.order.iter().find(|event| event.known().is_none()) {
                return Err(Unusable::Event(addon, unknown.clone()));
            }
            let fill = |version| (version, Bytes::from(fill(&template, &policy, stated, version).to_string()));
            let by_version = SchemaVersion::ALL.into_iter().map(fill).collect();
            rendered.insert(addon, Rendered { served: stated.schema_version, by_version });
        }
        Ok(Self { rendered })
    }

    /// The manifest as `GET /manifest` gives it: JSON in UTF-8, without its charset said.
    pub fn served(&self, addon: Addon) -> Option<&Bytes> {
        let rendered = self.rendered.get(&addon)?;
        rendered.by_version.get(&rendered.served)
    }

    /// The same manifest in another version of the schema.
    pub fn in_version(&self, addon: Addon, version: SchemaVersion) -> Option<&Bytes> {
        self.rendered.get(&addon)?.by_version.get(&version)
    }

    /// What stands at the manifest's `iconPath`: SVG.
    pub fn icon(addon: Addon) -> &'static [u8] {
        files(addon).icon
    }
}

fn fill(template: &Map<String, Value>, policy: &Policy, stated: &Stated, version: SchemaVersion) -> Value {
    let mut manifest = Map::new();
    manifest.insert("schemaVersion".into(), version.as_str().into());
    manifest.extend(template.clone());
    manifest.insert("key".into(), stated.key.clone().into());
    manifest.insert("baseUrl".into(), stated.base_url.clone().into());
    manifest.insert("webhooks".into(), webhooks(&policy.webhooks, version, stated.webhooks_max));
    if version.takes_settings() {
        each_setting(&mut manifest, |setting| {
            let chosen = setting.get("id").and_then(Value::as_str).and_then(|id| stated.defaults.get(id));
            if let Some(chosen) = chosen {
                setting.insert("value".into(), chosen.clone());
            }
        });
    } else {
        manifest.remove("settings");
    }
    Value::Object(manifest)
}

fn webhooks(policy: &WebhookPolicy, version: SchemaVersion, most: Option<usize>) -> Value {
    let admitted = policy.order.iter().filter_map(EventType::known).filter(|known| version.admits(known.name));
    let declare = |known: &Known| json!({"event": known.name, "path": format!("{}/{}", policy.path, known.slug())});
    admitted.take(most.unwrap_or(usize::MAX)).map(declare).collect()
}

fn each_setting(manifest: &mut Map<String, Value>, mut change: impl FnMut(&mut Map<String, Value>)) {
    let Some(settings) = manifest.get_mut("settings") else { return };
    for tab in settings.get_mut("tabs").and_then(Value::as_array_mut).into_iter().flatten() {
        for group in tab.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten() {
            for setting in group.get_mut("settings").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(setting) = setting.as_object_mut() {
                    change(setting);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
