//! The file: made with its folder, whole, for its owner alone.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clockify_addons::store::{OpenError, Settings, open};

use crate::backend::{self, settings};
use crate::sample::{accepted, install, key};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn at(url: String) -> Settings {
    Settings { url, ..settings(&tempfile::tempdir().unwrap()) }
}

#[tokio::test]
async fn the_file_its_log_and_a_new_folder_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/data/x.db");
    let database = open(at(format!("sqlite://{}", path.display()))).await.unwrap();
    install(&*database.store(), key(1)).await;
    for name in ["x.db", "x.db-wal", "x.db-shm"] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let names: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "no draft is left: {names:?}");
}

#[tokio::test]
async fn a_database_has_the_layout_that_its_speed_and_its_forgetting_rest_on() {
    let file = backend::file().await;
    let mut connection = file.connect().await;
    for (pragma, value) in [("page_size", "8192"), ("auto_vacuum", "2"), ("journal_mode", "wal")] {
        let query = sqlx::AssertSqlSafe(format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"));
        let found: String = sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
        assert_eq!(found, value, "{pragma}");
    }
}

#[tokio::test]
async fn a_database_is_opened_again_and_has_what_it_had() {
    let file = backend::file().await;
    install(&*file.database.store(), key(1)).await;
    let (event, run) = accepted(&*file.database.store(), key(1)).await;
    let file = file.reopen().await.reopen().await;
    assert_eq!(file.database.store().event(key(1), event.id).await, Ok(Some(event)));
    assert_eq!(file.database.store().run(key(1), run.id).await, Ok(Some(run)));
}

#[tokio::test]
async fn a_restored_copy_that_has_no_log_gets_one() {
    let file = backend::file().await;
    install(&*file.database.store(), key(1)).await;
    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join("x.db");
    sqlx::query("VACUUM INTO ?").bind(path.to_str().unwrap()).execute(&mut file.connect().await).await.unwrap();
    let restored = open(settings(&copy)).await.unwrap();
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut backend::connect(&copy).await).await.unwrap();
    assert_eq!(mode, "wal");
    assert_eq!(restored.store().installation_count().await, Ok(1));
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("text.db"), "this is no database, and never was one\n".repeat(300)).unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let try_open = async |path: &str| open(at(format!("sqlite://{}/{path}", folder.path().display()))).await.err();
    assert!(matches!(try_open("text.db").await, Some(OpenError::Database(_))));
    assert!(matches!(try_open("file/x.db").await, Some(OpenError::File { .. })));
    assert!(matches!(open(at("sqlite::memory:".into())).await.err(), Some(OpenError::Url(_))));
    assert!(
        matches!(open(at("postgres://u:secret@h/d".into())).await.err(), Some(error) if !format!("{error} {error:?}").contains("secret"))
    );
}

#[tokio::test]
async fn many_that_open_a_new_database_at_once_find_one() {
    let folder = tempfile::tempdir().unwrap();
    let databases = futures_util::future::join_all((0..6).map(|_| open(settings(&folder)))).await;
    let databases: Vec<_> = databases.into_iter().map(Result::unwrap).collect();
    install(&*databases[0].store(), key(1)).await;
    for database in &databases {
        assert_eq!(database.store().installation_count().await, Ok(1));
    }
}
