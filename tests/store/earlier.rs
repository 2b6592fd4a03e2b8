//! Schemas of earlier releases, made of the first migrations of each backend.

use std::path::PathBuf;

use sqlx::migrate::Migrator;

/// The migrations of a backend, in their order.
pub fn files(backend: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("migrations").join(backend);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What brings an empty database to where it was after the first `count` migrations.
pub async fn migrator(backend: &str, count: usize) -> Migrator {
    let folder = tempfile::tempdir().unwrap();
    for file in files(backend).into_iter().take(count) {
        std::fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
    }
    Migrator::new(folder.path()).await.unwrap()
}
