//! What a fresh workspace holds: a small agency with people, projects, tags, a week of work and its papers.

use std::time::Duration;

use actors::clock::Timestamp;
use actors::ids::WorkspaceId;
use bytes::Bytes;
use serde_json::{Value, json};

use super::answer::File;
use super::api::{approvals, categories, expenses, holidays, invoices, policies, scheduling, time_off};
use super::members::Members;
use super::workspace::{ObjectIds, Shelf, Workspace, membership, text, wire_duration, wire_time};

const PEOPLE: [(&str, &str); 4] =
    [("Olivia Owner", "OWNER"), ("Ada Admin", "WORKSPACE_ADMIN"), ("Max Member", "MEMBER"), ("Mia Member", "MEMBER")];
const CLIENTS: [&str; 2] = ["Northwind Bakery", "Harbour Museum"];
const PROJECTS: [(&str, usize, &str); 4] =
    [("Website relaunch", 0, "#03A9F4"), ("Online shop", 0, "#8BC34A"), ("Audio guide", 1, "#FF9800"), ("Ticketing", 1, "#795548")];
const TASKS: [&str; 2] = ["Design", "Build"];
/// A picture of one white dot.
const DOT: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\x0aIDATx\x9cc\xf8\x0f\x00\x01\x01\x01\x00\xb18\xf6\x14\x00\x00\x00\x00IEND\xaeB`\x82";
const TAGS: [&str; 4] = ["relaunch", "meeting", "support", "on site"];

/// Makes the demo workspace.
pub fn demo(id: WorkspaceId, ids: &mut ObjectIds, now: Timestamp) -> Workspace {
    let mut workspace = Workspace::new(id, "Lighthouse Studio");
    for (name, role) in PEOPLE {
        let user = user(&id, &ids.next(now), name);
        workspace.roles.insert(text(&user, "id").to_owned(), role.to_owned());
        workspace.put(Shelf::Users, user);
    }
    let everyone: Vec<String> = workspace.roles.keys().cloned().collect();
    let owner = workspace.owner().unwrap_or_default().to_owned();
    workspace
        .put(Shelf::Groups, json!({"id": ids.next(now), "name": "Studio", "workspaceId": id, "userIds": everyone, "teamManagers": []}));
    let clients: Vec<Value> = CLIENTS.iter().map(|name| client(&id, &ids.next(now), name)).collect();
    let mut projects = Vec::new();
    for (name, of, colour) in PROJECTS {
        let project = project(&id, &ids.next(now), name, clients.get(of), colour, &everyone);
        for task in TASKS {
            workspace.put(Shelf::Tasks, self::task(&ids.next(now), text(&project, "id"), task));
        }
        projects.push(project);
    }
    let tags: Vec<Value> = TAGS.iter().map(|name| tag(&id, &ids.next(now), name)).collect();
    let field = custom_field(&id, &ids.next(now), "Ticket", json!("TIMEENTRY"));
    for (n, user) in everyone.iter().enumerate() {
        let project = projects.get(n % projects.len().max(1));
        let start = now - Duration::from_secs(86_400 * (n as u64 + 1));
        let entry =
            time_entry(&id, &ids.next(now), user, project.map(|project| text(project, "id")), "Weekly planning", start, Some(5_400));
        workspace.put(Shelf::TimeEntries, entry);
    }
    workspace.put(Shelf::CustomFields, field);
    clients.into_iter().for_each(|client| workspace.put(Shelf::Clients, client));
    projects.into_iter().for_each(|project| workspace.put(Shelf::Projects, project));
    tags.into_iter().for_each(|tag| workspace.put(Shelf::Tags, tag));
    paperwork(&mut workspace, ids, &owner, now);
    workspace
}

/// One of each kind of paper that an agency has: an expense, an invoice, a request for approval, time off, a holiday and an assignment.
fn paperwork(workspace: &mut Workspace, ids: &mut ObjectIds, owner: &str, now: Timestamp) {
    let id = workspace.id;
    let member = workspace.with_role("MEMBER").unwrap_or(owner).to_owned();
    let project = workspace.all(Shelf::Projects).next().map(|project| project.at("id").clone()).unwrap_or_default();
    let client = workspace.all(Shelf::Clients).next().cloned().unwrap_or_default();
    let category = categories::blank(&id, &ids.next(now), "Travel");
    let policy = policies::blank(&id, &ids.next(now), "Holidays");
    let receipt = ids.next(now);
    workspace.put_file(&receipt, File { name: "ticket.png".into(), media_type: "image/png".into(), bytes: Bytes::from_static(DOT) });
    let mut expense = expenses::blank(&id, &ids.next(now), &member, now);
    for (name, value) in [
        ("projectId", project.clone()),
        ("categoryId", category.at("id").clone()),
        ("notes", json!("Train to the harbour")),
        ("total", json!(4_200)),
        ("fileId", json!(receipt)),
    ] {
        expense.set(name, value);
    }
    let mut invoice = invoices::blank(&id, &ids.next(now), owner, now);
    let item = json!({
        "order": 1, "quantity": 100, "description": "Design", "unitPrice": 120_000, "amount": 120_000, "applyTaxes": "NONE", "itemType": null, "timeEntryIds": [],
    });
    for (name, value) in [
        ("number", json!("2026-001")),
        ("clientId", client.at("id").clone()),
        ("clientName", client.at("name").clone()),
        ("subject", json!("Relaunch, first part")),
        ("items", json!([item])),
    ] {
        invoice.set(name, value);
    }
    invoices::add_up(&mut invoice);
    let request = time_off::blank(&id, &ids.next(now), &member, text(&policy, "id"), now);
    let holiday = holidays::blank(&id, &ids.next(now), "New Year");
    let mut assignment = scheduling::blank(&id, &ids.next(now), &member, (now, now + Duration::from_secs(86_399)));
    assignment.set("projectId", project);
    assignment.set("hoursPerDay", json!(4));
    let week = (now - Duration::from_secs(604_800), now);
    let approval = approvals::blank(workspace, &ids.next(now), &member, week, now);
    for (shelf, entity) in [
        (Shelf::Categories, category),
        (Shelf::Policies, policy),
        (Shelf::Expenses, expense),
        (Shelf::Invoices, invoice),
        (Shelf::TimeOffRequests, request),
        (Shelf::Holidays, holiday),
        (Shelf::Assignments, assignment),
        (Shelf::Approvals, approval),
    ] {
        workspace.put(shelf, entity);
    }
}

/// A tag.
pub fn tag(workspace: &WorkspaceId, id: &str, name: &str) -> Value {
    json!({"id": id, "name": name, "workspaceId": workspace, "archived": false})
}

/// A custom field of time entries or of users.
pub fn custom_field(workspace: &WorkspaceId, id: &str, name: &str, of: Value) -> Value {
    json!({
        "id": id, "name": name, "workspaceId": workspace, "type": "TXT", "entityType": of, "status": "VISIBLE", "required": false, "onlyAdminCanEdit": false,
        "description": "", "placeholder": "", "allowedValues": [], "workspaceDefaultValue": null, "projectDefaultValues": [],
    })
}

/// A user.
pub fn user(workspace: &WorkspaceId, id: &str, name: &str) -> Value {
    let mail = format!("{}@lighthouse.example", name.to_ascii_lowercase().replace(' ', "."));
    json!({
        "id": id, "email": mail, "name": name, "profilePicture": "", "activeWorkspace": workspace, "defaultWorkspace": workspace, "status": "ACTIVE",
        "memberships": [membership(id, &workspace.to_string(), "WORKSPACE")], "customFields": [],
        "settings": user_settings(),
    })
}

/// What a member has chosen for themselves.
fn user_settings() -> Value {
    let mut settings = json!({
        "weekStart": "MONDAY", "timeZone": "Europe/Berlin", "timeFormat": "HOUR24", "dateFormat": "DD.MM.YYYY", "sendNewsletter": false,
        "weeklyUpdates": false, "longRunning": true, "scheduledReports": false, "approval": true, "pto": true, "alerts": true, "reminders": true,
        "onboarding": false, "timeTrackingManual": false
    });
    let more = json!({
        "summaryReportSettings": {"group": "Project", "subgroup": "Time Entry"},
        "isCompactViewOn": false, "dashboardSelection": "ME", "dashboardViewType": "PROJECT", "dashboardPinToTop": false,
        "projectListCollapse": null, "collapseAllProjectLists": false, "groupSimilarEntriesDisabled": false, "myStartOfDay": "09:00",
        "darkTheme": false, "invoiceReminders": true,
        "projectPickerSpecialFilter": false, "projectPickerTaskFilter": false, "lang": "EN", "multiFactorEnabled": false, "scheduling": true, "showOnlyWorkingDays": false, "theme": "DEFAULT",
    });
    more.as_object().into_iter().flatten().for_each(|(name, value)| settings.set(name, value.clone()));
    settings
}

/// A client.
pub fn client(workspace: &WorkspaceId, id: &str, name: &str) -> Value {
    json!({
        "id": id, "name": name, "email": null, "workspaceId": workspace, "archived": false, "address": null, "note": null, "ccEmails": null,
        "currencyId": "64b641568b07987035750e00", "currencyCode": "EUR",
    })
}

/// A project of `client` with these members.
pub fn project(workspace: &WorkspaceId, id: &str, name: &str, client: Option<&Value>, colour: &str, members: &[String]) -> Value {
    json!({
        "id": id, "name": name, "hourlyRate": null, "costRate": null, "clientId": client.map_or("", |client| text(client, "id")),
        "clientName": client.map_or("", |client| text(client, "name")), "workspaceId": workspace, "billable": true,
        "memberships": members.iter().map(|user| membership(user, id, "PROJECT")).collect::<Vec<_>>(), "color": colour,
        "estimate": {"estimate": "PT0S", "type": "AUTO"}, "archived": false, "duration": "PT0S", "note": "",
        "timeEstimate": {"estimate": "PT0S", "type": "AUTO", "resetOption": null, "active": false, "includeNonBillable": true},
        "budgetEstimate": null, "estimateReset": null, "template": false, "public": true,
    })
}

/// A task of a project.
pub fn task(id: &str, project: &str, name: &str) -> Value {
    json!({
        "id": id, "name": name, "projectId": project, "assigneeId": null, "assigneeIds": [], "userGroupIds": [], "estimate": "PT0S", "status": "ACTIVE",
        "duration": "PT0S", "billable": true, "hourlyRate": null, "costRate": null, "budgetEstimate": 0,
    })
}

/// A time entry; without `seconds` it is a timer that runs.
pub fn time_entry(
    workspace: &WorkspaceId,
    id: &str,
    user: &str,
    project: Option<&str>,
    description: &str,
    start: Timestamp,
    seconds: Option<u64>,
) -> Value {
    json!({
        "id": id, "description": description, "tagIds": [], "userId": user, "billable": true, "taskId": null, "projectId": project,
        "workspaceId": workspace,
        "timeInterval": {
            "start": wire_time(start),
            "end": seconds.map(|seconds| wire_time(start + Duration::from_secs(seconds))),
            "duration": seconds.map(wire_duration),
        },
        "customFieldValues": [], "type": "REGULAR", "kioskId": null, "hourlyRate": null, "costRate": null, "isLocked": false,
    })
}
