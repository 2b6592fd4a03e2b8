//! Secrets in memory.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::MemoryStore;
use crate::clock::Timestamp;
use crate::flow::template::Secrets as Revealed;
use crate::ids::Key;
use crate::port::store::secrets::{KeptSecret, SecretSaved};
use crate::port::store::{Error, Secrets};
use crate::secret::{Secret, SecretName};

#[async_trait]
impl Secrets for MemoryStore {
    async fn put_secret(
        &self,
        key: Key,
        name: &SecretName,
        value: &Secret,
        secrets_max: u32,
        now: Timestamp,
    ) -> Result<SecretSaved, Error> {
        let mut state = self.open()?;
        if !state.installations.contains_key(&key) {
            return Ok(SecretSaved::Absent);
        }
        if let Some((kept, present)) = state.secrets.get_mut(&(key, name.clone())) {
            *kept = KeptSecret { updated_at: now, ..kept.clone() };
            *present = value.clone();
            return Ok(SecretSaved::Replaced(kept.clone()));
        }
        if state.secrets.keys().filter(|(whose, _)| *whose == key).count() >= secrets_max as usize {
            return Ok(SecretSaved::TooMany);
        }
        let kept = KeptSecret { name: name.clone(), created_at: now, updated_at: now };
        state.secrets.insert((key, name.clone()), (kept.clone(), value.clone()));
        Ok(SecretSaved::New(kept))
    }

    async fn delete_secret(&self, key: Key, name: &SecretName) -> Result<bool, Error> {
        Ok(self.open()?.secrets.remove(&(key, name.clone())).is_some())
    }

    async fn secrets(&self, key: Key) -> Result<Vec<KeptSecret>, Error> {
        let state = self.open()?;
        Ok(state.secrets.iter().filter(|((whose, _), _)| *whose == key).map(|(_, (kept, _))| kept.clone()).collect())
    }

    async fn reveal_secrets(&self, key: Key, names: &BTreeSet<SecretName>) -> Result<Revealed, Error> {
        let state = self.open()?;
        let value = |name: &SecretName| Some((name.clone(), state.secrets.get(&(key, name.clone()))?.1.clone()));
        Ok(names.iter().filter_map(value).collect())
    }
}
