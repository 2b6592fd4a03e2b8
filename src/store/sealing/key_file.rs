//! The key file beside the database, for operators who give no key: made once, mode 0600, never written again.

use std::io::ErrorKind;
use std::path::Path;

use actors::secret::Secret;

use super::super::draft::{Draft, warn_if_others_may_read};
use super::{KeyError, SealingKey, generate};

/// The key of the file, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<SealingKey>, KeyError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Secret::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(path, source)),
    };
    warn_if_others_may_read(path);
    SealingKey::parse(text.expose()).map(Some).map_err(|_| KeyError::NotAKey(path.display().to_string()))
}

/// The key of the file; if there is none, a fresh one. Those who make it at once agree on one.
pub(super) fn read_or_make(path: &Path) -> Result<SealingKey, KeyError> {
    if let Some(key) = read(path)? {
        log::warn!("no ENCRYPTION_KEY is set: tokens are sealed with the key file {}", path.display());
        return Ok(key);
    }
    make(path).map_err(|source| failed(path, source))?;
    log::warn!(
        "no ENCRYPTION_KEY is set: tokens are sealed with the key file {}; keep a copy of it apart from the database",
        path.display()
    );
    read(path)?.ok_or_else(|| failed(path, ErrorKind::NotFound.into()))
}

/// The key of the file as it stands there; if there is none, a fresh one.
pub(super) fn text_of(path: &Path) -> Result<Secret, KeyError> {
    if read(path)?.is_none() {
        make(path).map_err(|source| failed(path, source))?;
    }
    std::fs::read_to_string(path).map(Secret::new).map_err(|source| failed(path, source))
}

fn make(path: &Path) -> std::io::Result<()> {
    let key = generate().map_err(|_| std::io::Error::other("the system has no randomness"))?;
    let draft = Draft::of(path)?;
    std::fs::write(&draft.path, key.expose())?;
    draft.publish()
}

fn failed(path: &Path, source: std::io::Error) -> KeyError {
    KeyError::File { path: path.display().to_string(), source }
}
