//! The road of a webhook, told while it is travelled: install, flow, event, stored, matched, calls, run.
//!
//! It speaks to the add-on over HTTP alone, as the platform and a page do, so what it tells of is what everybody gets.

use std::time::Duration;

use actors::clock::{Clock, Timestamp};
use actors::limits::sandbox as limits;
use actors::secret::Secret;
use awc::http::Method;
use bytes::Bytes;
use serde_json::{Value, json};

use super::narrator::{Narrator, Tone};
use super::platform::Platform;
use super::platform::courier;
use super::platform::delivery::{Delivery, State};
use super::platform::lifecycle::{Install, Installed};
use super::platform::members::Members;
use super::platform::workspace::{Shelf, text};

const WITHIN: Duration = Duration::from_secs(limits::STORY_STEP_SECONDS_MAX);

/// Why the story ended early, for the reader.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(String);

fn trouble(what: impl Into<String>) -> Trouble {
    Trouble(what.into())
}

/// Who is on the stage.
pub struct Cast<'c> {
    /// The simulated Clockify.
    pub platform: &'c Platform,
    /// Where the add-on is.
    pub addon: &'c str,
    /// Time.
    pub clock: &'c dyn Clock,
    /// Who tells it.
    pub narrator: Narrator,
}

/// What the demo flow is about.
struct Plot {
    project: (String, String),
    tag: (String, String),
    member: (String, String),
}

