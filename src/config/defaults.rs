//! What applies to a workspace whose admin has chosen nothing: the operator's values over the built-in ones.
//!
//! Which settings there are, and what they take, says [`actors::settings::SETTINGS`]; here stand the operator's names for them, and the few that
//! no admin can choose.

use std::ops::RangeInclusive;

use actors::addon::Addon;
use actors::limits::setting as limits;
use actors::settings::{self, Settings, Takes};

use super::reader::Reader;
use super::value::{flag, number};

/// A variable and what it is the default of.
struct Variable {
    addon: Addon,
    name: &'static str,
    /// A further name of the same.
    also: Option<&'static str>,
    of: Of,
}

enum Of {
    /// A setting of the manifest, by its id.
    Setting(&'static str),
    /// What an admin cannot choose.
    Operators(RangeInclusive<u32>, fn(&mut Settings) -> &mut u32),
}

const fn setting(addon: Addon, name: &'static str, id: &'static str) -> Variable {
    Variable { addon, name, also: None, of: Of::Setting(id) }
}

const fn days(name: &'static str, field: fn(&mut Settings) -> &mut u32) -> Variable {
    Variable { addon: Addon::ApiStudio, name, also: None, of: Of::Operators(0..=limits::DAYS_MAX, field) }
}

const AS: Addon = Addon::ApiStudio;
const UW: Addon = Addon::UniversalWebhook;
const CA: Addon = Addon::ClockifyAddon;

/// Every variable that is a default of workspaces.
const VARIABLES: &[Variable] = &[
    setting(AS, "API_STUDIO_BOOTSTRAP_ON_INSTALL", "bootstrap_on_install"),
    setting(AS, "API_STUDIO_BOOTSTRAP_INCLUDE_HEAVY_ENDPOINTS", "include_heavy_endpoints"),
    setting(AS, "API_STUDIO_BOOTSTRAP_MAX_RPS", "bootstrap_max_rps"),
    days("API_STUDIO_WEBHOOK_LOG_RETENTION_DAYS", |settings| &mut settings.webhook_log_retention_days),
    days("API_STUDIO_FLOW_EXECUTION_RETENTION_DAYS", |settings| &mut settings.flow_execution_retention_days),
    setting(UW, "UW_BOOTSTRAP_ON_INSTALL", "run_on_install"),
    setting(UW, "UW_BOOTSTRAP_INCLUDE_HEAVY", "include_heavy_endpoints"),
    setting(UW, "UW_BOOTSTRAP_MAX_RPS", "max_rps"),
    setting(UW, "UW_BOOTSTRAP_MAX_PAGES", "max_pages"),
    setting(UW, "UW_BOOTSTRAP_INCLUDE_TIME_ENTRIES", "include_time_entries"),
    setting(UW, "UW_BOOTSTRAP_TIME_ENTRY_DAYS", "time_entry_days_back"),
    setting(UW, "UW_ENABLE_CUSTOM_WEBHOOKS", "enable_custom_webhooks"),
    setting(UW, "UW_CUSTOM_WEBHOOK_RATE", "custom_webhook_rate"),
    setting(UW, "UW_WEBHOOK_LOG_RETENTION_DAYS", "webhook_log_retention_days"),
    setting(UW, "UW_ENABLE_FLOWS", "enable_flows"),
    setting(UW, "UW_ENABLE_GENERIC_HTTP_ACTIONS", "enable_generic_http_actions"),
    setting(UW, "UW_FLOW_CONCURRENCY", "flow_concurrency"),
    setting(UW, "UW_FLOW_EXECUTION_RETENTION_DAYS", "flow_execution_retention_days"),
    setting(UW, "UW_CACHE_TTL_DAYS", "cache_ttl_days"),
    setting(CA, "AUTO_BOOTSTRAP_ON_INSTALL", "auto_bootstrap"),
    Variable {
        addon: CA,
        name: "BOOTSTRAP_MAX_RPS",
        also: Some("RATE_LIMIT_RPS"),
        of: Of::Operators(1..=50, |settings| &mut settings.max_rps),
    },
    Variable {
        addon: CA,
        name: "BOOTSTRAP_MAX_PAGES",
        also: None,
        of: Of::Operators(1..=limits::PAGES_MAX, |settings| &mut settings.max_pages),
    },
];

/// Reads what the environment says over the built-in values. `None` after a fault.
pub(super) fn read(reader: &mut Reader<'_>, addon: Addon) -> Option<Settings> {
    let (mut settings, mut sound) = (Settings::built_in(addon), true);
    for variable in VARIABLES.iter().filter(|variable| variable.addon == addon) {
        let names: Vec<&'static str> = [variable.name].into_iter().chain(variable.also).collect();
        sound &= take(reader, &names, variable, &mut settings).is_some();
    }
    sound.then_some(settings)
}

fn take(reader: &mut Reader<'_>, names: &[&'static str], variable: &Variable, settings: &mut Settings) -> Option<()> {
    let takes = match &variable.of {
        Of::Operators(range, field) => Takes::Number(range.clone(), *field),
        Of::Setting(id) => settings::of(variable.addon).find(|setting| setting.id == *id)?.takes.clone(),
    };
    match takes {
        Takes::Flag(field) => {
            let field = field(settings);
            *field = reader.value(names, &field.to_string(), flag)?;
        }
        Takes::Number(range, field) => {
            let field = field(settings);
            *field = reader.value(names, &field.to_string(), number(range))?;
        }
        // Nobody but the admin chooses a text.
        Takes::Text | Takes::Choice(_) => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_of_a_setting_that_there_is_and_that_no_other_variable_is_of() {
        let mut seen = std::collections::BTreeSet::new();
        for variable in VARIABLES {
            if let Of::Setting(id) = variable.of {
                let setting = settings::of(variable.addon).find(|setting| setting.id == id);
                assert!(setting.is_some_and(|setting| setting.value(Settings::default()).is_some()), "{}", variable.name);
                assert!(seen.insert((variable.addon, id)), "{}", variable.name);
            }
        }
        let of_operators: Vec<_> = settings::SETTINGS
            .iter()
            .filter(|setting| setting.value(Settings::default()).is_some() && !seen.contains(&(setting.addon, setting.id)))
            .map(|setting| setting.id)
            .collect();
        assert_eq!(of_operators, ["developer_mode"], "a setting without a variable of the operator's");
    }
}
