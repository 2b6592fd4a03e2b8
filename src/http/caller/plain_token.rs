//! Whose a webhook's plain token is: of webhooks that no manifest declares the platform signs no token, so the text itself has to tell.
//!
//! The store finds the workspace by the token's SHA-256; whether it opens the path and the event, the workspace's actor decides. What is remembered
//! here only spares the store a question, is bounded, and may be dropped at any moment (I2).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actors::addon::Addon;
use actors::ids::Key;
use actors::installation::TokenHash;
use actors::limits::subscription::TOKENS_REMEMBERED_MAX;
use actors::port::store::{self, Store};

/// Tokens whose workspace was asked for lately.
#[derive(Default)]
pub struct PlainTokens {
    known: Mutex<HashMap<(Addon, TokenHash), Key>>,
}

impl PlainTokens {
    fn known(&self) -> MutexGuard<'_, HashMap<(Addon, TokenHash), Key>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The workspace that a token belongs to. `None`: it is nobody's.
    pub async fn whose(&self, store: &dyn Store, addon: Addon, hash: TokenHash) -> Result<Option<Key>, store::Error> {
        let known = self.known().get(&(addon, hash)).copied();
        if known.is_some() {
            return Ok(known);
        }
        let found = store.subscriber(addon, &hash).await?;
        if let Some(key) = found {
            let mut known = self.known();
            // All of them are found again; a cleverer choice is not worth its price here.
            if known.len() >= TOKENS_REMEMBERED_MAX {
                known.clear();
            }
            known.insert((addon, hash), key);
        }
        Ok(found)
    }

    /// A token turned out not to be what it was.
    pub fn forget(&self, addon: Addon, hash: TokenHash) {
        self.known().remove(&(addon, hash));
    }
}
