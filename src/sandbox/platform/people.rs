//! Tokens of the workspace's people: one for the page of an add-on, and one for work in Clockify itself.

use std::time::Duration;

use actors::ids::{AddonId, WorkspaceId};
use actors::secret::Secret;

use super::token::Pass;
use super::world::World;
use super::{Error, Platform, lifecycle};
use crate::sandbox::authority::Viewer;

impl Platform {
    /// A user token for somebody with this role (`OWNER`, `WORKSPACE_ADMIN`, `MEMBER`): what an iframe would get.
    ///
    /// # Errors
    ///
    /// There is no such installation, or nobody with this role.
    pub fn user_token(&self, addon_id: AddonId, role: &str) -> Result<Secret, Error> {
        self.user_token_as(addon_id, Viewer::with_role("", role), Duration::ZERO)
    }

    /// The same for a viewer with a language and a theme, signed a while ago. Who it is goes by the role.
    ///
    /// # Errors
    ///
    /// As [`Self::user_token`].
    pub fn user_token_as(&self, addon_id: AddonId, viewer: Viewer, age: Duration) -> Result<Secret, Error> {
        let signed_at = self.shared.now() - age;
        let mut world = self.shared.world();
        let (_, user) = somebody(&world, addon_id, &viewer.role)?;
        let viewer = Viewer { user, ..viewer };
        lifecycle::mint_user_token(&mut world, &self.shared.authority, addon_id, &viewer, signed_at).ok_or(Error::Unknown("installation"))
    }

    /// What lets somebody with this role work in Clockify itself, in the workspace of an installation.
    ///
    /// # Errors
    ///
    /// As [`Self::user_token`].
    pub fn in_person(&self, addon_id: AddonId, role: &str) -> Result<Secret, Error> {
        let now = self.shared.now();
        let token = Secret::new(self.shared.clock.fresh_id().to_string());
        let mut world = self.shared.world();
        let (workspace, user) = somebody(&world, addon_id, role)?;
        let pass = Pass { workspace, addon_id, user, role: Some(role.to_owned()), in_person: true, expires_at: None };
        world.tokens.issue(&token, pass, now);
        Ok(token)
    }
}

/// A workspace by its installation, and the first in it who has this role.
fn somebody(world: &World, addon_id: AddonId, role: &str) -> Result<(WorkspaceId, String), Error> {
    let workspace = world.installations.get(&addon_id).map(|found| found.grant.workspace).ok_or(Error::Unknown("installation"))?;
    let user = world.workspaces.get(&workspace).and_then(|workspace| workspace.with_role(role)).ok_or(Error::Unknown("role"))?;
    Ok((workspace, user.to_owned()))
}