impl Cast<'_> {
    /// Tells the whole story.
    ///
    /// # Errors
    ///
    /// What did not happen in time, or went wrong.
    pub async fn tell(&self) -> Result<(), Trouble> {
        self.ready().await?;
        self.narrator.title("The road of a webhook");
        let installed = self.install().await?;
        let owner = self.platform.user_token(installed.addon_id, "OWNER").map_err(|error| trouble(error.to_string()))?;
        let member = self.platform.in_person(installed.addon_id, "MEMBER").map_err(|error| trouble(error.to_string()))?;
        let plot = self.plot(&installed)?;
        let flow = self.make_flow(&owner, &plot).await?;
        let entry = self.track(&member, &installed, &plot).await?;
        let delivery = self.delivered(&entry).await?;
        let event = self.stored(&owner, &entry).await?;
        let run = self.matched(&owner, &flow, &event).await?;
        let run = self.finished(&owner, &run).await?;
        self.show_calls(&installed, &run);
        self.conclude(&installed, &plot, &entry, &delivery, &run)
    }

    /// Waits until the add-on takes requests.
    async fn ready(&self) -> Result<(), Trouble> {
        let url = format!("{}/ready", self.addon);
        let asked = self.until(async || matches!(courier::send(Method::GET, &url, &[], None).await, Ok((200, _))).then_some(())).await;
        asked.ok_or_else(|| trouble(format!("{url} does not say 200 within {} s", WITHIN.as_secs())))
    }

    async fn install(&self) -> Result<Installed, Trouble> {
        let begun = self.clock.now();
        let install = Install { base_url: Some(self.addon.to_owned()), ..Install::of(self.addon) };
        let installed =
            self.platform.install(install).await.map_err(|error| trouble(format!("the add-on cannot be installed: {error}")))?;
        let scopes = self.platform.installation(installed.addon_id).map_or(0, |installation| installation.scopes.len());
        let summary = format!("manifest of {} read: {} webhooks, {scopes} scopes", installed.name, installed.webhooks);
        self.narrator.step(1, "install", summary);
        self.narrator.more(format!("INSTALLED sent with its tokens, answered well after {}", self.since(begun)));
        Ok(installed)
    }

    fn plot(&self, installed: &Installed) -> Result<Plot, Trouble> {
        let plot = self.platform.with(|world| {
            let workspace = world.workspaces.get(&installed.workspace)?;
            let first =
                |shelf: Shelf| workspace.all(shelf).next().map(|entity| (text(entity, "id").to_owned(), text(entity, "name").to_owned()));
            let member = workspace.with_role("MEMBER").and_then(|id| workspace.get(Shelf::Users, id))?;
            let member = (text(member, "id").to_owned(), text(member, "name").to_owned());
            Some(Plot { project: first(Shelf::Projects)?, tag: first(Shelf::Tags)?, member })
        });
        plot.ok_or_else(|| trouble("the demo workspace is empty"))
    }

    async fn make_flow(&self, owner: &Secret, plot: &Plot) -> Result<String, Trouble> {
        let flow = demo_flow(&plot.project.0, &plot.project.1, &plot.tag.0);
        let made = self.ask(Method::POST, "/ui/flows", owner, Some(&flow)).await?;
        let id = text(&made, "id").to_owned();
        self.narrator.step(2, "flow", format!("{}  ({id})", text(&made, "name")));
        self.narrator.more("when NEW_TIME_ENTRY, if $.projectId is that project's");
        self.narrator.more(format!("then read the entry, and write it back with the tag \"{}\"", plot.tag.1));
        Ok(id)
    }

    /// Somebody tracks time in Clockify.
    async fn track(&self, member: &Secret, installed: &Installed, plot: &Plot) -> Result<String, Trouble> {
        let (start, end) = (self.clock.now() - Duration::from_secs(3_600), self.clock.now());
        let body = json!({
            "start": start, "end": end, "description": "Sketches for the start page", "projectId": plot.project.0, "billable": true,
        });
        let url = format!("{}/api/v1/workspaces/{}/time-entries", self.platform.base_url(), installed.workspace);
        let made = answer(&url, member, Method::POST, Some(&body)).await?;
        self.narrator.step(3, "event", format!("{} adds a time entry to {} in Clockify", plot.member.1, plot.project.1));
        Ok(text(&made, "id").to_owned())
    }

    async fn delivered(&self, entry: &str) -> Result<Delivery, Trouble> {
        let ours = |delivery: &Delivery| delivery.event == "NEW_TIME_ENTRY" && String::from_utf8_lossy(&delivery.body).contains(entry);
        let mut found = None;
        let settled = self.platform.until(WITHIN, |world| {
            found = world.deliveries.all().into_iter().find(|delivery| ours(delivery) && delivery.state != State::Pending);
            found.is_some()
        });
        settled.await;
        let all = self.platform.deliveries();
        let delivery = found.or_else(|| all.into_iter().find(ours)).ok_or_else(|| trouble("nobody has subscribed to NEW_TIME_ENTRY"))?;
        let last = delivery.attempts.last();
        let status = last.and_then(|attempt| attempt.status);
        match (status, last) {
            (Some(status @ 200..=299), Some(attempt)) => {
                let status = self.narrator.toned(Tone::Good, &status.to_string());
                self.narrator.more(format!(
                    "NEW_TIME_ENTRY sent to {}, signed; answered {status} after {} ms",
                    delivery.to.place(),
                    attempt.ms
                ));
                Ok(delivery)
            }
            (Some(status), _) => Err(trouble(format!("the webhook was answered {status}"))),
            (None, Some(attempt)) => {
                Err(trouble(format!("the webhook was not answered: {}", attempt.error.as_deref().unwrap_or_default())))
            }
            (None, None) => Err(trouble("the webhook was not sent")),
        }
    }

    async fn stored(&self, owner: &Secret, entry: &str) -> Result<String, Trouble> {
        let events = self.ask(Method::GET, "/ui/webhooks?event_type=NEW_TIME_ENTRY", owner, None).await?;
        let ours = |event: &&Value| text(event, "entity").ends_with(entry);
        let event = events.at("webhooks").as_array().into_iter().flatten().find(ours);
        let event = event.ok_or_else(|| trouble("the event was acknowledged and is not stored"))?;
        self.narrator.step(4, "stored", format!("event {}, durable before it was answered", text(event, "id")));
        Ok(text(event, "id").to_owned())
    }

    async fn matched(&self, owner: &Secret, flow: &str, event: &str) -> Result<String, Trouble> {
        let runs = self.ask(Method::GET, &format!("/ui/runs?flow_id={flow}&event_id={event}"), owner, None).await?;
        let runs = runs.at("runs").as_array().cloned().unwrap_or_default();
        let run = runs.first().ok_or_else(|| trouble("the event is stored and started no run of the flow"))?;
        self.narrator.step(5, "matched", format!("the flow's condition holds: run {}", text(run, "id")));
        Ok(text(run, "id").to_owned())
    }

    async fn finished(&self, owner: &Secret, run: &str) -> Result<Value, Trouble> {
        let path = format!("/ui/runs/{run}");
        let ended = self
            .until(async || {
                let run = self.ask(Method::GET, &path, owner, None).await.ok()?;
                (!["QUEUED", "RUNNING", "WAITING"].contains(&text(&run, "status"))).then_some(run)
            })
            .await;
        match ended {
            Some(run) => Ok(run),
            None => {
                let run = self.ask(Method::GET, &path, owner, None).await?;
                Err(trouble(format!("the run is {} after {} s: {}", text(&run, "status"), WITHIN.as_secs(), text(&run, "detail"))))
            }
        }
    }

    fn show_calls(&self, installed: &Installed, run: &Value) {
        let workspace = format!("/v1/workspaces/{}", installed.workspace);
        for (n, step) in run.at("steps").as_array().into_iter().flatten().enumerate() {
            let request = step.at("request");
            let path = text(request, "path").replace(&workspace, "…");
            let status = step.at("status").as_u64().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            let tone = if text(step, "state") == "SUCCEEDED" { Tone::Good } else { Tone::Bad };
            let ms = step.at("duration_ms").as_u64().unwrap_or(0);
            let line = format!("{:<4} {path:<42} {} {ms:>4} ms", text(request, "method"), self.narrator.toned(tone, &status));
            if n == 0 {
                self.narrator.step(6, "calls", line);
            } else {
                self.narrator.more(line);
            }
        }
    }

    fn conclude(&self, installed: &Installed, plot: &Plot, entry: &str, delivery: &Delivery, run: &Value) -> Result<(), Trouble> {
        let status = text(run, "status");
        if status != "SUCCEEDED" {
            return Err(trouble(format!("the run is {status}: {}", text(run, "detail"))));
        }
        let arrived = delivery.attempts.last().map(|attempt| attempt.at);
        let took = arrived.and_then(|at| Timestamp::parse(text(run, "finished_at")).map(|end| end.since(at).as_millis()));
        let status = self.narrator.toned(Tone::Good, status);
        self.narrator.step(7, "run", format!("{status}, {} ms after the webhook was sent", took.unwrap_or(0)));
        let tagged = self.platform.with(|world| {
            let entry = world.workspaces.get(&installed.workspace)?.get(Shelf::TimeEntries, entry)?;
            Some(entry.at("tagIds").as_array()?.iter().any(|tag| tag == plot.tag.0.as_str()))
        });
        if tagged != Some(true) {
            return Err(trouble("the run succeeded and the time entry has no tag"));
        }
        self.narrator.more(format!("in Clockify the time entry now has the tag \"{}\"", plot.tag.1));
        self.narrator.more("that write came back as TIME_ENTRY_UPDATED, which starts nothing here");
        Ok(())
    }

    /// A call to the add-on as a person, which must be answered well.
    async fn ask(&self, method: Method, path: &str, token: &Secret, body: Option<&Value>) -> Result<Value, Trouble> {
        answer(&format!("{}{path}", self.addon), token, method, body).await
    }

    /// Asks again and again until there is an answer or the time is over.
    async fn until<T>(&self, mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
        let begun = self.clock.now();
        loop {
            if let Some(answer) = ask().await {
                return Some(answer);
            }
            if self.clock.now().since(begun) >= WITHIN {
                return None;
            }
            self.clock.sleep(Duration::from_millis(limits::STORY_POLL_MS)).await;
        }
    }

    fn since(&self, begun: Timestamp) -> String {
        format!("{} ms", self.clock.now().since(begun).as_millis())
    }
}

