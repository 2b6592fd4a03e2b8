//! What a fresh workspace holds: a small agency with people, projects, tags and a week of work; or any number of entities, for load.

use std::time::Duration;

use actors::clock::Timestamp;
use actors::ids::WorkspaceId;
use serde_json::{Value, json};

use super::api::outline;
use super::members::Members;
use super::workspace::{ObjectIds, Shelf, Workspace, membership, text, wire_duration, wire_time};

const PEOPLE: [(&str, &str); 4] =
    [("Olivia Owner", "OWNER"), ("Ada Admin", "WORKSPACE_ADMIN"), ("Max Member", "MEMBER"), ("Mia Member", "MEMBER")];
const CLIENTS: [&str; 2] = ["Northwind Bakery", "Harbour Museum"];
const PROJECTS: [(&str, usize, &str); 4] =
    [("Website relaunch", 0, "#03A9F4"), ("Online shop", 0, "#8BC34A"), ("Audio guide", 1, "#FF9800"), ("Ticketing", 1, "#795548")];
const TASKS: [&str; 2] = ["Design", "Build"];
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
    let tags: Vec<Value> =
        TAGS.iter().map(|name| json!({"id": ids.next(now), "name": name, "workspaceId": id, "archived": false})).collect();
    let field = json!({
        "id": ids.next(now), "name": "Ticket", "workspaceId": id, "type": "TXT", "entityType": "TIMEENTRY", "status": "VISIBLE", "required": false,
        "onlyAdminCanEdit": false, "description": "", "placeholder": "", "allowedValues": [], "workspaceDefaultValue": null, "projectDefaultValues": [],
    });
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

/// One of each kind that the simulator keeps in outline only.
fn paperwork(workspace: &mut Workspace, ids: &mut ObjectIds, owner: &str, now: Timestamp) {
    let member = workspace.with_role("MEMBER").unwrap_or(owner).to_owned();
    let project = workspace.all(Shelf::Projects).next().map(|project| project.at("id").clone()).unwrap_or_default();
    let client = workspace.all(Shelf::Clients).next().cloned().unwrap_or_default();
    let mut made = |shelf: Shelf, user: &str, more: Value| {
        let mut entity = outline::blank(shelf, &workspace.id, &ids.next(now), user, now);
        for (name, value) in more.as_object().into_iter().flatten() {
            entity.set(name, value.clone());
        }
        workspace.put(shelf, entity.clone());
        entity.at("id").clone()
    };
    let category = made(Shelf::Categories, owner, json!({"name": "Travel"}));
    let policy = made(Shelf::Policies, owner, json!({"name": "Holidays"}));
    made(Shelf::Expenses, &member, json!({"projectId": project, "categoryId": category, "notes": "Train to the harbour", "total": 4_200}));
    let item = json!({"order": 1, "quantity": 100, "description": "Design", "unitPrice": 120_000, "amount": 120_000, "itemType": null, "timeEntryIds": []});
    let invoice = json!({"number": "2026-001", "clientId": client.at("id"), "clientName": client.at("name"), "subject": "Relaunch, first part", "subtotal": 120_000, "amount": 120_000, "balance": 120_000, "items": [item]});
    made(Shelf::Invoices, owner, invoice);
    made(Shelf::Approvals, &member, json!({}));
    made(Shelf::TimeOffRequests, &member, json!({"policyId": policy}));
    made(Shelf::Holidays, owner, json!({"name": "New Year"}));
    made(Shelf::Assignments, &member, json!({"projectId": project, "hoursPerDay": 4}));
}

/// Adds `count` entities of each of the kinds that grow: clients, projects, tags and time entries of the owner.
pub fn grow(workspace: &mut Workspace, count: usize, ids: &mut ObjectIds, now: Timestamp) {
    let (id, owner) = (workspace.id, workspace.owner().unwrap_or_default().to_owned());
    for n in 0..count {
        let client = client(&id, &ids.next(now), &format!("Client {n:05}"));
        let project = project(&id, &ids.next(now), &format!("Project {n:05}"), Some(&client), "#607D8B", std::slice::from_ref(&owner));
        let start = now - Duration::from_secs(60 * (n as u64 + 1));
        let entry = time_entry(&id, &ids.next(now), &owner, Some(text(&project, "id")), &format!("Entry {n:05}"), start, Some(60));
        workspace.put(Shelf::Tags, json!({"id": ids.next(now), "name": format!("tag {n:05}"), "workspaceId": id, "archived": false}));
        workspace.put(Shelf::TimeEntries, entry);
        workspace.put(Shelf::Projects, project);
        workspace.put(Shelf::Clients, client);
    }
}

/// A user.
pub fn user(workspace: &WorkspaceId, id: &str, name: &str) -> Value {
    let mail = format!("{}@lighthouse.example", name.to_ascii_lowercase().replace(' ', "."));
    json!({
        "id": id, "email": mail, "name": name, "profilePicture": "", "activeWorkspace": workspace, "defaultWorkspace": workspace, "status": "ACTIVE",
        "memberships": [membership(id, &workspace.to_string(), "WORKSPACE")], "customFields": [],
        "settings": {
            "weekStart": "MONDAY", "timeZone": "Europe/Berlin", "timeFormat": "HOUR24", "dateFormat": "DD.MM.YYYY", "sendNewsletter": false,
            "weeklyUpdates": false, "longRunning": true, "scheduledReports": false, "approval": true, "pto": true, "alerts": true, "reminders": true,
            "onboarding": false, "timeTrackingManual": false, "summaryReportSettings": {"group": "Project", "subgroup": "Time Entry"},
            "isCompactViewOn": false, "dashboardSelection": "ME", "dashboardViewType": "PROJECT", "dashboardPinToTop": false,
            "projectListCollapse": null, "collapseAllProjectLists": false, "groupSimilarEntriesDisabled": false, "myStartOfDay": "09:00",
            "lang": "EN", "multiFactorEnabled": false, "scheduling": true, "showOnlyWorkingDays": false, "theme": "DEFAULT",
        },
    })
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
