//! The catalogue of operations that the simulated platform answers: the one that the add-ons are shipped with.

use actors::operation::Catalogue;

/// The catalogue that is compiled in.
pub fn catalogue() -> Catalogue {
    Catalogue::read(include_bytes!("../../../manifests/operations.json")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use actors::operation::{Operation, Place};
    use actors::port::clockify::Host;
    use serde_json::{Map, Value};

    use super::*;

    /// The official description of an operation and of its path.
    fn official<'d>(document: &'d Value, operation: &Operation) -> (&'d Value, &'d Value) {
        let path = &document["paths"][&operation.path];
        (&path[operation.method.as_str().to_lowercase()], path)
    }

    fn parameters(value: &Value) -> impl Iterator<Item = &Map<String, Value>> {
        value["parameters"].as_array().into_iter().flatten().filter_map(Value::as_object)
    }

    #[test]
    fn every_operation_says_what_the_official_description_says() {
        let Some(file) = crate::sandbox::reference("clockify/openapi.json") else { return };
        let document: Value = serde_json::from_slice(&file).unwrap();
        let catalogue = catalogue();
        assert!(catalogue.iter().count() >= 100);
        for operation in catalogue.iter() {
            let (described, path) = official(&document, operation);
            assert_eq!(described["operationId"], operation.id, "{} {}", operation.method.as_str(), operation.path);
            assert_eq!(described["tags"][0], operation.tag, "{}", operation.id);
            assert_eq!(
                described["requestBody"]["content"]["application/json"].is_object(),
                operation.body.is_some(),
                "{}: body",
                operation.id
            );
            assert_ne!(described["deprecated"], true, "{}", operation.id);
            let server = [described, path].iter().find_map(|place| place["servers"][0]["url"].as_str()).unwrap();
            assert_eq!(server.contains("reports"), operation.host == Host::Reports, "{}: {server}", operation.id);
            let mut theirs: Vec<(String, bool, bool)> = parameters(described)
                .chain(parameters(path))
                .map(|one| (one["name"].as_str().unwrap().to_owned(), one["in"] == "path", one.get("required") == Some(&Value::Bool(true))))
                .collect();
            let mut ours: Vec<(String, bool, bool)> =
                operation.parameters.iter().map(|one| (one.name.clone(), one.place == Place::Path, one.required)).collect();
            theirs.sort();
            ours.sort();
            assert_eq!(ours, theirs, "{}", operation.id);
            let summary = described["summary"].as_str().unwrap_or_default();
            assert_ne!(summary, operation.summary, "{}: the summary is to be in our own words", operation.id);
        }
    }

    #[test]
    fn every_operation_has_its_path_parameters_and_a_scope_that_fits_its_kind() {
        for operation in catalogue().iter() {
            let listed: Vec<&str> =
                operation.parameters.iter().filter(|one| one.place == Place::Path).map(|one| one.name.as_str()).collect();
            assert_eq!(listed, operation.path_parameters().collect::<Vec<_>>(), "{}", operation.id);
            let scope = operation.scope.as_deref().unwrap();
            assert!(scope.ends_with("_READ") || scope.ends_with("_WRITE"), "{}: {scope}", operation.id);
            if operation.method.as_str() == "GET" {
                assert!(scope.ends_with("_READ"), "{}: {scope}", operation.id);
            }
        }
    }
}
