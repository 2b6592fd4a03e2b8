//! Reads the body of an answer: bounded before and after decompression, and either complete or lost (I5).
//!
//! Decompression is done here, a buffer at a time against the bound; awc's decoder first inflates a whole chunk, a thousandfold at worst.

use std::io::{self, Write};

use actors::limits::outbound::GZIP_SLACK_BYTES;
use actors::port::clockify::CallError;
use awc::ClientResponse;
use awc::error::PayloadError;
use awc::http::header::{self, HeaderMap, HeaderName};
use awc::http::{StatusCode, Version};
use bytes::{Bytes, BytesMut};
use flate2::write::GzDecoder;
use futures_util::StreamExt;

use super::Answer;

pub(super) async fn read(mut response: ClientResponse, head_only: bool, bytes_max: usize) -> Result<Answer, CallError> {
    let status = response.status();
    let framing = Framing::of(&response, head_only)?;
    let mut sink = Sink::of(response.headers(), bytes_max)?;
    let too_large = || CallError::TooLarge { status: status.as_u16(), bytes_max };
    let lost = |what: &str| CallError::Lost(format!("answer of status {}: {what}", status.as_u16()));

    let wire_max = sink.wire_bytes_max(bytes_max);
    if matches!(framing, Framing::Length(length) if length > wire_max as u64) {
        return Err(too_large());
    }
    let mut wire_bytes = 0;
    while let Some(chunk) = response.next().await {
        let chunk = chunk.map_err(|error| lost(payload_words(&error)))?;
        wire_bytes += chunk.len();
        if wire_bytes > wire_max {
            return Err(too_large());
        }
        match sink.write(&chunk) {
            Ok(()) => {}
            Err(Broken::TooLarge) => return Err(too_large()),
            Err(Broken::Garbled) => return Err(lost("its compression is broken")),
        }
    }
    // awc ends the stream without an error when the connection does.
    if matches!(framing, Framing::Length(length) if length != wire_bytes as u64) {
        return Err(lost("cut off"));
    }
    let compressed = matches!(sink, Sink::Gzip(_));
    let body = match sink.finish(wire_bytes) {
        Ok(body) => body,
        Err(Broken::TooLarge) => return Err(too_large()),
        Err(Broken::Garbled) => return Err(lost("cut off, or its compression is broken")),
    };
    if framing == Framing::Chunked && !compressed && json_breaks_off(response.headers(), &body) {
        return Err(lost("cut off"));
    }
    Ok(Answer { status: status.as_u16(), headers: response.headers().clone(), body })
}

/// Whether the head neither says how long the body is nor that the connection closes. By RFC 9112 the body lasts until it does; to awc there
/// is none, which for the sloppy servers that mean an empty one is right.
pub(super) fn may_follow_unannounced(response: &ClientResponse, head_only: bool) -> bool {
    Framing::of(response, head_only).is_ok_and(|framing| framing == Framing::Unstated)
}

/// How the end of the body is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// By the status or the method: there is no body.
    None,
    Length(u64),
    Chunked,
    /// HTTP/1.0: by the connection's end.
    Close,
    Unstated,
}

impl Framing {
    fn of(response: &ClientResponse, head_only: bool) -> Result<Self, CallError> {
        let headers = response.headers();
        let status = response.status();
        if head_only || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            return Ok(Self::None);
        }
        if text(headers, &header::TRANSFER_ENCODING).is_some_and(|value| value.trim().eq_ignore_ascii_case("chunked")) {
            return Ok(Self::Chunked);
        }
        if let Some(length) = text(headers, &header::CONTENT_LENGTH).and_then(|value| value.trim().parse().ok()) {
            return Ok(Self::Length(length));
        }
        if response.version() == Version::HTTP_10 {
            return Ok(Self::Close);
        }
        // A body that lasts until the connection closes; awc takes it for empty, and what it holds would be lost in silence.
        if text(headers, &header::CONNECTION).is_some_and(|value| value.to_ascii_lowercase().contains("close")) {
            return Err(CallError::Lost(format!("answer of status {}: its length is not stated", status.as_u16())));
        }
        Ok(Self::Unstated)
    }
}

/// The end of a chunked body cannot be told from the end of the connection here, but JSON that breaks off can be told from JSON.
fn json_breaks_off(headers: &HeaderMap, body: &[u8]) -> bool {
    let json = text(headers, &header::CONTENT_TYPE).is_some_and(|value| value.to_ascii_lowercase().contains("json"));
    json && !body.is_empty() && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err_and(|error| error.is_eof())
}

enum Broken {
    TooLarge,
    Garbled,
}

enum Sink {
    Plain(Capped),
    Gzip(Box<GzDecoder<Capped>>),
}

impl Sink {
    fn of(headers: &HeaderMap, bytes_max: usize) -> Result<Self, CallError> {
        let capped = Capped { bytes: BytesMut::new(), bytes_max, overflowed: false };
        match text(headers, &header::CONTENT_ENCODING).map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "identity") => Ok(Self::Plain(capped)),
            Some("gzip" | "x-gzip") => Ok(Self::Gzip(Box::new(GzDecoder::new(capped)))),
            Some(_) => Err(CallError::Lost("the answer has a content encoding that was not offered".into())),
        }
    }

    fn wire_bytes_max(&self, bytes_max: usize) -> usize {
        match self {
            Self::Plain(_) => bytes_max,
            Self::Gzip(_) => bytes_max.saturating_add(bytes_max / 1024).saturating_add(GZIP_SLACK_BYTES),
        }
    }

    fn write(&mut self, chunk: &[u8]) -> Result<(), Broken> {
        match self {
            Self::Plain(capped) => capped.write_all(chunk).map_err(|_| Broken::TooLarge),
            Self::Gzip(decoder) => decoder.write_all(chunk).map_err(|_| verdict(decoder.get_ref())),
        }
    }

    fn finish(self, wire_bytes: usize) -> Result<Bytes, Broken> {
        match self {
            Self::Plain(capped) => Ok(capped.bytes.freeze()),
            // A 204 may carry the header field without a body.
            Self::Gzip(_) if wire_bytes == 0 => Ok(Bytes::new()),
            Self::Gzip(mut decoder) => {
                decoder.try_finish().map_err(|_| verdict(decoder.get_ref()))?;
                Ok(std::mem::take(&mut decoder.get_mut().bytes).freeze())
            }
        }
    }
}

fn verdict(capped: &Capped) -> Broken {
    if capped.overflowed { Broken::TooLarge } else { Broken::Garbled }
}

/// A buffer that refuses to grow past its bound.
struct Capped {
    bytes: BytesMut,
    bytes_max: usize,
    overflowed: bool,
}

impl Write for Capped {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if chunk.len() > self.bytes_max - self.bytes.len() {
            self.overflowed = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn payload_words(error: &PayloadError) -> &'static str {
    match error {
        PayloadError::Incomplete(_) => "cut off",
        PayloadError::EncodingCorrupted => "its framing is broken",
        PayloadError::Io(_) => "the connection broke",
        _ => "unreadable",
    }
}
