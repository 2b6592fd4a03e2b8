//! What the simulated REST API says: a reply, or a refusal in the platform's words and codes.
//!
//! The codes are facts: 1000 no or double authentication, 4003 API key, 4017 add-on token, 501 a domain rule, 3000 route, 3001 parameter,
//! 3002 body. The messages are this project's own.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use bytes::Bytes;
use serde_json::{Value, json};

/// What is not JSON: a receipt, an invoice as a document, a report as a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Under which it is offered for download.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// What it holds.
    pub bytes: Bytes,
}

/// A good answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON body; none for 204.
    pub body: Option<Value>,
    /// `Last-Page`, where the list has it.
    pub last_page: Option<bool>,
    /// Sent instead of a body.
    pub file: Option<File>,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body), last_page: None, file: None }
    }

    /// 201 with a body.
    pub fn created(body: Value) -> Self {
        Self { status: 201, ..Self::ok(body) }
    }

    /// 204.
    pub fn empty() -> Self {
        Self { status: 204, ..Self::done() }
    }

    /// 200 without a body.
    pub fn done() -> Self {
        Self { status: 200, body: None, last_page: None, file: None }
    }

    /// 200 with a file.
    pub fn file(file: File) -> Self {
        Self { file: Some(file), ..Self::done() }
    }

    /// The reply as it goes over the wire.
    pub fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(status(self.status));
        if let Some(last) = self.last_page {
            response.insert_header(("Last-Page", last.to_string()));
        }
        if let Some(file) = &self.file {
            response.insert_header(("Content-Disposition", format!("attachment; filename=\"{}\"", file.shown_name())));
            return response.content_type(file.media_type.as_str()).body(file.bytes.clone());
        }
        match &self.body {
            Some(Value::String(text)) => response.content_type("text/plain; charset=utf-8").body(text.clone()),
            Some(body) => response.json(body),
            None => response.finish(),
        }
    }
}

impl File {
    /// Its name as a header takes it.
    fn shown_name(&self) -> String {
        self.name.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect()
    }
}

/// A refusal: status, code where the platform has one, and words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The platform's code.
    pub code: Option<u32>,
    /// For people.
    pub message: String,
    /// `Retry-After` in seconds, which the platform was never seen to send.
    pub retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: u16, code: Option<u32>, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// 401, 1000: no proof, or two.
    pub fn unauthenticated() -> Self {
        Self::new(401, Some(1000), "Full authentication is required")
    }

    /// 401, 4003: an API key, of which this platform has none.
    pub fn api_key() -> Self {
        Self::new(401, Some(4003), "API key is not known")
    }

    /// 401, 4017: the add-on token is dead, expired or was never alive.
    pub fn token() -> Self {
        Self::new(401, Some(4017), "Token is not valid")
    }

    /// The manifest has no such scope: 401 in practice, 403 by the documents.
    pub fn scope(status: u16, scope: &str) -> Self {
        Self::new(status, None, format!("Add-on is missing the permission {scope}"))
    }

    /// 401 for what add-on tokens cannot call at all.
    pub fn inaccessible() -> Self {
        Self::new(401, None, "API is not accessible")
    }

    /// 403, 4005: what is approved is not changed any more.
    pub fn approved() -> Self {
        Self::new(403, Some(4005), "The entry is approved")
    }

    /// 404: there is no such entity, where the platform says so.
    pub fn missing() -> Self {
        Self::new(404, Some(404), "Not found")
    }

    /// 403: a good token that speaks for another workspace or a person without the right.
    pub fn forbidden() -> Self {
        Self::new(403, None, "Access denied")
    }

    /// 404, 3000: no such route.
    pub fn no_route() -> Self {
        Self::new(404, Some(3000), "No such route")
    }

    /// 405, 3000: the route has other methods.
    pub fn no_method() -> Self {
        Self::new(405, Some(3000), "Method is not supported here")
    }

    /// 400, 501: a rule of the domain, and an id that is not of this workspace.
    pub fn rule(message: impl Into<String>) -> Self {
        Self::new(400, Some(501), message)
    }

    /// 400, 3001: a query parameter is missing or odd.
    pub fn parameter(name: &str) -> Self {
        Self::new(400, Some(3001), format!("Parameter {name} is missing or not valid"))
    }

    /// 400, 3002: the body is not what it should be.
    pub fn body(message: impl Into<String>) -> Self {
        Self::new(400, Some(3002), message)
    }

    /// 429.
    pub fn too_many(retry_after: Option<u64>) -> Self {
        Self { retry_after, ..Self::new(429, None, "Too many requests") }
    }

    /// The refusal as it goes over the wire.
    pub fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(status(self.status));
        if let Some(seconds) = self.retry_after {
            response.insert_header(("Retry-After", seconds.to_string()));
        }
        match self.code {
            Some(code) => response.json(json!({"message": self.message, "code": code})),
            None => response.json(json!({"message": self.message})),
        }
    }
}

/// What a call comes to.
pub type Outcome = Result<Reply, Refusal>;

pub(super) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
