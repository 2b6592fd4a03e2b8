//! The three add-ons that this process serves: the one list that routes, manifests, keys of rows and metrics go by.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An add-on of the Clockify marketplace, served by this process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Addon {
    /// Prototyping: a dozen events, the explorer for safe calls, flows with calls to Clockify.
    ApiStudio,
    /// Everything: all events, custom webhooks, every operation, flows with generic HTTP.
    UniversalWebhook,
    /// The full-feature reference: webhook routes by category, API calls, bootstrap jobs, webhooks registered by API.
    ClockifyAddon,
}

impl Addon {
    /// Every add-on, in the order of their ports.
    pub const ALL: [Self; 3] = [Self::ApiStudio, Self::UniversalWebhook, Self::ClockifyAddon];

    /// The name in paths, rows, logs and metrics.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::ApiStudio => "api-studio",
            Self::UniversalWebhook => "universal-webhook",
            Self::ClockifyAddon => "clockify-addon",
        }
    }

    /// Finds an add-on by its slug.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|addon| addon.slug() == slug)
    }
}

impl fmt::Display for Addon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}
