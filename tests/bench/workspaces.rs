//! Workspaces that install the add-on with signed calls, and the requests that they then send.

use std::net::SocketAddr;
use std::sync::Arc;

use actors::clock::{Clock, SystemClock, Timestamp};
use actors::ids::{AddonId, WorkspaceId};
use clockify_addons::sandbox::authority::{Authority, Grant, Urls, Viewer};
use serde_json::{Value, json};

use super::connection::request;
use super::load::{Outcome, Until, run};

const PATH: &str = "/webhooks/clockify/new-time-entry";
/// Installations whose calls are signed before they are sent: a lifecycle token lives minutes only.
const CHUNK: usize = 5_000;
/// Where an entity's id stands in a payload, before it is put in.
pub const BLANK_ID: &str = "############ID##########";

/// A platform with its key.
pub struct Platform {
    authority: Authority,
    urls: Urls,
}

impl Platform {
    /// One whose API is at `api`.
    pub fn new(api: SocketAddr) -> Self {
        Self { authority: Authority::generate().unwrap(), urls: Urls::below(&format!("http://{api}")) }
    }

    /// What its tokens are verified with.
    pub fn public_key(&self) -> String {
        self.authority.public_pem().unwrap()
    }

    /// Installs the add-on in workspaces `first..first + count` over many connections. Returns what came of the calls, the time for
    /// signing them left out.
    pub async fn install(&self, service: SocketAddr, first: usize, count: usize) -> (usize, f64) {
        let (mut installed, mut seconds) = (0, 0.0);
        for start in (first..first + count).step_by(CHUNK) {
            let numbers: Vec<usize> = (start..(start + CHUNK).min(first + count)).collect();
            let now = SystemClock::new().now();
            let calls = self.signed(&numbers, |grant| self.installed(grant, now));
            let outcome = send(service, 16, calls).await;
            assert!(outcome.others().is_empty(), "installing{}", outcome.others());
            installed += outcome.answers.values().sum::<usize>();
            seconds += outcome.elapsed.as_secs_f64();
        }
        (installed, installed as f64 / seconds)
    }

    /// Gives workspaces a flow: a condition, and one call that may be repeated.
    pub async fn add_flow(&self, service: SocketAddr, first: usize, count: usize) {
        let numbers: Vec<usize> = (first..first + count).collect();
        self.add_flows(service, &numbers, |_| note_what_is_billable()).await;
    }

    /// Gives each of some workspaces a flow.
    pub async fn add_flows(&self, service: SocketAddr, workspaces: &[usize], flow: impl Fn(usize) -> Value + Sync) {
        let now = SystemClock::new().now();
        let signed = self.signed_for(workspaces, |number, grant| {
            let token = self.authority.user_token(grant, &Viewer::with_role("5ef1cf219f130f232cc34ddc", "OWNER"), &self.urls, now);
            request("POST", "/ui/flows", &[("X-Addon-Token", &token), ("Content-Type", "application/json")], &flow(number).to_string())
        });
        let outcome = send(service, 8, signed).await;
        assert!(outcome.others().is_empty(), "adding flows{}", outcome.others());
    }

    /// A call to the page of a workspace's owner.
    pub fn of_owner(&self, method: &str, path: &str, workspace: usize) -> Vec<u8> {
        request(method, path, &[("X-Addon-Token", &self.owner(workspace))], "")
    }

    /// The token that the page of a workspace's owner has.
    pub fn owner(&self, workspace: usize) -> String {
        let viewer = Viewer::with_role("5ef1cf219f130f232cc34ddc", "OWNER");
        self.authority.user_token(&grant(workspace), &viewer, &self.urls, SystemClock::new().now())
    }

    /// Deliveries of workspaces, ready to send but for the entity's id.
    pub fn deliveries(&self, first: usize, count: usize) -> Deliveries {
        self.deliveries_of(first, count, payload)
    }

    /// The same with payloads of any kind, in which the entity's id is [`BLANK_ID`].
    pub fn deliveries_of(&self, first: usize, count: usize, payload: impl Fn(&Grant) -> String + Sync) -> Deliveries {
        let numbers: Vec<usize> = (first..first + count).collect();
        let requests = self.signed(&numbers, |grant| {
            let token = self.authority.webhook_token(grant, PATH);
            let headers = [
                ("Content-Type", "application/json"),
                ("Clockify-Signature", token.as_str()),
                ("Clockify-Webhook-Event-Type", "NEW_TIME_ENTRY"),
            ];
            request("POST", PATH, &headers, &payload(grant))
        });
        let id_at = requests[0].windows(BLANK_ID.len()).position(|window| window == BLANK_ID.as_bytes()).unwrap();
        Deliveries { requests: Arc::new(requests), id_at }
    }

    fn installed(&self, grant: &Grant, now: Timestamp) -> Vec<u8> {
        let token = self.authority.lifecycle_token(grant, now);
        let body = json!({
            "addonId": grant.addon_id, "workspaceId": grant.workspace, "asUser": "5ef1cf219f130f232cc34ddc",
            "addonUserId": "5ef1cf219f130f232cc34ddd", "apiUrl": self.urls.backend,
            "authToken": self.authority.installation_token(grant, "5ef1cf219f130f232cc34ddd", &self.urls, now),
            "webhooks": [{"path": PATH, "webhookType": "ADDON", "authToken": self.authority.webhook_token(grant, PATH)}],
        });
        let headers = [("X-Addon-Lifecycle-Token", token.as_str()), ("Content-Type", "application/json")];
        request("POST", "/lifecycle/installed", &headers, &body.to_string())
    }

