//! The life of an add-on in a workspace, from the platform's side: install, status, settings, uninstall, and the tokens that go with it.

use std::sync::Arc;

use actors::clock::Timestamp;
use actors::ids::{AddonId, WorkspaceId};
use actors::secret::Secret;
use awc::http::Method;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Error;
use super::courier;
use super::manifest::Manifest;
use super::settings::{self, Change};
use super::shared::Shared;
use super::token::Pass;
use super::world::{Hook, Installation, Status, World};
use crate::sandbox::authority::{Authority, Grant, USER_TOKEN_SECONDS, Viewer};

/// How INSTALLED spells the paths of webhooks. All of these were seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathForm {
    /// `https://host/path`.
    Full,
    /// `/path`.
    Relative,
    /// `//path`: base URL and path joined with a slash.
    DoubleSlash,
    /// One after the other.
    #[default]
    Mixed,
}

/// What to install where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Install {
    /// Where the add-on serves its manifest: this, with `/manifest`.
    pub service: String,
    /// The workspace; the platform's first one by default.
    #[serde(default)]
    pub workspace: Option<WorkspaceId>,
    /// How webhook paths are spelled.
    #[serde(default)]
    pub paths: PathForm,
    /// Where the add-on is reached, if not where its manifest says.
    #[serde(default)]
    pub base_url: Option<String>,
}

impl Install {
    /// The add-on at `service`, in the platform's first workspace.
    pub fn of(service: &str) -> Self {
        Self { service: service.trim_end_matches('/').to_owned(), workspace: None, paths: PathForm::default(), base_url: None }
    }
}

/// An add-on that has been installed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Installed {
    /// Which installation.
    pub addon_id: AddonId,
    /// Where.
    pub workspace: WorkspaceId,
    /// The manifest's key.
    pub key: String,
    /// The manifest's name.
    pub name: String,
    /// Where the add-on is reached.
    pub base_url: String,
    /// How many webhooks it has subscribed to.
    pub webhooks: usize,
}

/// What becomes of the DELETED of an installation that another one replaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goodbye {
    /// It comes before the new INSTALLED.
    Before,
    /// It comes after it.
    After,
    /// It never comes.
    Lost,
}

/// Reads the manifest and installs the add-on. If INSTALLED is not answered with 2xx nothing remains.
pub async fn install(shared: Arc<Shared>, install: Install) -> Result<Installed, Error> {
    let manifest = read_manifest(&install.service).await?;
    let (addon_id, body) = prepare(&shared, &manifest, &install)?;
    match call(&shared, addon_id, "INSTALLED", &body).await {
        Ok(()) => {}
        Err(error) => {
            let mut world = shared.world();
            world.tokens.revoke(addon_id);
            world.installations.remove(&addon_id);
            return Err(error);
        }
    }
    shared.changed.notify_waiters();
    let world = shared.world();
    let installation = world.installations.get(&addon_id).ok_or(Error::Unknown("installation"))?;
    Ok(Installed {
        addon_id,
        workspace: installation.grant.workspace,
        key: manifest.key,
        name: manifest.name,
        base_url: installation.base_url.clone(),
        webhooks: installation.hooks.len(),
    })
}

/// Switches an installation on or off.
pub async fn set_status(shared: Arc<Shared>, addon_id: AddonId, status: Status) -> Result<(), Error> {
    let workspace = {
        let mut world = shared.world();
        let installation = world.installations.get_mut(&addon_id).ok_or(Error::Unknown("installation"))?;
        installation.status = status;
        installation.grant.workspace
    };
    call(&shared, addon_id, "STATUS_CHANGED", &json!({"addonId": addon_id, "workspaceId": workspace, "status": status})).await
}

