//! Installations and what lifecycle calls do to them.

use async_trait::async_trait;

use super::Error;
use crate::bootstrap::record::Record;
use crate::clock::Timestamp;
use crate::ids::{AddonId, Key};
use crate::installation::{Health, Installation, Proof, Status, Verdict};

/// Keeps installations. Each lifecycle method judges the call ([`crate::installation::Mark::judge`]) and writes in one transaction, so that
/// concurrent calls leave one consistent row; only [`Verdict::Apply`] has changed something.
#[async_trait]
pub trait Installations: Send + Sync {
    /// INSTALLED: replaces token, URLs, webhook tokens and settings at once. Flows, events and runs of the key stay.
    async fn install(&self, installation: &Installation, proof: Proof) -> Result<Verdict, Error> {
        self.install_with(installation, proof, None).await
    }

    /// INSTALLED, and in the same transaction the bootstrap that it asks for: it takes the place of one that is not under way, if it is itself to be
    /// done, and otherwise only an empty one.
    async fn install_with(&self, installation: &Installation, proof: Proof, bootstrap: Option<&Record>) -> Result<Verdict, Error>;

    /// DELETED: removes the row, the webhook tokens, custom sources, flows, events and runs of the key; only the mark stays.
    async fn uninstall(&self, key: Key, addon_id: AddonId, proof: Proof) -> Result<Verdict, Error>;

    /// STATUS_CHANGED.
    async fn set_status(&self, key: Key, addon_id: AddonId, status: Status, proof: Proof, now: Timestamp) -> Result<Verdict, Error>;

    /// SETTINGS_UPDATED: the given ids are replaced, the others stay.
    async fn set_settings(
        &self,
        key: Key,
        addon_id: AddonId,
        settings: &serde_json::Map<String, serde_json::Value>,
        proof: Proof,
        now: Timestamp,
    ) -> Result<Verdict, Error>;

    /// Whether the installation token works. `false`: another installation is there now, or none.
    async fn set_health(&self, key: Key, addon_id: AddonId, health: &Health) -> Result<bool, Error>;

    /// The present installation of a key.
    async fn installation(&self, key: Key) -> Result<Option<Installation>, Error>;

    /// How many installations there are.
    async fn installation_count(&self) -> Result<u64, Error>;
}
