//! What the tests of the simulated API stand on: a workspace with an add-on that may do everything, and valid calls of every operation, made from the
//! official description.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actors::clock::Timestamp;
use actors::ids::AddonId;
use actors::operation::{Catalogue, Media, Operation, Place};
use actors::secret::Secret;
use actors::testing::clock::ManualClock;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::super::answer::Refusal;
use super::super::call::Call;
use super::super::catalogue::catalogue;
use super::super::members::Members;
use super::super::token::Pass;
use super::super::workspace::{Shelf, Workspace, text, wire_time};
use super::super::world::{Hook, Installation, Status, World};
use super::{Played, play, webhooks};
use crate::sandbox::authority::{Grant, Urls};

const NOW: i64 = 1_790_000_000;
const FORM: &str = "multipart/form-data; boundary=x";

/// The catalogue, read once.
pub fn operations() -> &'static Catalogue {
    static OPERATIONS: LazyLock<Catalogue> = LazyLock::new(catalogue);
    &OPERATIONS
}

/// A workspace with an add-on.
pub struct Stand {
    /// Where it is.
    pub world: World,
    pass: Pass,
}

impl Stand {
    /// A demo workspace with an add-on that may do everything.
    pub fn set() -> Self {
        let now = Timestamp::from_seconds(NOW);
        let mut world = World::new(Urls::below("http://127.0.0.1:1"), 0.5);
        let workspace = world.add_workspace(now).unwrap();
        let addon_id = AddonId::parse(&world.ids.next(now)).unwrap();
        let user = world.workspaces[&workspace].owner().unwrap().to_owned();
        let grant = Grant { addon_key: "sample".into(), workspace, addon_id };
        let installation = Installation {
            grant,
            base_url: "http://127.0.0.1:1".into(),
            token: Secret::new("t".to_owned()),
            addon_user: user.clone(),
            as_user: user.clone(),
            scopes: operations().iter().filter_map(|operation| operation.scope.clone()).collect(),
            hooks: vec![Hook { event: "NEW_TAG".into(), path: "/webhooks/new-tag".into(), token: Secret::new("h".to_owned()) }],
            lifecycle: BTreeMap::new(),
            page: "/ui".into(),
            settings: json!({}),
            status: Status::Active,
        };
        world.installations.insert(addon_id, installation);
        Self { world, pass: Pass { workspace, addon_id, user, role: None, in_person: false, expires_at: None } }
    }

    fn workspace(&mut self) -> &mut Workspace {
        self.world.workspaces.get_mut(&self.pass.workspace).unwrap()
    }

    /// The first entity of a kind.
    fn first(&mut self, shelf: Shelf) -> Value {
        self.workspace().all(shelf).next().cloned().unwrap_or_default()
    }

    fn change(&mut self, shelf: Shelf, name: &str, value: Value) {
        let mut entity = self.first(shelf);
        entity.set(name, value);
        self.workspace().put(shelf, entity);
    }

    fn call(&mut self, operation: &Operation, ids: &Ids, query: Vec<(String, String)>, body: &Value) -> Result<Played, Refusal> {
        let path = operation.path_parameters().map(|name| (name.to_owned(), ids.of_path(operation, name))).collect();
        let (kind, body) = match operation.body.as_ref().map(|body| body.media) {
            Some(Media::Multipart) => (FORM, form(body)),
            Some(Media::Json) => ("application/json", Bytes::from(body.to_string())),
            None => ("", Bytes::new()),
        };
        let now = Timestamp::from_seconds(NOW);
        if operation.path.contains("/webhooks") {
            let ids = |path: &str, name: &str| path.replace(&format!("{{{name}}}"), &ids.of_path(operation, name));
            let path = operation.path_parameters().fold(operation.path.clone(), |path, name| ids(&path, name));
            let (rest, pass) = (webhooks::below(&path, &self.pass).unwrap().to_owned(), self.pass.clone());
            let reply = webhooks::answer(&mut self.world, &ManualClock::new(now), &pass, operation.method.as_str(), &rest, &body, now)?;
            return Ok((reply, Vec::new(), pass.workspace));
        }
        let operation = std::sync::Arc::new(operation.clone());
        let call = Call { operation, path, query, body: Value::Null, files: Vec::new(), pass: self.pass.clone(), now };
        play(&mut self.world, call, kind, &body)
    }

