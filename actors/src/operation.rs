//! The API catalogue: facts about each operation of Clockify's REST API, loaded once and shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    #[serde(default = "backend", skip_serializing_if = "is_backend")]
    pub host: Host,
    /// Group in the documentation.
    pub tag: String,
    /// What it does, in this project's own words.
    pub summary: String,
    /// Path and query parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// What is sent. `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// What comes back.
    #[serde(default, skip_serializing_if = "Answer::is_plain")]
    pub answer: Answer,
    /// The scope that a manifest needs for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Costs the platform much: reports and exports.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub heavy: bool,
    /// Reads or writes time entries.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub time_entry: bool,
    /// The platform advises against it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
}

fn backend() -> Host {
    Host::Backend
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_backend(host: &Host) -> bool {
    *host == Host::Backend
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
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// What it takes. A list of the query is the same name several times.
    #[serde(default, skip_serializing_if = "Schema::is_text")]
    pub schema: Schema,
}

/// What an operation is sent.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Body {
    /// How it is written.
    #[serde(skip_serializing_if = "Media::is_json")]
    pub media: Media,
    /// Whether a call needs it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Its form.
    pub schema: Schema,
}

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Media {
    /// `application/json`.
    #[default]
    Json,
    /// `multipart/form-data`: one part for each property; a property of the format `binary` is a file.
    Multipart,
}

impl Media {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    fn is_json(&self) -> bool {
        *self == Self::Json
    }
}

/// What comes back when all is well.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Answer {
    /// Not JSON: a file to download.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub file: bool,
    /// Where in the answer the list of entities is: property names with dots between them, empty for the answer itself. `None`: no list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// What each entity of the list is wrapped in (`approvalRequest`). `None`: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// How the list is asked for in parts. `None`: it comes whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paging: Option<Paging>,
}

impl Answer {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// How a list is asked for in parts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paging {
    /// Name of the query parameter of the page's number.
    pub page: String,
    /// Name of the query parameter of the page's size.
    pub size: String,
    /// The largest size that is safe to ask for.
    pub size_max: u32,
    /// The number of the first page: 1, but for a few lists that count from 0.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub first: u32,
}

const fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_one(number: &u32) -> bool {
    *number == 1
}

/// What a value looks like: the part of JSON Schema that the catalogue needs, references resolved.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Schema {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// `date-time`, `date`, `binary` and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The values that are taken; empty: any.
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// What the platform takes where nothing is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Smallest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// Largest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// Characters at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// Characters at the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// What the elements of an array look like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Schema>>,
    /// What an object holds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Schema>,
    /// What an object has to hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
}

impl Default for Schema {
    fn default() -> Self {
        Self {
            kind: Kind::String,
            format: None,
            choices: Vec::new(),
            default: None,
            minimum: None,
            maximum: None,
            min_length: None,
            max_length: None,
            items: None,
            properties: BTreeMap::new(),
            required: Vec::new(),
        }
    }
}

impl Schema {
    fn is_text(&self) -> bool {
        *self == Self::default()
    }
}

/// Types of JSON Schema. A schema that names none takes text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the types")]
pub enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
    /// Anything: the official description does not say.
    Any,
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

/// The values of a path in a template's parameters. `None`: it is another path.
fn fit(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (mut template, mut path, mut values) = (template.split('/'), path.split('/'), Vec::new());
    loop {
        match (template.next(), path.next()) {
            (None, None) => return Some(values),
            (Some(fixed), Some(segment)) if fixed == segment && !fixed.starts_with('{') => {}
            (Some(parameter), Some(segment)) if !segment.is_empty() => {
                let name = parameter.strip_prefix('{')?.strip_suffix('}')?;
                if !segment.starts_with('{') {
                    values.push((name.to_owned(), segment.to_owned()));
                }
            }
            _ => return None,
        }
    }
}

/// An operation with the values of its path's parameters.
pub type Located = (Arc<Operation>, Vec<(String, String)>);

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
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub fn read(json: &[u8]) -> Result<Self, Unusable> {
        Self::new(serde_json::from_slice(json)?)
    }

    /// Of operations that were read elsewhere.
    ///
    /// # Errors
    ///
    /// A path that cannot be called, or an id that is there twice.
    pub fn new(listed: Vec<Operation>) -> Result<Self, Unusable> {
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

    /// Finds the operation that a method and a path mean, with the parameters that stand in the path. `/v1` in front may be missing; a
    /// parameter in braces has no value yet. Paths with more fixed segments win: `…/time-entries/invoiced` is no entry's id.
    pub fn find(&self, method: Method, path: &str) -> Option<Located> {
        let path = format!("/{}", path.trim_matches('/'));
        let path = if path == "/v1" || path.starts_with("/v1/") { path } else { format!("/v1{path}") };
        let of_method = self.operations.values().filter(|operation| operation.method == method);
        let fitting = of_method.filter_map(|operation| Some((operation, fit(&operation.path, &path)?)));
        // What the platform still answers comes before what it has given up.
        let (operation, values) = fitting.min_by_key(|(operation, _)| (operation.deprecated, operation.path_parameters().count()))?;
        Some((Arc::clone(operation), values))
    }

    /// Every operation, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Operation>> {
        self.operations.values()
    }
}
