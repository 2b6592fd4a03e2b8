//! Installations in memory.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::{MemoryStore, State};
use crate::bootstrap::record::Record;
use crate::clock::Timestamp;
use crate::ids::{AddonId, Key};
use crate::installation::{Health, Installation, Mark, Proof, Status, Step, Verdict};
use crate::port::store::{Error, Installations};

impl State {
    /// Judges a call and notes it if it is to be applied.
    fn judge(&mut self, key: Key, step: Step, addon_id: AddonId, proof: Proof) -> Verdict {
        let mark = self.marks.get(&key);
        let verdict = Mark::judge(mark, step, addon_id, proof);
        if verdict == Verdict::Apply {
            let next = Mark::after(mark, step, addon_id, proof);
            self.marks.insert(key, next);
        }
        verdict
    }
}

#[async_trait]
impl Installations for MemoryStore {
    async fn install_with(&self, installation: &Installation, proof: Proof, bootstrap: Option<&Record>) -> Result<Verdict, Error> {
        let mut state = self.open()?;
        let verdict = state.judge(installation.key, Step::Install, installation.addon_id, proof);
        if verdict == Verdict::Apply {
            state.installations.insert(installation.key, installation.clone());
            let known = state.bootstraps.get(&installation.key).map(|record| record.head.status);
            let takes_place = |wanted: &&Record| known.is_none_or(|known| wanted.head.status.unfinished() && !known.unfinished());
            if let Some(wanted) = bootstrap.filter(takes_place) {
                state.bootstraps.insert(installation.key, wanted.clone());
            }
        }
        Ok(verdict)
    }

    async fn uninstall(&self, key: Key, addon_id: AddonId, proof: Proof) -> Result<Verdict, Error> {
        let mut state = self.open()?;
        let verdict = state.judge(key, Step::Delete, addon_id, proof);
        if verdict == Verdict::Apply {
            state.installations.remove(&key);
            state.flows.retain(|(whose, _), _| *whose != key);
            state.due.retain(|(whose, _), _| *whose != key);
            state.sources.retain(|(whose, _), _| *whose != key);
            state.secrets.retain(|(whose, _), _| *whose != key);
            state.standings.retain(|(whose, _), _| *whose != key);
            state.subscriptions.retain(|(whose, _), _| *whose != key);
            state.activities.retain(|(whose, _), _| *whose != key);
            state.bootstraps.remove(&key);
            state.entities.retain(|(whose, ..), _| *whose != key);
            state.messages.retain(|(whose, ..)| *whose != key);
            state.calls.retain(|(whose, _), _| *whose != key);
            state.versions.retain(|(whose, _, _), _| *whose != key);
            state.events.retain(|(whose, _), _| *whose != key);
            state.runs.retain(|(whose, _), _| *whose != key);
            state.started.retain(|(whose, _, _)| *whose != key);
        }
        Ok(verdict)
    }

    async fn set_status(&self, key: Key, addon_id: AddonId, status: Status, proof: Proof, now: Timestamp) -> Result<Verdict, Error> {
        let mut state = self.open()?;
        let verdict = state.judge(key, Step::Status, addon_id, proof);
        if verdict == Verdict::Apply
            && let Some(installation) = state.installations.get_mut(&key)
        {
            installation.status = status;
            installation.updated_at = now;
        }
        Ok(verdict)
    }

    async fn set_settings(
        &self,
        key: Key,
        addon_id: AddonId,
        settings: &Map<String, Value>,
        proof: Proof,
        now: Timestamp,
    ) -> Result<Verdict, Error> {
        let mut state = self.open()?;
        let verdict = state.judge(key, Step::Settings, addon_id, proof);
        if verdict == Verdict::Apply
            && let Some(installation) = state.installations.get_mut(&key)
        {
            installation.settings.extend(settings.iter().map(|(id, value)| (id.clone(), value.clone())));
            installation.updated_at = now;
        }
        Ok(verdict)
    }

    async fn set_health(&self, key: Key, addon_id: AddonId, health: &Health) -> Result<bool, Error> {
        let mut state = self.open()?;
        let present = state.installations.get_mut(&key).filter(|installation| installation.addon_id == addon_id);
        Ok(present.map(|installation| installation.health = health.clone()).is_some())
    }

    async fn installation(&self, key: Key) -> Result<Option<Installation>, Error> {
        Ok(self.open()?.installations.get(&key).cloned())
    }

    async fn installation_count(&self) -> Result<u64, Error> {
        Ok(self.open()?.installations.len() as u64)
    }
}
