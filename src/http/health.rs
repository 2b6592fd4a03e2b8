//! Whether the process lives, whether it can keep what it is told, whether it takes requests. Says nothing about tenants.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Json;
use actix_web::{HttpResponse, Responder};
use actors::clock::{Clock, Timestamp};
use actors::limits::http::{PING_GOOD_MS, PING_SECONDS_MAX, RETRY_AFTER_SECONDS};
use actors::port::store::Health;
use futures_util::future::{Either, select};
use serde::Serialize;
use tokio::sync::Mutex;

use super::caller::Anyone;
use super::readiness::Phase;

/// Whether the store lives. One answer is good for a second and many askers share one question, so that asking costs the store nothing (I5).
#[derive(Default)]
pub struct Pulse(Mutex<Option<Felt>>);

#[derive(Clone, Copy)]
struct Felt {
    at: Duration,
    alive: bool,
}

impl Pulse {
    /// Asks the store, unless it was asked just now. No answer in time is a no.
    pub async fn feel(&self, store: &dyn Health, clock: &dyn Clock) -> bool {
        let mut last = self.0.lock().await;
        let now = clock.elapsed();
        if let Some(felt) = last.filter(|felt| now.saturating_sub(felt.at) < Duration::from_millis(PING_GOOD_MS)) {
            return felt.alive;
        }
        let alive = match select(store.ping(), clock.sleep(Duration::from_secs(PING_SECONDS_MAX))).await {
            Either::Left((Ok(()), _)) => true,
            Either::Left((Err(error), _)) => {
                log::warn!("the store does not answer: {error}");
                false
            }
            Either::Right(_) => {
                log::warn!("the store does not answer in time");
                false
            }
        };
        *last = Some(Felt { at: clock.elapsed(), alive });
        alive
    }
}

#[derive(Serialize)]
struct Healthz {
    status: &'static str,
    service: &'static str,
    database: &'static str,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<Timestamp>,
}

/// `GET /healthz`, `GET /health`: 503 while nothing can be kept.
pub async fn healthz(caller: Anyone) -> HttpResponse {
    told(&caller, "ok", None).await
}

/// `GET /health` of an add-on whose monitors ask for other words.
pub async fn health(caller: Anyone) -> HttpResponse {
    told(&caller, "healthy", Some(caller.service.clock.now())).await
}

async fn told(caller: &Anyone, well: &'static str, timestamp: Option<Timestamp>) -> HttpResponse {
    let alive = alive(caller).await;
    let (status, database) = if alive { (well, "ok") } else { ("degraded", "error") };
    answer(alive, &Healthz { status, service: caller.addon.slug(), database, version: env!("CARGO_PKG_VERSION"), timestamp })
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    checks: Checks,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

#[derive(Serialize)]
struct Checks {
    database: bool,
    service: &'static str,
}

/// `GET /ready`: 503 before the service takes requests, while it stops, and while nothing can be kept.
pub async fn ready(caller: Anyone) -> HttpResponse {
    let database = alive(&caller).await;
    let error = match caller.service.readiness.phase() {
        Phase::Starting => Some("starting"),
        Phase::Stopping => Some("stopping"),
        Phase::Ready if !database => Some("the database does not answer"),
        Phase::Ready => None,
    };
    let ready = error.is_none();
    answer(ready, &Ready { ready, checks: Checks { database, service: caller.addon.slug() }, error })
}

#[derive(Serialize)]
struct Alive {
    status: &'static str,
    service: &'static str,
}

/// `GET /livez`: the process answers, whatever else is broken.
pub async fn livez(caller: Anyone) -> impl Responder {
    Json(Alive { status: "ok", service: caller.addon.slug() })
}

/// `GET /ui/health`: for the page, before it has a token.
pub async fn page(caller: Anyone) -> impl Responder {
    Json(Alive { status: "ok", service: caller.addon.slug() })
}

async fn alive(caller: &Anyone) -> bool {
    caller.service.pulse.feel(&*caller.service.store, &*caller.service.clock).await
}

fn answer(well: bool, body: &impl Serialize) -> HttpResponse {
    if well {
        return HttpResponse::Ok().json(body);
    }
    HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE)
        .insert_header((actix_web::http::header::RETRY_AFTER, RETRY_AFTER_SECONDS))
        .json(body)
}