/// Changes settings as an admin does on the platform's page, and tells the add-on all of them.
pub async fn change_settings(shared: Arc<Shared>, addon_id: AddonId, changes: Vec<Change>) -> Result<(), Error> {
    {
        let mut world = shared.world();
        let installation = world.installations.get_mut(&addon_id).ok_or(Error::Unknown("installation"))?;
        settings::apply(&mut installation.settings, &changes).map_err(|_| Error::Unknown("setting"))?;
    }
    announce_settings(&shared, addon_id).await
}

/// Tells an add-on all of its settings, as after every change of them, its own included.
pub async fn announce_settings(shared: &Shared, addon_id: AddonId) -> Result<(), Error> {
    let body = {
        let world = shared.world();
        let installation = world.installations.get(&addon_id).ok_or(Error::Unknown("installation"))?;
        json!({"workspaceId": installation.grant.workspace, "addonId": addon_id, "settings": settings::listed(&installation.settings)})
    };
    call(shared, addon_id, "SETTINGS_UPDATED", &body).await
}

/// Ends an installation: its tokens are dead, then the add-on is told, if `tell`.
pub async fn uninstall(shared: Arc<Shared>, addon_id: AddonId, tell: bool) -> Result<(), Error> {
    let installation = remove(&shared, addon_id)?;
    if tell { say_goodbye(&shared, &installation).await } else { Ok(()) }
}

/// Installs an add-on anew where it is installed already: a new `addonId`, new tokens.
pub async fn reinstall(shared: Arc<Shared>, addon_id: AddonId, goodbye: Goodbye) -> Result<Installed, Error> {
    let former = remove(&shared, addon_id)?;
    if goodbye == Goodbye::Before {
        say_goodbye(&shared, &former).await?;
    }
    let again = Install { workspace: Some(former.grant.workspace), ..Install::of(&former.base_url) };
    let installed = install(Arc::clone(&shared), again).await?;
    if goodbye == Goodbye::After {
        say_goodbye(&shared, &former).await?;
    }
    Ok(installed)
}

/// Signs a user token and remembers it. `None`: there is no such installation.
pub fn mint_user_token(world: &mut World, authority: &Authority, addon_id: AddonId, viewer: &Viewer, now: Timestamp) -> Option<Secret> {
    let grant = world.installations.get(&addon_id)?.grant.clone();
    let token = Secret::new(authority.user_token(&grant, viewer, &world.urls, now));
    let pass = Pass {
        workspace: grant.workspace,
        addon_id,
        user: viewer.user.clone(),
        role: Some(viewer.role.clone()),
        in_person: false,
        expires_at: Some(now + std::time::Duration::from_secs(USER_TOKEN_SECONDS)),
    };
    world.tokens.issue(&token, pass, now);
    Some(token)
}

async fn read_manifest(service: &str) -> Result<Manifest, Error> {
    let url = format!("{service}/manifest");
    let (status, body) = courier::send(Method::GET, &url, &[("accept", "application/json")], None).await.map_err(Error::Unreachable)?;
    if status != 200 {
        return Err(Error::Refused { what: "GET /manifest".into(), status, body: excerpt(&body) });
    }
    Manifest::read(&body).map_err(Error::Manifest)
}

