//! Events on request, the webhooks that wait for them, and their deliveries.

use actors::ids::WorkspaceId;
use serde_json::Value;

use super::delivery::Delivery;
use super::subscription::{Draft, Subscription, Unmade};
use super::{Error, Platform, api, happening, payload, webhook};

impl Platform {
    /// Makes a webhook as an admin does in Clockify, and gives it with the token that Clockify shows him.
    ///
    /// # Errors
    ///
    /// There is no such workspace or event, or the plan has no room.
    pub fn make_webhook(&self, workspace: WorkspaceId, event: &str, url: &str) -> Result<Subscription, Error> {
        let (now, token) = (self.shared.now(), api::webhooks::fresh_token(&*self.shared.clock));
        let mut world = self.shared.world();
        let user =
            world.workspaces.get(&workspace).and_then(|found| found.owner().map(str::to_owned)).ok_or(Error::Unknown("workspace"))?;
        let id = world.ids.next(now);
        let draft = Draft {
            workspace,
            user,
            name: format!("by hand {}", id.get(18..).unwrap_or_default()),
            event: event.to_owned(),
            url: url.to_owned(),
        };
        world.subscribe(draft, id, token).map_err(|unmade| match unmade {
            Unmade::Event => Error::Unknown("event"),
            Unmade::PlanLimit | Unmade::Name => Error::Odd("the plan has no room for another webhook"),
        })
    }

    /// Fires an event with a payload from the workspace's data, and gives the numbers of the deliveries. Nobody subscribed: none.
    ///
    /// # Errors
    ///
    /// There is no such event or workspace.
    pub fn fire(&self, workspace: WorkspaceId, event: &str) -> Result<Vec<u64>, Error> {
        let known = payload::known(event).ok_or(Error::Unknown("event"))?;
        let now = self.shared.now();
        let payload = {
            let mut guard = self.shared.world();
            let world = &mut *guard;
            let workspace = world.workspaces.get_mut(&workspace).ok_or(Error::Unknown("workspace"))?;
            happening::happen(workspace, known, &mut world.ids, now)
        };
        self.fire_with(workspace, event, payload)
    }

    /// Fires an event with any payload.
    ///
    /// # Errors
    ///
    /// There is no such event.
    pub fn fire_with(&self, workspace: WorkspaceId, event: &str, payload: Value) -> Result<Vec<u64>, Error> {
        let known = payload::known(event).ok_or(Error::Unknown("event"))?;
        Ok(self.shared.publish(workspace, vec![(known.name, payload)]))
    }

    /// Webhooks that went out, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.world().deliveries.all()
    }

    /// Sends a delivery once more, byte by byte, as the platform does at times even after a 200.
    ///
    /// # Errors
    ///
    /// It is not known any more.
    pub fn redeliver(&self, number: u64) -> Result<(), Error> {
        self.shared.world().deliveries.get(number).ok_or(Error::Unknown("delivery"))?;
        webhook::start(&self.shared, number);
        Ok(())
    }
}
