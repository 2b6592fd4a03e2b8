//! Every template does what it says, on the simulated platform, through the real service.

use std::time::Duration;

use actors::clock::{Clock, SystemClock, Timestamp};
use actors::ids::WorkspaceId;
use awc::http::Method;
use clockify_addons::flow_templates;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::api::approvals;
use clockify_addons::sandbox::platform::lifecycle::Install;
use clockify_addons::sandbox::platform::members::Members;
use clockify_addons::sandbox::platform::workspace::{Shelf, Workspace, text};
use clockify_addons::sandbox::platform::{payload, seed};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use super::app::Running;
use super::database::Database;
use super::running::api::Api;
use super::running::patience::{self, LONG};
use super::running::process::Setting;
use super::server::{Server, listener, ok};
use super::webhook::{last_run, platform};

struct Stage {
    platform: Platform,
    workspace: WorkspaceId,
    api: Api,
}

impl Stage {
    /// Looks at, or changes, the workspace.
    fn with<T>(&self, look: impl FnOnce(&mut Workspace) -> T) -> T {
        self.platform.with(|world| look(world.workspaces.get_mut(&self.workspace).unwrap()))
    }

    fn fresh_id(&self) -> String {
        self.platform.with(|world| world.ids.next(SystemClock::new().now()))
    }

    fn first(&self, shelf: Shelf) -> Value {
        self.with(|workspace| workspace.all(shelf).next().unwrap().clone())
    }

    /// A finished time entry of the owner, with these members; its event's payload.
    fn entry(&self, members: Value, seconds: Option<u64>) -> Value {
        let (id, now) = (self.fresh_id(), SystemClock::new().now());
        self.with(|workspace| {
            let owner = workspace.owner().unwrap().to_owned();
            let mut entry = seed::time_entry(&workspace.id, &id, &owner, None, "", now - Duration::from_secs(3_600), seconds);
            members.as_object().unwrap().iter().for_each(|(name, value)| entry.set(name, value.clone()));
            workspace.put(Shelf::TimeEntries, entry.clone());
            payload::time_entry(workspace, &entry)
        })
    }

    /// Makes the flow of a template and gives its id.
    async fn begin(&self, template: &str, parameters: Value) -> String {
        let made = self.api.post(&format!("/ui/flow-templates/{template}"), &json!({ "parameters": parameters })).await;
        made["id"].as_str().unwrap().to_owned()
    }

    async fn end(&self, flow: &str) {
        self.api.call(Method::DELETE, &format!("/ui/flows/{flow}"), None).await.unwrap();
    }

    /// Fires an event and waits until the workspace is as the template says.
    async fn shows(&self, template: &str, parameters: Value, event: &str, payload: Value, done: impl Fn(&Workspace) -> bool) {
        let flow = self.begin(template, parameters).await;
        self.platform.fire_with(self.workspace, event, payload).unwrap();
        self.becomes(template, done).await;
        last_run(&self.api, "SUCCEEDED").await;
        self.end(&flow).await;
    }

    /// Fires an event and gives what the template tells a server.
    async fn tells(&self, server: &Server, template: &str, parameters: Value, event: &str, payload: &Value) -> String {
        let before = server.requests().len();
        let flow = self.begin(template, parameters).await;
        self.platform.fire_with(self.workspace, event, payload.clone()).unwrap();
        let told = patience::until(template, async || server.requests().get(before).cloned()).await;
        last_run(&self.api, "SUCCEEDED").await;
        self.end(&flow).await;
        told
    }

    async fn becomes(&self, template: &str, done: impl Fn(&Workspace) -> bool) {
        let so = self.platform.until(LONG, |world| done(&world.workspaces[&self.workspace])).await;
        if !so {
            panic!("{template}: {} {:?}", self.api.get("/ui/runs?limit=3").await, self.platform.requests().last());
        }
    }
}

fn the(workspace: &Workspace, shelf: Shelf, of: &Value) -> Value {
    workspace.get(shelf, text(of, "id")).cloned().unwrap_or_default()
}

