//! From an official OpenAPI document, in JSON, to the catalogue's operations.
//!
//! Ids, paths, parameters, bodies and marks are facts and are taken over; summaries, scopes and what else only people can say come from
//! `manifests/words.toml`. The order is that of paths, so that the same document always gives the same bytes.

use actors::limits::catalogue as limits;
use actors::operation::{Answer, Body, Kind, Media, Operation, Paging, Parameter, Place, Schema};
use actors::port::clockify::{Host, Method};
use serde_json::{Map, Value};

use super::schema::{Resolver, shown};
use super::words::{Said, Words};

/// Why a document gives no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// No JSON.
    #[error("it is not JSON")]
    Json(#[from] serde_json::Error),
    /// This project's own words are broken, which a test excludes.
    #[error("the words of the operations cannot be read")]
    Words(#[from] toml::de::Error),
    /// JSON, and no OpenAPI document with operations.
    #[error("it is no OpenAPI 3 document with paths")]
    NotOpenApi,
    /// More operations than the bound.
    #[error("it has more than {0} operations")]
    TooMany(usize),
    /// An operation without an id, or with one that cannot stand in a path.
    #[error("{0} {1} has no usable operationId")]
    Id(&'static str, String),
    /// A parameter that is none of the path or the query, or has no name.
    #[error("operation {0} has an unusable parameter")]
    Parameter(String),
    /// What any catalogue has to keep to.
    #[error("its operations cannot be used")]
    Catalogue(#[from] actors::operation::Unusable),
}

const METHODS: [(&str, Method); 5] =
    [("get", Method::Get), ("post", Method::Post), ("put", Method::Put), ("patch", Method::Patch), ("delete", Method::Delete)];
/// Names of the parameter that says how large a page is.
const SIZES: [&str; 4] = ["page-size", "pageSize", "size", "limit"];
/// Answers of this size are given everywhere, unless the document says what the most is.
const PAGE_SIZE_SAFE: u32 = 200;

/// Every operation of a document, by path and method.
///
/// # Errors
///
/// What makes the document useless, with the first operation that does.
pub fn operations(document: &[u8]) -> Result<Vec<Operation>, Unusable> {
    let (document, words): (Value, Words) = (serde_json::from_slice(document)?, Words::read()?);
    let version = document.get("openapi").and_then(Value::as_str).filter(|version| version.starts_with("3."));
    let paths = document.get("paths").and_then(Value::as_object).filter(|paths| !paths.is_empty());
    let (Some(_), Some(paths)) = (version, paths) else { return Err(Unusable::NotOpenApi) };
    let mut found = Vec::new();
    for (path, item) in paths {
        for (name, method) in METHODS {
            let Some(described) = item.get(name) else { continue };
            if found.len() == limits::OPERATIONS_MAX {
                return Err(Unusable::TooMany(limits::OPERATIONS_MAX));
            }
            found.push(Described { document: &document, path, item, described, method }.operation(&words)?);
        }
    }
    if found.is_empty() {
        return Err(Unusable::NotOpenApi);
    }
    found.sort_by(|one, other| (&one.path, one.method.as_str()).cmp(&(&other.path, other.method.as_str())));
    Ok(found)
}

/// One operation where it stands in the document.
struct Described<'d> {
    document: &'d Value,
    path: &'d str,
    item: &'d Value,
    described: &'d Value,
    method: Method,
}

impl<'d> Described<'d> {
    fn operation(&self, words: &Words) -> Result<Operation, Unusable> {
        let id = self.described.get("operationId").and_then(Value::as_str).filter(|id| usable(id));
        let id = id.ok_or_else(|| Unusable::Id(self.method.as_str(), self.path.to_owned()))?;
        let tag = self.described.get("tags").and_then(|tags| tags.get(0)).and_then(Value::as_str).unwrap_or("Other");
        let (said, host) = (words.operations.get(id), self.host());
        let parameters = self.parameters(id, said)?;
        let answer = self.answer(&parameters, said);
        Ok(Operation {
            id: id.to_owned(),
            method: self.method,
            path: self.path.to_owned(),
            host,
            tag: tag.to_owned(),
            summary: said.map_or_else(|| format!("{} {}", self.method.as_str(), self.path), |said| said.summary.clone()),
            body: self.body(),
            scope: said.map(|said| said.scope.clone()).or_else(|| self.scope(words.scopes.get(tag)?)),
            heavy: host == Host::Reports || ["report", "export", "detailed"].iter().any(|word| self.path.to_lowercase().contains(word)),
            time_entry: self.path.contains("/time-entries") || tag.eq_ignore_ascii_case("time entry"),
            deprecated: self.described.get("deprecated") == Some(&Value::Bool(true)) || host == Host::Pto,
            parameters,
            answer,
        })
    }

    /// The base URL's kind, from the `servers` that are nearest.
    fn host(&self) -> Host {
        let url = |place: &'d Value| place.get("servers")?.get(0)?.get("url")?.as_str();
        match url(self.described).or_else(|| url(self.item)) {
            Some(url) if url.contains("reports.") || url.ends_with("/report") => Host::Reports,
            Some(url) if url.contains("pto.") || url.ends_with("/pto") || url.contains("localhost:5050") => Host::Pto,
            _ => Host::Backend,
        }
    }

    fn scope(&self, family: &str) -> Option<String> {
        Some(format!("{family}_{}", if self.method == Method::Get { "READ" } else { "WRITE" }))
    }

    /// Those of the path in the path's order, then those of the query in the document's.
    fn parameters(&self, id: &str, said: Option<&Said>) -> Result<Vec<Parameter>, Unusable> {
        let listed = |place: &'d Value| place.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let mut found: Vec<Parameter> = Vec::new();
        for described in listed(self.described).chain(listed(self.item)) {
            let name = described.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
            let place = match described.get("in").and_then(Value::as_str) {
                Some("path") => Place::Path,
                Some("query") => Place::Query,
                // Headers and cookies are the caller's own affair; a reference is not followed.
                Some(_) => continue,
                None => return Err(Unusable::Parameter(id.to_owned())),
            };
            let name = name.ok_or_else(|| Unusable::Parameter(id.to_owned()))?;
            if found.iter().any(|known| known.name == name && known.place == place) {
                continue;
            }
            let mut schema = described.get("schema").map(|schema| Resolver::new(self.document).resolve(schema)).unwrap_or_default();
            if schema.kind == Kind::String && schema.format.is_none() {
                schema.format = described.get("example").and_then(Value::as_str).and_then(shown).map(str::to_owned);
            }
            if place == Place::Path {
                // One segment of text, whatever else is said.
                schema = Schema { choices: schema.choices, ..Schema::default() };
            } else if let Some(correction) = said.and_then(|said| said.parameters.get(name)) {
                correction.apply(&mut schema);
            }
            let required = place == Place::Path || described.get("required") == Some(&Value::Bool(true));
            found.push(Parameter { name: name.to_owned(), place, required, schema });
        }
        let segments: Vec<&str> = self.path.split('/').collect();
        let position = |parameter: &Parameter| segments.iter().position(|segment| *segment == format!("{{{}}}", parameter.name));
        if found.iter().any(|parameter| parameter.place == Place::Path && position(parameter).is_none()) {
            return Err(Unusable::Parameter(id.to_owned()));
        }
        found.sort_by_key(|parameter| match parameter.place {
            Place::Path => position(parameter).unwrap_or(segments.len()),
            Place::Query => segments.len(),
        });
        if self.path.matches('{').count() != found.iter().filter(|parameter| parameter.place == Place::Path).count() {
            return Err(Unusable::Parameter(id.to_owned()));
        }
        Ok(found)
    }

    fn body(&self) -> Option<Body> {
        let described = self.described.get("requestBody")?;
        let content = described.get("content")?.as_object()?;
        let of = |media: Media, name: &str| content.get(name).map(|content| (media, content));
        let (media, content) = of(Media::Multipart, "multipart/form-data")
            .or_else(|| of(Media::Json, "application/json"))
            .or_else(|| of(Media::Json, "*/*"))?;
        let schema = content.get("schema").map(|schema| Resolver::new(self.document).resolve(schema));
        let schema = schema.unwrap_or(Schema { kind: Kind::Any, ..Schema::default() });
        Some(Body { media, required: described.get("required") == Some(&Value::Bool(true)), schema })
    }

    /// Where the list is, and how it comes in parts.
    fn answer(&self, parameters: &[Parameter], said: Option<&Said>) -> Answer {
        let schema = self.answered();
        let array = schema.as_ref().is_some_and(|schema| schema.kind == Kind::Array);
        let file = schema
            .as_ref()
            .is_some_and(|schema| schema.kind == Kind::String && matches!(schema.format.as_deref(), Some("byte" | "binary")));
        let list = said.and_then(|said| said.list.clone()).or_else(|| (array && self.method == Method::Get).then(String::new));
        let paging = list.as_ref().and_then(|_| paging(parameters));
        Answer { file, list, entity: said.and_then(|said| said.entity.clone()), paging }
    }

    /// What a good answer looks like.
    fn answered(&self) -> Option<Schema> {
        let responses: &'d Map<String, Value> = self.described.get("responses")?.as_object()?;
        let (_, good) = responses.iter().find(|(status, _)| status.starts_with('2'))?;
        let content = good.get("content")?.as_object()?.values().next()?;
        Some(Resolver::new(self.document).resolve(content.get("schema")?))
    }
}

/// An id that stands in our own paths.
fn usable(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= limits::ID_BYTES_MAX
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

fn paging(parameters: &[Parameter]) -> Option<Paging> {
    let query = |name: &str| parameters.iter().find(|parameter| parameter.place == Place::Query && parameter.name == name);
    let page = query("page")?;
    let size = SIZES.iter().find_map(|name| query(name))?;
    let stated = size.schema.maximum.filter(|most| (1.0..=f64::from(u32::MAX)).contains(most));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was looked at")]
    let size_max = stated.map_or(PAGE_SIZE_SAFE, |most| most as u32);
    let first = if page.schema.default == Some(0.into()) { 0 } else { 1 };
    Some(Paging { page: page.name.clone(), size: size.name.clone(), size_max, first })
}
