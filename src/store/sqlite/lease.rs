//! The lease on a database file: a lock on a file beside it, which the system lets go of with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use async_trait::async_trait;

use super::super::OpenError;
use super::super::lease::Held;
use super::super::location::beside;
use super::file;

/// `None` is a file system that has no locks.
struct Locked {
    _file: Option<File>,
}

#[async_trait]
impl Held for Locked {
    async fn lost(&mut self) {
        std::future::pending().await
    }
}

/// Takes the lease if it is free.
pub(in super::super) async fn lease(path: &Path) -> Result<Option<Box<dyn Held>>, OpenError> {
    file::prepare(path).await?;
    let path = beside(path, ".lock");
    let failed = |source| OpenError::File { path: path.display().to_string(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Box::new(Locked { _file: Some(file) }))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            log::warn!(path:% = path.display(); "the file system has no locks: see to it that no other process serves this database");
            Ok(Some(Box::new(Locked { _file: None })))
        }
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
