//! What is made of another server's answer: whether its status is success, and the data that later steps see. Secrets that it echoes are masked
//! before anything of it is kept (I7).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::mask;
use crate::flow::extent;
use crate::flow::machine::Heard;
use crate::flow::model::Expected;
use crate::flow::read::Faults;
use crate::flow::template::{Reference, Secrets};
use crate::jsonpath::Visits;
use crate::limits::flow::VISITS_AT_A_TIME_MAX;
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
            Ok(value) => mask::value(value, secrets),
            Err(_) if response.body.is_empty() => Value::Null,
            Err(_) => Value::String(mask::text(&String::from_utf8_lossy(&response.body), secrets)),
        };
        let headers = response.headers.iter().map(|(name, value)| (name.clone(), Value::String(mask::text(value, secrets))));
        let mut data = Map::new();
        data.insert("status".into(), response.status.into());
        data.insert("headers".into(), Value::Object(headers.collect()));
        let mut visits = Visits::of(VISITS_AT_A_TIME_MAX);
        for (name, reference) in &self.names {
            // What is not there is null: the call has been made, and failing now would hide that.
            data.insert(name.clone(), reference.find_in(&body, &mut visits).ok().flatten().unwrap_or(Value::Null));
        }
        let expected = self.expect.iter().any(|expected| expected.fits(response.status));
        let words = match &body {
            Value::Null => String::new(),
            Value::String(text) => text.chars().take(limits::WORDS_SHOWN_MAX).collect(),
            other => extent::beginning(other, limits::WORDS_SHOWN_MAX),
        };
        data.insert("data".into(), body);
        Heard { status: response.status, retry_after: response.retry_after, expected, data: Value::Object(data), words }
    }
}
