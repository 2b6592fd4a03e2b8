//! What every rendered manifest keeps. The official schemas are held against them in `tests/journeys/manifest.rs`.

use std::collections::BTreeSet;

use actors::event::KNOWN;
use actors::settings::{self, Settings, Takes};

use super::*;

const UW: Addon = Addon::UniversalWebhook;

fn stated(addon: Addon, webhooks_max: Option<usize>) -> Stated {
    Stated {
        key: format!("key-of-{addon}"),
        base_url: format!("https://addons.example.com/{addon}"),
        schema_version: SchemaVersion::V1_5,
        webhooks_max,
        defaults: Settings::built_in(addon).by_id(addon),
    }
}

fn rendered(addon: Addon, stated: Stated) -> Manifests {
    Manifests::render(&BTreeMap::from([(addon, stated)])).unwrap()
}

fn manifest(addon: Addon, stated: Stated, version: SchemaVersion) -> Value {
    serde_json::from_slice(rendered(addon, stated).in_version(addon, version).unwrap()).unwrap()
}

fn settings(manifest: &Value) -> Vec<&Value> {
    let groups = manifest["settings"]["tabs"].as_array().unwrap().iter().flat_map(|tab| tab["groups"].as_array().unwrap());
    groups.flat_map(|group| group["settings"].as_array().unwrap()).collect()
}

#[test]
fn each_version_declares_the_events_that_it_admits_each_on_the_path_that_carries_it() {
    let counts = [(Addon::ApiStudio, [12, 6, 6, 12, 12]), (UW, [42, 22, 22, 50, 51]), (Addon::ClockifyAddon, [42, 22, 22, 50, 51])];
    for (addon, counts) in counts {
        for (version, count) in SchemaVersion::ALL.into_iter().zip(counts) {
            let manifest = manifest(addon, stated(addon, None), version);
            assert_eq!(manifest["schemaVersion"], version.as_str());
            let webhooks = manifest["webhooks"].as_array().unwrap();
            assert_eq!(webhooks.len(), count, "{addon} {version}");
            let declared = |field| webhooks.iter().map(move |webhook| webhook[field].as_str().unwrap()).collect::<BTreeSet<_>>();
            assert_eq!(declared("event").len(), count);
            let paths = if addon == Addon::ClockifyAddon { declared("path").len() } else { count };
            assert_eq!(declared("path").len(), paths);
            for webhook in webhooks {
                let path = webhook["path"].as_str().unwrap();
                assert!(webhook::events(addon, path).any(|known| webhook["event"] == known.name), "{webhook}");
            }
        }
    }
    let all = manifest(Addon::ClockifyAddon, stated(Addon::ClockifyAddon, None), SchemaVersion::V1_5);
    let paths: BTreeSet<&str> = all["webhooks"].as_array().unwrap().iter().map(|webhook| webhook["path"].as_str().unwrap()).collect();
    assert_eq!(paths.len(), 26);
}

#[test]
fn the_policy_orders_each_event_once() {
    for addon in Addon::ALL {
        let policy: Policy = toml::from_str(files(addon).policy).unwrap();
        let ordered: BTreeSet<_> = policy.webhooks.order.iter().map(EventType::as_str).collect();
        assert_eq!(ordered.len(), policy.webhooks.order.len());
        if addon == Addon::ApiStudio {
            assert_eq!(ordered.len(), 12);
        } else {
            assert_eq!(ordered, KNOWN.iter().map(|known| known.name).collect());
        }
    }
}

