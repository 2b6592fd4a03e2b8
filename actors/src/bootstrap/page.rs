//! What an answer to a page says, and what a failure means.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::entity::{Entity, EntityId, EntityType};
use crate::ids::WorkspaceId;
use crate::limits::bootstrap as limits;
use crate::operation::Answer;
use crate::port::clockify::{ApiResponse, CallError};

/// What a page holds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Page {
    /// Its entities; what has no id is not one.
    pub entities: Vec<Entity>,
    /// How much stood in its list.
    pub items: usize,
    /// The first id.
    pub first: Option<String>,
    /// What the platform says about there being more.
    pub last: Option<bool>,
}

/// Why a page was not read. The variants are what there is to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The platform is not there, or wants fewer calls: nothing is read for a while.
    Later {
        /// What it asked for.
        asked: Option<Duration>,
        /// In words.
        reason: String,
    },
    /// It did not work this time.
    Again {
        /// In words.
        reason: String,
    },
    /// The page was too large: smaller ones may do.
    TooLarge,
    /// What it is below of is not there any more.
    Missing,
    /// The platform does not read this list: what it is below of is not of the workspace any more, or has none. Others may be read.
    LeftOut {
        /// In words.
        reason: String,
    },
    /// The add-on may not read it.
    Refused {
        /// In words.
        reason: String,
    },
    /// The installation token does not work.
    TokenRefused,
    /// Trying again is of no use.
    Unreadable {
        /// In words.
        reason: String,
    },
}

/// Whose page it is.
#[derive(Clone, Debug)]
pub struct Place {
    /// What is listed.
    pub kind: EntityType,
    /// Whether ids are ids only below an entity.
    pub shared: bool,
    /// How answers of the operation look.
    pub answer: Answer,
    /// Below which entity.
    pub parent: Option<EntityId>,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// When the platform was asked.
    pub asked_at: Timestamp,
}

/// Reads the outcome of a call.
///
/// # Errors
///
/// See [`Failure`].
pub fn read(outcome: Result<ApiResponse, CallError>, place: &Place) -> Result<Page, Failure> {
    let answer = outcome.map_err(|error| match error {
        CallError::NotReached(_) => Failure::Later { asked: None, reason: error.to_string() },
        CallError::Lost(_) => Failure::Again { reason: error.to_string() },
        CallError::TooLarge { status, .. } if (200..300).contains(&status) => Failure::TooLarge,
        CallError::TooLarge { status, .. } => Failure::Again { reason: format!("the platform answered with status {status}") },
        CallError::NotAllowed | CallError::Malformed(_) => Failure::Unreadable { reason: error.to_string() },
    })?;
    match answer.status {
        200..=299 => list(&answer, place),
        429 => Err(Failure::Later { asked: answer.retry_after, reason: "the platform asks for fewer calls (429)".into() }),
        503 => Err(Failure::Later { asked: answer.retry_after, reason: "the platform is not available (503)".into() }),
        404 => Err(Failure::Missing),
        400 if place.parent.is_some() => Err(Failure::LeftOut { reason: said(400, &answer) }),
        401 if code(&answer) == Some(4017) => Err(Failure::TokenRefused),
        status @ 401..=403 => Err(Failure::Refused { reason: said(status, &answer) }),
        status @ 500.. => Err(Failure::Again { reason: said(status, &answer) }),
        status => Err(Failure::Unreadable { reason: said(status, &answer) }),
    }
}

fn list(answer: &ApiResponse, place: &Place) -> Result<Page, Failure> {
    let unreadable = |reason: &str| Failure::Unreadable { reason: reason.to_owned() };
    if answer.body.is_empty() {
        return Ok(Page { last: Some(true), ..Page::default() });
    }
    let mut body: Value = serde_json::from_slice(&answer.body).map_err(|_| unreadable("the answer is not JSON"))?;
    let items = match &place.answer.list {
        None => vec![body],
        Some(path) => {
            let mut found = &mut body;
            for name in path.split('.').filter(|name| !name.is_empty()) {
                found = found.get_mut(name).ok_or_else(|| unreadable("the answer has no list where one should be"))?;
            }
            match found.take() {
                Value::Array(items) => items,
                Value::Null => Vec::new(),
                _ => return Err(unreadable("the answer has no list where one should be")),
            }
        }
    };
    let mut page = Page { items: items.len(), last: answer.last_page, ..Page::default() };
    for item in items {
        let Some(entity) = entity(item, place) else { continue };
        page.first.get_or_insert_with(|| entity.id.to_string());
        page.entities.push(entity);
    }
    Ok(page)
}

fn entity(mut item: Value, place: &Place) -> Option<Entity> {
    if let Some(wrapped) = &place.answer.entity
        && let Some(inner) = item.get_mut(wrapped)
    {
        item = inner.take();
    }
    if !item.is_object() {
        return None;
    }
    let id = own_id(&item).or_else(|| place.answer.list.is_none().then(|| place.workspace.to_string()))?;
    let id = match place.parent.as_ref().filter(|_| place.shared) {
        Some(parent) => format!("{parent}:{id}"),
        None => id,
    };
    Some(Entity {
        kind: place.kind.clone(),
        id: EntityId::parse(&id).ok()?,
        name: name(&item),
        parent: place.parent.clone(),
        data: item,
        fetched_at: place.asked_at,
    })
}

/// The id of what stands in a list: its own, or the ids of what it relates.
fn own_id(item: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    let own = ["id", "_id"].into_iter().find_map(|name| item.get(name).and_then(text));
    own.or_else(|| {
        let related = item.as_object()?.iter().filter(|(name, _)| name.ends_with("Id") && *name != "workspaceId");
        let ids: Vec<String> = related.filter_map(|(_, value)| text(value)).collect();
        (!ids.is_empty()).then(|| ids.join(":"))
    })
}

/// What people call an entity.
pub fn name(item: &Value) -> Option<Arc<str>> {
    let named = ["name", "number", "description", "email"].into_iter().find_map(|field| item.get(field)?.as_str());
    named.filter(|name| !name.is_empty()).map(Arc::from)
}

fn code(answer: &ApiResponse) -> Option<i64> {
    serde_json::from_slice::<Value>(&answer.body).ok()?.get("code")?.as_i64()
}

fn said(status: u16, answer: &ApiResponse) -> String {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let words = body.as_ref().and_then(|body| body.get("message")?.as_str()).unwrap_or_default();
    let words: String = words.chars().filter(|character| !character.is_control()).take(limits::WORDS_CHARS_MAX).collect();
    if words.is_empty() {
        format!("the platform answered with status {status}")
    } else {
        format!("the platform answered with status {status}: {words}")
    }
}
