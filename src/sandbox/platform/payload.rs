//! Webhook payloads: bare entities in the shapes that the platform sends, from the simulated workspace's own data.

use actors::clock::Timestamp;
use actors::event::{KNOWN, Known};
use serde_json::{Value, json};

use super::api::{clients, money, tasks, users};
use super::members::Members;
use super::workspace::{ObjectIds, Shelf, Workspace, object, text, wire_duration, wire_time};

/// A time entry: project, task, user and tags nested, the interval with its zone.
pub fn time_entry(workspace: &Workspace, entry: &Value) -> Value {
    let mut payload = hydrated(workspace, entry);
    let zone = workspace.get(Shelf::Users, text(entry, "userId")).map(|user| user.at("settings").at("timeZone").clone());
    payload.set_in("timeInterval", "timeZone", zone.unwrap_or_default());
    payload.set("currentlyRunning", json!(entry.at("timeInterval").at("end").is_null()));
    if let Some(values) = payload.list_mut("customFieldValues") {
        for value in values {
            value.as_object_mut().map(|value| value.shift_remove("type"));
        }
    }
    payload
}

/// A time entry with project, task, user and tags nested.
pub fn hydrated(workspace: &Workspace, entry: &Value) -> Value {
    let mut payload = entry.clone();
    payload.set("project", nested(workspace, Shelf::Projects, entry, "projectId", &PROJECT));
    payload.set("task", nested(workspace, Shelf::Tasks, entry, "taskId", &TASK));
    payload.set("user", nested(workspace, Shelf::Users, entry, "userId", &["id", "name", "status"]));
    let tags = entry.at("tagIds").as_array().into_iter().flatten().filter_map(Value::as_str);
    payload.set("tags", tags.filter_map(|tag| workspace.get(Shelf::Tags, tag)).cloned().collect());
    payload
}

/// A time entry that is gone: `userId` is its owner, and the ids of task and tags are there only nested.
pub fn deleted_time_entry(workspace: &Workspace, entry: &Value) -> Value {
    let mut payload = object(&time_entry(workspace, entry));
    payload.shift_remove("tagIds");
    payload.shift_remove("taskId");
    Value::Object(payload)
}

const PROJECT: [&str; 14] = [
    "name",
    "clientId",
    "clientName",
    "workspaceId",
    "billable",
    "estimate",
    "color",
    "archived",
    "duration",
    "note",
    "id",
    "public",
    "template",
    "hourlyRate",
];
const TASK: [&str; 8] = ["name", "projectId", "assigneeIds", "assigneeId", "userGroupIds", "estimate", "status", "id"];

fn nested(workspace: &Workspace, shelf: Shelf, entry: &Value, name: &str, members: &[&str]) -> Value {
    let Some(whole) = workspace.get(shelf, text(entry, name)) else { return Value::Null };
    members.iter().map(|member| ((*member).to_owned(), whole.at(member).clone())).collect()
}

/// A project: tasks and client nested.
pub fn project(workspace: &Workspace, project: &Value) -> Value {
    let mut payload: Value = PROJECT.iter().map(|member| ((*member).to_owned(), project.at(member).clone())).collect();
    let own = |task: &&Value| text(task, "projectId") == text(project, "id");
    payload.set("tasks", workspace.all(Shelf::Tasks).filter(own).map(tasks::payload).collect());
    payload.set("client", workspace.get(Shelf::Clients, text(project, "clientId")).map_or(Value::Null, clients::payload));
    payload
}

/// An entity that is kept in outline. Some events carry no more than ids.
pub fn outlined(event: &str, entity: &Value) -> Value {
    let pick = |own_id: &str, others: &[&str]| {
        let mut picked =
            json!({"workspaceId": entity.at("workspaceId"), "userId": entity.at("userId"), "projectId": entity.at("projectId")});
        picked.set(own_id, entity.at("id").clone());
        others.iter().for_each(|name| picked.set(name, entity.at(name).clone()));
        picked
    };
    match event {
        "EXPENSE_DELETED" | "EXPENSE_UPDATED" => pick("expenseId", &["categoryId"]),
        _ if event.starts_with("ASSIGNMENT_") => pick("assignmentId", &[]),
        "NEW_INVOICE" | "INVOICE_UPDATED" => {
            let mut invoice = object(entity);
            ["workspaceId", "balance", "paid"].iter().for_each(|name| drop(invoice.shift_remove(*name)));
            Value::Object(invoice)
        }
        _ => entity.clone(),
    }
}

