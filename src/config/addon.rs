//! What the operator says about each add-on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use actors::addon::Addon;
use actors::settings::Settings;
use url::Url;

use super::reader::Reader;
use super::{defaults, value};
use crate::store::Location;

/// What the operator decides about one add-on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddonConfig {
    /// The port of its own listener; 0 lets the system choose.
    pub port: u16,
    /// The manifest's key, which is `sub` in its tokens.
    pub key: String,
    /// Where the platform reaches it, without a slash at the end. `None`: this machine, at the port of its listener.
    pub base_url: Option<String>,
    /// Its database.
    pub database_url: String,
    /// Whether the signatures of its tokens are checked.
    pub verify_signatures: bool,
    /// What applies to a workspace whose admin has chosen nothing.
    pub defaults: Settings,
}

/// Names of an add-on's variables.
struct Names {
    port: &'static [&'static str],
    port_default: &'static str,
    key: &'static [&'static str],
    key_default: &'static str,
    base_url: &'static [&'static str],
    database_url: &'static [&'static str],
    verify: &'static [&'static str],
}

const fn names(addon: Addon) -> Names {
    match addon {
        Addon::ApiStudio => Names {
            port: &["API_STUDIO_PORT"],
            port_default: "8000",
            key: &["API_STUDIO_ADDON_KEY"],
            key_default: "clockify-api-studio",
            base_url: &["API_STUDIO_BASE_URL"],
            database_url: &["API_STUDIO_DB_URL", "DATABASE_URL"],
            verify: &["API_STUDIO_REQUIRE_SIGNATURE_VERIFICATION"],
        },
        Addon::UniversalWebhook => Names {
            port: &["UNIVERSAL_WEBHOOK_PORT"],
            port_default: "8001",
            key: &["UNIVERSAL_WEBHOOK_ADDON_KEY"],
            key_default: "universal-webhook-api",
            base_url: &["UNIVERSAL_WEBHOOK_BASE_URL"],
            database_url: &["UNIVERSAL_WEBHOOK_DB_URL", "DATABASE_URL"],
            verify: &["UNIVERSAL_WEBHOOK_REQUIRE_SIGNATURE_VERIFICATION"],
        },
        // The reference ran it as a service of its own, so its names have no prefix.
        Addon::ClockifyAddon => Names {
            port: &["CLOCKIFY_ADDON_PORT", "PORT"],
            port_default: "8002",
            key: &["ADDON_KEY"],
            key_default: "clockify-python-addon",
            base_url: &["CLOCKIFY_ADDON_BASE_URL", "BASE_URL"],
            database_url: &["DATABASE_URL"],
            verify: &["REQUIRE_SIGNATURE_VERIFICATION"],
        },
    }
}

const DATABASE_URL: &str = "sqlite://data/clockify-addons.db";

/// Reads the variables of the add-ons that are picked, each to its end, so that every fault is named.
pub(super) fn read(
    reader: &mut Reader<'_>,
    picked: Vec<Addon>,
    host: Option<IpAddr>,
    public_url: Option<&Url>,
) -> Option<BTreeMap<Addon, AddonConfig>> {
    let (mut ports, mut keys) = (BTreeSet::new(), BTreeSet::new());
    let mut addons = BTreeMap::new();
    for addon in BTreeSet::from_iter(picked) {
        let names = names(addon);
        let port = reader.value(names.port, names.port_default, value::number(0..=u16::MAX));
        if port.is_some_and(|port| port != 0 && !ports.insert(port)) {
            reader.refuse(names.port.first().unwrap_or(&"PORT"), "another add-on has this port");
        }
        let key = reader.value(names.key, names.key_default, value::addon_key);
        if key.as_ref().is_some_and(|key| !keys.insert(key.clone())) {
            reader.refuse(names.key.first().unwrap_or(&"ADDON_KEY"), "another add-on has this key: tokens of the one would open the other");
        }
        let own_url = reader.optional(names.base_url, value::base_url);
        let base_url = own_url.as_ref().map(bare).or_else(|| public_url.map(|url| format!("{}/{addon}", bare(url))));
        let database_url = reader.shown_as(names.database_url, DATABASE_URL, value::without_password, database_url);
        let verify = reader.value(names.verify, "true", value::flag);
        if verify == Some(false) && !host.is_some_and(|host| host.is_loopback()) {
            let name = names.verify.first().unwrap_or(&"REQUIRE_SIGNATURE_VERIFICATION");
            reader
                .refuse(name, "false is taken only while HOST is a loopback address, such as 127.0.0.1: anybody could act as the platform");
        }
        let defaults = defaults::read(reader, addon);
        let read = || {
            Some(AddonConfig {
                port: port?,
                key: key?,
                base_url,
                database_url: database_url?,
                verify_signatures: verify?,
                defaults: defaults?,
            })
        };
        if let Some(config) = read() {
            addons.insert(addon, config);
        }
    }
    Some(addons)
}

/// A base URL's text, without a slash at its end.
fn bare(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn database_url(text: &str) -> Result<String, String> {
    Location::parse(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}
