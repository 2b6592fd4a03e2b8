//! A call that a person made through the explorer, as it is kept: so that it can be seen, made again, and turned into a flow's action.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::flow::model::Params;
use crate::ids::CallId;
use crate::limits::explorer as limits;
use crate::port::clockify::{ApiResponse, Head, Method};

/// Whose token a call bears.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bearer {
    /// The person's own.
    #[default]
    Viewer,
    /// The installation's.
    Addon,
}

impl Bearer {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Addon => "addon",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Viewer, Self::Addon].into_iter().find(|bearer| bearer.as_str() == text)
    }
}

/// A call that was made.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// The operation's id.
    pub operation: String,
    /// HTTP method.
    pub method: Method,
    /// Path below the base URL, as it was sent.
    pub path: String,
    /// Whose token it bore.
    pub bearer: Bearer,
    /// Who made it, by the platform's id.
    pub user: Option<String>,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
    /// Why it failed, in words.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What was sent and what came back; sealed in the store. `None`: it can no longer be read, or was not asked for.
    pub content: Option<Content>,
}

/// What was sent and what came back.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Content {
    /// The parameters. `None`: too large to be kept, so that the call cannot be made again.
    pub params: Option<Params>,
    /// The answer.
    pub answer: Option<KeptAnswer>,
}

/// An answer as it is kept.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// Header fields, those that say something about the answer.
    pub headers: Vec<(String, String)>,
    /// Media type.
    pub media_type: Option<String>,
    /// The body, if it is text; cut.
    pub body: Option<String>,
    /// Whether there was more.
    pub truncated: bool,
}

impl Content {
    /// Keeps what has room.
    pub fn of(params: &Params, answer: Option<KeptAnswer>) -> Self {
        let small = serde_json::to_vec(params).is_ok_and(|written| written.len() <= limits::PARAMS_KEPT_BYTES_MAX);
        Self { params: small.then(|| params.clone()), answer }
    }
}

impl KeptAnswer {
    /// Of a whole answer.
    pub fn of(answer: &ApiResponse) -> Self {
        let body = std::str::from_utf8(&answer.body).ok();
        Self::new(&answer.headers, answer.content_type.as_deref(), body, answer.body.len())
    }

    /// Of an answer of which the first bytes are at hand; `bytes` are as many as it had in all, or more than these where nobody knows.
    pub fn beginning(head: &Head, first: &[u8], bytes: usize) -> Self {
        let body = match std::str::from_utf8(first) {
            Ok(text) => Some(text),
            // A character that the cut goes through is no sign of a file.
            Err(error) if bytes > first.len() && error.error_len().is_none() => {
                first.get(..error.valid_up_to()).and_then(|first| std::str::from_utf8(first).ok())
            }
            Err(_) => None,
        };
        Self::new(&head.headers, head.content_type.as_deref(), body, bytes)
    }

    fn new(headers: &[(String, String)], media_type: Option<&str>, body: Option<&str>, bytes: usize) -> Self {
        let body = body.map(|body| cut(body, limits::ANSWER_KEPT_BYTES_MAX));
        Self {
            headers: headers.to_vec(),
            media_type: media_type.map(str::to_owned),
            body: body.map(str::to_owned),
            truncated: body.map_or(0, str::len) < bytes,
        }
    }
}

/// The beginning of a text, at most so many bytes, whole characters.
pub fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}
