//! What a try's outcome means: done, failed, to be tried again, or of unknown effect; and what it says about the platform.
//!
//! Upholds I4: what may have had an effect and must not be repeated is unknown, never tried again.

use std::time::Duration;

use serde_json::Value;

use super::{Heard, Sign, Tried};
use crate::flow::run::Reason;
use crate::limits::run as limits;
use crate::port::clockify::{ApiResponse, CallError};

/// What a try came to, for its step.
pub(super) enum Judged {
    Done(Value, Sign),
    Stop(Reason),
    Failed(Reason, Sign),
    Unknown(Reason, Sign),
    /// `harmless`: the try had no effect.
    Again {
        reason: Reason,
        asked: Option<Duration>,
        harmless: bool,
        sign: Sign,
    },
    TokenRefused(Reason),
}

impl Judged {
    fn silent(self) -> Self {
        let sign = Sign::Silent;
        match self {
            Self::Done(data, _) => Self::Done(data, sign),
            Self::Failed(reason, _) => Self::Failed(reason, sign),
            Self::Unknown(reason, _) => Self::Unknown(reason, sign),
            Self::Again { reason, asked, harmless, .. } => Self::Again { reason, asked, harmless, sign },
            other @ (Self::Stop(_) | Self::TokenRefused(_)) => other,
        }
    }
}

pub(super) fn judge(tried: &Tried, repeatable: bool) -> Judged {
    match tried {
        Tried::Examined(true) => Judged::Stop(Reason::new("stop_if", "a STOP_IF condition held")),
        Tried::Missing(reason) => Judged::Stop(reason.clone()),
        Tried::Found(data) => Judged::Done(data.clone(), Sign::Silent),
        Tried::Listed(count) => Judged::Done(serde_json::json!({ "count": count }), Sign::Silent),
        Tried::Examined(false) => Judged::Done(Value::Bool(false), Sign::Silent),
        Tried::Unrendered(reason) => Judged::Failed(reason.clone(), Sign::Silent),
        Tried::Panicked => Judged::Failed(
            Reason::new("panicked", "the action failed inside the service; this is a defect, please report it"),
            Sign::Silent,
        ),
        Tried::Answered(answer) => judge_status(answer, repeatable),
        Tried::Unanswered(error) => judge_error(error, repeatable),
        Tried::Heard(heard) => judge_heard(heard, repeatable),
        // It says nothing about the platform.
        Tried::Unheard(error) => judge_error(error, repeatable).silent(),
    }
}

fn judge_status(answer: &ApiResponse, repeatable: bool) -> Judged {
    let status = answer.status;
    match status {
        200..=299 => Judged::Done(data(answer), Sign::Well),
        429 => Judged::Again {
            reason: Reason::new("rate_limited", "the platform asks for fewer calls (429)"),
            asked: answer.retry_after,
            harmless: true,
            sign: Sign::Slow(answer.retry_after),
        },
        503 => Judged::Again {
            reason: Reason::new("unavailable", "the platform is not available (503)"),
            asked: answer.retry_after,
            harmless: true,
            sign: Sign::Down,
        },
        500..=599 => unknown(format!("the platform failed ({status})"), answer.retry_after, "server_error", repeatable, Sign::Silent),
        401 if platform_code(answer) == Some(4017) => {
            Judged::TokenRefused(Reason::new("token_refused", "the platform refuses the installation token (401, code 4017)"))
        }
        401 | 403 => Judged::Failed(Reason::new("permission_missing", explain(answer, "a scope or a permission is missing")), Sign::Well),
        300..=399 => Judged::Failed(
            Reason::new("redirected", format!("the platform answered with a redirect ({status}), which is not followed")),
            Sign::Well,
        ),
        _ => Judged::Failed(Reason::new(&format!("status_{status}"), explain(answer, "the platform refused the call")), Sign::Well),
    }
}

fn judge_heard(heard: &Heard, repeatable: bool) -> Judged {
    let (status, sign) = (heard.status, Sign::Silent);
    let words =
        |ours: &str| if heard.words.is_empty() { format!("{ours} ({status})") } else { format!("{ours} ({status}): {}", heard.words) };
    match status {
        _ if heard.expected => Judged::Done(heard.data.clone(), sign),
        429 => {
            let reason = Reason::new("rate_limited", "the server asks for fewer calls (429)");
            Judged::Again { reason, asked: heard.retry_after, harmless: true, sign }
        }
        503 => {
            let reason = Reason::new("unavailable", "the server is not available (503)");
            Judged::Again { reason, asked: heard.retry_after, harmless: true, sign }
        }
        500..=599 => unknown(format!("the server failed ({status})"), heard.retry_after, "server_error", repeatable, sign),
        300..=399 => {
            let words = format!("the server answered with a redirect ({status}), which is not followed");
            Judged::Failed(Reason::new("redirected", words), sign)
        }
        200..=299 => Judged::Failed(Reason::new("status_unexpected", words("the call was done, but its status was not expected")), sign),
        _ => Judged::Failed(Reason::new(&format!("status_{status}"), words("the server refused the call")), sign),
    }
}

fn judge_error(error: &CallError, repeatable: bool) -> Judged {
    match error {
        CallError::NotReached(_) => {
            Judged::Again { reason: Reason::new("not_reached", error.to_string()), asked: None, harmless: true, sign: Sign::Down }
        }
        CallError::Lost(_) => unknown(error.to_string(), None, "answer_lost", repeatable, Sign::Down),
        CallError::TooLarge { status, .. } if (200..300).contains(status) => {
            Judged::Failed(Reason::new("response_too_large", format!("the call was done, but {error}")), Sign::Well)
        }
        CallError::TooLarge { status, .. } if *status >= 500 && *status != 503 => {
            unknown(error.to_string(), None, "server_error", repeatable, Sign::Silent)
        }
        CallError::TooLarge { status, .. } if *status == 429 || *status == 503 => {
            Judged::Again { reason: Reason::new("unavailable", error.to_string()), asked: None, harmless: true, sign: Sign::Down }
        }
        CallError::TooLarge { .. } => Judged::Failed(Reason::new("response_too_large", error.to_string()), Sign::Well),
        CallError::NotAllowed => Judged::Failed(Reason::new("destination_not_allowed", "destination not allowed"), Sign::Silent),
        CallError::Malformed(_) => Judged::Failed(Reason::new("request_malformed", error.to_string()), Sign::Silent),
    }
}

fn unknown(message: String, asked: Option<Duration>, code: &str, repeatable: bool, sign: Sign) -> Judged {
    if repeatable {
        Judged::Again { reason: Reason::new(code, message), asked, harmless: false, sign }
    } else {
        Judged::Unknown(Reason::new(code, format!("{message}; whether it was done is not known, and it is not safe to repeat")), sign)
    }
}

/// The answer's data: JSON as it is, nothing as null, anything else as text.
fn data(answer: &ApiResponse) -> Value {
    if answer.body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&answer.body).into_owned()))
}

fn platform_code(answer: &ApiResponse) -> Option<i64> {
    serde_json::from_slice::<Value>(&answer.body).ok()?.get("code")?.as_i64()
}

/// The platform's own words, cut, behind ours.
fn explain(answer: &ApiResponse, ours: &str) -> String {
    let told = serde_json::from_slice::<Value>(&answer.body).ok().and_then(|body| body.get("message")?.as_str().map(str::to_owned));
    match told {
        Some(told) => format!("{ours} ({}): {}", answer.status, told.chars().take(limits::WORDS_CHARS_MAX).collect::<String>()),
        None => format!("{ours} ({})", answer.status),
    }
}