/// A payload for any event type, out of the workspace's data. What a `NEW_…` event tells of is made first, so that it can be read and changed
/// afterwards.
pub fn sample(workspace: &mut Workspace, event: &Known, ids: &mut ObjectIds, now: Timestamp) -> Value {
    let fresh = event.name.starts_with("NEW_") || matches!(event.name, "TIME_ENTRY_RESTORED" | "TIME_ENTRY_SPLIT" | "USER_GROUP_CREATED");
    let mut one = |shelf: Shelf| {
        let mut entity = workspace.all(shelf).last().cloned().unwrap_or_else(|| json!({"workspaceId": workspace.id}));
        if fresh {
            entity.set("id", json!(ids.next(now)));
        }
        if shelf == Shelf::TimeEntries && fresh {
            let end = (event.name != "NEW_TIMER_STARTED").then(|| wire_time(now));
            let duration = end.as_ref().map(|_| wire_duration(1_800));
            let start = wire_time(now - std::time::Duration::from_secs(1_800));
            entity.set("timeInterval", json!({"start": start, "end": end, "duration": duration}));
        }
        if fresh {
            workspace.put(shelf, entity.clone());
        }
        entity
    };
    match event.entity {
        "time_entry" => {
            let entry = one(Shelf::TimeEntries);
            match event.name {
                "TIME_ENTRY_BATCH_DELETED" => json!({"timeEntryIds": [entry.at("id")]}),
                "TIME_ENTRY_DELETED" => deleted_time_entry(workspace, &entry),
                _ => time_entry(workspace, &entry),
            }
        }
        "project" => {
            let whole = one(Shelf::Projects);
            project(workspace, &whole)
        }
        "client" => clients::payload(&one(Shelf::Clients)),
        "tag" => one(Shelf::Tags),
        "task" => tasks::payload(&one(Shelf::Tasks)),
        "user_group" => one(Shelf::Groups),
        "user" => person(&one(Shelf::Users), event.name),
        "workspace" => invitation(workspace, event.name),
        "rate" => rate(workspace, event.name, now),
        "balance" => {
            let user = text(&one(Shelf::Users), "id").to_owned();
            json!({"workspaceId": workspace.id, "userId": user, "value": "2", "note": "Overtime", "updatedBy": workspace.owner()})
        }
        kind => outlined(event.name, &one(outline_shelf(kind))),
    }
}

fn outline_shelf(kind: &str) -> Shelf {
    match kind {
        "expense" => Shelf::Expenses,
        "invoice" => Shelf::Invoices,
        "approval_request" => Shelf::Approvals,
        "assignment" => Shelf::Assignments,
        _ => Shelf::TimeOffRequests,
    }
}

fn person(user: &Value, event: &str) -> Value {
    match event {
        "USER_ACTIVATED_ON_WORKSPACE" | "USER_DEACTIVATED_ON_WORKSPACE" | "USER_JOINED_WORKSPACE" => users::with_settings(user),
        "USER_EMAIL_CHANGED" => {
            let mut person = users::payload(user);
            person.set("oldEmail", json!("former.address@lighthouse.example"));
            person
        }
        _ => users::payload(user),
    }
}

fn invitation(workspace: &Workspace, event: &str) -> Value {
    let inviter = workspace.owner().and_then(|owner| workspace.get(Shelf::Users, owner)).map(users::with_settings).unwrap_or_default();
    if event == "LIMITED_USERS_ADDED_TO_WORKSPACE" {
        json!({"workspaceId": workspace.id, "inviter": inviter, "invitedUserNames": ["Front desk tablet"]})
    } else {
        json!({"workspaceId": workspace.id, "inviter": inviter, "invitedUserEmails": ["new.colleague@lighthouse.example"]})
    }
}

fn rate(workspace: &Workspace, event: &str, now: Timestamp) -> Value {
    let project = workspace.all(Shelf::Projects).next().cloned().unwrap_or_default();
    let mut member = project.at("memberships").get(0).cloned().unwrap_or_default();
    let field = if event.starts_with("COST") { "costRate" } else { "hourlyRate" };
    member.set(field, json!({"amount": 9_000}));
    money::rate_payload(&workspace.id.to_string(), "PROJECT_MEMBER", member, 9_000, json!(wire_time(now)))
}

/// The event type of this name.
pub fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

#[cfg(test)]
mod tests {
    use actors::event::Facts;
    use actors::ids::WorkspaceId;

    use super::super::seed;
    use super::*;

    fn workspace() -> (Workspace, ObjectIds, Timestamp) {
        let (mut ids, now) = (ObjectIds::new(0.5), Timestamp::from_seconds(1_790_000_000));
        let id = WorkspaceId::parse(&ids.next(now)).unwrap();
        (seed::demo(id, &mut ids, now), ids, now)
    }

    #[test]
    fn every_event_type_has_a_payload_that_the_road_can_read() {
        let (mut workspace, mut ids, now) = workspace();
        for event in &KNOWN {
            let body = sample(&mut workspace, event, &mut ids, now).to_string();
            let facts = Facts::read(body.as_bytes(), event.entity).unwrap();
            assert!(facts.agrees_with(workspace.id), "{}", event.name);
            let without_id = matches!(event.entity, "workspace" | "rate") || event.name == "TIME_ENTRY_BATCH_DELETED";
            assert_eq!(facts.entity_id.is_some(), !without_id, "{}: {body}", event.name);
        }
    }

    /// The official samples have this shape; ours may say more but nothing of theirs is missing.
    #[test]
    fn payloads_have_every_member_that_the_official_samples_have() {
        let Some(samples) = crate::sandbox::reference("clockify/webhook-samples.json") else { return };
        let samples: Value = serde_json::from_slice(&samples).unwrap();
        let (mut workspace, mut ids, now) = workspace();
        for event in KNOWN.iter().filter(|event| event.name != "TIME_ENTRY_BATCH_DELETED") {
            let Some(official) = samples.get(event.name) else { continue };
            let ours = sample(&mut workspace, event, &mut ids, now);
            let removed = ["tagIds", "taskId"].iter().filter(|_| event.name == "TIME_ENTRY_DELETED").collect::<Vec<_>>();
            for name in official.as_object().unwrap().keys().filter(|name| !removed.contains(&&name.as_str())) {
                assert!(ours.get(name).is_some(), "{}: {name} is missing", event.name);
            }
        }
    }
}
