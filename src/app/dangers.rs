//! What an operator must not have set by accident, said loudly at the start; and what the platform will not tell us.

use actors::addon::Addon;

use crate::config::Config;
use crate::manifest::Manifests;

/// Logs a warning for each.
pub(super) fn warn_of(config: &Config) {
    for base in &config.api_bases {
        log::warn!(base:%; "CLOCKIFY_API_BASES: tokens of installations are sent to this address too, whatever the other rules say");
    }
    for network in &config.outbound_networks {
        log::warn!(network:%; "OUTBOUND_ALLOW_CIDRS: outgoing calls reach this network although it is not public");
    }
    for (addon, of) in &config.addons {
        if !of.verify_signatures {
            log::warn!(addon = addon.slug(); "signatures are NOT verified: anybody on this machine can act as the platform");
        }
        match of.base_url.as_deref() {
            None => {
                log::warn!(addon = addon.slug(); "no base URL is set: the manifest names this machine, where the platform does not reach it")
            }
            Some(url) if !url.starts_with("https://") => log::warn!(addon = addon.slug(), url; "the base URL is not https"),
            Some(_) => {}
        }
    }
    if !config.schema_version.takes_settings() {
        log::warn!(version = config.schema_version.as_str(); "manifests of this version have no settings: the platform takes them from 1.5 on");
    }
}

/// Logs the events that a manifest does not declare, though the add-on would take them.
pub(super) fn say_what_is_left_out<'a>(manifests: &Manifests, addons: impl IntoIterator<Item = &'a Addon>) {
    for &addon in addons {
        let left_out = manifests.left_out(addon);
        if !left_out.is_empty() {
            let events = left_out.join(", ");
            log::info!(addon = addon.slug(), events; "the manifest does not ask for these events: its schema version or MANIFEST_MAX_WEBHOOKS leaves them out");
        }
    }
}
