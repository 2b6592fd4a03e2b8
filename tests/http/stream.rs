//! The stream: what happens, once and in order, to the admins of the workspace alone.

use std::time::Duration;

use actors::limits::stream as limits;
use serde_json::{Value, json};

use super::client::{Request, Wire, get, post};
use super::harness::{Harness, grant};

struct Stream {
    wire: Wire,
    text: String,
}

impl Stream {
    async fn open(harness: &Harness, request: Request) -> Self {
        let mut wire = Wire::open(harness.address).await;
        wire.write(&request.head()).await;
        let mut stream = Self { wire, text: String::new() };
        stream.until(|text| text.contains("event: ping")).await;
        stream
    }

    async fn until(&mut self, enough: impl Fn(&str) -> bool) {
        self.wire.read_until(&mut self.text, enough).await;
    }

    /// Ids of events so far, as their data says.
    fn events(&self) -> Vec<String> {
        self.of("event").iter().map(|data| data["id"].as_str().unwrap().to_owned()).collect()
    }

    fn of(&self, name: &str) -> Vec<Value> {
        let blocks = self.text.split("event: ").skip(1).filter_map(|block| block.strip_prefix(name)?.strip_prefix("\ndata: "));
        blocks.filter_map(|block| serde_json::from_str(block.lines().next()?).ok()).collect()
    }

    /// Waits for so many events.
    async fn count(&mut self, events: usize) -> Vec<String> {
        self.until(|text| text.matches("event: event\n").count() >= events && text.ends_with("\n\n\r\n")).await;
        self.events()
    }
}

fn stream(harness: &Harness, query: &str) -> Request {
    get(format!("/ui/stream{query}")).token(&harness.owner())
}

async fn delivered(harness: &Harness, n: u32) -> String {
    harness.deliver("NEW_TAG", &json!({"id": format!("t{n}"), "name": "a tag"})).await
}

#[actix_web::test]
async fn an_event_is_told_as_soon_as_it_is_durable_and_what_was_before_is_not() {
    let harness = Harness::installed().await;
    delivered(&harness, 0).await;
    let mut stream = Stream::open(&harness, stream(&harness, "")).await;
    let event = delivered(&harness, 1).await;
    assert_eq!(stream.count(1).await, std::slice::from_ref(&event));
    let told = &stream.of("event")[0];
    assert_eq!((told["event_type"].as_str(), told["entity"].as_str()), (Some("NEW_TAG"), Some("tag:t1")));
    assert!(told.get("payload").is_none() && stream.text.contains(&format!("id: {event}\nevent: event\n")));
}

#[actix_web::test]
async fn a_stream_that_was_cut_goes_on_without_a_gap_and_without_a_repetition() {
    let harness = Harness::installed().await;
    let mut events = Vec::new();
    for n in 0..5 {
        events.push(delivered(&harness, n).await);
    }
    let resumed = [
        stream(&harness, &format!("?after={}", events[1])),
        stream(&harness, "").header("last-event-id", events[1].clone()),
        stream(&harness, &format!("?after={}", events[4])).header("last-event-id", events[1].clone()),
    ];
    for request in resumed {
        let mut stream = Stream::open(&harness, request).await;
        assert_eq!(stream.count(3).await, events[2..]);
    }
    let mut stream = Stream::open(&harness, stream(&harness, &format!("?after={}", events[1]))).await;
    stream.count(3).await;
    events.push(delivered(&harness, 5).await);
    assert_eq!(stream.count(4).await, events[2..]);
}

#[actix_web::test]
async fn more_than_one_piece_holds_comes_whole() {
    let harness = Harness::installed().await;
    let first = delivered(&harness, 0).await;
    let mut events = Vec::new();
    for n in 1..=limits::EVENTS_AT_A_TIME + 20 {
        events.push(delivered(&harness, n).await);
    }
    let mut stream = Stream::open(&harness, stream(&harness, &format!("?after={first}"))).await;
    assert_eq!(stream.count(events.len()).await, events);
}

#[actix_web::test]
async fn runs_are_told_as_they_go_on_and_only_what_was_asked_for() {
    let harness = Harness::installed().await;
    let flow = json!({"name": "f", "trigger_event_types": ["NEW_TAG"], "actions": [{"type": "STOP_IF", "conditions": {"type": "ALL", "rules": []}}]});
    assert_eq!(harness.send(post("/ui/flows").token(&harness.owner()).json(&flow)).await.status, 200);
    let mut runs = Stream::open(&harness, stream(&harness, "?types=runs")).await;
    delivered(&harness, 1).await;
    runs.until(|text| text.contains("\"status\":\"STOPPED\"")).await;
    assert!(runs.events().is_empty());
}

#[actix_web::test]
async fn another_workspace_hears_nothing() {
    let harness = Harness::installed().await;
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    let stranger = get("/ui/stream?after=00000000-0000-0000-0000-000000000000").token(&harness.user(&other, "OWNER"));
    let mut theirs = Stream::open(&harness, stranger).await;
    let mut mine = Stream::open(&harness, stream(&harness, "")).await;
    delivered(&harness, 1).await;
    mine.count(1).await;
    harness.clock.advance(Duration::from_secs(limits::HEARTBEAT_SECONDS));
    theirs.until(|text| text.matches("event: ping").count() > 1).await;
    assert!(theirs.events().is_empty(), "{}", theirs.text);
}

#[actix_web::test]
async fn a_stream_ends_with_its_token_and_when_the_service_stops() {
    let harness = Harness::installed().await;
    let first = Stream::open(&harness, stream(&harness, "")).await;
    harness.clock.advance(Duration::from_secs(1_800));
    assert!(first.wire.closes().await);
    let second = Stream::open(&harness, stream(&harness, "")).await;
    harness.service.audience.close();
    assert!(second.wire.closes().await);
}

#[actix_web::test]
async fn streams_of_one_workspace_are_bounded_and_a_closed_one_gives_its_place_back() {
    let harness = Harness::installed().await;
    let mut streams = Vec::new();
    for _ in 0..limits::LISTENERS_PER_WORKSPACE_MAX {
        streams.push(Stream::open(&harness, stream(&harness, "")).await);
    }
    assert_eq!(harness.send(stream(&harness, "")).await.code(), "too_many_requests");
    streams.clear();
    // A server notices that nobody reads when it writes.
    harness.clock.advance(Duration::from_secs(limits::HEARTBEAT_SECONDS));
    for _ in 0..1_000 {
        if harness.service.audience.is_empty() {
            break;
        }
        harness.clock.advance(Duration::from_secs(limits::HEARTBEAT_SECONDS));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(harness.service.audience.is_empty());
}

#[actix_web::test]
async fn what_is_no_id_and_no_topic_is_refused_by_name() {
    let harness = Harness::installed().await;
    let answer = harness.send(stream(&harness, "?after=x&types=events,weather")).await;
    answer.refused(422, "invalid_fields");
    assert_eq!(answer.faults().iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["after", "types"]);
}
