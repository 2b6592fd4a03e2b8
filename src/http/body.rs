//! Reads a request's body, after the caller has proved who he is: bounded in size before it is buffered, bounded in time, never decompressed (I5).

use std::pin::pin;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::Payload;
use actix_web::{HttpMessage, HttpRequest};
use actors::clock::Clock;
use actors::limits::http as limits;
use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;

use super::error::{Error, Kind};

/// Reads a whole body of at most `bytes_max`.
pub async fn read(request: &HttpRequest, payload: Payload, bytes_max: usize, clock: &dyn Clock) -> Result<Bytes, Error> {
    let headers = request.headers();
    if headers.get_all(header::CONTENT_ENCODING).any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Kind::Encoding.into());
    }
    if stated_length(request) > bytes_max {
        return Err(Kind::BodyTooLarge.into());
    }
    let mut gathering = pin!(gather(payload, bytes_max));
    // A usual body lies in the connection's buffer already and needs no timer.
    if let Some(body) = gathering.as_mut().now_or_never() {
        return body;
    }
    match select(gathering, clock.sleep(Duration::from_secs(limits::BODY_SECONDS_MAX))).await {
        Either::Left((body, _)) => body,
        Either::Right(_) => Err(Kind::BodyTimeout.into()),
    }
}

/// Bytes of the body, as the head of the request states them; none, if it states none.
pub fn stated_length(request: &HttpRequest) -> usize {
    let stated = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    stated.map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX))
}

async fn gather(mut payload: Payload, bytes_max: usize) -> Result<Bytes, Error> {
    let Some(first) = payload.next().await.transpose().map_err(broken)? else { return Ok(Bytes::new()) };
    let Some(second) = payload.next().await.transpose().map_err(broken)? else {
        return if first.len() > bytes_max { Err(Kind::BodyTooLarge.into()) } else { Ok(kept(first)) };
    };
    let mut body = BytesMut::with_capacity((first.len() + second.len()).saturating_mul(2).min(bytes_max));
    let mut chunk = Some(first);
    let mut next = Some(second);
    while let Some(bytes) = chunk {
        if body.len() + bytes.len() > bytes_max {
            return Err(Kind::BodyTooLarge.into());
        }
        body.extend_from_slice(&bytes);
        chunk = match next.take() {
            Some(bytes) => Some(bytes),
            None => payload.next().await.transpose().map_err(broken)?,
        };
    }
    Ok(body.freeze())
}

/// A small body in memory of its own: as a slice it would keep the connection's whole buffer alive for as long as the event waits.
fn kept(body: Bytes) -> Bytes {
    if body.len() <= limits::BODY_COPIED_BYTES_MAX { Bytes::copy_from_slice(&body) } else { body }
}

fn broken(error: actix_web::error::PayloadError) -> Error {
    use actix_web::error::PayloadError;
    match error {
        PayloadError::Overflow => Kind::BodyTooLarge.into(),
        other => Error::because(Kind::BodyCut, other.to_string()),
    }
}

/// Reads a JSON body of a page's request. The content type is demanded, because a foreign page cannot send it without being asked first.
pub async fn json(request: &HttpRequest, payload: Payload, bytes_max: usize, clock: &dyn Clock) -> Result<Value, Error> {
    if !request.content_type().eq_ignore_ascii_case("application/json") {
        return Err(Kind::MediaType.into());
    }
    let body = read(request, payload, bytes_max, clock).await?;
    serde_json::from_slice(&body).map_err(|error| invalid_json(&error))
}

/// 400 with the place of the fault. The words of the parser may hold what was sent and stay here.
pub fn invalid_json(error: &serde_json::Error) -> Error {
    Error::saying(
        Kind::InvalidJson,
        format!("The body is not the JSON that is expected here (line {}, column {}).", error.line(), error.column()),
    )
}
