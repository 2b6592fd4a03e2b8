//! The manifests that are served, held against the platform's own schemas.

use std::collections::{BTreeMap, BTreeSet};

use actors::addon::Addon;
use actors::event::KNOWN;
use actors::settings::Settings;
use clockify_addons::manifest::{Manifests, SchemaVersion, Stated};
use serde_json::Value;

use super::reference;

fn manifests(webhooks_max: Option<usize>) -> Manifests {
    let stated = |addon: Addon| Stated {
        key: format!("key-of-{addon}"),
        base_url: format!("https://addons.example.com/{addon}"),
        schema_version: SchemaVersion::V1_5,
        webhooks_max,
        defaults: Settings::built_in(addon).by_id(addon),
    };
    Manifests::render(&BTreeMap::from(Addon::ALL.map(|addon| (addon, stated(addon))))).unwrap()
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
        for (webhooks_max, addon) in [None, Some(1), Some(10)].into_iter().flat_map(|most| Addon::ALL.map(|addon| (most, addon))) {
            let manifests = manifests(webhooks_max);
            let text = manifests.in_version(addon, version).unwrap();
            let manifest: Value = serde_json::from_slice(text).unwrap();
            let errors: Vec<_> = validator.iter_errors(&manifest).map(|error| format!("{error} at {}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{addon} {version}: {errors:#?}");
            let mut odd = manifest;
            odd["components"][0]["type"] = "SIDEBAR".into();
            assert!(!validator.is_valid(&odd), "{addon} {version}");
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
    let set = |list: &Value| list.as_array().unwrap().iter().map(|scope| scope.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    let official = set(&schema["definitions"]["scope"]["enum"]);
    for addon in Addon::ALL {
        let manifest: Value = serde_json::from_slice(manifests.served(addon).unwrap()).unwrap();
        let ours = set(&manifest["scopes"]);
        assert!(if addon == Addon::ApiStudio { ours.is_subset(&official) } else { ours == official }, "{addon}: {ours:?}");
    }
}