    /// Brings the workspace to where the operation can be called: archives what is deleted, starts what is stopped.
    fn prepare(&mut self, operation: &str) {
        match operation {
            "deleteClient" => self.change(Shelf::Clients, "archived", json!(true)),
            "deleteProject" => self.change(Shelf::Projects, "archived", json!(true)),
            "deleteCategory" => self.change(Shelf::Categories, "archived", json!(true)),
            "deleteTask" => self.change(Shelf::Tasks, "status", json!("DONE")),
            "stopRunningTimeEntry" | "getInProgressTimeEntries" => {
                self.change(
                    Shelf::TimeEntries,
                    "timeInterval",
                    json!({"start": wire_time(Timestamp::from_seconds(NOW - 60)), "end": null, "duration": null}),
                );
            }
            "publishAssignments" => {
                let owner = self.pass.user.clone();
                self.change(Shelf::Assignments, "userId", json!(owner));
            }
            _ => {}
        }
    }
}

/// Ids of entities of the workspace, by the names under which calls mention them.
struct Ids(BTreeMap<&'static str, String>);

impl Ids {
    fn of(stand: &mut Stand) -> Self {
        let mut ids = BTreeMap::from([("workspaceId", stand.pass.workspace.to_string()), ("addonId", stand.pass.addon_id.to_string())]);
        for (name, shelf) in [
            ("userId", Shelf::Users),
            ("projectId", Shelf::Projects),
            ("taskId", Shelf::Tasks),
            ("tagId", Shelf::Tags),
            ("clientId", Shelf::Clients),
            ("timeEntryId", Shelf::TimeEntries),
            ("customFieldId", Shelf::CustomFields),
            ("userGroupId", Shelf::Groups),
            ("expenseId", Shelf::Expenses),
            ("categoryId", Shelf::Categories),
            ("invoiceId", Shelf::Invoices),
            ("paymentId", Shelf::Payments),
            ("approvalRequestId", Shelf::Approvals),
            ("policyId", Shelf::Policies),
            ("requestId", Shelf::TimeOffRequests),
            ("holidayId", Shelf::Holidays),
            ("assignmentId", Shelf::Assignments),
            ("sharedReportId", Shelf::SharedReports),
        ] {
            ids.insert(name, text(&stand.first(shelf), "id").to_owned());
        }
        ids.insert("webhookId", stand.world.subscriptions.keys().next().cloned().unwrap_or_default());
        ids.insert("fileId", text(&stand.first(Shelf::Expenses), "fileId").to_owned());
        Self(ids)
    }

    fn get(&self, name: &str) -> Option<&String> {
        self.0.get(name)
    }

    /// A path parameter. What is called `id` is of the noun before it.
    fn of_path(&self, operation: &Operation, name: &str) -> String {
        let noun = operation.path.split("/{id}").next().and_then(|before| before.rsplit('/').next()).unwrap_or_default();
        let name = match (name, noun) {
            ("id", "clients") => "clientId",
            ("id", "tags") => "tagId",
            ("id", "tasks") => "taskId",
            ("id", "time-entries") => "timeEntryId",
            ("id", "user-groups") => "userGroupId",
            ("id", "policies") => "policyId",
            ("id", "shared-reports") => "sharedReportId",
            (name, _) => name,
        };
        self.get(name).cloned().unwrap_or_else(|| panic!("{}: {name}", operation.id))
    }
}

fn form(fields: &Value) -> Bytes {
    let mut body = String::new();
    for (name, value) in fields.as_object().into_iter().flatten() {
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for value in values {
            let file = if name == "file" { "; filename=\"a.png\"\r\nContent-Type: image/png" } else { "" };
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            body += &format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n");
        }
    }
    Bytes::from(body + "--x--\r\n")
}

/// A value that a parameter or a member of a body takes.
fn value(name: &str, ids: &Ids) -> Option<Value> {
    let at = |seconds: i64| json!(wire_time(Timestamp::from_seconds(NOW + seconds)));
    let week = 7 * 86_400;
    Some(match name {
        "start" | "dateRangeStart" | "issuedDate" => at(-week),
        "end" | "dateRangeEnd" | "dueDate" => at(0),
        "periodStart" => at(week),
        "date" | "paymentDate" | "since" => at(0),
        "startDate" | "endDate" => json!("2026-12-24"),
        "color" => json!("#03A9F4"),
        "currency" => json!("EUR"),
        "tagIds" => json!([ids.get("tagId")]),
        "userIds" | "assigneeIds" | "ids" => json!([ids.get("userId")]),
        "timeEntryIds" => json!([ids.get("timeEntryId")]),
        "assigneeId" => json!(ids.get("userId")),
        "value" | "defaultValue" | "workspaceDefaultValue" => json!(1),
        "email" => json!("somebody.new@lighthouse.example"),
        "page" => json!(1),
        "pageSize" => json!(50),
        "days" => json!(2),
        "weeks" => json!(3),
        "estimate" => json!("PT1H"),
        "assigned-to" => json!(ids.get("userId")),
        "id" => json!(ids.get("timeEntryId")),
        "time-entry-ids" => json!(ids.get("timeEntryId")),
        "userLocale" => json!("en"),
        "include-roles" | "send-email" => json!("false"),
        name => json!(ids.get(name)?),
    })
}

/// A body of the official form, with all of its members.
fn sample(document: &Value, schema: &Value, name: &str, ids: &Ids, whole: bool) -> Value {
    let schema = resolved(document, schema);
    if let Some(variant) = schema["oneOf"].get(0) {
        return sample(document, variant, name, ids, whole);
    }
    if schema["properties"].is_null()
        && let Some(known) = value(name, ids).filter(|known| match schema["type"].as_str() {
            Some("string") => known.is_string(),
            Some("array") => known.is_array(),
            _ => known.is_number(),
        })
    {
        return known;
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let members =
                schema["properties"].as_object().into_iter().flatten().filter(|(name, _)| whole || required.contains(&json!(name)));
            members.map(|(name, inner)| (name.clone(), sample(document, inner, name, ids, whole))).collect::<Map<_, _>>().into()
        }
        Some("array") => json!([sample(document, &schema["items"], name, ids, whole)]),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        _ if schema["enum"].is_array() => schema["enum"][0].clone(),
        _ => json!(format!("Sample {name}")),
    }
}

