//! Custom sources in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::ids::Key;
use crate::port::store::sources::SourceSaved;
use crate::port::store::{Error, Sources};
use crate::source::{CustomSource, SourceName};

#[async_trait]
impl Sources for MemoryStore {
    async fn create_source(&self, key: Key, source: &CustomSource, sources_max: u32) -> Result<SourceSaved, Error> {
        let mut state = self.open()?;
        if !state.installations.contains_key(&key) {
            return Ok(SourceSaved::Absent);
        }
        if state.sources.contains_key(&(key, source.name.clone())) {
            return Ok(SourceSaved::Taken);
        }
        if state.sources.keys().filter(|(whose, _)| *whose == key).count() >= sources_max as usize {
            return Ok(SourceSaved::TooMany);
        }
        state.sources.insert((key, source.name.clone()), source.clone());
        Ok(SourceSaved::Done)
    }

    async fn update_source(&self, key: Key, source: &CustomSource) -> Result<bool, Error> {
        let mut state = self.open()?;
        let Some(present) = state.sources.get_mut(&(key, source.name.clone())) else { return Ok(false) };
        *present = CustomSource { created_at: present.created_at, ..source.clone() };
        Ok(true)
    }

    async fn delete_source(&self, key: Key, name: &SourceName) -> Result<bool, Error> {
        Ok(self.open()?.sources.remove(&(key, name.clone())).is_some())
    }

    async fn source(&self, key: Key, name: &SourceName) -> Result<Option<CustomSource>, Error> {
        Ok(self.open()?.sources.get(&(key, name.clone())).cloned())
    }

    async fn sources(&self, key: Key) -> Result<Vec<CustomSource>, Error> {
        let state = self.open()?;
        Ok(state.sources.iter().filter(|((whose, _), _)| *whose == key).map(|(_, source)| source.clone()).collect())
    }
}
