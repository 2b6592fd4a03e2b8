//! What goes wrong, and the one table from kinds to status, code and public words.
//!
//! Every refusal has one shape, `{"error": {"code", "message", "request_id", "details"?}}`; codes are stable. What lies behind an error is logged
//! once, with the request's id, and never told to the caller (I7).

use std::error::Error as Source;
use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use actors::flow::read::FieldError;
use actors::limits::http::RETRY_AFTER_SECONDS;
use actors::{port::store, registry};
use serde::Serialize;
use serde_json::Value;

use crate::auth::token::Refusal;

/// What went wrong, by what the caller can do about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the table below says each in words")]
pub enum Kind {
    Malformed,
    InvalidJson,
    AmbiguousProof,
    AmbiguousEvent,
    EventMissing,
    EventMismatch,
    WorkspaceMissing,
    BodyTimeout,
    BodyCut,
    ProofMissing,
    ProofInvalid,
    ProofExpired,
    SourceUnproved,
    ProofElsewhere,
    WorkspaceMismatch,
    InstallationMismatch,
    AdminsOnly,
    TokenMismatch,
    NotInstalledHere,
    Inactive,
    SwitchedOff,
    ApiHostNotAllowed,
    NotFound,
    EventUnknown,
    OperationRefused,
    OperationNotFound,
    CallNotFound,
    FlowNotFound,
    RunNotFound,
    TemplateNotFound,
    VersionNotFound,
    WebhookNotFound,
    SourceNotFound,
    SecretNotFound,
    EntityNotFound,
    NotInstalled,
    MethodNotAllowed,
    Superseded,
    RunUnfinished,
    RunFinished,
    CallIncomplete,
    TooManyFlows,
    VersionConflict,
    FlowKept,
    SourceTaken,
    TooManySources,
    TooManySecrets,
    SubscriptionNotFound,
    AlreadySubscribed,
    EventDeclared,
    WebhookTokenTaken,
    PlanLimit,
    AddonTokensRefused,
    SubscriptionUncertain,
    BodyTooLarge,
    Encoding,
    MediaType,
    Fields,
    TooFast,
    Busy,
    Unavailable,
    NotReady,
    KeysUnavailable,
    PlatformRefused,
    PlatformSilent,
    Internal,
}