/// Makes ids and tokens, enters the installation, and gives INSTALLED's body.
fn prepare(shared: &Shared, manifest: &Manifest, install: &Install) -> Result<(AddonId, Value), Error> {
    let now = shared.now();
    let mut world = shared.world();
    let workspace = match install.workspace {
        Some(workspace) => world.workspaces.get(&workspace),
        None => world.workspaces.values().next(),
    };
    let (workspace, owner) =
        workspace.map(|found| (found.id, found.owner().unwrap_or_default().to_owned())).ok_or(Error::Unknown("workspace"))?;
    let taken = |installation: &Installation| installation.grant.workspace == workspace && installation.grant.addon_key == manifest.key;
    if world.installations.values().any(taken) {
        return Err(Error::Installed);
    }
    let addon_id = AddonId::parse(&world.ids.next(now)).map_err(|_| Error::Unknown("id"))?;
    let addon_user = world.ids.next(now);
    let grant = Grant { addon_key: manifest.key.clone(), workspace, addon_id };
    let base_url = install.base_url.as_deref().unwrap_or(&manifest.base_url).trim_end_matches('/').to_owned();
    let token = Secret::new(shared.authority.installation_token(&grant, &addon_user, &world.urls, now));
    let hook = |(event, path): &(String, String)| {
        let token = Secret::new(shared.authority.webhook_token(&grant, path));
        Hook { event: event.clone(), path: path.clone(), token }
    };
    let hooks: Vec<Hook> = manifest.webhooks.iter().map(hook).collect();
    let mut paths: Vec<&Hook> = Vec::new();
    hooks.iter().for_each(|hook| {
        if !paths.iter().any(|known| known.path == hook.path) {
            paths.push(hook);
        }
    });
    let listed = paths.iter().enumerate().map(|(n, hook)| {
        json!({"path": spelled(&base_url, &hook.path, install.paths, n), "webhookType": "ADDON", "authToken": hook.token.expose()})
    });
    let body = json!({
        "addonId": addon_id, "authToken": token.expose(), "workspaceId": workspace, "asUser": owner, "apiUrl": world.urls.backend,
        "addonUserId": addon_user, "webhooks": listed.collect::<Vec<_>>(),
    });
    let pass = Pass { workspace, addon_id, user: addon_user.clone(), role: None, in_person: false, expires_at: None };
    world.tokens.issue(&token, pass, now);
    let installation = Installation {
        grant,
        base_url,
        token,
        addon_user,
        as_user: owner,
        scopes: manifest.scopes.clone(),
        hooks,
        lifecycle: manifest.lifecycle.clone(),
        page: manifest.page.clone(),
        settings: manifest.settings.clone(),
        status: Status::Active,
    };
    world.installations.insert(addon_id, installation);
    Ok((addon_id, body))
}

fn spelled(base_url: &str, path: &str, form: PathForm, n: usize) -> String {
    match (form, n % 3) {
        (PathForm::Full, _) | (PathForm::Mixed, 0) => format!("{base_url}{path}"),
        (PathForm::Relative, _) | (PathForm::Mixed, 1) => path.to_owned(),
        _ => format!("/{path}"),
    }
}

fn remove(shared: &Shared, addon_id: AddonId) -> Result<Installation, Error> {
    let mut world = shared.world();
    world.tokens.revoke(addon_id);
    let removed = world.installations.remove(&addon_id).ok_or(Error::Unknown("installation"))?;
    shared.changed.notify_waiters();
    Ok(removed)
}

async fn say_goodbye(shared: &Shared, former: &Installation) -> Result<(), Error> {
    let body = json!({"addonId": former.grant.addon_id, "workspaceId": former.grant.workspace, "asUser": former.as_user});
    post(shared, former, "DELETED", &body).await
}

async fn call(shared: &Shared, addon_id: AddonId, kind: &str, body: &Value) -> Result<(), Error> {
    let installation = shared.world().installations.get(&addon_id).cloned().ok_or(Error::Unknown("installation"))?;
    post(shared, &installation, kind, body).await
}

/// Makes a lifecycle call. An add-on that does not list it in its manifest is not called.
async fn post(shared: &Shared, installation: &Installation, kind: &str, body: &Value) -> Result<(), Error> {
    let Some(path) = installation.lifecycle.get(kind) else { return Ok(()) };
    let token = Secret::new(shared.authority.lifecycle_token(&installation.grant, shared.now()));
    let headers = [("content-type", "application/json"), ("x-addon-lifecycle-token", token.expose())];
    let url = format!("{}{path}", installation.base_url);
    let answer = courier::send(Method::POST, &url, &headers, Some(Bytes::from(body.to_string()))).await;
    match answer.map_err(Error::Unreachable)? {
        (200..=299, _) => Ok(()),
        (status, body) => Err(Error::Refused { what: format!("{kind} to {path}"), status, body: excerpt(&body) }),
    }
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}
