//! A workspace's settings: what its admin chose on the platform, over the operator's defaults.
//!
//! [`SETTINGS`] is the one list of what can be chosen, by add-on and id; manifests, the operator's variables and the documents go by it (a test
//! holds them to it).

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::addon::Addon;
use crate::limits::{run, setting as limits};

/// What applies to one workspace now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Whether an installation reads the workspace's data at once.
    pub bootstrap_on_install: bool,
    /// Whether that includes reports and exports.
    pub include_heavy_endpoints: bool,
    /// Its calls per second.
    pub max_rps: u32,
    /// Pages that it reads of one list.
    pub max_pages: u32,
    /// Whether it includes time entries.
    pub include_time_entries: bool,
    /// And of how many days.
    pub time_entry_days_back: u32,
    /// Whether custom senders are heard.
    pub enable_custom_webhooks: bool,
    /// Events that one of them may send in a minute.
    pub custom_webhook_rate: u32,
    /// Days that events are kept; 0 is for ever.
    pub webhook_log_retention_days: u32,
    /// Whether events start flows and flows run.
    pub enable_flows: bool,
    /// Whether actions may call other servers than Clockify's.
    pub enable_generic_http_actions: bool,
    /// Entities that are worked on side by side.
    pub flow_concurrency: u32,
    /// Days that runs are kept; 0 is for ever.
    pub flow_execution_retention_days: u32,
    /// Days that entities of the snapshot are kept; 0 is for ever.
    pub cache_ttl_days: u32,
    /// Whether answers tell developers more.
    pub developer_mode: bool,
    /// From which level on lines about the workspace's runs are written.
    pub logging_level: LoggingLevel,
}

/// Levels of what is logged about a workspace's runs, each with all that stand behind it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LoggingLevel {
    /// Each try of a step, and each run that is left waiting.
    Debug,
    /// Each run that ended.
    Info,
    /// Runs that failed or are uncertain.
    Warning,
    /// None: what is said about the installation itself is said in any case.
    Error,
}

impl LoggingLevel {
    /// The level of a name, as admins choose it.
    pub fn parse(name: &str) -> Option<Self> {
        let levels = [Self::Debug, Self::Info, Self::Warning, Self::Error];
        LEVELS.iter().zip(levels).find_map(|(known, level)| (*known == name).then_some(level))
    }
}

/// The levels' names.
const LEVELS: &[&str] = &["DEBUG", "INFO", "WARNING", "ERROR"];

impl Default for Settings {
    fn default() -> Self {
        Self {
            bootstrap_on_install: true,
            include_heavy_endpoints: false,
            max_rps: 25,
            max_pages: 200,
            include_time_entries: false,
            time_entry_days_back: 30,
            enable_custom_webhooks: true,
            custom_webhook_rate: 600,
            webhook_log_retention_days: 90,
            enable_flows: true,
            enable_generic_http_actions: false,
            flow_concurrency: run::CONCURRENCY_DEFAULT as u32,
            flow_execution_retention_days: 90,
            cache_ttl_days: 7,
            developer_mode: false,
            logging_level: LoggingLevel::Error,
        }
    }
}

/// A setting that an admin can choose.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Whose.
    pub addon: Addon,
    /// Its id in the manifest.
    pub id: &'static str,
    /// What it takes.
    pub takes: Takes,
}

/// What a setting takes, and where it goes.
#[derive(Clone, Debug)]
pub enum Takes {
    /// Yes or no.
    Flag(fn(&mut Settings) -> &mut bool),
    /// A whole number.
    Number(RangeInclusive<u32>, fn(&mut Settings) -> &mut u32),
    /// A text, read where it is used.
    Text,
    /// One of these texts: the level of the log.
    Choice(&'static [&'static str]),
}

const fn flag(addon: Addon, id: &'static str, field: fn(&mut Settings) -> &mut bool) -> Setting {
    Setting { addon, id, takes: Takes::Flag(field) }
}

const fn number(addon: Addon, id: &'static str, range: RangeInclusive<u32>, field: fn(&mut Settings) -> &mut u32) -> Setting {
    Setting { addon, id, takes: Takes::Number(range, field) }
}

