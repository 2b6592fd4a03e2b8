//! What is made of another server's answer: whether its status is success, and the data that later steps see. Secrets that it echoes are masked
//! before anything of it is kept (I7).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::flow::machine::Heard;
use crate::flow::model::Expected;
use crate::flow::read::Faults;
use crate::flow::template::{Reference, Secrets};
use crate::limits::web as limits;
use crate::port::web::WebResponse;

/// Names that the answer has by itself.
const TAKEN: [&str; 3] = ["status", "headers", "data"];

/// How an answer is read.
#[derive(Clone, Debug)]
pub struct Answer {
    expect: Vec<Expected>,
    names: Vec<(String, Reference)>,
}

impl Answer {
    pub(super) fn compile(expect: &[Expected], response: &BTreeMap<String, String>, field: &str, faults: &mut Faults) -> Self {
        if response.len() > limits::NAMES_MAX {
            faults.add(field, "too_many", format!("at most {} names", limits::NAMES_MAX));
        }
        let mut names = Vec::with_capacity(response.len());
        for (name, path) in response {
            let field = format!("{field}.{name}");
            let fits = (1..=limits::NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !fits || TAKEN.contains(&name.as_str()) {
                faults.add(&field, "invalid_name", "1 to 64 letters, digits or '_', and not status, headers or data");
            }
            match Reference::parse(path) {
                Ok(reference) => names.push((name.clone(), reference)),
                Err((code, words)) => faults.add(&field, code, words),
            }
        }
        Self { expect: if expect.is_empty() { vec![Expected::Class(2)] } else { expect.to_vec() }, names }
    }

    /// Reads an answer; `secrets` are those that were sent.
    pub fn read(&self, response: &WebResponse, secrets: &Secrets) -> Heard {
        let body = match serde_json::from_slice(&response.body) {
            Ok(value) => masked(value, secrets),
            Err(_) if response.body.is_empty() => Value::Null,
            Err(_) => Value::String(mask(&String::from_utf8_lossy(&response.body), secrets)),
        };
        let headers = response.headers.iter().map(|(name, value)| (name.clone(), Value::String(mask(value, secrets))));
        let mut data = Map::new();
        data.insert("status".into(), response.status.into());
        data.insert("headers".into(), Value::Object(headers.collect()));
        for (name, reference) in &self.names {
            // What is not there is null: the call has been made, and failing now would hide that.
            data.insert(name.clone(), reference.find_in(&body).ok().flatten().unwrap_or(Value::Null));
        }
        let expected = self.expect.iter().any(|expected| expected.fits(response.status));
        let words = match &body {
            Value::Null => String::new(),
            Value::String(text) => cut(text),
            other => cut(&other.to_string()),
        };
        data.insert("data".into(), body);
        Heard { status: response.status, retry_after: response.retry_after, expected, data: Value::Object(data), words }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(limits::WORDS_SHOWN_MAX).collect()
}

/// Puts placeholders in the place of secrets, in every text, name and number.
fn masked(value: Value, secrets: &Secrets) -> Value {
    if secrets.is_empty() {
        return value;
    }
    match value {
        Value::String(text) => Value::String(mask(&text, secrets)),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| masked(item, secrets)).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (mask(&name, secrets), masked(value, secrets))).collect())
        }
        Value::Number(number) => {
            let text = number.to_string();
            let shown = mask(&text, secrets);
            if shown == text { Value::Number(number) } else { Value::String(shown) }
        }
        plain => plain,
    }
}

fn mask(text: &str, secrets: &Secrets) -> String {
    let mut text = text.to_owned();
    // The longest first: one may be a part of another.
    let mut sorted: Vec<_> = secrets.iter().collect();
    sorted.sort_by_key(|(_, secret)| std::cmp::Reverse(secret.expose().len()));
    for (name, secret) in sorted {
        let mut encoded = String::new();
        super::form_encode(&mut encoded, secret.expose());
        // As JSON writes it inside a text, quotes aside.
        let quoted = Value::String(secret.expose().to_owned()).to_string();
        let quoted = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        for shown in [secret.expose(), &encoded, quoted] {
            if !shown.is_empty() && text.contains(shown) {
                text = text.replace(shown, &name.placeholder());
            }
        }
    }
    text
}
