//! The database file: made whole and readable by its owner alone, in the layout that cannot be changed later.

use std::path::Path;

use sqlx::{ConnectOptions, Connection};

use super::super::OpenError;
use super::super::draft::{Draft, warn_if_others_may_read};
use super::connection;

/// Makes the file if it is not there. Its log and its index beside it get its mode from SQLite.
///
/// It is made under another name: page size, vacuum mode and the log are set before anybody else can see it, since two processes that
/// turn the log on at once get in each other's way.
pub(super) async fn prepare(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::File { path: path.display().to_string(), source };
    if path.try_exists().map_err(failed)? {
        warn_if_others_may_read(path);
        return Ok(());
    }
    let draft = Draft::of(path).map_err(failed)?;
    let mut empty = connection::fresh(&draft.path).connect().await?;
    // Writes the first page, and with it the layout.
    sqlx::query("PRAGMA user_version = 0").execute(&mut empty).await?;
    empty.close().await?;
    draft.publish().map_err(failed)
}