#[actix_web::test]
async fn every_template_does_what_it_says() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let setting =
        Setting::of(&platform, folder.path()).with("OUTBOUND_ALLOW_CIDRS", "127.0.0.0/8").with("UW_ENABLE_GENERIC_HTTP_ACTIONS", "true");
    let service = Running::start(&setting).await;
    let workspace = platform.workspace().unwrap();
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    let api = Api::of(&service.url, platform.user_token(installed.addon_id, "OWNER").unwrap());
    let stage = Stage { platform, workspace, api };
    others_are_told(&stage).await;
    let (project, tag) = (stage.first(Shelf::Projects), stage.first(Shelf::Tags));
    let (project_id, tag_id) = (project.at("id").clone(), tag.at("id").clone());
    let entry = |entry: &Value| {
        let entry = entry.clone();
        move |workspace: &Workspace| the(workspace, Shelf::TimeEntries, &entry)
    };

    let one = stage.entry(json!({"projectId": project_id, "description": "kept"}), Some(60));
    let now = entry(&one);
    let parameters = json!({"project_id": project_id, "tag_id": tag_id});
    let so = |workspace: &Workspace| now(workspace).at("tagIds") == &json!([tag_id]) && now(workspace).at("description") == "kept";
    stage.shows("tag-by-project", parameters, "NEW_TIME_ENTRY", one.clone(), so).await;

    let one = stage.entry(json!({"projectId": project_id}), Some(60));
    let now = entry(&one);
    let so = |workspace: &Workspace| now(workspace).at("description") == "To be told" && now(workspace).at("projectId") == &project_id;
    stage.shows("default-description", json!({"description": "To be told"}), "TIMER_STOPPED", one.clone(), so).await;

    let one = stage.entry(json!({}), Some(60));
    let now = entry(&one);
    let so = |workspace: &Workspace| now(workspace).at("projectId") == &project_id;
    stage.shows("default-project", json!({"project_id": project_id}), "NEW_TIME_ENTRY", one.clone(), so).await;

    let archived = stage.with(|workspace| {
        let mut archived = workspace.all(Shelf::Projects).last().unwrap().clone();
        archived.set("archived", json!(true));
        workspace.put(Shelf::Projects, archived.clone());
        archived
    });
    let one = stage.entry(json!({"projectId": archived.at("id"), "description": "late"}), Some(60));
    let now = entry(&one);
    let so = |workspace: &Workspace| {
        now(workspace).at("projectId").is_null() && now(workspace).at("description") == "The project is archived: late"
    };
    stage.shows("no-time-on-archived-projects", json!({}), "NEW_TIME_ENTRY", one.clone(), so).await;

    let one = stage.entry(json!({"billable": false}), Some(60));
    let now = entry(&one);
    let so = |workspace: &Workspace| now(workspace).at("tagIds") == &json!([tag_id]);
    stage.shows("tag-non-billable", json!({"tag_id": tag_id}), "NEW_TIME_ENTRY", one.clone(), so).await;

    let one = stage.entry(json!({"description": "an internal matter", "billable": true}), Some(60));
    let now = entry(&one);
    let so = |workspace: &Workspace| now(workspace).at("billable") == false;
    stage.shows("word-makes-non-billable", json!({}), "NEW_TIME_ENTRY", one.clone(), so).await;

    let has_task = |workspace: &Workspace, name: &str| {
        workspace.all(Shelf::Tasks).any(|task| task.at("name") == name && task.at("projectId") == &project_id)
    };
    let so = |workspace: &Workspace| ["Think", "Implementation", "Review"].iter().all(|name| has_task(workspace, name));
    stage.shows("tasks-of-new-projects", json!({"first": "Think"}), "NEW_PROJECT", project.clone(), so).await;

    let client = stage.first(Shelf::Clients);
    let name = format!("{}: General", text(&client, "name"));
    let so = |workspace: &Workspace| {
        workspace.all(Shelf::Projects).any(|project| project.at("name") == name.as_str() && project.at("clientId") == client.at("id"))
    };
    stage.shows("project-for-new-clients", json!({}), "NEW_CLIENT", client.clone(), so).await;

    let second = stage.with(|workspace| {
        let mut second = workspace.all(Shelf::Projects).find(|project| project.at("archived") == false).unwrap().clone();
        second.set("clientId", client.at("id").clone());
        second
    });
    let id = stage.fresh_id();
    stage.with(|workspace| {
        let mut second = second;
        second.set("id", json!(id));
        second.set("name", json!("A second project of the client"));
        workspace.put(Shelf::Projects, second);
    });
    let mut gone = client.clone();
    gone.set("archived", json!(true));
    let so = |workspace: &Workspace| {
        let mut of_client = workspace.all(Shelf::Projects).filter(|project| project.at("clientId") == client.at("id"));
        of_client.all(|project| project.at("archived") == true)
    };
    assert!(!stage.with(|workspace| so(workspace)));
    stage.shows("archive-projects-with-client", json!({}), "CLIENT_UPDATED", gone, so).await;

    let lost = json!({"id": stage.fresh_id(), "name": "precious", "workspaceId": workspace, "archived": false});
    let so = |workspace: &Workspace| workspace.all(Shelf::Tags).any(|tag| tag.at("name") == "precious");
    stage.shows("keep-a-tag", json!({"name": "precious"}), "TAG_DELETED", lost, so).await;

    let group = json!({"id": stage.fresh_id(), "name": "Newcomers", "workspaceId": workspace, "userIds": [], "teamManagers": []});
    stage.with(|workspace| workspace.put(Shelf::Groups, group.clone()));
    let user = stage.first(Shelf::Users);
    let so = |workspace: &Workspace| the(workspace, Shelf::Groups, &group).at("userIds") == &json!([user.at("id")]);
    stage.shows("new-members-into-group", json!({"group_id": group.at("id")}), "USER_JOINED_WORKSPACE", user.clone(), so).await;

    // Another person: the same event again would be taken for a repetition.
    let user = stage.with(|workspace| workspace.all(Shelf::Users).last().unwrap().clone());
    let name = format!("Onboarding of {}", text(&user, "name"));
    let so = |workspace: &Workspace| has_task(workspace, &name);
    stage.shows("welcome-task", json!({"project_id": project_id}), "USER_JOINED_WORKSPACE", user.clone(), so).await;

    let one = stage.entry(json!({"description": "an odd while"}), Some(60));
    let time = |member: &str| Timestamp::parse(text(one.at("timeInterval"), member)).unwrap().seconds();
    let (start, end) = (time("start").div_euclid(900) * 900, -((-time("end")).div_euclid(900)) * 900);
    let now = entry(&one);
    let so = |workspace: &Workspace| {
        let of = |member: &str| Timestamp::parse(text(now(workspace).at("timeInterval"), member)).map(Timestamp::seconds);
        (of("start"), of("end")) == (Some(start), Some(end)) && now(workspace).at("description") == "an odd while"
    };
    stage.shows("round-times", json!({}), "TIMER_STOPPED", one.clone(), so).await;

    let requests = submitted(&stage);
    let state = |workspace: &Workspace, request: &Value| the(workspace, Shelf::Approvals, request).pointer("/status/state").cloned();
    let so = |workspace: &Workspace| state(workspace, &requests[0]) == Some(json!("APPROVED"));
    stage.shows("approve-small-expenses", json!({"limit": 5_000}), "NEW_APPROVAL_REQUEST", approvals::payload(&requests[0]), so).await;
    for left in &requests[1..] {
        assert_eq!(stage.with(|workspace| state(workspace, left)), Some(json!("PENDING")), "it is large, holds time or holds nothing");
    }

    let (timer, other) = (stage.entry(json!({"description": "forgotten"}), None), user.at("id").clone());
    let second = stage.entry(json!({"description": "forgotten as well", "userId": other}), None);
    let flow = stage.begin("stop-forgotten-timers", json!({"cron": "0 0 1 1 *"})).await;
    // The zone of the owner, who has begun it without naming one.
    assert_eq!(stage.api.get(&format!("/ui/flows/{flow}")).await["schedule"], json!({"cron": "0 0 1 1 *", "time_zone": "Europe/Berlin"}));
    make_due(&Database::file(folder.path(), "service.db")).await;
    let timers = [entry(&timer), entry(&second)];
    let stopped = |workspace: &Workspace| timers.iter().all(|now| !now(workspace).at("timeInterval").at("end").is_null());
    stage.becomes("stop-forgotten-timers", stopped).await;
    last_run(&stage.api, "SUCCEEDED").await;
    stage.end(&flow).await;

    let runs = stage.api.all("/ui/runs", "runs").await;
    assert_eq!(runs.len(), flow_templates::all().len(), "each template has run once, and no run was started by another's: {runs:?}");
    let listed = stage.api.get("/ui/flow-templates").await;
    assert_eq!(listed["templates"].as_array().unwrap().len(), flow_templates::all().len());
    service.stop().await;
}

