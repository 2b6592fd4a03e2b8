//! The description of what is served, as a page to read: operations by group, with their parameters, bodies, answers and refusals.
//!
//! It is made of the same document, needs no script, and takes its colours from a style sheet of this origin alone.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use actors::addon::Addon;
use bytes::Bytes;
use serde_json::Value;

use super::document;
use crate::http::caller::Anyone;

const STYLE: &str = include_str!("page.css");
/// A style sheet and nothing else; in no frame, sent nowhere.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

/// Each add-on's page, made once.
static PAGES: LazyLock<BTreeMap<Addon, Bytes>> =
    LazyLock::new(|| Addon::ALL.into_iter().map(|addon| (addon, Bytes::from(page(&document(addon))))).collect());

/// `GET /docs`.
pub async fn show(caller: Anyone) -> HttpResponse {
    let page = PAGES.get(&caller.addon).cloned().unwrap_or_default();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    HttpResponse::Ok().insert_header((CONTENT_TYPE, html)).insert_header((CONTENT_SECURITY_POLICY, POLICY)).body(page)
}

/// `GET /static/docs.css`.
pub async fn style(_: Anyone) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))).body(STYLE)
}

/// The page of a document. Writing into a text cannot fail.
pub fn page(document: &Value) -> String {
    let text = |pointer: &str| escaped(document.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
    let (title, version) = (text("/info/title"), text("/info/version"));
    let mut groups: BTreeMap<&str, Vec<(&str, &str, &Value)>> = BTreeMap::new();
    for (path, item) in members(document.get("paths")) {
        for (method, operation) in members(Some(item)) {
            groups.entry(group(path)).or_default().push((method, path, operation));
        }
    }
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
        <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<link rel=\"stylesheet\" href=\"static/docs.css\">\n</head>\n\
        <body>\n<header>\n<h1>{title}</h1>\n<p>Version {version}. The same for machines: <a href=\"openapi.json\">openapi.json</a>.</p>\n<nav>\n"
    );
    for name in groups.keys() {
        let _ = writeln!(html, "<a href=\"#{name}\">{name}</a>");
    }
    html.push_str("</nav>\n</header>\n<main>\n");
    for (name, operations) in &groups {
        let _ = writeln!(html, "<section id=\"{name}\">\n<h2>{name}</h2>");
        operations.iter().for_each(|(method, path, operation)| write_operation(&mut html, method, path, operation));
        html.push_str("</section>\n");
    }
    html.push_str("<section id=\"schemes\">\n<h2>Proofs</h2>\n<dl>\n");
    for (name, scheme) in members(document.pointer("/components/securitySchemes")) {
        let place = scheme.get("name").or_else(|| scheme.get("scheme")).and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(html, "<dt id=\"proof-{name}\">{name} <code>{}</code></dt><dd>{}</dd>", escaped(place), words(scheme));
    }
    html.push_str("</dl>\n<h2>Refusals</h2>\n");
    if let Some(error) = document.pointer("/components/schemas/Error") {
        write_schema(&mut html, error);
    }
    html.push_str("</section>\n</main>\n</body>\n</html>\n");
    html
}

/// The first word of a path; for pages, the second.
fn group(path: &str) -> &str {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty() && !segment.starts_with('{'));
    match segments.next() {
        Some("ui") => segments.next().unwrap_or("ui"),
        Some("webhooks") => "deliveries",
        Some("lifecycle") => "lifecycle",
        _ => "service",
    }
}

