//! The page that plays Clockify around an add-on: a side bar, a frame with a user token, and the simulated workspace beside it.
//!
//! It is a browser's way to the control surface and to the REST API; what it may do, `curl` may do as well.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use actors::event::KNOWN;
use actors::limits::sandbox as limits;
use serde_json::{Value, json};

use super::members::Members;
use super::shared::Shared;
use super::workspace::{Shelf, Workspace, text};

/// An add-on that the page offers to install.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Offer {
    /// Its slug.
    pub slug: String,
    /// Its name, for people.
    pub name: String,
    /// Where it is served.
    pub service: String,
}

const INDEX: &str = include_str!("../shell/index.html");
const SCRIPT: &str = include_str!("../shell/shell.js");
const STYLE: &str = include_str!("../shell/shell.css");

/// Frames are the add-ons' pages, on other ports of this machine.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
    frame-src http://127.0.0.1:* http://localhost:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn file(media: &'static str, content: &'static str) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, media)).insert_header((CACHE_CONTROL, "no-store"));
    response.insert_header((CONTENT_SECURITY_POLICY, POLICY)).body(content)
}

/// `GET /`.
pub async fn page() -> HttpResponse {
    file("text/html; charset=utf-8", INDEX)
}

/// `GET /shell/shell.js`.
pub async fn script() -> HttpResponse {
    file("text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /shell/shell.css`.
pub async fn style() -> HttpResponse {
    file("text/css; charset=utf-8", STYLE)
}

/// `GET /sandbox/view`: what the page shows.
pub async fn view(shared: web::Data<Shared>) -> HttpResponse {
    let world = shared.world();
    let workspace = world.workspaces.values().next();
    let installations = world.installations.values().map(|installation| {
        json!({
            "addon_id": installation.grant.addon_id, "base_url": installation.base_url, "page": installation.page, "status": installation.status,
        })
    });
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({
        "workspaces": workspace.map(|workspace| json!({"id": workspace.id, "name": workspace.name})).into_iter().collect::<Vec<_>>(),
        "offers": world.offers,
        "installations": installations.collect::<Vec<_>>(),
        "events": KNOWN.iter().map(|known| known.name).collect::<Vec<_>>(),
        "data": workspace.map(data),
    }))
}

fn data(workspace: &Workspace) -> Value {
    let newest = |shelf: Shelf| {
        let all: Vec<&Value> = workspace.all(shelf).collect();
        all.into_iter().rev().take(limits::SHELL_ENTITIES_MAX)
    };
    let plain = |shelf: Shelf, members: &[&str]| -> Vec<Value> {
        newest(shelf).map(|entity| members.iter().map(|member| ((*member).to_owned(), entity.at(member).clone())).collect()).collect()
    };
    let named = |shelf: Shelf, id: &str| workspace.get(shelf, id).map(|entity| text(entity, "name").to_owned());
    let entry = |entry: &Value| {
        let tags = entry.at("tagIds").as_array().into_iter().flatten().filter_map(Value::as_str);
        json!({
            "id": entry.at("id"), "description": entry.at("description"), "projectId": entry.at("projectId"), "billable": entry.at("billable"),
            "timeInterval": entry.at("timeInterval"), "project": named(Shelf::Projects, text(entry, "projectId")),
            "tags": tags.filter_map(|tag| named(Shelf::Tags, tag)).collect::<Vec<_>>(),
        })
    };
    json!({
        "time-entries": newest(Shelf::TimeEntries).map(entry).collect::<Vec<_>>(),
        "projects": plain(Shelf::Projects, &["id", "name", "clientName"]),
        "clients": plain(Shelf::Clients, &["id", "name", "note"]),
        "tags": plain(Shelf::Tags, &["id", "name", "archived"]),
        "tasks": plain(Shelf::Tasks, &["id", "name", "status"]),
    })
}
