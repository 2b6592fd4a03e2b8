//! What applies to a workspace whose admin has chosen nothing: the operator's values of the manifest's settings.
//!
//! They stand in the manifest as the settings' values, so that an admin sees what applies.

use actors::limits::{run, setting as limits};
use actors::settings::Settings;
use serde_json::{Map, Value};

use super::reader::Reader;
use super::value::{flag, number};

/// Values of the fourteen settings of Universal Webhook, each by its id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Defaults {
    /// Whether an installation reads the workspace's data at once.
    pub run_on_install: bool,
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
    /// Events that one may send in a minute.
    pub custom_webhook_rate: u32,
    /// Days that events are kept; 0 is for ever.
    pub webhook_log_retention_days: u32,
    /// Whether flows run.
    pub enable_flows: bool,
    /// Whether actions may call other servers than Clockify's.
    pub enable_generic_http_actions: bool,
    /// Entities that are worked on side by side.
    pub flow_concurrency: usize,
    /// Days that runs are kept; 0 is for ever.
    pub flow_execution_retention_days: u32,
    /// Days that entities of the snapshot are kept; 0 is for ever.
    pub cache_ttl_days: u32,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            run_on_install: true,
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
            flow_concurrency: run::CONCURRENCY_DEFAULT,
            flow_execution_retention_days: 90,
            cache_ttl_days: 7,
        }
    }
}

impl Defaults {
    /// Reads what the environment says over the built-in values. `None` after a fault.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let built_in = Self::default();
        let mut yes = |name, default: bool| reader.value(&[name], &default.to_string(), flag);
        let run_on_install = yes("UW_BOOTSTRAP_ON_INSTALL", built_in.run_on_install);
        let include_heavy_endpoints = yes("UW_BOOTSTRAP_INCLUDE_HEAVY", built_in.include_heavy_endpoints);
        let include_time_entries = yes("UW_BOOTSTRAP_INCLUDE_TIME_ENTRIES", built_in.include_time_entries);
        let enable_custom_webhooks = yes("UW_ENABLE_CUSTOM_WEBHOOKS", built_in.enable_custom_webhooks);
        let enable_flows = yes("UW_ENABLE_FLOWS", built_in.enable_flows);
        let enable_generic_http_actions = yes("UW_ENABLE_GENERIC_HTTP_ACTIONS", built_in.enable_generic_http_actions);
        let calls = u32::try_from(run::CALLS_PER_SECOND_MAX).unwrap_or(u32::MAX);
        let mut count = |name, default: u32, range| reader.value(&[name], &default.to_string(), number(range));
        let max_rps = count("UW_BOOTSTRAP_MAX_RPS", built_in.max_rps, 1..=calls);
        let max_pages = count("UW_BOOTSTRAP_MAX_PAGES", built_in.max_pages, 1..=limits::PAGES_MAX);
        let time_entry_days_back = count("UW_BOOTSTRAP_TIME_ENTRY_DAYS", built_in.time_entry_days_back, 1..=limits::DAYS_MAX);
        let custom_webhook_rate = count("UW_CUSTOM_WEBHOOK_RATE", built_in.custom_webhook_rate, 1..=limits::CUSTOM_WEBHOOKS_PER_MINUTE_MAX);
        let webhook_log_retention_days = count("UW_WEBHOOK_LOG_RETENTION_DAYS", built_in.webhook_log_retention_days, 0..=limits::DAYS_MAX);
        let flow_execution_retention_days =
            count("UW_FLOW_EXECUTION_RETENTION_DAYS", built_in.flow_execution_retention_days, 0..=limits::DAYS_MAX);
        let cache_ttl_days = count("UW_CACHE_TTL_DAYS", built_in.cache_ttl_days, 0..=limits::DAYS_MAX);
        let flow_concurrency =
            reader.value(&["UW_FLOW_CONCURRENCY"], &built_in.flow_concurrency.to_string(), number(1..=run::CONCURRENCY_MAX));
        Some(Self {
            run_on_install: run_on_install?,
            include_heavy_endpoints: include_heavy_endpoints?,
            max_rps: max_rps?,
            max_pages: max_pages?,
            include_time_entries: include_time_entries?,
            time_entry_days_back: time_entry_days_back?,
            enable_custom_webhooks: enable_custom_webhooks?,
            custom_webhook_rate: custom_webhook_rate?,
            webhook_log_retention_days: webhook_log_retention_days?,
            enable_flows: enable_flows?,
            enable_generic_http_actions: enable_generic_http_actions?,
            flow_concurrency: flow_concurrency?,
            flow_execution_retention_days: flow_execution_retention_days?,
            cache_ttl_days: cache_ttl_days?,
        })
    }

    /// The values by the ids of the manifest's settings.
    pub fn by_id(&self) -> Map<String, Value> {
        let values: [(&str, Value); 14] = [
            ("run_on_install", self.run_on_install.into()),
            ("include_heavy_endpoints", self.include_heavy_endpoints.into()),
            ("max_rps", self.max_rps.into()),
            ("max_pages", self.max_pages.into()),
            ("include_time_entries", self.include_time_entries.into()),
            ("time_entry_days_back", self.time_entry_days_back.into()),
            ("enable_custom_webhooks", self.enable_custom_webhooks.into()),
            ("custom_webhook_rate", self.custom_webhook_rate.into()),
            ("webhook_log_retention_days", self.webhook_log_retention_days.into()),
            ("enable_flows", self.enable_flows.into()),
            ("enable_generic_http_actions", self.enable_generic_http_actions.into()),
            ("flow_concurrency", self.flow_concurrency.into()),
            ("flow_execution_retention_days", self.flow_execution_retention_days.into()),
            ("cache_ttl_days", self.cache_ttl_days.into()),
        ];
        values.into_iter().map(|(id, value)| (id.to_owned(), value)).collect()
    }

    /// What the actors go by.
    pub fn settings(&self) -> Settings {
        Settings { enable_flows: self.enable_flows, flow_concurrency: self.flow_concurrency }
    }
}
