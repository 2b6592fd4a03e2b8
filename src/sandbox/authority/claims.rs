//! The claims of the four kinds of platform token, as real ones carry them. They share `iss`, `sub`, `type` and the key.

use std::time::Duration;

use actors::clock::Timestamp;
use actors::ids::{AddonId, WorkspaceId};
use serde_json::{Value, json};

/// How long a user token lives: thirty minutes, to the second, as seen on the platform.
pub const USER_TOKEN_SECONDS: u64 = 1_800;

/// How long a lifecycle token lives here; the platform's documents name no time.
const LIFECYCLE_TOKEN_SECONDS: u64 = 300;

/// What all tokens of one installation share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// The manifest key of the add-on: `sub`.
    pub addon_key: String,
    /// Where it is installed.
    pub workspace: WorkspaceId,
    /// Which installation.
    pub addon_id: AddonId,
}

/// The base URLs that installation and user tokens name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Urls {
    /// `backendUrl`, without `/v1`.
    pub backend: String,
    /// `reportsUrl`.
    pub reports: String,
    /// `ptoUrl`.
    pub pto: String,
    /// `locationsUrl`.
    pub locations: String,
    /// `screenshotsUrl`.
    pub screenshots: String,
}

impl Urls {
    /// All of them below one origin, as a developer environment has them: `…/api`, `…/report`, `…/pto` and so on.
    pub fn below(origin: &str) -> Self {
        let origin = origin.trim_end_matches('/');
        Self {
            backend: format!("{origin}/api"),
            reports: format!("{origin}/report"),
            pto: format!("{origin}/pto"),
            locations: format!("{origin}/locations"),
            screenshots: format!("{origin}/screenshots"),
        }
    }
}

/// The person who looks at a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Viewer {
    /// Their user id.
    pub user: String,
    /// `workspaceRole`: `OWNER`, `WORKSPACE_ADMIN`, `ADMIN`, `MEMBER`.
    pub role: String,
    /// `language`, such as `EN`.
    pub language: String,
    /// `theme`: `DEFAULT` or `DARK`.
    pub theme: String,
}

impl Viewer {
    /// A viewer with this role, in English and the light theme.
    pub fn with_role(user: &str, role: &str) -> Self {
        Self { user: user.into(), role: role.into(), language: "EN".into(), theme: "DEFAULT".into() }
    }
}

impl Grant {
    /// What every kind carries.
    fn base(&self) -> Value {
        json!({
            "iss": "clockify",
            "type": "addon",
            "sub": self.addon_key,
            "workspaceId": self.workspace,
            "addonId": self.addon_id,
        })
    }

    /// Claims of an installation token: user and URLs, no `exp`.
    pub fn installation_claims(&self, user: &str, urls: &Urls, now: Timestamp) -> Value {
        with(
            self.base(),
            json!({
                "user": user,
                "backendUrl": urls.backend,
                "reportsUrl": urls.reports,
                "ptoUrl": urls.pto,
                "locationsUrl": urls.locations,
                "screenshotsUrl": urls.screenshots,
                "iat": now.seconds(),
            }),
        )
    }

    /// Claims of a user token: an installation token's, and who is looking, until `exp`.
    pub fn user_claims(&self, viewer: &Viewer, urls: &Urls, now: Timestamp) -> Value {
        with(
            self.installation_claims(&viewer.user, urls, now),
            json!({
                "language": viewer.language,
                "theme": viewer.theme,
                "workspaceRole": viewer.role,
                "exp": (now + Duration::from_secs(USER_TOKEN_SECONDS)).seconds(),
            }),
        )
    }

    /// Claims of a webhook token. What makes real ones of different paths differ is not documented; here it is `webhookId`, made from the
    /// path, so that a path keeps its token.
    pub fn webhook_claims(&self, path: &str) -> Value {
        let seed = format!("{}{path}", self.addon_id);
        let print = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, seed.as_bytes());
        let id: String = print.as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        with(self.base(), json!({"webhookId": id}))
    }

    /// Claims of a lifecycle token.
    pub fn lifecycle_claims(&self, now: Timestamp) -> Value {
        let exp = now + Duration::from_secs(LIFECYCLE_TOKEN_SECONDS);
        with(self.base(), json!({"iat": now.seconds(), "exp": exp.seconds()}))
    }
}

/// `claims` with the members of `more`; a member of `more` wins.
fn with(mut claims: Value, more: Value) -> Value {
    if let (Value::Object(claims), Value::Object(more)) = (&mut claims, more) {
        claims.extend(more);
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant {
            addon_key: "universal-webhook-api".into(),
            workspace: WorkspaceId::parse("5b641568b07987035750505e").unwrap(),
            addon_id: AddonId::parse("64b641568b0798703575050a").unwrap(),
        }
    }

    fn names(claims: &Value) -> Vec<&str> {
        claims.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn only_a_user_token_names_a_role_and_only_webhook_and_installation_tokens_never_expire() {
        let (now, urls) = (Timestamp::from_seconds(1_000), Urls::below("https://developer.clockify.me/"));
        let viewer = Viewer::with_role("u", "OWNER");
        let [installation, user, webhook, lifecycle] = [
            grant().installation_claims("u", &urls, now),
            grant().user_claims(&viewer, &urls, now),
            grant().webhook_claims("/webhooks/clockify/new-time-entry"),
            grant().lifecycle_claims(now),
        ];
        assert_eq!(names(&webhook), ["iss", "type", "sub", "workspaceId", "addonId", "webhookId"]);
        assert_eq!(names(&lifecycle), ["iss", "type", "sub", "workspaceId", "addonId", "iat", "exp"]);
        assert_eq!(user["exp"], 2_800);
        assert_eq!(user["workspaceRole"], "OWNER");
        assert_eq!(installation["backendUrl"], "https://developer.clockify.me/api");
        assert!(installation.get("exp").is_none() && installation.get("workspaceRole").is_none());
    }

    #[test]
    fn a_path_keeps_its_webhook_token_and_shares_it_with_no_other_path_or_installation() {
        let other = Grant { addon_id: AddonId::parse("64b641568b0798703575050b").unwrap(), ..grant() };
        let claims = [grant().webhook_claims("/a"), grant().webhook_claims("/b"), other.webhook_claims("/a")];
        assert_eq!(claims[0], grant().webhook_claims("/a"));
        assert!(claims[0] != claims[1] && claims[0] != claims[2]);
    }
}
