//! What a verified token says.

use actors::addon::Addon;
use actors::clock::Timestamp;
use actors::ids::{AddonId, Key, WorkspaceId};
use actors::installation::TokenHash;

use super::Kind;

/// Roles that may see and change everything in a workspace, in lower case.
const ADMIN_ROLES: [&str; 3] = ["owner", "workspace_admin", "admin"];

/// The claims of a token whose signature, time, add-on and kind are right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// As what it was accepted.
    pub kind: Kind,
    /// Which add-on, by `sub`.
    pub addon: Addon,
    /// `workspaceId`: the only source of the workspace (I9).
    pub workspace: WorkspaceId,
    /// `addonId`: which installation.
    pub addon_id: AddonId,
    /// `user`: the platform's id of a person.
    pub user: Option<String>,
    /// `workspaceRole`, as written.
    pub role: Option<String>,
    /// `language`, such as `EN`.
    pub language: Option<String>,
    /// `theme`: `DEFAULT` or `DARK`.
    pub theme: Option<String>,
    /// `iat`.
    pub issued_at: Option<Timestamp>,
    /// `exp`.
    pub expires_at: Option<Timestamp>,
    /// Base URLs, not judged yet; see [`crate::auth::ApiHosts`].
    pub urls: UrlClaims,
    /// SHA-256 of the token's text.
    pub hash: TokenHash,
}

/// Base URLs as the claims spell them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UrlClaims {
    /// `backendUrl`, in older tokens `baseURL` or `apiUrl`.
    pub backend: Option<String>,
    /// `reportsUrl`.
    pub reports: Option<String>,
    /// `ptoUrl`.
    pub pto: Option<String>,
}

impl Verified {
    /// Whether this is a person with an administrator's role. Role names compare without case; `OWNER` is the one that was seen.
    pub fn is_admin(&self) -> bool {
        self.kind == Kind::User && self.role.as_deref().is_some_and(|role| ADMIN_ROLES.iter().any(|admin| role.eq_ignore_ascii_case(admin)))
    }

    /// What the actor and the rows of this add-on in this workspace are addressed by.
    pub fn key(&self) -> Key {
        Key { addon: self.addon, workspace: self.workspace }
    }
}