    /// Signing is what takes the time here, so all cores do it.
    fn signed(&self, numbers: &[usize], make: impl Fn(&Grant) -> Vec<u8> + Sync) -> Vec<Vec<u8>> {
        self.signed_for(numbers, |_, grant| make(grant))
    }

    fn signed_for(&self, numbers: &[usize], make: impl Fn(usize, &Grant) -> Vec<u8> + Sync) -> Vec<Vec<u8>> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = numbers.len().div_ceil(cores).max(1);
        let make = &make;
        std::thread::scope(|scope| {
            let shares: Vec<_> = numbers
                .chunks(share)
                .map(|numbers| scope.spawn(move || numbers.iter().map(|number| make(*number, &grant(*number))).collect::<Vec<_>>()))
                .collect();
            shares.into_iter().flat_map(|share| share.join().unwrap()).collect()
        })
    }
}

/// Deliveries of several workspaces, in turn.
#[derive(Clone)]
pub struct Deliveries {
    requests: Arc<Vec<Vec<u8>>>,
    id_at: usize,
}

impl Deliveries {
    /// Writes the n-th: the next workspace's, about an entity that nobody has seen.
    pub fn write(&self, number: usize, into: &mut Vec<u8>) {
        let request = &self.requests[number % self.requests.len()];
        into.extend_from_slice(request);
        let mut id = number as u64;
        // Tokens are equally long, so the id stands at the same place in all of them.
        for place in into[self.id_at..self.id_at + BLANK_ID.len()].iter_mut().rev() {
            *place = b"0123456789abcdef"[(id % 16) as usize];
            id /= 16;
        }
    }
}

async fn send(service: SocketAddr, connections: usize, calls: Vec<Vec<u8>>) -> Outcome {
    let count = calls.len();
    run(service, connections.min(count), Until::Sent(count), move |number, into| into.extend_from_slice(&calls[number])).await
}

/// The id of a workspace.
pub fn workspace(number: usize) -> WorkspaceId {
    WorkspaceId::parse(&format!("{:024x}", 0x5b64_0000_0000_u64 + number as u64)).unwrap()
}

fn grant(number: usize) -> Grant {
    Grant {
        addon_key: "universal-webhook-api".into(),
        workspace: workspace(number),
        addon_id: AddonId::parse(&format!("{:024x}", 0x64b6_0000_0000_u64 + number as u64)).unwrap(),
    }
}

/// A condition, and one call that may be repeated.
pub fn note_what_is_billable() -> Value {
    json!({
        "name": "note what is billable", "trigger_event_types": ["NEW_TIME_ENTRY"],
        "conditions": {"rules": [{"field": "$.billable", "operator": "==", "value": true}]},
        "actions": [{"type": "CLOCKIFY_API", "operation_id": "updateTimeEntry", "params": {
            "path": {"id": "$.webhook.id"},
            "body": {"start": "$.webhook.timeInterval.start", "description": "{{ $.webhook.description }}, seen"},
        }}],
    })
}

/// 1.6 KB, as the platform sends them.
fn payload(grant: &Grant) -> String {
    let workspace = grant.workspace;
    let mut payload = json!({
        "id": BLANK_ID, "description": "Weekly planning with the team", "tagIds": ["5f118b747db7a8637ffcaf33"],
        "userId": "5ef1cf219f130f232cc34ddc", "billable": true, "taskId": "5f1189847db7a8637ffcaf25", "projectId": "5f11849d4e759e12c40733d5",
        "timeInterval": {"start": "2026-07-17T11:35:01Z", "end": "2026-07-17T12:35:01Z", "duration": "PT1H"},
        "workspaceId": workspace, "isLocked": false, "hourlyRate": null, "costRate": null,
        "customFieldValues": [{"customFieldId": "5f118d9a7db7a8637ffcaf47", "timeEntryId": "5f118de07db7a8637ffcaf59", "value": "R&D", "name": "Cost centre"}],
        "project": {"name": "Roadmap", "clientId": "5f1183584e759e12c40733cb", "clientName": "Client", "workspaceId": workspace, "billable": true,
            "estimate": {"estimate": "PT0S", "type": "AUTO"}, "color": "#795548", "archived": false, "duration": "PT0S", "note": "", "id": "5f11849d4e759e12c40733d5"},
        "task": {"name": "Planning", "workspaceId": workspace, "projectId": "5f11849d4e759e12c40733d5", "assigneeIds": ["5bf6d2b9b079876a34621635"],
            "estimate": "PT0S", "status": "ACTIVE", "duration": "PT0S", "id": "5f1189847db7a8637ffcaf25"},
        "user": {"name": "User", "id": "5ef1cf219f130f232cc34ddc", "status": "ACTIVE"},
        "tags": [{"name": "meeting", "workspaceId": workspace, "archived": false, "id": "5f118b747db7a8637ffcaf33"}],
    });
    let missing = 1_600_usize.saturating_sub(payload.to_string().len());
    payload["project"]["note"] = "n".repeat(missing).into();
    payload.to_string()
}
