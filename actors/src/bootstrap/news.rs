//! What webhooks say of entities, so that the cache stays fresh between bootstraps.

use serde_json::Value;

use super::page::name;
use crate::clock::Timestamp;
use crate::entity::{Entity, EntityChange, EntityId, EntityType};
use crate::event::EventType;

/// What an event does to its entity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum News {
    /// Its payload is how it is now.
    Seen(&'static str),
    /// It has been deleted.
    Gone(&'static str),
}

/// What an event says of an entity of the cache. `None`: nothing, or not the whole of it.
pub fn of(event_type: &EventType) -> Option<News> {
    Some(match event_type.as_str() {
        "NEW_TIME_ENTRY" | "TIME_ENTRY_UPDATED" | "NEW_TIMER_STARTED" | "TIMER_STOPPED" | "TIME_ENTRY_RESTORED" => {
            News::Seen("time-entries")
        }
        "TIME_ENTRY_DELETED" => News::Gone("time-entries"),
        "NEW_PROJECT" | "PROJECT_UPDATED" => News::Seen("projects"),
        "PROJECT_DELETED" => News::Gone("projects"),
        "NEW_TASK" | "TASK_UPDATED" => News::Seen("tasks"),
        "TASK_DELETED" => News::Gone("tasks"),
        "NEW_CLIENT" | "CLIENT_UPDATED" => News::Seen("clients"),
        "CLIENT_DELETED" => News::Gone("clients"),
        "NEW_TAG" | "TAG_UPDATED" => News::Seen("tags"),
        "TAG_DELETED" => News::Gone("tags"),
        "USER_JOINED_WORKSPACE"
        | "USER_UPDATED"
        | "USER_EMAIL_CHANGED"
        | "USER_ACTIVATED_ON_WORKSPACE"
        | "USER_DEACTIVATED_ON_WORKSPACE" => News::Seen("users"),
        "USER_DELETED_FROM_WORKSPACE" => News::Gone("users"),
        "USER_GROUP_CREATED" | "USER_GROUP_UPDATED" => News::Seen("user-groups"),
        "USER_GROUP_DELETED" => News::Gone("user-groups"),
        "EXPENSE_CREATED" | "EXPENSE_UPDATED" | "EXPENSE_RESTORED" => News::Seen("expenses"),
        "EXPENSE_DELETED" => News::Gone("expenses"),
        "NEW_INVOICE" | "INVOICE_UPDATED" => News::Seen("invoices"),
        "NEW_APPROVAL_REQUEST" | "APPROVAL_REQUEST_STATUS_UPDATED" => News::Seen("approval-requests"),
        _ => return None,
    })
}

/// Reads a payload.
pub fn change(news: News, payload: &[u8], at: Timestamp) -> Option<EntityChange> {
    let data: Value = serde_json::from_slice(payload).ok()?;
    let (News::Seen(kind) | News::Gone(kind)) = news;
    let kind = EntityType::parse(kind).ok()?;
    let own = |field: &str| EntityId::parse(data.get(field)?.as_str()?).ok();
    let id = own("id").or_else(|| own("expenseId").filter(|_| kind.as_str() == "expenses"))?;
    Some(match news {
        News::Gone(_) => EntityChange::Gone { kind, id, at },
        News::Seen(_) => {
            let parent = own("projectId").filter(|_| kind.as_str() == "tasks");
            EntityChange::Seen(Entity { name: name(&data), parent, kind, id, data, fetched_at: at })
        }
    })
}

/// Fields of a payload that name an entity of the cache, and its type.
const FIELDS: [(&str, &str); 10] = [
    ("projectId", "projects"),
    ("clientId", "clients"),
    ("taskId", "tasks"),
    ("userId", "users"),
    ("tagId", "tags"),
    ("tagIds", "tags"),
    ("userIds", "users"),
    ("assigneeIds", "users"),
    ("userGroupIds", "user-groups"),
    ("invoiceId", "invoices"),
];
/// Objects within a payload that are entities themselves.
const OBJECTS: [(&str, &str); 6] =
    [("project", "projects"), ("client", "clients"), ("task", "tasks"), ("user", "users"), ("tags", "tags"), ("invoice", "invoices")];

/// An entity that a payload names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mentioned {
    /// Its type.
    pub kind: EntityType,
    /// Its id.
    pub id: EntityId,
    /// What the payload itself calls it.
    pub name: Option<String>,
    /// Where it stands, as JSONPath.
    pub path: String,
}

