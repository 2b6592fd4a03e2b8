//! The manifests that the platform reads: `manifests/<slug>/` filled in with what the operator configured, once, at the start.
//!
//! A manifest is the same for every caller and never depends on a request: the base URL tells the platform where to send tokens.
//! No `$schema`, no null and no empty default is served; the platform refuses them.

mod schema;

use std::collections::{BTreeMap, BTreeSet};

use actors::addon::Addon;
use actors::event::{EventType, Known};
use actors::port::clockify::Method;
use actors::webhook;
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
    macro_rules! of {
        ($slug:literal) => {
            Files {
                manifest: include_str!(concat!("../manifests/", $slug, "/manifest.json")),
                policy: include_str!(concat!("../manifests/", $slug, "/policy.toml")),
                icon: include_bytes!(concat!("../manifests/", $slug, "/icon.svg")),
            }
        };
    }
    match addon {
        Addon::ApiStudio => of!("api-studio"),
        Addon::UniversalWebhook => of!("universal-webhook"),
        Addon::ClockifyAddon => of!("clockify-addon"),
    }
}

/// What `policy.toml` says.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Policy {
    webhooks: WebhookPolicy,
    flows: FlowPolicy,
    explorer: ExplorerPolicy,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct FlowPolicy {
    generic_http: bool,
}

/// What people may call through the explorer.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
struct ExplorerPolicy {
    methods: Vec<Method>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct WebhookPolicy {
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

fn read_policy(addon: Addon, text: &str) -> Result<Policy, Unusable> {
    toml::from_str(text).map_err(|error| Unusable::Policy(addon, error))
}

/// The add-ons whose flows may call other servers than the platform's, if a workspace's settings allow it as well.
///
/// # Errors
///
/// [`Unusable::Policy`].
pub fn flows_reach_other_servers() -> Result<BTreeSet<Addon>, Unusable> {
    let mut addons = BTreeSet::new();
    for addon in Addon::ALL {
        if read_policy(addon, files(addon).policy)?.flows.generic_http {
            addons.insert(addon);
        }
    }
    Ok(addons)
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
    left_out: Vec<&'static str>,
    declared: Vec<&'static str>,
    base_url: String,
    name: String,
    scopes: BTreeSet<String>,
    explorer: ExplorerPolicy,
}

impl Manifests {
    /// Renders the manifest of each add-on that is served, in every schema version.
    pub fn render(stated: &BTreeMap<Addon, Stated>) -> Result<Self, Unusable> {
        let mut rendered = BTreeMap::new();
        for (&addon, stated) in stated {
            let Files { manifest, policy, .. } = files(addon);
            let template: Value = serde_json::from_str(manifest).map_err(|error| Unusable::Manifest(addon, Some(error)))?;
            let Value::Object(template) = template else { return Err(Unusable::Manifest(addon, None)) };
            let policy = read_policy(addon, policy)?;
            if let Some(unknown) = policy.webhooks.order.iter().find(|event| event.known().is_none()) {
                return Err(Unusable::Event(addon, unknown.clone()));
            }
            let fill = |version| (version, Bytes::from(fill(addon, &template, &policy, stated, version).to_string()));
            let by_version = SchemaVersion::ALL.into_iter().map(fill).collect();
            let (declared, left_out) = chosen(&policy.webhooks, stated.schema_version, stated.webhooks_max);
            let names = |events: Vec<&Known>| events.into_iter().map(|known| known.name).collect();
            let (declared, left_out, base_url) = (names(declared), names(left_out), stated.base_url.clone());
            let name = template.get("name").and_then(Value::as_str).unwrap_or_else(|| addon.slug()).to_owned();
            let scopes = template.get("scopes").and_then(Value::as_array).into_iter().flatten();
            let scopes = scopes.filter_map(Value::as_str).map(str::to_owned).collect();
            let explorer = policy.explorer.clone();
            let served = stated.schema_version;
            rendered.insert(addon, Rendered { served, by_version, left_out, declared, base_url, name, scopes, explorer });
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

    /// Events that the add-on would like to be told of and that the served manifest does not declare: the schema version does not admit them, or
    /// they are more than the operator allows.
    pub fn left_out(&self, addon: Addon) -> &[&'static str] {
        self.rendered.get(&addon).map_or(&[], |rendered| &rendered.left_out)
    }

    /// What the add-on asks to be allowed: the scopes of its manifest.
    pub fn scopes(&self, addon: Addon) -> BTreeSet<String> {
        self.rendered.get(&addon).map(|rendered| rendered.scopes.clone()).unwrap_or_default()
    }

    /// Whether the served manifest declares an event.
    pub fn declares(&self, addon: Addon, event: &str) -> bool {
        self.rendered.get(&addon).is_some_and(|rendered| rendered.declared.contains(&event))
    }

    /// Where the add-on is reached from outside, without a slash at the end.
    pub fn base_url(&self, addon: Addon) -> &str {
        self.rendered.get(&addon).map_or("", |rendered| rendered.base_url.as_str())
    }

    /// The manifest's name of an add-on.
    pub fn name(&self, addon: Addon) -> Option<&str> {
        self.rendered.get(&addon).map(|rendered| rendered.name.as_str())
    }

    /// Why an add-on's explorer does not make a call: its policy leaves the method out, or the manifest does not ask for the scope. `None`: it does.
    pub fn refuses(&self, addon: Addon, method: Method, scope: Option<&str>) -> Option<String> {
        let Rendered { name, scopes, explorer, .. } = self.rendered.get(&addon)?;
        if !explorer.methods.contains(&method) {
            let offered: Vec<&str> = explorer.methods.iter().map(|method| method.as_str()).collect();
            return Some(format!("{name} makes {} calls only; this operation is a {}.", offered.join(", "), method.as_str()));
        }
        let scope = scope.filter(|scope| !scopes.contains(*scope))?;
        Some(format!("The manifest of {name} does not have the scope {scope}, which this operation needs."))
    }

    /// What stands at the manifest's `iconPath`: SVG.
    pub fn icon(addon: Addon) -> &'static [u8] {
        files(addon).icon
    }
}

fn fill(addon: Addon, template: &Map<String, Value>, policy: &Policy, stated: &Stated, version: SchemaVersion) -> Value {
    let mut manifest = Map::new();
    manifest.insert("schemaVersion".into(), version.as_str().into());
    manifest.extend(template.clone());
    manifest.insert("key".into(), stated.key.clone().into());
    manifest.insert("baseUrl".into(), stated.base_url.clone().into());
    let (declared, _) = chosen(&policy.webhooks, version, stated.webhooks_max);
    let declare = |known: &Known| json!({"event": known.name, "path": webhook::path(addon, known)});
    manifest.insert("webhooks".into(), declared.into_iter().map(declare).collect());
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

/// The events that a manifest declares, in the policy's order, and those of the policy that it does not.
fn chosen(policy: &WebhookPolicy, version: SchemaVersion, most: Option<usize>) -> (Vec<&'static Known>, Vec<&'static Known>) {
    let wanted = policy.order.iter().filter_map(EventType::known);
    let (mut declared, mut left_out): (Vec<_>, Vec<_>) = wanted.partition(|known| version.admits(known.name));
    let too_many = declared.split_off(most.map_or(declared.len(), |most| most.min(declared.len())));
    left_out.splice(..0, too_many);
    (declared, left_out)
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