/// Days; none is for ever.
const DAYS: RangeInclusive<u32> = 0..=limits::DAYS_MAX;
/// Calls a second: the platform takes no more.
const CALLS: RangeInclusive<u32> = 1..=run::CALLS_PER_SECOND_MAX as u32;

const AS: Addon = Addon::ApiStudio;
const UW: Addon = Addon::UniversalWebhook;
const CA: Addon = Addon::ClockifyAddon;

/// Every setting of every add-on, in the order of the manifests.
pub const SETTINGS: &[Setting] = &[
    flag(AS, "bootstrap_on_install", |s| &mut s.bootstrap_on_install),
    flag(AS, "include_heavy_endpoints", |s| &mut s.include_heavy_endpoints),
    number(AS, "bootstrap_max_rps", CALLS, |s| &mut s.max_rps),
    flag(UW, "run_on_install", |s| &mut s.bootstrap_on_install),
    flag(UW, "include_heavy_endpoints", |s| &mut s.include_heavy_endpoints),
    number(UW, "max_rps", CALLS, |s| &mut s.max_rps),
    number(UW, "max_pages", 1..=limits::PAGES_MAX, |s| &mut s.max_pages),
    flag(UW, "include_time_entries", |s| &mut s.include_time_entries),
    number(UW, "time_entry_days_back", 1..=limits::DAYS_MAX, |s| &mut s.time_entry_days_back),
    flag(UW, "enable_custom_webhooks", |s| &mut s.enable_custom_webhooks),
    number(UW, "custom_webhook_rate", 1..=limits::CUSTOM_WEBHOOKS_PER_MINUTE_MAX, |s| &mut s.custom_webhook_rate),
    number(UW, "webhook_log_retention_days", DAYS, |s| &mut s.webhook_log_retention_days),
    flag(UW, "enable_flows", |s| &mut s.enable_flows),
    flag(UW, "enable_generic_http_actions", |s| &mut s.enable_generic_http_actions),
    number(UW, "flow_concurrency", 1..=run::CONCURRENCY_MAX as u32, |s| &mut s.flow_concurrency),
    number(UW, "flow_execution_retention_days", DAYS, |s| &mut s.flow_execution_retention_days),
    number(UW, "cache_ttl_days", DAYS, |s| &mut s.cache_ttl_days),
    flag(CA, "developer_mode", |s| &mut s.developer_mode),
    Setting { addon: CA, id: "forwarding_url", takes: Takes::Text },
    flag(CA, "auto_bootstrap", |s| &mut s.bootstrap_on_install),
    Setting { addon: CA, id: "logging_level", takes: Takes::Choice(LEVELS) },
];

/// The settings of one add-on.
pub fn of(addon: Addon) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| setting.addon == addon)
}

impl Setting {
    /// What `settings` say of it. `None`: a text, which they do not hold.
    pub fn value(&self, mut settings: Settings) -> Option<Value> {
        match &self.takes {
            Takes::Flag(field) => Some((*field(&mut settings)).into()),
            Takes::Number(_, field) => Some((*field(&mut settings)).into()),
            Takes::Text | Takes::Choice(_) => None,
        }
    }

    /// Whether a value is one that this setting takes.
    pub fn admits(&self, value: &Value) -> bool {
        match &self.takes {
            Takes::Flag(_) => value.is_boolean(),
            Takes::Number(range, _) => whole(value).is_some_and(|number| range.contains(&number)),
            Takes::Text => value.is_string(),
            Takes::Choice(choices) => value.as_str().is_some_and(|chosen| choices.contains(&chosen)),
        }
    }

    /// A value that this setting takes, in its one spelling: numbers without a fraction.
    pub fn taken(&self, value: &Value) -> Option<Value> {
        self.admits(value).then(|| match &self.takes {
            Takes::Number(..) => whole(value).map_or(Value::Null, Value::from),
            Takes::Flag(_) | Takes::Text | Takes::Choice(_) => value.clone(),
        })
    }
}

impl Settings {
    /// What applies where neither operator nor admin has chosen: what users of each add-on are used to.
    pub fn built_in(addon: Addon) -> Self {
        let alone = Self { enable_custom_webhooks: false, ..Self::default() };
        match addon {
            Addon::ApiStudio => Self { flow_execution_retention_days: 30, ..alone },
            Addon::UniversalWebhook => Self::default(),
            Addon::ClockifyAddon => Self { max_rps: 50, max_pages: 1_000, logging_level: LoggingLevel::Info, ..alone },
        }
    }

