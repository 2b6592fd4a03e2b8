//! What every rendered manifest keeps. The official schemas are held against them in `tests/journeys/manifest.rs`.

use std::collections::BTreeSet;

use actors::event::KNOWN;

use super::*;
use crate::config::Defaults;

fn stated(webhooks_max: Option<usize>) -> Stated {
    Stated {
        key: "universal-webhook-api".into(),
        base_url: "https://addons.example.com/universal-webhook".into(),
        schema_version: SchemaVersion::V1_5,
        webhooks_max,
        defaults: Defaults::default().by_id(),
    }
}

fn manifest(stated: Stated, version: SchemaVersion) -> Value {
    let manifests = Manifests::render(&BTreeMap::from([(Addon::UniversalWebhook, stated)])).unwrap();
    serde_json::from_slice(manifests.in_version(Addon::UniversalWebhook, version).unwrap()).unwrap()
}

fn settings(manifest: &Value) -> Vec<&Value> {
    let groups = manifest["settings"]["tabs"].as_array().unwrap().iter().flat_map(|tab| tab["groups"].as_array().unwrap());
    groups.flat_map(|group| group["settings"].as_array().unwrap()).collect()
}

#[test]
fn each_version_declares_the_events_that_it_admits_each_on_a_path_of_its_own() {
    for (version, count) in SchemaVersion::ALL.into_iter().zip([42, 22, 22, 50, 51]) {
        let manifest = manifest(stated(None), version);
        assert_eq!(manifest["schemaVersion"], version.as_str());
        let webhooks = manifest["webhooks"].as_array().unwrap();
        assert_eq!(webhooks.len(), count, "{version}");
        for field in ["event", "path"] {
            assert_eq!(webhooks.iter().map(|webhook| webhook[field].as_str().unwrap()).collect::<BTreeSet<_>>().len(), count);
        }
        for webhook in webhooks {
            let slug = webhook["path"].as_str().unwrap().strip_prefix("/webhooks/clockify/").unwrap();
            assert_eq!(Known::from_slug(slug).unwrap().name, webhook["event"]);
        }
    }
}

#[test]
fn the_policy_orders_every_known_event_once() {
    let policy: Policy = toml::from_str(files(Addon::UniversalWebhook).policy).unwrap();
    let ordered: BTreeSet<_> = policy.webhooks.order.iter().map(EventType::as_str).collect();
    assert_eq!(ordered, KNOWN.iter().map(|known| known.name).collect());
    assert_eq!(policy.webhooks.order.len(), KNOWN.len());
}

#[test]
fn a_limit_keeps_the_events_that_the_policy_puts_first() {
    let webhooks = manifest(stated(Some(2)), SchemaVersion::V1_5)["webhooks"].take();
    let events: Vec<_> = webhooks.as_array().unwrap().iter().map(|webhook| webhook["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["NEW_TIME_ENTRY", "TIME_ENTRY_UPDATED"]);
}

#[test]
fn settings_are_fourteen_in_four_groups_and_their_values_are_the_operators() {
    let mut chosen = stated(None);
    chosen.defaults.insert("max_rps".into(), 7.into());
    let manifest = manifest(chosen, SchemaVersion::V1_5);
    let groups = manifest["settings"]["tabs"][0]["groups"].as_array().unwrap();
    assert_eq!(groups.iter().map(|group| group["id"].as_str().unwrap()).collect::<Vec<_>>(), ["bootstrap", "webhooks", "flows", "data"]);
    let found = settings(&manifest);
    let ids: BTreeSet<_> = found.iter().map(|setting| setting["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, Defaults::default().by_id().keys().cloned().collect());
    assert_eq!((found.len(), ids.len()), (14, 14));
    assert_eq!(found.iter().find(|setting| setting["id"] == "max_rps").unwrap()["value"], 7);
}

#[test]
fn values_without_a_choice_are_those_of_the_file() {
    let template: Value = serde_json::from_str(files(Addon::UniversalWebhook).manifest).unwrap();
    let defaults = Defaults::default().by_id();
    for setting in settings(&template) {
        assert_eq!(setting["value"], defaults[setting["id"].as_str().unwrap()], "{setting}");
    }
}

#[test]
fn nothing_that_the_platform_refuses_stands_in_any_manifest() {
    fn check(value: &Value, path: &str) {
        match value {
            Value::Null => panic!("{path} is null"),
            Value::String(text) => assert!(!text.is_empty(), "{path} is empty"),
            Value::Array(items) => {
                assert!(!items.is_empty(), "{path} is empty");
                items.iter().enumerate().for_each(|(index, item)| check(item, &format!("{path}[{index}]")));
            }
            Value::Object(fields) => fields.iter().for_each(|(name, field)| {
                assert_ne!(name, "$schema");
                if name.ends_with("ath") {
                    let text = field.as_str().unwrap();
                    assert!(text.starts_with('/') && !text.ends_with('/') && !text.contains("//"), "{path}.{name}: {text}");
                }
                check(field, &format!("{path}.{name}"));
            }),
            Value::Bool(_) | Value::Number(_) => {}
        }
    }
    for version in SchemaVersion::ALL {
        let manifest = manifest(stated(None), version);
        check(&manifest, "$");
        assert_eq!(manifest["scopes"].as_array().unwrap().len(), 30);
        assert_eq!(manifest["lifecycle"].as_array().unwrap().len(), 4);
        assert_eq!(manifest["minimalSubscriptionPlan"], "ENTERPRISE");
        assert!(manifest["components"][0]["iconPath"].is_string());
        assert_eq!(manifest.get("settings").is_some(), version.takes_settings());
    }
}

#[test]
fn the_icon_is_svg() {
    assert!(std::str::from_utf8(Manifests::icon(Addon::UniversalWebhook)).unwrap().starts_with("<svg "));
}
