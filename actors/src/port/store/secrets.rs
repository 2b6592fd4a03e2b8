//! Secrets of a workspace, for its flows.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::Error;
use crate::clock::Timestamp;
use crate::flow::template::Secrets as Revealed;
use crate::ids::Key;
use crate::secret::{Secret, SecretName};

/// A secret without its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptSecret {
    /// Its name.
    pub name: SecretName,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When its value was last stored.
    pub updated_at: Timestamp,
}

/// What became of a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretSaved {
    /// Stored; there was none of that name.
    New(KeptSecret),
    /// Its value has been replaced.
    Replaced(KeptSecret),
    /// The workspace has as many as it may have.
    TooMany,
    /// The workspace has no installation (any more).
    Absent,
}

/// Keeps secrets; their values are sealed.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Stores a value, unless it would be a new name and the workspace has `secrets_max` of them.
    async fn put_secret(&self, key: Key, name: &SecretName, value: &Secret, secrets_max: u32, now: Timestamp)
    -> Result<SecretSaved, Error>;

    /// Removes a secret. `false`: there was none.
    async fn delete_secret(&self, key: Key, name: &SecretName) -> Result<bool, Error>;

    /// Every secret, by name, without its value.
    async fn secrets(&self, key: Key) -> Result<Vec<KeptSecret>, Error>;

    /// The values of those that are asked for and there.
    async fn reveal_secrets(&self, key: Key, names: &BTreeSet<SecretName>) -> Result<Revealed, Error>;
}
