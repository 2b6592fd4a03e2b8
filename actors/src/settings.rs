//! A workspace's settings: what its admin chose on the platform, over the operator's defaults.

use serde_json::{Map, Value};

use crate::limits::run as limits;

/// What applies to one workspace now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Whether events start flows and flows run.
    pub enable_flows: bool,
    /// Entities that are worked on side by side.
    pub flow_concurrency: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { enable_flows: true, flow_concurrency: limits::CONCURRENCY_DEFAULT }
    }
}

impl Settings {
    /// The operator's defaults under the admin's values. A value of the wrong type or out of range counts as not chosen.
    pub fn effective(defaults: Self, chosen: &Map<String, Value>) -> Self {
        let flag = |id: &str| chosen.get(id).and_then(Value::as_bool);
        let number = |id: &str, most: usize| {
            let number =
                chosen.get(id).and_then(|value| value.as_u64().or_else(|| value.as_f64().filter(|n| n.fract() == 0.0).map(|n| n as u64)));
            number.and_then(|number| usize::try_from(number).ok()).filter(|number| (1..=most).contains(number))
        };
        Self {
            enable_flows: flag("enable_flows").unwrap_or(defaults.enable_flows),
            flow_concurrency: number("flow_concurrency", limits::CONCURRENCY_MAX).unwrap_or(defaults.flow_concurrency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn chosen_values_override_defaults_and_odd_ones_do_not_count() {
        let chosen = |value: Value| Settings::effective(Settings::default(), value.as_object().unwrap());
        assert_eq!(chosen(json!({"enable_flows": false, "flow_concurrency": 3})), Settings { enable_flows: false, flow_concurrency: 3 });
        assert_eq!(chosen(json!({"enable_flows": "no", "flow_concurrency": 0, "other": 1})), Settings::default());
        assert_eq!(chosen(json!({"flow_concurrency": 4.0})).flow_concurrency, 4);
        assert_eq!(chosen(json!({"flow_concurrency": 99})), Settings::default());
    }
}