/// A call as somebody, which must be answered well and with JSON.
async fn answer(url: &str, token: &Secret, method: Method, body: Option<&Value>) -> Result<Value, Trouble> {
    let headers = [("x-addon-token", token.expose()), ("content-type", "application/json"), ("accept", "application/json")];
    let what = format!("{method} {url}");
    let sent = courier::send(method, url, &headers, body.map(|body| Bytes::from(body.to_string()))).await;
    match sent.map_err(|error| trouble(format!("{what}: {error}")))? {
        (200..=299, body) => {
            serde_json::from_slice(&body).map_err(|_| trouble(format!("{what} was answered with something else than JSON")))
        }
        (status, body) => Err(trouble(format!("{what} was answered {status}: {}", String::from_utf8_lossy(&body)))),
    }
}

/// The demo flow. The platform's PUT replaces a whole entry, so the entry is read first and written back with the tag.
fn demo_flow(project: &str, name: &str, tag: &str) -> Value {
    json!({
        "name": format!("Tag what is done for {name}"),
        "trigger_event_types": ["NEW_TIME_ENTRY"],
        "conditions": {"type": "ALL", "rules": [{"field": "$.projectId", "operator": "==", "value": project}]},
        "actions": [
            {"type": "CLOCKIFY_API", "operation_id": "getTimeEntry", "params": {"path": {"id": "$.webhook.id"}}},
            {"type": "CLOCKIFY_API", "operation_id": "updateTimeEntry", "params": {"path": {"id": "$.webhook.id"}, "body": {
                "start": "$.action_0.timeInterval.start",
                "end": "$.action_0.timeInterval.end",
                "description": "$.action_0.description",
                "billable": "$.action_0.billable",
                "projectId": "$.action_0.projectId",
                "tagIds": [tag],
            }}},
        ],
    })
}