    /// Values by setting id, of those settings of an add-on that are held here.
    pub fn by_id(self, addon: Addon) -> Map<String, Value> {
        of(addon).filter_map(|setting| Some((setting.id.to_owned(), setting.value(self)?))).collect()
    }

    /// The operator's defaults under the admin's values. A value of the wrong type or out of range counts as not chosen.
    pub fn effective(addon: Addon, defaults: Self, chosen: &Map<String, Value>) -> Self {
        let mut settings = defaults;
        for setting in of(addon) {
            let Some(value) = chosen.get(setting.id).filter(|value| setting.admits(value)) else { continue };
            match &setting.takes {
                Takes::Flag(field) => *field(&mut settings) = value.as_bool().unwrap_or(*field(&mut settings)),
                Takes::Number(_, field) => *field(&mut settings) = whole(value).unwrap_or(*field(&mut settings)),
                Takes::Choice(_) => {
                    settings.logging_level = value.as_str().and_then(LoggingLevel::parse).unwrap_or(settings.logging_level);
                }
                Takes::Text => {}
            }
        }
        settings
    }
}

/// A whole number, also when it is written with a fraction of nothing: the platform sends numbers as it likes.
fn whole(value: &Value) -> Option<u32> {
    let number = value.as_u64().or_else(|| value.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0).map(|n| n as u64))?;
    u32::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn effective(addon: Addon, chosen: Value) -> Settings {
        Settings::effective(addon, Settings::default(), chosen.as_object().unwrap())
    }

    #[test]
    fn chosen_values_override_defaults_and_odd_ones_do_not_count() {
        let chosen = json!({"enable_flows": false, "flow_concurrency": 3, "max_rps": 50.0, "cache_ttl_days": 30});
        let expected = Settings { enable_flows: false, flow_concurrency: 3, max_rps: 50, cache_ttl_days: 30, ..Settings::default() };
        assert_eq!(effective(UW, chosen), expected);
        let odd = json!({"enable_flows": "no", "flow_concurrency": 0, "max_rps": 51, "cache_ttl_days": 1.5, "max_pages": -1, "other": 1});
        assert_eq!(effective(UW, odd), Settings::default());
    }

    #[test]
    fn an_add_on_has_its_own_names_and_no_others() {
        assert_eq!(effective(AS, json!({"bootstrap_max_rps": 7, "max_rps": 8, "enable_flows": false})).max_rps, 7);
        assert!(effective(AS, json!({"enable_flows": false})).enable_flows);
        assert!(!effective(CA, json!({"auto_bootstrap": false})).bootstrap_on_install);
        assert_eq!((of(AS).count(), of(UW).count(), of(CA).count()), (3, 14, 4));
    }

    #[test]
    fn what_is_told_by_id_is_what_is_read_by_id() {
        for addon in Addon::ALL {
            let built_in = Settings::built_in(addon);
            assert_eq!(Settings::effective(addon, Settings::default(), &built_in.by_id(addon)).by_id(addon), built_in.by_id(addon));
            for setting in of(addon) {
                assert!(setting.value(built_in).is_none_or(|value| setting.admits(&value)), "{}", setting.id);
            }
        }
    }

    #[test]
    fn choices_and_texts_are_told_apart_from_what_they_are_not() {
        let setting = |id: &str| of(CA).find(|setting| setting.id == id).unwrap();
        assert!(setting("logging_level").admits(&json!("INFO")) && !setting("logging_level").admits(&json!("LOUD")));
        let level = |chosen: Value| effective(CA, json!({ "logging_level": chosen })).logging_level;
        assert_eq!((level(json!("DEBUG")), level(json!("LOUD"))), (LoggingLevel::Debug, LoggingLevel::Error));
        assert!(LEVELS.iter().filter_map(|name| LoggingLevel::parse(name)).is_sorted());
        assert!(setting("forwarding_url").admits(&json!("x")) && !setting("forwarding_url").admits(&json!(1)));
    }
}
