//! The secrets of a custom source as one sealed value, bound to the source's name as well (I7).

use std::borrow::Cow;

use actors::clock::Timestamp;
use actors::ids::Key as RowKey;
use actors::port::store::Error;
use actors::secret::Secret;
use actors::source::{SourceName, SourceSecret};
use serde::{Deserialize, Serialize};

use super::Keyring;

/// A secret as it stands inside, with its times in milliseconds.
#[derive(Serialize, Deserialize)]
struct Inside<'s>(#[serde(borrow)] Cow<'s, str>, i64, Option<i64>);

fn column(name: &SourceName) -> String {
    format!("source secret of {name}")
}

impl Keyring {
    /// Seals the secrets of a source.
    pub(in super::super) fn seal_source(&self, secrets: &[SourceSecret], of: RowKey, name: &SourceName) -> Result<Vec<u8>, Error> {
        let list: Vec<_> = secrets
            .iter()
            .map(|secret| Inside(secret.secret.expose().into(), secret.created_at.millis(), secret.expires_at.map(Timestamp::millis)))
            .collect();
        let text = serde_json::to_string(&list).map_err(|error| Error::Unreadable(error.to_string()));
        self.seal(&Secret::new(text?), of, &column(name))
    }

    /// Opens what was sealed for this source.
    pub(in super::super) fn open_source(&self, sealed: &[u8], of: RowKey, name: &SourceName) -> Result<Vec<SourceSecret>, Error> {
        let text = self.open(sealed, of, &column(name))?;
        let list: Vec<Inside<'_>> = serde_json::from_str(text.expose()).map_err(|_| Error::Unreadable(column(name)))?;
        let outside = |Inside(secret, created_at, expires_at): Inside<'_>| SourceSecret {
            secret: Secret::new(secret.into_owned()),
            created_at: Timestamp::from_millis(created_at),
            expires_at: expires_at.map(Timestamp::from_millis),
        };
        Ok(list.into_iter().map(outside).collect())
    }

    /// The same secrets under the key that seals now, as [`Self::anew`].
    pub(in super::super) fn source_anew(&self, sealed: &[u8], of: RowKey, name: &SourceName) -> Option<Vec<u8>> {
        self.anew(sealed, of, &column(name))
    }
}
