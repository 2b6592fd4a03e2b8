//! Which tokens the simulated platform has given out, and what each of them may do.

use std::collections::HashMap;

use actors::clock::Timestamp;
use actors::ids::{AddonId, WorkspaceId};
use actors::secret::Secret;

/// What a good token says about its bearer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pass {
    /// The workspace that it speaks for.
    pub workspace: WorkspaceId,
    /// The installation that it belongs to.
    pub addon_id: AddonId,
    /// Who acts: the viewer, or the add-on's own user.
    pub user: String,
    /// The viewer's role; none for an installation token, which may do whatever the manifest's scopes allow.
    pub role: Option<String>,
    /// Whether the person works in Clockify itself: such requests are none of the add-on's, and do not count towards its rate.
    pub in_person: bool,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl Pass {
    /// Whether its bearer administers the workspace.
    pub fn is_admin(&self) -> bool {
        self.role.as_deref().is_none_or(|role| ["OWNER", "ADMIN", "WORKSPACE_ADMIN"].iter().any(|admin| admin.eq_ignore_ascii_case(role)))
    }
}

/// The tokens that are alive.
#[derive(Default)]
pub struct Tokens {
    alive: HashMap<String, Pass>,
}

impl Tokens {
    /// Remembers a token that has just been signed, and forgets those that have ended.
    pub fn issue(&mut self, token: &Secret, pass: Pass, now: Timestamp) {
        self.alive.retain(|_, pass| pass.expires_at.is_none_or(|end| end > now));
        self.alive.insert(token.expose().to_owned(), pass);
    }

    /// What a token is good for now.
    pub fn judge(&self, token: &str, now: Timestamp) -> Option<&Pass> {
        self.alive.get(token).filter(|pass| pass.expires_at.is_none_or(|end| end > now))
    }

    /// Ends every token of an installation: its calls are answered 401 with code 4017 from now on.
    pub fn revoke(&mut self, addon_id: AddonId) {
        self.alive.retain(|_, pass| pass.addon_id != addon_id);
    }
}
