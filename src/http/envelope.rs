//! What goes around every request: one path, one add-on, one id, one shape of error, safe headers, a log line, a counter; a panic becomes a 500.
//!
//! A listener has the routes once: a slug at the front of the path chooses the add-on here, before anything is routed. The log line has no query, because pages are opened with a token in it (I7). Deliveries are logged at `debug`: there are thousands a second.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Extensions, Service as ActixService, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::{HttpResponse, ResponseError};
use actors::addon::Addon;
use actors::port::store::receipt::open_lane;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, Ready, ready};

use super::caller::Mount;
use super::error::{Error, Kind};
use super::routes::Matched;
use super::{Service, path, request_id};

const NOSNIFF: (HeaderName, HeaderValue) = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
const NO_REFERRER: (HeaderName, HeaderValue) = (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
const NO_STORE: (HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
/// For what is no page: nothing in it is run or shown, in no frame.
const NO_CONTENT: (HeaderName, HeaderValue) =
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));

/// The middleware.
pub struct Envelope {
    own: Mount,
    all: Vec<Mount>,
}

impl Envelope {
    /// An envelope around everything that a listener answers: `own` at its root, `all` below their slugs.
    pub fn around(own: Mount, all: Vec<Mount>) -> Self {
        Self { own, all }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Envelope
where
    S: ActixService<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse;
    type Error = actix_web::Error;
    type InitError = ();
    type Transform = Enveloped<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        // Each worker thread gets its service made here, and waits for commits from then on.
        open_lane();
        let below = self.all.iter().map(|mount| (mount.addon, as_data(mount))).collect();
        ready(Ok(Enveloped { inner: Rc::new(inner), service: Arc::clone(&self.own.service), root: as_data(&self.own), below }))
    }
}

/// What a request's handlers find the mount in.
fn as_data(mount: &Mount) -> Rc<Extensions> {
    let mut data = Extensions::new();
    data.insert(mount.clone());
    Rc::new(data)
}

/// A service in its envelope.
pub struct Enveloped<S> {
    inner: Rc<S>,
    service: Arc<Service>,
    root: Rc<Extensions>,
    below: Vec<(Addon, Rc<Extensions>)>,
}

impl<S> Enveloped<S> {
    /// Where this request arrived; what names it is taken off the path that is routed.
    fn enter(&self, request: &mut ServiceRequest) -> Rc<Extensions> {
        let below = self.below.iter().find(|(addon, _)| path::enter(request, addon.slug()));
        Rc::clone(below.map_or(&self.root, |(_, data)| data))
    }
}

impl<S, B> ActixService<ServiceRequest> for Enveloped<S>
where
    S: ActixService<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse;
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<ServiceResponse, actix_web::Error>>;

    forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        path::settle(&mut request);
        let mount = self.enter(&mut request);
        request.add_data_container(mount);
        let seen = Seen {
            id: request_id::settle(&mut request, &*self.service.clock),
            method: request.method().clone(),
            uri: request.uri().clone(),
            began: self.service.clock.elapsed(),
        };
        let (inner, service) = (Rc::clone(&self.inner), Arc::clone(&self.service));
        Box::pin(async move {
            // The call itself routes and may panic as well, so it is made inside.
            let outcome = AssertUnwindSafe(async { inner.call(request).await }).catch_unwind().await;
            let error = match outcome {
                Ok(Ok(response)) => return Ok(seen.finish(&service, response.map_into_boxed_body())),
                Ok(Err(error)) => Error::because(Kind::Internal, error.to_string()),
                Err(_) => Error::because(Kind::Internal, "a handler panicked"),
            };
            // The request is gone with the handler, so the answer travels as an error.
            Err(seen.abandon(&service, error).into())
        })
    }
}

/// What is kept of a request while it is worked on.
struct Seen {
    id: HeaderValue,
    method: Method,
    uri: Uri,
    began: Duration,
}

