//! Reads the body of an answer, all of it or piece by piece: bounded before and after decompression, and either complete or lost (I5).
//!
//! Decompression is done here, a buffer at a time against the bound; awc's decoder first inflates a whole chunk, a thousandfold at worst. Nothing is
//! read before somebody asks for it, so that a server is no faster than whoever takes the body.

use std::io::{self, Write};
use std::time::Duration;

use actors::limits::outbound::{GZIP_SLACK_BYTES, PIECE_BYTES_MAX};
use actors::port::clockify::CallError;
use awc::ClientResponse;
use awc::error::PayloadError;
use awc::http::header::{self, HeaderMap, HeaderName};
use awc::http::{StatusCode, Version};
use bytes::{Buf, Bytes, BytesMut};
use flate2::write::GzDecoder;
use futures_util::StreamExt;

use super::super::socket;

/// A body that is read as it is asked for. Dropping it ends the exchange.
pub struct Body {
    /// What it comes from. `None`: nothing more comes.
    response: Option<ClientResponse>,
    /// Whose connection it is. Without it a connection that was put back would go with the response all the same, and look like one that broke off.
    _http: awc::Client,
    status: u16,
    framing: Framing,
    packing: Packing,
    /// What came and has not been unpacked yet.
    wire: Bytes,
    wire_bytes: usize,
    wire_bytes_max: usize,
    /// What was given out.
    bytes: usize,
    bytes_max: usize,
    broken: Option<CallError>,
}

impl Body {
    /// The body of `response`, of at most `bytes_max` bytes.
    pub(super) fn of(response: ClientResponse, http: awc::Client, head_only: bool, bytes_max: usize) -> Result<Self, CallError> {
        let framing = Framing::of(&response, head_only)?;
        let packing = Packing::of(response.headers())?;
        let body = Self {
            status: response.status().as_u16(),
            response: Some(response),
            _http: http,
            framing,
            wire: Bytes::new(),
            wire_bytes: 0,
            wire_bytes_max: packing.wire_bytes_max(bytes_max),
            packing,
            bytes: 0,
            bytes_max,
            broken: None,
        };
        match framing {
            Framing::Length(length) if length > body.wire_bytes_max as u64 => Err(body.too_large()),
            _ => Ok(body),
        }
    }

    /// The next piece, which has at most [`PIECE_BYTES_MAX`] bytes and is waited for no longer than `patience`. `None`: the body is over, and whole.
    ///
    /// # Errors
    ///
    /// The rest is lost, or larger than wanted; and so it stays.
    pub async fn next(&mut self, patience: Duration) -> Result<Option<Bytes>, CallError> {
        match tokio::time::timeout(patience, self.piece()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.breaks(self.lost("nothing more within the time limit"))),
        }
    }

    /// All of it.
    pub(super) async fn whole(mut self) -> Result<Bytes, CallError> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.piece().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, CallError> {
        match &self.broken {
            Some(error) => Err(error.clone()),
            None => self.advance().await.map_err(|error| self.breaks(error)),
        }
    }

    async fn advance(&mut self) -> Result<Option<Bytes>, CallError> {
        loop {
            let piece = self.packing.unpack(&mut self.wire).map_err(|_| self.lost("its compression is broken"))?;
            if !piece.is_empty() {
                self.bytes += piece.len();
                return if self.bytes > self.bytes_max { Err(self.too_large()) } else { Ok(Some(piece)) };
            }
            let Some(response) = &mut self.response else { return Ok(None) };
            let Some(chunk) = response.next().await else {
                self.end()?;
                continue;
            };
            self.wire = chunk.map_err(|error| self.lost(payload_words(&error)))?;
            self.wire_bytes += self.wire.len();
            if self.wire_bytes > self.wire_bytes_max {
                return Err(self.too_large());
            }
        }
    }

    /// Nothing more comes. awc says so without an error when the connection breaks off, too.
    fn end(&mut self) -> Result<(), CallError> {
        let breaks_off = socket::goes_with(self.response.take());
        let whole = match self.framing {
            Framing::Length(length) => length == self.wire_bytes as u64,
            Framing::Chunked => !breaks_off,
            Framing::None | Framing::Close | Framing::Unstated => true,
        };
        if !whole {
            return Err(self.lost("cut off"));
        }
        match &mut self.packing {
            // A 204 may carry the header field without a body.
            Packing::Gzip(decoder) if self.wire_bytes > 0 => {
                decoder.try_finish().map_err(|_| self.lost("cut off, or its compression is broken"))
            }
            _ => Ok(()),
        }
    }

    fn breaks(&mut self, error: CallError) -> CallError {
        self.response = None;
        self.broken = Some(error.clone());
        error
    }

    fn lost(&self, what: &str) -> CallError {
        CallError::Lost(format!("answer of status {}: {what}", self.status))
    }

    fn too_large(&self) -> CallError {
        CallError::TooLarge { status: self.status, bytes_max: self.bytes_max }
    }
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

/// How the body is packed for the way.
enum Packing {
    Plain,
    Gzip(Box<GzDecoder<Unpacked>>),
}

impl Packing {
    fn of(headers: &HeaderMap) -> Result<Self, CallError> {
        match text(headers, &header::CONTENT_ENCODING).map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "identity") => Ok(Self::Plain),
            Some("gzip" | "x-gzip") => Ok(Self::Gzip(Box::new(GzDecoder::new(Unpacked(BytesMut::new()))))),
            Some(_) => Err(CallError::Lost("the answer has a content encoding that was not offered".into())),
        }
    }

    fn wire_bytes_max(&self, bytes_max: usize) -> usize {
        match self {
            Self::Plain => bytes_max,
            Self::Gzip(_) => bytes_max.saturating_add(bytes_max / 1024).saturating_add(GZIP_SLACK_BYTES),
        }
    }

    /// Takes a piece out of what came. It is empty only when there is nothing left to take one from.
    fn unpack(&mut self, wire: &mut Bytes) -> io::Result<Bytes> {
        let Self::Gzip(decoder) = self else { return Ok(wire.split_to(wire.len().min(PIECE_BYTES_MAX))) };
        // One write unpacks as much as the decoder's buffer holds, some tens of kilobytes, and takes what it needs for that.
        while decoder.get_ref().0.is_empty() && !wire.is_empty() {
            match decoder.write(wire)? {
                0 => return Err(io::ErrorKind::InvalidData.into()),
                taken => wire.advance(taken),
            }
        }
        let unpacked = &mut decoder.get_mut().0;
        Ok(unpacked.split_to(unpacked.len().min(PIECE_BYTES_MAX)).freeze())
    }
}

/// What has been unpacked and not been taken yet.
struct Unpacked(BytesMut);

impl Write for Unpacked {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(chunk);
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