/// What a schema refers to.
pub fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(reference) => resolved(document, document.pointer(reference.trim_start_matches('#')).unwrap()),
        None => schema,
    }
}

/// The official description.
pub fn document() -> Option<Value> {
    crate::sandbox::reference("clockify/openapi.json").map(|file| serde_json::from_slice(&file).unwrap())
}

/// Calls an operation as the official description has it: the answer and what happened, or why there is none.
pub fn answer(document: &Value, operation: &Operation) -> Result<Played, Refusal> {
    let mut stand = Stand::set();
    (stand.world.habits.refuses_addons, stand.world.habits.pto_gone) = (false, false);
    stand.prepare(&operation.id);
    // Payments, shared reports and webhooks are not there from the start.
    for needed in ["createInvoicePayment", "saveSharedReportV1", "createWebhook"] {
        let (ids, needed) = (Ids::of(&mut stand), operations().get(needed).unwrap());
        let (_, mut body) = request(document, needed, &ids);
        // Of a shared report only this kind is described.
        body.set("type", json!("SUMMARY"));
        body.set("name", json!("the first"));
        stand.call(needed, &ids, Vec::new(), &body).unwrap();
    }
    let mut ids = Ids::of(&mut stand);
    if operation.id == "removeMember" {
        let member = stand.workspace().with_role("MEMBER").unwrap().to_owned();
        ids.0.insert("userId", member);
    }
    let (query, body) = request(document, operation, &ids);
    stand.call(operation, &ids, query, &body)
}

fn request(document: &Value, operation: &Operation, ids: &Ids) -> (Vec<(String, String)>, Value) {
    let needed = operation.parameters.iter().filter(|parameter| parameter.place == Place::Query && parameter.required);
    let query = needed.map(|parameter| {
        let value = if parameter.name == "type" {
            json!("TIME_ENTRY")
        } else {
            value(&parameter.name, ids).unwrap_or_else(|| panic!("{}", parameter.name))
        };
        (parameter.name.clone(), value.as_str().unwrap().to_owned())
    });
    let official = &document["paths"][&operation.path][operation.method.as_str().to_lowercase()];
    let content = official["requestBody"]["content"].as_object().and_then(|content| content.values().next());
    // A search with every filter finds nothing, and then there is nothing to look at.
    let searches = operation.scope.as_deref().is_some_and(|scope| scope.ends_with("_READ"));
    let body = content.map(|content| sample(document, &content["schema"], "", ids, !searches)).unwrap_or_default();
    (query.collect(), body)
}

/// What an official payload has and ours lacks, at any depth. Ours may say more, and null where the other has something.
pub fn lacking(official: &Value, ours: &Value, at: &str, found: &mut Vec<String>) {
    match (official, ours) {
        (Value::Object(official), Value::Object(ours)) => {
            for (name, value) in official {
                let at = format!("{at}.{name}");
                match ours.get(name) {
                    Some(ours) => lacking(value, ours, &at, found),
                    None => found.push(format!("{at} is missing")),
                }
            }
        }
        (Value::Array(official), Value::Array(ours)) => {
            if let (Some(official), Some(ours)) = (official.first(), ours.first()) {
                lacking(official, ours, &format!("{at}[]"), found);
            }
        }
        (_, Value::Null) | (Value::Null, _) => {}
        _ if official.is_object() != ours.is_object() || official.is_array() != ours.is_array() => {
            found.push(format!("{at} is of another kind"))
        }
        _ => {}
    }
}