/// Entities that the payload of an event names, itself first; each once, at most `mentioned_max`.
pub fn mentioned(event_type: &EventType, payload: &Value, mentioned_max: usize) -> Vec<Mentioned> {
    let mut found: Vec<Mentioned> = Vec::new();
    let mut add = |kind: &str, id: Option<&str>, name: Option<&str>, path: String| {
        let (Some(Ok(id)), Ok(kind)) = (id.map(EntityId::parse), EntityType::parse(kind)) else { return };
        if found.len() < mentioned_max && !found.iter().any(|known| known.kind == kind && known.id == id) {
            found.push(Mentioned { kind, id, name: name.map(str::to_owned), path });
        }
    };
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    if let Some(News::Seen(kind) | News::Gone(kind)) = of(event_type) {
        add(kind, text(payload, "id").as_deref(), name(payload).as_deref(), "$.id".into());
    }
    for (field, kind) in OBJECTS {
        match payload.get(field) {
            Some(object @ Value::Object(_)) => add(kind, text(object, "id").as_deref(), name(object).as_deref(), format!("$.{field}.id")),
            Some(Value::Array(objects)) => objects.iter().enumerate().for_each(|(index, object)| {
                add(kind, text(object, "id").as_deref(), name(object).as_deref(), format!("$.{field}[{index}].id"))
            }),
            _ => {}
        }
    }
    for (field, kind) in FIELDS {
        match payload.get(field) {
            Some(Value::String(id)) => add(kind, Some(id), None, format!("$.{field}")),
            Some(Value::Array(ids)) => {
                ids.iter().enumerate().for_each(|(index, id)| add(kind, id.as_str(), None, format!("$.{field}[{index}]")));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(name: &str) -> EventType {
        EventType::parse(name).unwrap()
    }

    #[test]
    fn a_payload_is_its_entity_and_a_deletion_takes_it_away() {
        let at = Timestamp::from_seconds(1);
        let payload = json!({"id": "t1", "name": "Build", "projectId": "p1"}).to_string();
        let Some(EntityChange::Seen(task)) = change(of(&event("NEW_TASK")).unwrap(), payload.as_bytes(), at) else { panic!() };
        assert_eq!((task.kind.as_str(), task.id.as_str(), task.parent.unwrap().as_str()), ("tasks", "t1", "p1"));
        let gone = change(of(&event("TASK_DELETED")).unwrap(), payload.as_bytes(), at).unwrap();
        assert!(matches!(gone, EntityChange::Gone { .. }));
        assert_eq!(of(&event("COST_RATE_UPDATED")), None);
        assert_eq!(change(News::Seen("tags"), b"{}", at), None);
    }

    #[test]
    fn every_entity_that_a_payload_names_is_found_once_with_its_place() {
        let payload = json!({
            "id": "e1", "description": "Standup", "projectId": "p1", "userId": "u1", "project": {"id": "p1", "name": "Shop"},
            "tags": [{"id": "g1", "name": "a"}, {"id": "g2"}], "tagIds": ["g1", "g3", 7], "taskId": null,
        });
        let found = mentioned(&event("NEW_TIME_ENTRY"), &payload, 50);
        let short: Vec<_> = found.iter().map(|one| (one.kind.as_str(), one.id.as_str(), one.name.as_deref(), one.path.as_str())).collect();
        assert_eq!(
            short,
            [
                ("time-entries", "e1", Some("Standup"), "$.id"),
                ("projects", "p1", Some("Shop"), "$.project.id"),
                ("tags", "g1", Some("a"), "$.tags[0].id"),
                ("tags", "g2", None, "$.tags[1].id"),
                ("users", "u1", None, "$.userId"),
                ("tags", "g3", None, "$.tagIds[1]"),
            ]
        );
        assert_eq!(mentioned(&event("NEW_TIME_ENTRY"), &payload, 2).len(), 2);
    }
}