/// The templates that call other servers. They come first, so that what the others write starts none of them.
async fn others_are_told(stage: &Stage) {
    let server = Server::on(listener().await, |mut peer| async move {
        peer.request().await?;
        peer.write(ok("{}")).await
    });
    let url = |path: &str| json!({ "url": server.url(path) });
    let project =
        |number: u32| json!({"id": format!("64b641568b0798703575{number:04}"), "name": format!("Project \"{number}\" <!channel>")});
    let said = |number: u32| format!("NEW_PROJECT: Project \"{number}\" <!channel> (64b641568b0798703575{number:04})");
    let body = |told: &str| serde_json::from_str::<Value>(told.split_once("\r\n\r\n").unwrap().1).unwrap();

    let told = stage.tells(&server, "notify-slack", url("/services/T0/B0/x"), "NEW_PROJECT", &project(1)).await;
    assert!(told.starts_with("POST /services/T0/B0/x HTTP/1.1\r\n"), "{told}");
    assert_eq!(body(&told)["blocks"], json!([{"type": "section", "text": {"type": "plain_text", "text": said(1)}}]));

    let told = stage.tells(&server, "notify-teams", url("/workflows/a?sig=b"), "NEW_PROJECT", &project(2)).await;
    assert!(told.starts_with("POST /workflows/a?sig=b HTTP/1.1\r\n"), "{told}");
    let card = body(&told)["attachments"][0].clone();
    assert_eq!(card["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(card["content"]["body"][0]["inlines"], json!([{"type": "TextRun", "text": said(2)}]));

    let parameters =
        json!({"url": server.url("/emails"), "secret": "MAIL_KEY", "from": "clockify@example.com", "to": "{{ b }}@example.com"});
    let unknown = stage.api.call(Method::POST, "/ui/flow-templates/send-mail", Some(&json!({ "parameters": parameters }))).await.unwrap();
    assert_eq!((unknown.0, unknown.1.to_string().contains("unknown_secret")), (422, true), "{unknown:?}");
    stage.api.call(Method::PUT, "/ui/secrets/MAIL_KEY", Some(&json!({ "value": "k-e-y" }))).await.unwrap();
    let told = stage.tells(&server, "send-mail", parameters, "NEW_PROJECT", &project(3)).await;
    assert!(told.contains("authorization: Bearer k-e-y\r\n") && told.contains("idempotency-key: "), "{told}");
    let mail = json!({"from": "clockify@example.com", "to": "{{ b }}@example.com", "subject": "Clockify: NEW_PROJECT", "text": said(3)});
    assert_eq!(body(&told), mail);

    let tag = json!({"id": "64b641568b07987035750004", "name": "a tag", "workspaceId": stage.workspace});
    let told = body(&stage.tells(&server, "log-every-event", url("/log"), "NEW_TAG", &tag).await);
    assert_eq!((&told["type"], &told["payload"], &told["workspace"]), (&json!("NEW_TAG"), &tag, &json!(stage.workspace)));
    assert!(told["id"].is_string() && told["received_at"].is_string(), "{told}");
    assert_eq!(server.requests().len(), 4, "each of them is told once");
}

/// Requests for approval of past months: of a small expense, of a large one, of a small one and time, and of nothing.
fn submitted(stage: &Stage) -> Vec<Value> {
    let now = SystemClock::new().now();
    let month = |n: u32| now - Duration::from_secs(86_400 * 30) * n;
    let request = |n: u32, cents: Option<u32>, works: bool| {
        let (id, expense, entry) = (stage.fresh_id(), stage.fresh_id(), stage.fresh_id());
        stage.with(|workspace| {
            let owner = workspace.owner().unwrap().to_owned();
            let middle = month(n) - Duration::from_secs(86_400 * 15);
            if let Some(cents) = cents {
                let mut one = workspace.all(Shelf::Expenses).next().unwrap().clone();
                let members = [("id", json!(expense)), ("userId", json!(owner)), ("date", json!(middle)), ("total", json!(cents))];
                members.into_iter().for_each(|(name, value)| one.set(name, value));
                workspace.put(Shelf::Expenses, one);
            }
            if works {
                workspace.put(Shelf::TimeEntries, seed::time_entry(&workspace.id, &entry, &owner, None, "", middle, Some(60)));
            }
            let request = approvals::blank(workspace, &id, &owner, (month(n + 1), month(n)), now);
            workspace.put(Shelf::Approvals, request.clone());
            request
        })
    };
    vec![request(20, Some(5_000), false), request(22, Some(5_001), false), request(24, Some(100), true), request(26, None, false)]
}

/// A year's wait is over.
async fn make_due(database: &Database) {
    let mut connection = SqliteConnection::connect(database.url()).await.unwrap();
    let past = SystemClock::new().now().millis() - 60_000;
    let moved = sqlx::query("UPDATE flows SET due_at = ? WHERE due_at IS NOT NULL").bind(past).execute(&mut connection).await.unwrap();
    assert_eq!(moved.rows_affected(), 1);
}