fn write_operation(html: &mut String, method: &str, path: &str, operation: &Value) {
    let text = |name: &str| escaped(operation.get(name).and_then(Value::as_str).unwrap_or_default());
    let (id, summary) = (text("operationId"), text("summary"));
    let _ = writeln!(
        html,
        "<details id=\"{id}\">\n<summary><b class=\"{method}\">{}</b> <code>{}</code> {summary}</summary>",
        method.to_ascii_uppercase(),
        escaped(path)
    );
    let proofs: Vec<String> = operation
        .get("security")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|one| members(Some(one)).map(|(name, _)| format!("<a href=\"#proof-{name}\">{name}</a>")).collect::<Vec<_>>().join(" and "))
        .map(|one| if one.is_empty() { "none".to_owned() } else { one })
        .collect();
    let proofs = if proofs.is_empty() { "none".to_owned() } else { proofs.join(" or ") };
    let _ = writeln!(html, "<p>Proof: {proofs}</p>");
    let parameters = operation.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        html.push_str("<h3>Parameters</h3>\n<dl>\n");
        for parameter in parameters {
            let text = |name: &str| escaped(parameter.get(name).and_then(Value::as_str).unwrap_or_default());
            let needed = if parameter.get("required") == Some(&Value::Bool(true)) { ", required" } else { "" };
            let shape = parameter.get("schema").map(line).unwrap_or_default();
            let _ =
                writeln!(html, "<dt><code>{}</code> in {}{needed}: {shape}</dt><dd>{}</dd>", text("name"), text("in"), words(parameter));
        }
        html.push_str("</dl>\n");
    }
    if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
        html.push_str("<h3>Body</h3>\n");
        write_schema(html, schema);
    }
    html.push_str("<h3>Answers</h3>\n<dl>\n");
    for (status, answer) in members(operation.get("responses")) {
        let _ = writeln!(html, "<dt><code>{status}</code></dt><dd>{}", words(answer));
        let schema = answer.pointer("/content/application~1json/schema").filter(|schema| schema.get("$ref").is_none());
        if let Some(schema) = schema {
            write_schema(html, schema);
        }
        html.push_str("</dd>\n");
    }
    html.push_str("</dl>\n</details>\n");
}

/// The members of an object as a list within a list; of anything else, a line.
fn write_schema(html: &mut String, schema: &Value) {
    let properties = schema.get("properties").or_else(|| schema.pointer("/items/properties"));
    if properties.is_none() {
        let _ = writeln!(html, "<p>{}</p>", line(schema));
        return;
    }
    let holder = if schema.get("items").is_some() { schema.get("items") } else { Some(schema) };
    let required = holder.and_then(|holder| holder.get("required")).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    html.push_str("<ul>\n");
    for (name, member) in members(properties) {
        let needed = if required.iter().any(|one| one == name) { ", required" } else { "" };
        let _ = write!(html, "<li><code>{}</code>: {}{needed}", escaped(name), line(member));
        if member.get("properties").or_else(|| member.pointer("/items/properties")).is_some() {
            write_schema(html, member);
        }
        html.push_str("</li>\n");
    }
    html.push_str("</ul>\n");
}

/// A schema in a line.
fn line(schema: &Value) -> String {
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ if schema.get("oneOf").is_some() => "one of several shapes".to_owned(),
        _ => "anything".to_owned(),
    };
    let mut said = vec![escaped(&kind)];
    for name in ["format", "minimum", "maximum", "minLength", "maxLength", "minItems", "pattern", "default"] {
        match schema.get(name) {
            Some(Value::String(text)) => said.push(format!("{name} <code>{}</code>", escaped(text))),
            Some(value) => said.push(format!("{name} <code>{}</code>", escaped(&value.to_string()))),
            None => {}
        }
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let choices: Vec<String> =
            choices.iter().filter_map(Value::as_str).map(|choice| format!("<code>{}</code>", escaped(choice))).collect();
        said.push(choices.join(" "));
    }
    said.join(", ")
}

/// What something is described by, its lines kept and what stands in backquotes set apart.
fn words(of: &Value) -> String {
    let text = of.get("description").and_then(Value::as_str).unwrap_or_default();
    let line = |line: &str| {
        let parts = line.split('`').enumerate();
        parts.map(|(n, part)| if n % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) }).collect::<String>()
    };
    text.lines().map(line).collect::<Vec<_>>().join("<br>")
}

fn members(of: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    of.and_then(Value::as_object).into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