impl Seen {
    fn finish(&self, service: &Service, response: ServiceResponse) -> ServiceResponse {
        let (request, mut response) = response.into_parts();
        let refused = response.status().is_client_error() || response.status().is_server_error();
        if refused && (response.error().is_some() || response.body().size() == BodySize::Sized(0)) {
            response = self.shape(response);
        }
        self.seal(response.headers_mut());
        let matched = request.app_data::<Matched>().map(|matched| matched.0);
        let addon = request.app_data::<Mount>().map(|mount| mount.addon).filter(|_| matched.is_some());
        let elapsed = service.clock.elapsed().saturating_sub(self.began);
        service.metrics.request(addon, matched, response.status().as_u16(), elapsed);
        let error = response.error().and_then(|error| error.as_error::<Error>());
        self.log(response.status(), elapsed, error);
        ServiceResponse::new(request, response)
    }

    /// Gives an error its body. One that is actix's own is told by its status.
    fn shape(&self, response: HttpResponse) -> HttpResponse {
        let own = response.error().and_then(|error| error.as_error::<Error>());
        let body = match own {
            Some(error) => error.body(self.id()),
            None => Error::from(kind_of(response.status())).body(self.id()),
        };
        let mut response = response.set_body(BoxBody::new(body));
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        response
    }

    fn abandon(&self, service: &Service, error: Error) -> Abandoned {
        let elapsed = service.clock.elapsed().saturating_sub(self.began);
        service.metrics.request(None, None, error.kind().status().as_u16(), elapsed);
        self.log(error.kind().status(), elapsed, Some(&error));
        let mut headers = HeaderMap::new();
        self.seal(&mut headers);
        Abandoned { body: error.body(self.id()), headers, error }
    }

    fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    /// Headers that every answer has. A handler's own policy and cache rules stay.
    fn seal(&self, headers: &mut HeaderMap) {
        headers.insert(request_id::X_REQUEST_ID, self.id.clone());
        headers.insert(NOSNIFF.0, NOSNIFF.1);
        headers.insert(NO_REFERRER.0, NO_REFERRER.1);
        for (name, value) in [NO_STORE, NO_CONTENT] {
            if !headers.contains_key(&name) {
                headers.insert(name, value);
            }
        }
    }

    fn log(&self, status: StatusCode, elapsed: Duration, error: Option<&Error>) {
        let level = if status == StatusCode::INTERNAL_SERVER_ERROR {
            log::Level::Error
        } else if ["/webhooks/clockify", "/webhooks/custom/"].iter().any(|deliveries| self.uri.path().contains(deliveries)) {
            log::Level::Debug
        } else {
            log::Level::Info
        };
        if !log::log_enabled!(level) {
            return;
        }
        let cause = error.and_then(Error::cause).map(ToString::to_string).unwrap_or_default();
        let code = error.map(|error| error.kind().code()).unwrap_or_default();
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        log::log!(level, request = self.id(), method = self.method.as_str(), path = self.uri.path(), status = status.as_u16(), micros, code, cause;
            "request answered");
    }
}

/// What actix refuses by itself, in our words.
fn kind_of(status: StatusCode) -> Kind {
    match status {
        StatusCode::NOT_FOUND => Kind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Kind::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Kind::BodyTooLarge,
        StatusCode::REQUEST_TIMEOUT => Kind::BodyTimeout,
        status if status.is_client_error() => Kind::Malformed,
        _ => Kind::Internal,
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A complete answer to a request that its handler did not give back.
#[derive(Debug)]
struct Abandoned {
    error: Error,
    headers: HeaderMap,
    body: String,
}

impl std::fmt::Display for Abandoned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Abandoned {
    fn status_code(&self) -> StatusCode {
        self.error.kind().status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code()).set_body(BoxBody::new(self.body.clone()));
        *response.headers_mut() = self.headers.clone();
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        response
    }
}
