//! The schema: from nothing, again, by two at once, and never backwards.

use clockify_addons::store::{OpenError, migrate, open};

use crate::backend::{connect, settings};
use crate::earlier;
use crate::sample::{install, key};

async fn versions(folder: &tempfile::TempDir) -> Vec<i64> {
    let query = sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version");
    query.fetch_all(&mut connect(folder).await).await.unwrap()
}

#[tokio::test]
async fn migrating_makes_a_database_and_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = settings(&folder).url;
    migrate(&url).await.unwrap();
    let first = versions(&folder).await;
    assert!(!first.is_empty());
    let database = open(settings(&folder)).await.unwrap();
    install(&*database.store(), key(1)).await;
    migrate(&url).await.unwrap();
    assert_eq!(versions(&folder).await, first);
    assert_eq!(database.store().installation_count().await, Ok(1));
}

#[tokio::test]
async fn a_database_of_every_earlier_release_is_brought_up_to_date() {
    for count in 1..=earlier::files("sqlite").len() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = create(&folder).await;
        earlier::migrator("sqlite", count).await.run(&mut connection).await.unwrap();
        sqlx::query("INSERT INTO purges (stay, addon, workspace) VALUES (7, 1, x'00')").execute(&mut connection).await.unwrap();
        drop(connection);
        migrate(&settings(&folder).url).await.unwrap();
        assert_eq!(versions(&folder).await.len(), earlier::files("sqlite").len());
        let kept: i64 = sqlx::query_scalar("SELECT stay FROM purges").fetch_one(&mut connect(&folder).await).await.unwrap();
        assert_eq!(kept, 7, "from version {count}");
        install(&*open(settings(&folder)).await.unwrap().store(), key(1)).await;
    }
}

#[tokio::test]
async fn many_migrations_at_once_agree() {
    let folder = tempfile::tempdir().unwrap();
    let url = settings(&folder).url;
    let threads: Vec<_> = (0..6)
        .map(|_| {
            let url = url.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(migrate(&url))
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
    assert_eq!(versions(&folder).await.len(), earlier::files("sqlite").len());
    let left = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let drafts: Vec<_> = left.filter(|name| name.to_string_lossy().contains("draft")).collect();
    assert!(drafts.is_empty(), "{drafts:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    migrate(&settings(&folder).url).await.unwrap();
    for version in [900, 901] {
        let newer =
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (?, 'later', 1, x'00', 0)";
        sqlx::query(newer).bind(version).execute(&mut connect(&folder).await).await.unwrap();
    }
    let before = versions(&folder).await;
    for refused in [migrate(&settings(&folder).url).await.unwrap_err(), open(settings(&folder)).await.err().unwrap()] {
        assert!(matches!(refused, OpenError::Newer { found: 901, known } if known < 900), "{refused:?}");
        assert!(refused.to_string().contains("901"), "{refused}");
    }
    assert_eq!(versions(&folder).await, before);
}

#[tokio::test]
async fn a_schema_that_is_not_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    migrate(&settings(&folder).url).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1").execute(&mut connect(&folder).await).await.unwrap();
    assert!(matches!(migrate(&settings(&folder).url).await, Err(OpenError::Altered(1))));
}

#[tokio::test]
async fn a_migration_that_fails_half_way_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // In the way of the first migration's last table.
    sqlx::query("CREATE TABLE pulse (mine)").execute(&mut create(&folder).await).await.unwrap();
    assert!(matches!(migrate(&settings(&folder).url).await, Err(OpenError::Database(_))));
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(&mut connect(&folder).await).await.unwrap();
    assert_eq!(tables, ["pulse"]);
}

async fn create(folder: &tempfile::TempDir) -> sqlx::SqliteConnection {
    use sqlx::ConnectOptions;
    sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("x.db")).create_if_missing(true).connect().await.unwrap()
}
