//! A temporary folder for the sandbox's database and key file: readable by its owner alone, and gone when the sandbox ends.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use actors::clock::Clock;

/// A folder that is removed when it is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes one below the system's folder for such things, `temporary`.
    pub fn fresh(temporary: &Path, clock: &dyn Clock) -> io::Result<Self> {
        let path = temporary.join(format!("clockify-addons-sandbox-{}", clock.fresh_id()));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            log::warn!("sandbox: {} is left behind: {error}", self.0.display());
        }
    }
}
