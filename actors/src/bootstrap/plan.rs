//! Which operations a bootstrap reads, from the catalogue, the settings and the add-on's scopes.
//!
//! First the workspace's own lists; then lists below the entities of one of them, whose ids fill one further parameter of the path. What is not read
//! is on record with the reason.

use std::collections::BTreeSet;
use std::time::Duration;

use super::record::{Below, Lane, OperationStatus, Progress};
use crate::clock::Timestamp;
use crate::entity::EntityType;
use crate::limits::bootstrap as limits;
use crate::operation::{Catalogue, Kind, Operation, Parameter, Place};
use crate::port::clockify::Method;
use crate::settings::Settings;

/// What to read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Plan {
    /// In the order in which they are read; those that are skipped come last.
    pub operations: Vec<Progress>,
}

/// What a plan is made of, beside the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'t> {
    /// The scopes of the add-on's manifest.
    pub scopes: &'t BTreeSet<String>,
    /// What the admin wants.
    pub settings: Settings,
    /// The moment that windows of time go back from.
    pub now: Timestamp,
}

/// Entities that one list shares with another: they are told apart by their parents, and do not take the place of those of the workspace.
const SHARED: [&str; 2] = ["custom-fields", "managers"];
/// Last segments of paths that name no entity.
const NO_NOUNS: [&str; 3] = ["all", "status", "in-progress"];
/// What the platform shows to no add-on, whatever its scopes.
const CLOSED: [&str; 1] = ["webhooks"];
const DAY: Duration = Duration::from_secs(86_400);

/// Makes the plan.
pub fn plan(catalogue: &Catalogue, terms: Terms<'_>) -> Plan {
    let (mut read, mut skipped) = (Vec::new(), Vec::new());
    let mut reads: Vec<_> = catalogue.iter().filter(|operation| operation.method == Method::Get).collect();
    // The order of the waves; within one, that of the catalogue.
    reads.sort_by_key(|operation| further(operation).count());
    for operation in reads {
        let mut progress = blank(operation);
        match fit(operation, &mut progress, &read, terms) {
            Ok(()) => read.push(progress),
            Err(reason) => {
                skipped.push(Progress { status: OperationStatus::Skipped, skipped: Some(reason), lanes: Vec::new(), ..progress })
            }
        }
    }
    read.append(&mut skipped);
    Plan { operations: read }
}

/// The path's parameters beside the workspace.
fn further(operation: &Operation) -> impl Iterator<Item = &str> {
    operation.path_parameters().filter(|name| *name != "workspaceId")
}

fn blank(operation: &Operation) -> Progress {
    Progress {
        operation: operation.id.clone(),
        kind: kind(operation),
        below: None,
        query: Vec::new(),
        partial: false,
        shared: false,
        paged: operation.answer.paging.is_some(),
        size: size(operation),
        status: OperationStatus::Pending,
        skipped: None,
        error: None,
        pages: 0,
        entities: 0,
        attempts: 0,
        failures: 0,
        left_out: 0,
        lists: 0,
        truncated: false,
        after: None,
        drained: false,
        lanes: Vec::new(),
    }
}

/// The type of what an operation brings: the last segment of its path that names something.
fn kind(operation: &Operation) -> EntityType {
    let ends_with_id = operation.path.ends_with('}');
    let list = operation.answer.list.as_deref().and_then(|list| list.rsplit('.').next()).filter(|name| !name.is_empty());
    let fixed = operation.path.rsplit('/').filter(|segment| !segment.starts_with('{') && !NO_NOUNS.contains(segment));
    let named = list.filter(|_| ends_with_id).into_iter().chain(fixed);
    let mut kinds = named.filter_map(|segment| EntityType::parse(&segment.to_ascii_lowercase()).ok());
    kinds.next().unwrap_or_else(EntityType::unnamed)
}

/// Completes the progress of an operation, or says why it is not read.
fn fit(operation: &Operation, progress: &mut Progress, read: &[Progress], terms: Terms<'_>) -> Result<(), String> {
    if operation.deprecated {
        return Err("deprecated".into());
    }
    if operation.answer.file {
        return Err("answers with a file".into());
    }
    if CLOSED.contains(&progress.kind.as_str()) {
        return Err("the platform shows it to no add-on".into());
    }
    if let Some(scope) = operation.scope.as_ref().filter(|scope| !terms.scopes.contains(*scope)) {
        return Err(format!("the add-on does not have the scope {scope}"));
    }
    if operation.heavy && !terms.settings.include_heavy_endpoints {
        return Err("reports are not included by the settings".into());
    }
    if operation.time_entry && !terms.settings.include_time_entries {
        return Err("time entries are not included by the settings".into());
    }
    if operation.path != "/v1/user" && !operation.path.contains("{workspaceId}") {
        return Err("is not about the workspace".into());
    }
    let mut further = further(operation);
    match (further.next(), further.next()) {
        (None, _) => {}
        (Some(_), Some(_)) => return Err("is below more than one entity".into()),
        (Some(parameter), None) => below(operation, progress, parameter, read)?,
    }
    query(operation, progress, terms)?;
    if progress.below.is_none() {
        progress.lanes.push(Lane::new(None, progress.size));
    }
    Ok(())
}

