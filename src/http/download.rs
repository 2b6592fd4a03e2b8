//! The answer to a call of the explorer as a file: `?download=true`.
//!
//! It is handed on while it comes, so that a large one costs no memory. A body that breaks off ends the connection without the end of a body, which no
//! client takes for a whole file. A caller that speaks HTTP/1.0 could not tell the two apart: it gets its file in one piece, as large as that may be.

use actix_web::http::{Version, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use actors::explorer::plain_name;
use actors::operation::Operation;
use actors::port::clockify::CallError;
use actors::workspace::download::{Arriving, Begun, BrokenOff};
use actors::workspace::execute::Execute;
use bytes::Bytes;
use futures_util::stream::{self, Stream};

use super::caller::Admin;
use super::error::{Error, Kind};

/// Whether a request asks for the answer as it came.
pub fn is_wanted(request: &HttpRequest) -> bool {
    url::form_urlencoded::parse(request.query_string().as_bytes()).any(|(name, value)| name == "download" && value == "true")
}

/// Makes a call and gives the body of its answer.
///
/// # Errors
///
/// The workspace does not take the call now, there is no answer, or it has a status of 400 or above.
pub async fn give(caller: &Admin, request: &HttpRequest, operation: &Operation, call: Execute) -> Result<HttpResponse, Error> {
    let registry = &caller.service.registry;
    if request.version() < Version::HTTP_11 {
        let answer = registry.execute(caller.key, call).await?.outcome.map_err(failed)?;
        if answer.status >= 400 {
            return Err(refused(answer.status));
        }
        return Ok(file(operation, answer.content_type.as_deref(), &answer.headers).body(answer.body));
    }
    match registry.download(caller.key, call).await? {
        Begun::Arrives(head, body) => Ok(file(operation, head.content_type.as_deref(), &head.headers).streaming(pieces(body))),
        Begun::Refused(status) => Err(refused(status)),
        Begun::Failed(error) => Err(failed(error)),
    }
}

fn refused(status: u16) -> Error {
    Error::saying(Kind::PlatformRefused, format!("Clockify answered with status {status}"))
}

fn failed(error: CallError) -> Error {
    match error {
        CallError::TooLarge { .. } => Error::saying(Kind::PlatformRefused, "Clockify's answer is too large"),
        error => Error::because(Kind::PlatformSilent, error),
    }
}

fn pieces(body: Arriving) -> impl Stream<Item = Result<Bytes, BrokenOff>> {
    Box::pin(stream::try_unfold(body, |mut body| async move { Ok(body.next().await?.map(|piece| (piece, body))) }))
}

/// An answer that is a file, but for its body.
fn file(operation: &Operation, media: Option<&str>, headers: &[(String, String)]) -> HttpResponseBuilder {
    let name = file_name(operation, media, headers);
    // A name beyond ASCII stands percent-encoded in a member of its own.
    let ascii: String = name.chars().map(|sign| if sign.is_ascii() { sign } else { '_' }).collect();
    let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
    let disposition = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}");
    let media = media.filter(|media| is_harmless(media)).unwrap_or("application/octet-stream");
    let mut answer = HttpResponse::Ok();
    answer.content_type(media).insert_header((header::CONTENT_DISPOSITION, disposition));
    answer
}

/// Media types that no browser runs.
fn is_harmless(media: &str) -> bool {
    const KNOWN: [&str; 7] =
        ["application/pdf", "application/json", "text/csv", "text/plain", "image/png", "image/jpeg", "application/vnd.ms-excel"];
    KNOWN.contains(&media) || media.starts_with("application/vnd.openxmlformats-officedocument.")
}

/// The name that the platform gives a file, or one made of the operation.
pub fn file_name(operation: &Operation, media: Option<&str>, headers: &[(String, String)]) -> String {
    let ending = match media {
        Some("application/pdf") => "pdf",
        Some("image/png") => "png",
        Some("image/jpeg") => "jpg",
        Some("text/csv") => "csv",
        Some(media) if media.contains("json") => "json",
        Some(media) if media.contains("spreadsheet") => "xlsx",
        _ => "bin",
    };
    let disposition = headers.iter().find(|(name, _)| name == "content-disposition").map(|(_, value)| value.as_str());
    let given = disposition.and_then(|value| value.split("filename=").nth(1)).and_then(|rest| rest.split(';').next());
    plain_name(given.unwrap_or_default().trim().trim_matches('"'), &format!("{}.{ending}", operation.id))
}
