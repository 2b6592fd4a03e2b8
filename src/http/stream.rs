//! `GET /ui/stream`: what happens in a workspace, as server-sent events.
//!
//! What is sent is read from the store: what came after an id first, then whatever a wake or a heartbeat finds new. So nothing is left out and
//! nothing comes twice, however the line is cut, and other processes' events come as well. A reader is written to as fast as it reads: a slow one
//! holds a connection and no memory. A stream ends with its token, with the installation and with the service; the page begins another.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use actors::clock::Timestamp;
use actors::ids::{EventId, Key};
use actors::limits::stream as limits;
use actors::port::store;
use actors::port::store::Slice;
use actors::port::store::events::EventFilter;
use actors::port::store::runs::RunSummary;
use bytes::Bytes;
use futures_util::future::{Either, select};
use futures_util::stream;
use serde::Serialize;

use super::audience::{Heard, Seat};
use super::caller::Admin;
use super::error::{Error, Kind};
use super::query::Query;
use super::{Service, events, runs};

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Proxies that gather answers let this one through as it comes.
const UNGATHERED: (HeaderName, HeaderValue) = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// What a stream tells of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Topic {
    Events,
    Runs,
    Bootstrap,
}

/// `GET /ui/stream`, with `after` (or `Last-Event-ID`) and `types`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<HttpResponse, Error> {
    let mut query = Query::of(&request);
    let resumed = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).and_then(|id| EventId::parse(id).ok());
    let after = query.parsed("after", EventId::parse);
    let topics = query.parsed("types", topics).unwrap_or_else(|| [Topic::Events, Topic::Runs, Topic::Bootstrap].into());
    query.checked()?;
    let seat = caller.service.audience.join(caller.key).map_err(|_| Kind::TooFast)?;
    let last = match resumed.or(after) {
        Some(last) => last,
        None => newest(&caller).await?,
    };
    let line = Line { service: caller.service, key: caller.key, seat, topics, last, ends_at: caller.verified.expires_at, opened: false };
    let chunks = stream::unfold(line, |line| line.next());
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, EVENT_STREAM)).insert_header(UNGATHERED).streaming(Box::pin(chunks)))
}

fn topics(text: &str) -> Result<BTreeSet<Topic>, &'static str> {
    let topic = |name: &str| match name.trim() {
        "events" => Ok(Topic::Events),
        "runs" => Ok(Topic::Runs),
        "bootstrap" => Ok(Topic::Bootstrap),
        _ => Err("expected events, runs, bootstrap, or several of them divided by commas"),
    };
    text.split(',').map(topic).collect()
}

/// The newest event there is; before all others if there is none.
async fn newest(caller: &Admin) -> Result<EventId, Error> {
    let page = caller.service.store.events(caller.key, &EventFilter::default(), Slice { limit: 1, offset: 0 }).await?;
    Ok(page.items.first().map_or_else(|| uuid::Uuid::nil().into(), |event| event.id))
}

/// An open stream.
struct Line {
    service: Arc<Service>,
    key: Key,
    seat: Seat,
    topics: BTreeSet<Topic>,
    /// The last event that was sent.
    last: EventId,
    ends_at: Option<Timestamp>,
    opened: bool,
}

impl Line {
    /// The next piece; none: the stream is over.
    async fn next(mut self) -> Option<(Result<Bytes, std::convert::Infallible>, Self)> {
        let mut text = String::new();
        if !self.opened {
            self.opened = true;
            // At once, so that the page knows that it listens and from where on.
            self.ping(&mut text);
            return Some((Ok(text.into()), self));
        }
        let mut heard = Heard { events: true, ..self.seat.heard() };
        while !self.over() {
            if self.write(&mut text, &heard).await.is_err() {
                return None;
            }
            if !text.is_empty() {
                return Some((Ok(text.into()), self));
            }
            let beat = self.service.clock.sleep(Duration::from_secs(limits::HEARTBEAT_SECONDS));
            let woken = matches!(select(std::pin::pin!(self.seat.woken()), beat).await, Either::Left(_));
            heard = self.seat.heard();
            if !woken {
                heard.events = true;
                self.service.store.installation(self.key).await.ok().flatten()?;
                self.ping(&mut text);
            }
        }
        None
    }

    fn over(&self) -> bool {
        self.seat.closed() || self.ends_at.is_some_and(|end| self.service.clock.now() >= end)
    }

    /// Writes what is new, as far as the page wants to know it.
    async fn write(&mut self, text: &mut String, heard: &Heard) -> Result<(), store::Error> {
        let store = Arc::clone(&self.service.store);
        if heard.events && self.topics.contains(&Topic::Events) {
            let fresh = store.events_after(self.key, self.last, limits::EVENTS_AT_A_TIME).await?;
            for event in &fresh {
                self.last = event.id;
                message(text, "event", Some(event.id), &events::Line::of(event));
            }
        }
        if self.topics.contains(&Topic::Runs) {
            for run in &heard.runs {
                if let Some(run) = store.run(self.key, *run).await? {
                    message(text, "run", None, &runs::Line::from(RunSummary::from(&run)));
                }
            }
            if heard.more_runs {
                message(text, "runs", None, &serde_json::json!({}));
            }
        }
        if heard.bootstrap && self.topics.contains(&Topic::Bootstrap) {
            message(text, "bootstrap", None, &serde_json::json!({}));
        }
        Ok(())
    }

    fn ping(&self, text: &mut String) {
        message(text, "ping", Some(self.last), &serde_json::json!({}));
    }
}

/// Writes one message. JSON has no line feed of its own, so it is one line.
fn message(text: &mut String, name: &str, id: Option<EventId>, data: &impl Serialize) {
    let Ok(data) = serde_json::to_string(data) else { return };
    if let Some(id) = id {
        text.push_str(&format!("id: {id}\n"));
    }
    text.push_str(&format!("event: {name}\ndata: {data}\n\n"));
}