/// Finds out below which entities an operation is read.
fn below(operation: &Operation, progress: &mut Progress, parameter: &str, read: &[Progress]) -> Result<(), String> {
    if operation.answer.list.is_none() {
        return Err("describes one entity alone".into());
    }
    let parents = parents(parameter).ok_or_else(|| format!("nothing is known to fill {parameter}"))?;
    if !read.iter().any(|known| known.kind == parents && known.below.is_none()) {
        return Err(format!("needs {parents}, which are not read"));
    }
    if SHARED.contains(&progress.kind.as_str()) {
        progress.shared = true;
        let one = parameter.strip_suffix("Id").unwrap_or(parameter).to_ascii_lowercase();
        progress.kind = EntityType::parse(&format!("{one}-{}", progress.kind)).map_err(|error| error.to_string())?;
    }
    if let Some(other) = read.iter().find(|known| known.kind == progress.kind && known.below.is_some()) {
        return Err(format!("the same comes with {}", other.operation));
    }
    progress.below = Some(Below { parameter: parameter.to_owned(), kind: parents });
    Ok(())
}

/// The type of the entities that fill a parameter: `projectId` is of `projects`, `userGroupId` of `user-groups`.
fn parents(parameter: &str) -> Option<EntityType> {
    let one = parameter.strip_suffix("Id").filter(|one| !one.is_empty())?;
    let mut kind = String::new();
    for character in one.chars() {
        if character.is_ascii_uppercase() {
            kind.push('-');
        }
        kind.push(character.to_ascii_lowercase());
    }
    match kind.strip_suffix('y') {
        Some(stem) => kind = format!("{stem}ies"),
        None => kind.push('s'),
    }
    EntityType::parse(&kind).ok()
}

/// Gives query parameters a value that does no harm, where they need one.
fn query(operation: &Operation, progress: &mut Progress, terms: Terms<'_>) -> Result<(), String> {
    let paging = operation.answer.paging.as_ref();
    for parameter in operation.parameters.iter().filter(|parameter| parameter.place == Place::Query) {
        let window = window(parameter, operation, terms);
        let of_paging = paging.is_some_and(|paging| [&paging.page, &paging.size].contains(&&parameter.name));
        if of_paging || !(parameter.required || window.is_some()) {
            continue;
        }
        progress.partial |= window.is_some();
        let values = match window {
            Some(moment) => vec![moment],
            None => harmless(parameter).ok_or_else(|| format!("needs a value for {}", parameter.name))?,
        };
        progress.query.extend(values.into_iter().map(|value| (parameter.name.clone(), value)));
    }
    Ok(())
}

/// The beginning or the end of the time that is read back, for a parameter that asks for it.
fn window(parameter: &Parameter, operation: &Operation, terms: Terms<'_>) -> Option<String> {
    let days = terms.settings.time_entry_days_back.max(1);
    let moment = match parameter.name.as_str() {
        "start" | "dateRangeStart" => terms.now - DAY * days,
        "end" | "dateRangeEnd" => terms.now,
        _ => return None,
    };
    if !(parameter.required || operation.time_entry) {
        return None;
    }
    let moment = moment.to_string();
    match parameter.schema.format.as_deref() {
        Some("date") => moment.split('T').next().map(str::to_owned),
        _ => Some(moment),
    }
}

fn harmless(parameter: &Parameter) -> Option<Vec<String>> {
    let schema = &parameter.schema;
    let of_list = schema.items.as_deref().map(|items| items.choices.clone()).unwrap_or_default();
    match &schema.default {
        Some(serde_json::Value::String(text)) => return Some(vec![text.clone()]),
        Some(value @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_))) => return Some(vec![value.to_string()]),
        _ => {}
    }
    match schema.kind {
        Kind::Boolean => Some(vec!["false".to_owned()]),
        Kind::Array if !of_list.is_empty() => Some(of_list),
        _ => schema.choices.first().map(|first| vec![first.clone()]),
    }
}

/// Entities in a page: as many as the platform gives.
fn size(operation: &Operation) -> u32 {
    operation.answer.paging.as_ref().map_or(limits::PAGE_ENTITIES_MAX, |paging| paging.size_max.clamp(1, limits::PAGE_ENTITIES_MAX))
}
