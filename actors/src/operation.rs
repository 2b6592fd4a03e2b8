//! The API catalogue: facts about each operation of Clockify's REST API, loaded once and shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::port::clockify::{Host, Method};

/// One operation. Field by field what `manifests/operations.json` holds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// The platform's `operationId`.
    pub id: String,
    /// HTTP method.
    pub method: Method,
    /// Path below the base URL, parameters in braces: `/v1/workspaces/{workspaceId}/tags`.
    pub path: String,
    /// Which base URL it belongs to.
    #[serde(default = "backend")]
    pub host: Host,
    /// Group in the documentation.
    pub tag: String,
    /// What it does, in this project's own words.
    pub summary: String,
    /// Path and query parameters.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Whether a JSON body belongs to it.
    #[serde(default)]
    pub body: bool,
    /// The scope that a manifest needs for it.
    #[serde(default)]
    pub scope: Option<String>,
}

fn backend() -> Host {
    Host::Backend
}

/// A parameter of an operation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Path or query.
    #[serde(rename = "in")]
    pub place: Place,
    /// Whether a call needs it.
    #[serde(default)]
    pub required: bool,
}

/// Where a parameter stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// One segment of the path.
    Path,
    /// The query.
    Query,
}

impl Operation {
    /// Names of the path's parameters, in order.
    pub fn path_parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// All operations by id.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    operations: BTreeMap<String, Arc<Operation>>,
}

/// Why a catalogue is refused.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Not the JSON that [`Operation`] describes.
    #[error("the catalogue is not readable")]
    Unreadable(#[from] serde_json::Error),
    /// Two operations share an id.
    #[error("operation {0} is there twice")]
    Duplicate(String),
    /// A path that does not start with `/` or has an odd segment.
    #[error("operation {0} has an unusable path")]
    Path(String),
}

impl Catalogue {
    /// Reads a JSON list of operations.
    pub fn read(json: &[u8]) -> Result<Self, Unusable> {
        let listed: Vec<Operation> = serde_json::from_slice(json)?;
        let mut operations = BTreeMap::new();
        for operation in listed {
            let odd = |segment: &str| segment.is_empty() || segment == "." || segment == ".." || segment.contains(['?', '#', '%']);
            if !operation.path.starts_with('/') || operation.path.split('/').skip(1).any(odd) {
                return Err(Unusable::Path(operation.id));
            }
            let id = operation.id.clone();
            if operations.insert(id.clone(), Arc::new(operation)).is_some() {
                return Err(Unusable::Duplicate(id));
            }
        }
        Ok(Self { operations })
    }

    /// Finds an operation.
    pub fn get(&self, id: &str) -> Option<&Arc<Operation>> {
        self.operations.get(id)
    }

    /// Every operation, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Operation>> {
        self.operations.values()
    }
}
