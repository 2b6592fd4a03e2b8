//! Header fields: names that the definition fixes, none of those that frame a message or prove who we are to the platform; values that cannot end
//! a line.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::flow::action::scalar;
use crate::flow::run::Reason;
use crate::flow::template::{Compiler, Renderer, Template};
use crate::limits::web as limits;
use crate::secret::{Secret, SecretName};

/// Names that the service writes itself, that frame or route a message, or that belong to the platform alone.
const RESERVED: [&str; 21] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "accept-encoding",
    "user-agent",
    "cookie",
    "set-cookie",
    "forwarded",
    "via",
    "x-real-ip",
    "http2-settings",
    "x-addon-token",
    "x-addon-lifecycle-token",
    "clockify-signature",
    "date",
];
const RESERVED_PREFIXES: [&str; 3] = ["proxy-", "sec-", "x-forwarded-"];

/// Header fields with holes in their values.
#[derive(Clone, Debug)]
pub(super) struct Headers(Vec<(String, Template)>);

impl Headers {
    pub(super) fn compile(given: &Map<String, Value>, field: &str, compiler: &mut Compiler<'_>) -> Self {
        let mut headers: Vec<(String, Template)> = Vec::new();
        for (name, value) in given {
            let field = format!("{field}.{name}");
            let lower = name.to_ascii_lowercase();
            if lower.is_empty() || lower.len() > limits::HEADER_NAME_BYTES_MAX || !lower.bytes().all(is_token) {
                compiler.faults.add(field, "invalid_header", "this is no name of a header field");
                continue;
            }
            if RESERVED.contains(&lower.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
                compiler.faults.add(field, "reserved_header", "this header field is not a flow's to set");
                continue;
            }
            if headers.iter().any(|(known, _)| *known == lower) {
                compiler.faults.add(field, "duplicate", "names of header fields are the same in upper and lower case");
                continue;
            }
            if value.is_array() || value.is_object() {
                compiler.faults.add(field, "invalid_type", "expected a text or a number");
                continue;
            }
            let template = compiler.value(value, &field, 1);
            if let Template::Literal(literal) = &template
                && !literal.is_null()
                && let Err(reason) = text(&lower, literal)
            {
                compiler.faults.add(field, "invalid_header", reason.message);
                continue;
            }
            headers.push((lower, template));
        }
        Self(headers)
    }

    pub(super) fn collect_secrets(&self, names: &mut BTreeSet<SecretName>) {
        self.0.iter().for_each(|(_, template)| template.collect_secrets(names));
    }

    /// The fields; null leaves one out. `media` is said of a body unless the definition says it.
    pub(super) fn render(&self, renderer: &mut Renderer<'_>, media: Option<&'static str>) -> Result<Vec<(String, Secret)>, Reason> {
        let mut headers = Vec::with_capacity(self.0.len() + 1);
        let mut bytes = 0;
        for (name, template) in &self.0 {
            let value = renderer.value(template)?;
            if value.is_null() {
                continue;
            }
            let value = text(name, &value)?;
            bytes += name.len() + value.expose().len();
            headers.push((name.clone(), value));
        }
        if bytes > limits::HEADERS_BYTES_MAX {
            return Err(Reason::new("header_invalid", format!("the header fields exceed {} bytes", limits::HEADERS_BYTES_MAX)));
        }
        if let Some(media) = media.filter(|_| !headers.iter().any(|(name, _)| name == "content-type")) {
            headers.push(("content-type".to_owned(), Secret::new(media)));
        }
        Ok(headers)
    }
}

/// Printable ASCII. The value is not repeated, because it may be a secret.
fn text(name: &str, value: &Value) -> Result<Secret, Reason> {
    let value = Secret::new(scalar(name, value)?);
    if value.expose().bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return Ok(value);
    }
    let words = format!("the value of {name} has a control character or one outside ASCII, which a header field cannot have");
    Err(Reason::new("header_invalid", words))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
