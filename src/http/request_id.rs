//! One id for each request: the sender's if it is sane, else a fresh one. It stands in the answer and in every log line.
//!
//! It is kept in the request's own `X-Request-ID`, so that whoever holds the request can name it.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use actors::clock::Clock;
use actors::limits::http::REQUEST_ID_CHARS_MAX;
use uuid::fmt::Hyphenated;

/// `X-Request-ID`.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Settles the id of a request: afterwards its header is there exactly once and is sane.
pub fn settle(request: &mut ServiceRequest, clock: &dyn Clock) -> HeaderValue {
    let mut sent = request.headers().get_all(&X_REQUEST_ID);
    if let (Some(id), None) = (sent.next(), sent.next())
        && is_sane(id.as_bytes())
    {
        return id.clone();
    }
    let id = fresh(clock);
    request.headers_mut().insert(X_REQUEST_ID, id.clone());
    id
}

/// The settled id.
pub fn of(request: &HttpRequest) -> &str {
    request.headers().get(&X_REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default()
}

fn fresh(clock: &dyn Clock) -> HeaderValue {
    let mut digits = [0; Hyphenated::LENGTH];
    let text = clock.fresh_id().hyphenated().encode_lower(&mut digits);
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("none"))
}

fn is_sane(id: &[u8]) -> bool {
    (1..=REQUEST_ID_CHARS_MAX).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_ids_are_taken_over() {
        for good in ["a", "0190b5a0-0000-7000-8000-000000000000", "trace_1.2"] {
            assert!(is_sane(good.as_bytes()), "{good}");
        }
        for bad in ["", "a b", "a\"b", "a\\b", "é", "<script>", &"x".repeat(REQUEST_ID_CHARS_MAX + 1)] {
            assert!(!is_sane(bad.as_bytes()), "{bad}");
        }
    }
}
