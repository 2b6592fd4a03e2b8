//! `GENERIC_HTTP`: a call of another server, with values from the context and the workspace's secrets.
//!
//! The definition alone decides scheme, host and port ([`address`]); a value is one percent-encoded piece of the path or the query, one header's
//! printable text, or a typed value of the body. Secrets stand in headers and the body; the record has their placeholders (I7).

pub mod address;
pub mod answer;
mod body;
mod headers;
mod mask;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value};

use self::address::Address;
use self::answer::Answer;
use self::body::Body;
use self::headers::Headers;
use super::scalar;
use crate::flow::model::HttpCall;
use crate::flow::read::Faults;
use crate::flow::run::{Reason, RequestSummary};
use crate::flow::template::{Compiler, Renderer, Scope, Secrets, Template};
use crate::limits::flow as limits;
use crate::limits::run;
use crate::limits::web;
use crate::port::clockify::Method;
use crate::port::web::WebRequest;
use crate::secret::SecretName;

/// The action, ready to be rendered.
#[derive(Clone, Debug)]
pub struct GenericHttp {
    method: Method,
    address: Address,
    query: Vec<(String, Template)>,
    headers: Headers,
    body: Option<Body>,
    answer: Answer,
    secrets: BTreeSet<SecretName>,
}

impl GenericHttp {
    /// Checks a call and compiles its values; what is wrong is noted under `field`.
    pub fn compile(call: &HttpCall, (field, scope): (&str, Scope), faults: &mut Faults) -> Option<Self> {
        if call.query.len() + call.headers.len() > limits::PARAMETERS_MAX {
            faults.add(field, "too_many", format!("at most {} query parameters and headers", limits::PARAMETERS_MAX));
            return None;
        }
        if call.body.is_some() && call.method == Method::Get {
            faults.add(format!("{field}.body"), "not_applicable", "a GET takes no body");
        }
        let mut compiler = Compiler { scope, faults, values: 0, secrets: false };
        let address = Address::compile(&call.url, &format!("{field}.url"), &mut compiler);
        let query = query(&call.query, &format!("{field}.query"), &mut compiler);
        compiler.secrets = true;
        let headers = Headers::compile(&call.headers, &format!("{field}.headers"), &mut compiler);
        let body = call.body.as_ref().map(|body| Body::compile(body, &format!("{field}.body"), &mut compiler));
        let answer = Answer::compile(&call.expect, &call.response, &format!("{field}.response"), faults);
        let mut secrets = BTreeSet::new();
        headers.collect_secrets(&mut secrets);
        if let Some(body) = &body {
            body.collect_secrets(&mut secrets);
        }
        Some(Self { method: call.method, address: address?, query, headers, body, answer, secrets })
    }

    /// The method.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Where it goes.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// The secrets that a call needs.
    pub const fn secrets(&self) -> &BTreeSet<SecretName> {
        &self.secrets
    }

    /// What is made of an answer.
    pub const fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The call, with values from the context and its secrets.
    pub fn render(&self, context: &Value, secrets: &Secrets) -> Result<WebRequest, Reason> {
        self.render_with(Renderer::with_secrets(context, secrets))
    }

    /// The same by a renderer of the caller's, which has the secrets.
    pub fn render_with(&self, mut renderer: Renderer<'_>) -> Result<WebRequest, Reason> {
        let url = self.url(&mut renderer)?;
        let body = self.body.as_ref().map(|body| body.render(&mut renderer)).transpose()?;
        let media = self.body.as_ref().map(Body::media_type);
        let headers = self.headers.render(&mut renderer, media)?;
        let (response_bytes_max, timeout) = (run::RESPONSE_BYTES_MAX, Duration::from_millis(web::CALL_MS_MAX));
        Ok(WebRequest { method: self.method, url, headers, body: body.map(Into::into), response_bytes_max, timeout })
    }

    /// What the call looks like to people: the whole address and the body, with placeholders where secrets are.
    pub fn summary(&self, context: &Value) -> Result<RequestSummary, Reason> {
        self.summary_with(Renderer::new(context))
    }

    /// The same by a renderer of the caller's, which has no secrets.
    pub fn summary_with(&self, mut renderer: Renderer<'_>) -> Result<RequestSummary, Reason> {
        let path = self.url(&mut renderer)?;
        let body = self.body.as_ref().map(|body| body.render(&mut renderer)).transpose()?;
        Ok(RequestSummary::new(self.method, path, body.as_deref()))
    }

    /// The header fields as people see them, with placeholders where secrets are.
    pub fn headers_shown(&self, context: &Value) -> Result<Vec<(String, String)>, Reason> {
        let shown = self.headers.render(&mut Renderer::new(context), self.body.as_ref().map(Body::media_type))?;
        Ok(shown.into_iter().map(|(name, value)| (name, value.expose().to_owned())).collect())
    }

    fn url(&self, renderer: &mut Renderer<'_>) -> Result<String, Reason> {
        let mut url = self.address.render(renderer)?;
        let mut first = !self.address.has_query();
        for (name, template) in &self.query {
            for value in listed(renderer.value(template)?) {
                url.push(if first { '?' } else { '&' });
                first = false;
                form_encode(&mut url, name);
                url.push('=');
                form_encode(&mut url, &scalar(name, &value)?);
            }
        }
        if url.len() > crate::limits::outbound::URL_BYTES_MAX {
            return Err(Reason::new("parameter_invalid", "the address with its query is too long"));
        }
        Ok(url)
    }
}

fn query(given: &Map<String, Value>, field: &str, compiler: &mut Compiler<'_>) -> Vec<(String, Template)> {
    let compile = |(name, value): (&String, &Value)| {
        let field = format!("{field}.{name}");
        if value.is_object() {
            compiler.faults.add(&field, "invalid_type", "expected a text, a number, true, false or a list of them");
        }
        (name.clone(), compiler.value(value, &field, 1))
    };
    given.iter().map(compile).collect()
}

/// A list repeats the parameter, null leaves it out.
fn listed(value: Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        single => vec![single],
    }
}

/// Appends as `application/x-www-form-urlencoded` has it.
fn form_encode(text: &mut String, value: &str) {
    for (index, part) in value.split(' ').enumerate() {
        if index > 0 {
            text.push('+');
        }
        super::push_encoded(text, part);
    }
}

#[cfg(test)]
mod tests;
