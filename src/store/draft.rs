//! A file that appears whole or not at all, readable by its owner alone, and never in place of one that is there.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file under a name of its own, in the folder of the one that it is to become. Dropped, it is gone.
pub(super) struct Draft {
    /// Where it is meanwhile.
    pub(super) path: PathBuf,
    becomes: PathBuf,
}

impl Draft {
    /// An empty draft of `becomes`, mode 0600. Its folder is made if it is not there, for its owner alone.
    pub(super) fn of(becomes: &Path) -> std::io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder(becomes))?;
        let mut chance = [0; 8];
        aws_lc_rs::rand::fill(&mut chance).map_err(|_| std::io::Error::other("the system has no randomness"))?;
        let mut name = becomes.as_os_str().to_owned();
        name.push(format!(".{:016x}.draft", u64::from_ne_bytes(chance)));
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&name)?;
        Ok(Self { path: name.into(), becomes: becomes.to_owned() })
    }

    /// Gives it its name, unless another has that name by now. Durable when it returns.
    pub(super) fn publish(self) -> std::io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        // A link appears whole and replaces nothing, as a rename would.
        match std::fs::hard_link(&self.path, &self.becomes) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        File::open(folder(&self.becomes))?.sync_all()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            log::warn!("a draft is left at {}: {}", self.path.display(), error.kind());
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Says so if others than its owner may read a file.
pub(super) fn warn_if_others_may_read(path: &Path) {
    if std::fs::metadata(path).is_ok_and(|file| file.mode() & 0o077 != 0) {
        log::warn!("others may read {}: its mode should be 0600", path.display());
    }
}
