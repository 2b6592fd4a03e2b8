//! The document against the table that it is made of, and against what OpenAPI 3.1 demands of its structure.

use std::collections::BTreeSet;

use super::*;

/// Every operation of a document: method, path and the operation itself.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let path = path.clone();
        let each = item.as_object().unwrap().clone().into_iter();
        each.map(move |(method, operation)| (method.to_ascii_uppercase(), path.clone(), operation)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

#[test]
fn every_route_is_described_once_and_nothing_else_is() {
    let key = |verb: super::super::routes::Verb, path: &'static str| (verb.as_str(), path);
    let described: Vec<_> = described::DESCRIBED.iter().map(|described| key(described.verb, described.path)).collect();
    let once: BTreeSet<_> = described.iter().copied().collect();
    assert_eq!(once.len(), described.len(), "a route is described twice");
    let served: BTreeSet<_> = ROUTES.iter().map(|route| key(route.verb, route.path)).collect();
    assert_eq!(once, served, "describe every route of the table, and no other, in http/openapi/described/table.rs");
}

#[test]
fn a_document_has_exactly_the_routes_of_its_add_on_with_their_proofs() {
    for addon in Addon::ALL {
        let document = document(addon);
        let written: BTreeSet<_> = operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
        let routes = || ROUTES.iter().filter(|route| route.is_of(addon));
        assert_eq!(written, routes().map(|route| (route.verb.as_str().to_owned(), route.path.to_owned())).collect());
        for route in routes() {
            let operation = &document["paths"][route.path][route.verb.as_str().to_ascii_lowercase()];
            assert_eq!(operation["security"], security(route.proof), "{}", route.path);
            let statuses: BTreeSet<&str> = operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            let demands = |status| statuses.contains(status);
            assert_eq!(demands("401"), route.proof != Proof::Open, "{}: {statuses:?}", route.path);
            let tenants = !matches!(route.proof, Proof::Open | Proof::MetricsToken);
            assert!(!tenants || demands("503"), "{}: {statuses:?}", route.path);
        }
    }
}

#[test]
fn the_structure_is_that_of_openapi_3_1() {
    for addon in Addon::ALL {
        let document = document(addon);
        assert_eq!(document["openapi"], "3.1.0");
        assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
        let schemes = document["components"]["securitySchemes"].as_object().unwrap();
        for scheme in schemes.values() {
            let sound = (scheme["type"] == "http" && scheme["scheme"].is_string())
                || (scheme["type"] == "apiKey" && scheme["in"] == "header" && scheme["name"].is_string());
            assert!(sound, "{scheme}");
        }
        let mut ids = BTreeSet::new();
        for (method, path, operation) in operations(&document) {
            let at = format!("{method} {path}");
            assert!(path.starts_with('/') && ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{at}");
            assert!(operation["summary"].as_str().is_some_and(|summary| summary.ends_with('.')), "{at}");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let named: BTreeSet<_> =
                parameters.iter().map(|parameter| (parameter["in"].to_string(), parameter["name"].to_string())).collect();
            assert_eq!(named.len(), parameters.len(), "{at}: a parameter stands there twice");
            let in_path: BTreeSet<_> =
                parameters.iter().filter(|p| p["in"] == "path").map(|p| format!("{{{}}}", p["name"].as_str().unwrap())).collect();
            let braces: BTreeSet<_> = path.split('/').filter(|segment| segment.starts_with('{')).map(str::to_owned).collect();
            assert_eq!(in_path, braces, "{at}");
            assert!(parameters.iter().all(|p| p["schema"].is_object() && (p["in"] != "path" || p["required"] == true)), "{at}");
            assert!(
                operation["requestBody"].is_null() || operation["requestBody"]["content"]["application/json"]["schema"].is_object(),
                "{at}"
            );
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{at}");
            for (status, response) in responses {
                assert!(status.parse::<u16>().is_ok_and(|status| (100..600).contains(&status)), "{at} {status}");
                assert!(response["description"].as_str().is_some_and(|words| !words.is_empty()), "{at} {status}");
            }
            for requirement in operation["security"].as_array().unwrap() {
                assert!(requirement.as_object().unwrap().keys().all(|name| schemes.contains_key(name)), "{at}");
            }
        }
        for reference in document.to_string().split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
    }
}

#[test]
fn settings_are_those_of_the_add_on_with_their_bounds() {
    let schema = |addon| document(addon)["paths"]["/ui/settings"]["patch"]["requestBody"]["content"]["application/json"]["schema"].clone();
    let expected = json!({"type": "integer", "minimum": 1, "maximum": 50});
    assert_eq!(schema(Addon::UniversalWebhook)["properties"]["max_rps"], expected);
    assert_eq!(schema(Addon::ApiStudio)["properties"].as_object().unwrap().len(), 3);
    assert_eq!(schema(Addon::ClockifyAddon)["properties"]["logging_level"]["enum"][1], "INFO");
}
