//! What the platform, and whoever relied on one of the add-ons before, is told of a lifecycle call that was done.

use actors::addon::Addon;
use actors::ids::Key;
use serde_json::{Map, Value, json};

/// What was done.
pub enum Done {
    /// INSTALLED, and whether the workspace's data is read then.
    Installed {
        /// It is.
        bootstrap: bool,
    },
    /// DELETED.
    Deleted,
    /// STATUS_CHANGED.
    StatusChanged,
    /// SETTINGS_UPDATED, to these values.
    SettingsUpdated(Map<String, Value>),
}

impl Done {
    /// Its name in the log and in Universal Webhook's answers.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Installed { .. } => "installed",
            Self::Deleted => "uninstalled",
            Self::StatusChanged => "status_changed",
            Self::SettingsUpdated(_) => "settings_updated",
        }
    }

    const fn words(&self) -> &'static str {
        match self {
            Self::Installed { .. } => "Installation successful",
            Self::Deleted => "Uninstallation successful",
            Self::StatusChanged => "Status updated successfully",
            Self::SettingsUpdated(_) => "Settings updated successfully",
        }
    }

    /// The answer of the key's add-on.
    pub fn told(self, key: Key) -> Value {
        match key.addon {
            Addon::ApiStudio => json!({"status": "ok", "message": self.words()}),
            Addon::UniversalWebhook => {
                let mut answer = json!({"status": self.name(), "workspaceId": key.workspace});
                if let (Self::Installed { bootstrap }, Some(answer)) = (&self, answer.as_object_mut()) {
                    answer.insert("bootstrap".into(), if *bootstrap { "scheduled" } else { "disabled" }.into());
                }
                answer
            }
            Addon::ClockifyAddon => {
                let message = self.words();
                let data = match self {
                    Self::SettingsUpdated(settings) => json!({"workspaceId": key.workspace, "settings": settings}),
                    Self::Installed { .. } | Self::Deleted | Self::StatusChanged => json!({"workspaceId": key.workspace}),
                };
                json!({"success": true, "message": message, "data": data})
            }
        }
    }
}
