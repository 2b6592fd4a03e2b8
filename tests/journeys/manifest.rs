//! The manifests that are served, held against the platform's own schemas.

use std::collections::{BTreeMap, BTreeSet};

use actors::addon::Addon;
use actors::event::KNOWN;
use clockify_addons::config::Defaults;
use clockify_addons::manifest::{Manifests, SchemaVersion, Stated};
use serde_json::Value;

use super::reference;

fn manifests(webhooks_max: Option<usize>) -> Manifests {
    let stated = Stated {
        key: "universal-webhook-api".into(),
        base_url: "https://addons.example.com/universal-webhook".into(),
        schema_version: SchemaVersion::V1_5,
        webhooks_max,
        defaults: Defaults::default().by_id(),
    };
    Manifests::render(&BTreeMap::from([(Addon::UniversalWebhook, stated)])).unwrap()
}

fn schema(claim: &str, version: SchemaVersion) -> Option<Value> {
    let text = reference::read(claim, &format!("clockify/manifest-schema-{version}.json"))?;
    Some(serde_json::from_slice(&text).unwrap())
}

#[test]
fn every_version_fits_its_official_schema_and_an_odd_manifest_does_not() {
    for version in SchemaVersion::ALL {
        let Some(schema) = schema("each manifest fits the official schema", version) else { return };
        let validator = jsonschema::draft4::new(&schema).unwrap();
        for webhooks_max in [None, Some(1), Some(10)] {
            let manifests = manifests(webhooks_max);
            let text = manifests.in_version(Addon::UniversalWebhook, version).unwrap();
            let manifest: Value = serde_json::from_slice(text).unwrap();
            let errors: Vec<_> = validator.iter_errors(&manifest).map(|error| format!("{error} at {}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{version}: {errors:#?}");
            let mut odd = manifest;
            odd["components"][0]["type"] = "SIDEBAR".into();
            assert!(!validator.is_valid(&odd), "{version}");
        }
    }
}

#[test]
fn a_version_admits_exactly_the_events_of_its_official_schema() {
    for version in SchemaVersion::ALL {
        let Some(schema) = schema("the events that each schema admits", version) else { return };
        let official = schema["definitions"]["webhook"]["properties"]["event"]["enum"].as_array().unwrap();
        let official: BTreeSet<_> = official.iter().map(|event| event.as_str().unwrap()).collect();
        let ours: BTreeSet<_> = KNOWN.iter().map(|known| known.name).filter(|name| version.admits(name)).collect();
        assert_eq!(ours, official, "{version}");
    }
}

#[test]
fn the_scopes_are_those_of_the_official_schema() {
    let Some(schema) = schema("the scopes", SchemaVersion::V1_6) else { return };
    let manifests = manifests(None);
    let manifest: Value = serde_json::from_slice(manifests.served(Addon::UniversalWebhook).unwrap()).unwrap();
    let set = |list: &Value| list.as_array().unwrap().iter().map(|scope| scope.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(set(&manifest["scopes"]), set(&schema["definitions"]["scope"]["enum"]));
}