impl Kind {
    /// Status, code and words for the caller: the only place that decides them.
    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::Malformed => (S::BAD_REQUEST, "malformed_request", "The request is malformed."),
            Self::InvalidJson => (S::BAD_REQUEST, "invalid_json", "The body is not the JSON that is expected here."),
            Self::AmbiguousProof => (S::BAD_REQUEST, "ambiguous_proof", "More than one token was sent; send exactly one."),
            Self::AmbiguousEvent => (S::BAD_REQUEST, "ambiguous_event", "The event type was sent more than once or is no event type."),
            Self::EventMissing => (S::BAD_REQUEST, "event_missing", "The header Clockify-Webhook-Event-Type is missing."),
            Self::EventMismatch => (S::BAD_REQUEST, "event_mismatch", "The event type of the header is not the one of the path."),
            Self::WorkspaceMissing => (S::BAD_REQUEST, "workspace_missing", "The header X-Workspace-Id must name one workspace."),
            Self::BodyTimeout => (S::REQUEST_TIMEOUT, "body_timeout", "The body did not arrive in time."),
            Self::BodyCut => (S::BAD_REQUEST, "body_incomplete", "The body ended early."),
            Self::ProofMissing => (S::UNAUTHORIZED, "token_missing", "A token is needed."),
            Self::ProofInvalid => (S::UNAUTHORIZED, "token_invalid", "The token is not valid."),
            Self::ProofExpired => (S::UNAUTHORIZED, "token_expired", "The token has expired."),
            Self::SourceUnproved => (S::UNAUTHORIZED, "source_unproved", "No such source has proved this message."),
            Self::ProofElsewhere => (S::FORBIDDEN, "wrong_token", "The token is not meant for this."),
            Self::WorkspaceMismatch => (S::FORBIDDEN, "workspace_mismatch", "The request names another workspace than its token."),
            Self::InstallationMismatch => (S::FORBIDDEN, "installation_mismatch", "The token belongs to another installation."),
            Self::AdminsOnly => (S::FORBIDDEN, "admins_only", "Only admins of the workspace may do this."),
            Self::TokenMismatch => (S::FORBIDDEN, "token_mismatch", "The token is not the one that was registered for this."),
            Self::NotInstalledHere => (S::FORBIDDEN, "no_active_installation", "There is no active installation in this workspace."),
            Self::Inactive => (S::FORBIDDEN, "inactive", "The add-on is switched off in this workspace."),
            Self::SwitchedOff => (S::FORBIDDEN, "switched_off", "The workspace's settings have switched this off."),
            Self::ApiHostNotAllowed => (S::FORBIDDEN, "api_host_not_allowed", "The token names an API host that is not allowed here."),
            Self::OperationRefused => (S::FORBIDDEN, "operation_not_allowed", "The add-on may not call this operation."),
            Self::NotFound => (S::NOT_FOUND, "not_found", "There is nothing here."),
            Self::EventUnknown => (S::NOT_FOUND, "unknown_event", "There is no such event type."),
            Self::OperationNotFound => (S::NOT_FOUND, "operation_not_found", "The catalogue has no such operation."),
            Self::CallNotFound => (S::NOT_FOUND, "call_not_found", "There is no such call."),
            Self::FlowNotFound => (S::NOT_FOUND, "flow_not_found", "There is no such flow."),
            Self::RunNotFound => (S::NOT_FOUND, "run_not_found", "There is no such run."),
            Self::TemplateNotFound => (S::NOT_FOUND, "template_not_found", "There is no such template."),
            Self::VersionNotFound => (S::NOT_FOUND, "version_not_found", "This version of the flow is not stored."),
            Self::WebhookNotFound => (S::NOT_FOUND, "webhook_not_found", "There is no such webhook."),
            Self::SourceNotFound => (S::NOT_FOUND, "source_not_found", "There is no such source."),
            Self::SecretNotFound => (S::NOT_FOUND, "secret_not_found", "There is no such secret."),
            Self::EntityNotFound => (S::NOT_FOUND, "entity_not_found", "There is no such entity in the cache."),
            Self::NotInstalled => (S::NOT_FOUND, "not_installed", "The add-on is not installed in this workspace."),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method_not_allowed", "This method is not offered here."),
            Self::Superseded => (S::CONFLICT, "superseded", "A newer call has been accepted already."),
            Self::RunUnfinished => (S::CONFLICT, "run_unfinished", "The run has not ended yet."),
            Self::RunFinished => (S::CONFLICT, "run_finished", "The run has ended already."),
            Self::CallIncomplete => (S::CONFLICT, "call_incomplete", "What the call sent was not kept, so that it cannot be made again."),
            Self::TooManyFlows => (S::CONFLICT, "too_many_flows", "The workspace has as many flows as it may have."),
            Self::FlowKept => (S::CONFLICT, "flow_kept", "A setting keeps this flow: change it there."),
            Self::VersionConflict => (S::CONFLICT, "version_conflict", "The flow has been changed meanwhile."),
            Self::SourceTaken => (S::CONFLICT, "source_taken", "There is a source of that name."),
            Self::TooManySources => (S::CONFLICT, "too_many_sources", "The workspace has as many sources as it may have."),
            Self::TooManySecrets => (S::CONFLICT, "too_many_secrets", "The workspace has as many secrets as it may have."),
            Self::SubscriptionNotFound => {
                (S::NOT_FOUND, "subscription_not_found", "There is no webhook of the add-on's own for this event.")
            }
            Self::AlreadySubscribed => (S::CONFLICT, "already_subscribed", "The event has a webhook already."),
            Self::EventDeclared => {
                (S::CONFLICT, "event_declared", "The manifest declares the event, so that it reaches the workspace anyway.")
            }
            Self::WebhookTokenTaken => (S::CONFLICT, "webhook_token_taken", "Another webhook has this token."),
            Self::PlanLimit => (S::CONFLICT, "plan_limit", "The workspace's plan has no room for another webhook."),
            Self::AddonTokensRefused => {
                (S::FAILED_DEPENDENCY, "addon_tokens_refused", "Clockify does not let this add-on call its webhooks.")
            }
            Self::SubscriptionUncertain => (
                S::GATEWAY_TIMEOUT,
                "subscription_uncertain",
                "Clockify gave no answer, so that nobody knows whether it made the webhook; trying again looks first and makes no second one.",
            ),
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large."),
            Self::Encoding => (S::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", "Compressed bodies are not taken."),
            Self::MediaType => (S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body must be application/json."),
            Self::Fields => (S::UNPROCESSABLE_ENTITY, "invalid_fields", "Some fields are not valid."),
            Self::TooFast => (S::TOO_MANY_REQUESTS, "too_many_requests", "Too much was sent at once; try again later."),
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy", "Too much is waiting; try again in a moment."),
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "This cannot be done now; try again in a moment."),
            Self::NotReady => (S::SERVICE_UNAVAILABLE, "not_ready", "The service is starting or stopping; try again in a moment."),
            Self::KeysUnavailable => (S::SERVICE_UNAVAILABLE, "keys_unavailable", "Tokens cannot be checked now; try again in a moment."),
            Self::PlatformRefused => (S::BAD_GATEWAY, "platform_refused", "Clockify has refused this."),
            Self::PlatformSilent => (S::GATEWAY_TIMEOUT, "platform_silent", "Clockify gave no answer; try again in a moment."),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here."),
        }
    }

    /// HTTP status.
    pub const fn status(self) -> StatusCode {
        self.row().0
    }

    /// Stable code.
    pub const fn code(self) -> &'static str {
        self.row().1
    }

    /// Words for the caller, unless there are better ones.
    pub const fn words(self) -> &'static str {
        self.row().2
    }
}

