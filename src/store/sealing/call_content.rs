//! What was sent and answered in a call of the explorer as one sealed value, bound to the call's id as well (I7).

use actors::call::Content;
use actors::ids::{CallId, Key as RowKey};
use actors::port::store::Error;
use actors::secret::Secret;

use super::Keyring;

fn column(id: CallId) -> String {
    format!("content of call {id}")
}

impl Keyring {
    /// Seals a call's content; a call that was read without it has none.
    pub(in super::super) fn seal_call(&self, content: Option<&Content>, of: RowKey, id: CallId) -> Result<Vec<u8>, Error> {
        let text = serde_json::to_string(&content).map_err(|error| Error::Unavailable(error.to_string()))?;
        self.seal(&Secret::new(text), of, &column(id))
    }

    /// Opens it again. `None`: its key has gone, or it is damaged; the rest of the call still says something.
    pub(in super::super) fn open_call(&self, sealed: &[u8], of: RowKey, id: CallId) -> Option<Content> {
        let opened = self.open(sealed, of, &column(id));
        let opened = opened.inspect_err(|error| log::warn!(call:% = id; "what a call sent and got cannot be read: {error}")).ok()?;
        serde_json::from_str(opened.expose()).ok().flatten()
    }

    /// The same content under the key that seals now, as [`Self::anew`].
    pub(in super::super) fn call_anew(&self, sealed: &[u8], of: RowKey, id: CallId) -> Option<Vec<u8>> {
        self.anew(sealed, of, &column(id))
    }
}