#[test]
fn a_limit_keeps_the_events_that_the_policy_puts_first_and_says_what_is_left_out() {
    for addon in Addon::ALL {
        let webhooks = manifest(addon, stated(addon, Some(2)), SchemaVersion::V1_5)["webhooks"].take();
        let events: Vec<_> = webhooks.as_array().unwrap().iter().map(|webhook| webhook["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["NEW_TIME_ENTRY", "TIME_ENTRY_UPDATED"]);
    }
    let left_out = |addon, most| rendered(addon, stated(addon, most)).left_out(addon).to_vec();
    assert_eq!(left_out(UW, None), ["TIME_ENTRY_BATCH_DELETED", "TIME_OFF_REQUEST_STARTED"]);
    assert_eq!(left_out(Addon::ApiStudio, None), [""; 0]);
    assert_eq!(left_out(Addon::ApiStudio, Some(10)), ["CLIENT_DELETED", "TAG_DELETED"]);
    assert_eq!(left_out(UW, Some(50)).len(), 2);
}

#[test]
fn settings_are_those_of_the_one_list_in_its_types_and_their_values_are_the_operators() {
    for addon in Addon::ALL {
        let mut chosen = stated(addon, None);
        let some_number = settings::of(addon).find(|setting| matches!(setting.takes, Takes::Number(..)));
        if let Some(setting) = some_number {
            chosen.defaults.insert(setting.id.into(), 7.into());
        }
        let manifest = manifest(addon, chosen, SchemaVersion::V1_5);
        let found = self::settings(&manifest);
        let ids: BTreeSet<&str> = found.iter().map(|setting| setting["id"].as_str().unwrap()).collect();
        assert_eq!(ids, settings::of(addon).map(|setting| setting.id).collect(), "{addon}");
        assert_eq!(found.len(), ids.len());
        for setting in settings::of(addon) {
            let shown = found.iter().find(|shown| shown["id"] == setting.id).unwrap();
            let kind = match &setting.takes {
                Takes::Flag(_) => "CHECKBOX",
                Takes::Number(range, _) => {
                    let words = format!("{} to {}.", range.start(), range.end());
                    assert!(shown["description"].as_str().unwrap().starts_with(&words), "{shown} does not begin with {words:?}");
                    "NUMBER"
                }
                Takes::Text => "TXT",
                Takes::Choice(choices) => {
                    assert_eq!(shown["allowedValues"], json!(choices));
                    "DROPDOWN_SINGLE"
                }
            };
            assert_eq!(shown["type"], kind, "{shown}");
            assert!(setting.admits(&shown["value"]), "{shown}");
        }
        if let Some(setting) = some_number {
            assert_eq!(found.iter().find(|shown| shown["id"] == setting.id).unwrap()["value"], 7);
        }
    }
}

#[test]
fn values_without_a_choice_are_those_of_the_file() {
    for addon in Addon::ALL {
        let template: Value = serde_json::from_str(files(addon).manifest).unwrap();
        let built_in = Settings::built_in(addon).by_id(addon);
        for shown in settings(&template) {
            if let Some(value) = built_in.get(shown["id"].as_str().unwrap()) {
                assert_eq!(shown["value"], *value, "{addon} {shown}");
            }
        }
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
    let expected = [(Addon::ApiStudio, "STANDARD", 12), (UW, "ENTERPRISE", 30), (Addon::ClockifyAddon, "ENTERPRISE", 30)];
    for ((addon, plan, scopes), version) in expected.into_iter().flat_map(|of| SchemaVersion::ALL.map(|version| (of, version))) {
        let manifest = manifest(addon, stated(addon, None), version);
        check(&manifest, "$");
        assert_eq!(manifest["scopes"].as_array().unwrap().len(), scopes);
        assert_eq!(manifest["lifecycle"].as_array().unwrap().len(), 4);
        assert_eq!(manifest["minimalSubscriptionPlan"], plan);
        assert!(manifest["components"][0]["iconPath"].is_string());
        assert_eq!(manifest.get("settings").is_some(), version.takes_settings());
    }
}

#[test]
fn each_add_on_has_an_icon_of_its_own() {
    let icons = Addon::ALL.map(Manifests::icon);
    assert!(icons.iter().all(|icon| std::str::from_utf8(icon).unwrap().starts_with("<svg ")));
    assert_eq!(BTreeSet::from(icons).len(), 3);
}

#[test]
fn flows_of_universal_webhook_alone_may_reach_other_servers() {
    assert_eq!(flows_reach_other_servers().unwrap(), BTreeSet::from([Addon::UniversalWebhook]));
}