/// A refusal. Small, because it travels in every `Result`.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    more: Option<Box<More>>,
}

#[derive(Debug, Default)]
struct More {
    message: Option<String>,
    details: Vec<FieldError>,
    /// More to tell than fields.
    told: Option<Value>,
    source: Option<Box<dyn Source + Send + Sync>>,
    retry_after_seconds: Option<u64>,
}

impl Error {
    /// Words of its own for the caller, in the place of the table's.
    pub fn saying(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, more: Some(Box::new(More { message: Some(message.into()), ..More::default() })) }
    }

    /// What lies behind it, for the log alone.
    pub fn because(kind: Kind, source: impl Into<Box<dyn Source + Send + Sync>>) -> Self {
        Self { kind, more: Some(Box::new(More { source: Some(source.into()), ..More::default() })) }
    }

    /// 422, field by field.
    pub fn fields(details: Vec<FieldError>) -> Self {
        Self { kind: Kind::Fields, more: Some(Box::new(More { details, ..More::default() })) }
    }

    /// The same with every field below another one.
    pub fn below(mut self, parent: &str) -> Self {
        for fault in self.more.iter_mut().flat_map(|more| &mut more.details) {
            fault.field = if fault.field.is_empty() { parent.to_owned() } else { format!("{parent}.{}", fault.field) };
        }
        self
    }

    /// 429: it is taken again after a while, which is told in whole seconds.
    pub fn too_fast(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self { kind: Kind::TooFast, more: Some(Box::new(More { retry_after_seconds: Some(seconds.max(1)), ..More::default() })) }
    }

    /// More to tell, as `details`.
    pub fn with_details(mut self, details: Value) -> Self {
        self.more.get_or_insert_default().told = Some(details);
        self
    }

    /// What went wrong.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What lies behind it.
    pub fn cause(&self) -> Option<&(dyn Source + 'static)> {
        self.more.as_ref()?.source.as_deref().map(|source| source as &(dyn Source + 'static))
    }

    /// The JSON that the caller gets.
    pub fn body(&self, request_id: &str) -> String {
        let (_, code, words) = self.kind.row();
        let more = self.more.as_deref();
        let message = more.and_then(|more| more.message.as_deref()).unwrap_or(words);
        let details = more.and_then(|more| match &more.told {
            Some(told) => Some(Details::Told(told)),
            None => (!more.details.is_empty()).then_some(Details::Fields(&more.details)),
        });
        // Texts and numbers alone: this cannot fail.
        serde_json::to_string(&Shape { error: Inner { code, message, request_id, details } }).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Shape<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    code: &'a str,
    message: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Details<'a> {
    Fields(&'a [FieldError]),
    Told(&'a Value),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code())
    }
}

impl Source for Error {
    fn source(&self) -> Option<&(dyn Source + 'static)> {
        self.cause()
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    /// Status and headers; the envelope adds the body, because only it knows the request's id.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.kind.status());
        match self.kind.status() {
            StatusCode::SERVICE_UNAVAILABLE => response.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS)),
            StatusCode::UNAUTHORIZED => response.insert_header((header::WWW_AUTHENTICATE, "Bearer")),
            _ => &mut response,
        };
        if let Some(seconds) = self.more.as_ref().and_then(|more| more.retry_after_seconds) {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.finish()
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self { kind, more: None }
    }
}

impl From<registry::Error> for Error {
    fn from(error: registry::Error) -> Self {
        match error {
            registry::Error::NotInstalled => Kind::NotInstalled.into(),
            registry::Error::Inactive => Kind::Inactive.into(),
            registry::Error::SwitchedOff => Kind::SwitchedOff.into(),
            registry::Error::TooFast(wait) => Self::too_fast(wait),
            registry::Error::WrongToken => Kind::TokenMismatch.into(),
            registry::Error::Busy => Kind::Busy.into(),
            registry::Error::Unavailable => Kind::Unavailable.into(),
            registry::Error::Store(error) => error.into(),
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Busy => Kind::Busy.into(),
            store::Error::Unavailable(_) => Self::because(Kind::Unavailable, error),
            store::Error::Unreadable(_) => Self::because(Kind::Internal, error),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::Invalid(_) => Kind::ProofInvalid,
            Refusal::Expired => Kind::ProofExpired,
            Refusal::OtherKind | Refusal::OtherAddon => Kind::ProofElsewhere,
            Refusal::KeysUnavailable => Kind::KeysUnavailable,
        };
        Self::because(kind, refusal)
    }
}
