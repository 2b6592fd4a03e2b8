//! The schema: from nothing, again, by many at once, and never backwards.

use clockify_addons::store::{OpenError, migrate, open};

use super::schema::{Schema, empty};
use crate::earlier;
use crate::sample::{install, key};

async fn versions(schema: &Schema) -> Vec<i64> {
    sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version").fetch_all(&mut schema.connect().await).await.unwrap()
}

#[tokio::test]
async fn migrating_makes_the_tables_and_again_changes_nothing() {
    let Some(schema) = empty("migrating_makes_the_tables_and_again_changes_nothing").await else { return };
    migrate(&schema.url()).await.unwrap();
    let first = versions(&schema).await;
    assert!(!first.is_empty());
    let database = open(schema.settings()).await.unwrap();
    install(&*database.store(), key(1)).await;
    migrate(&schema.url()).await.unwrap();
    assert_eq!(versions(&schema).await, first);
    assert_eq!(database.store().installation_count().await, Ok(1));
}

#[tokio::test]
async fn a_database_of_every_earlier_release_is_brought_up_to_date() {
    for count in 1..=earlier::files("postgres").len() {
        let Some(schema) = empty("a_database_of_every_earlier_release_is_brought_up_to_date").await else { return };
        earlier::migrator("postgres", count).await.run(&mut schema.connect().await).await.unwrap();
        let row = "INSERT INTO purges (stay, addon, workspace) VALUES (7, 1, '\\x00')";
        sqlx::query(row).execute(&mut schema.connect().await).await.unwrap();
        migrate(&schema.url()).await.unwrap();
        assert_eq!(versions(&schema).await.len(), earlier::files("postgres").len());
        let kept: i64 = sqlx::query_scalar("SELECT stay FROM purges").fetch_one(&mut schema.connect().await).await.unwrap();
        assert_eq!(kept, 7, "from version {count}");
        install(&*open(schema.settings()).await.unwrap().store(), key(1)).await;
    }
}

#[tokio::test]
async fn many_migrations_at_once_agree() {
    let Some(schema) = empty("many_migrations_at_once_agree").await else { return };
    let url = schema.url();
    let migrations = futures_util::future::join_all((0..6).map(|_| migrate(&url))).await;
    migrations.into_iter().for_each(|migrated| migrated.unwrap());
    assert_eq!(versions(&schema).await.len(), earlier::files("postgres").len());
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused_and_left_alone() {
    let Some(schema) = empty("a_database_of_a_newer_release_is_refused_and_left_alone").await else { return };
    migrate(&schema.url()).await.unwrap();
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (901, 'later', true, '\\x00', 0)";
    sqlx::query(newer).execute(&mut schema.connect().await).await.unwrap();
    for refused in [migrate(&schema.url()).await.unwrap_err(), open(schema.settings()).await.err().unwrap()] {
        assert!(matches!(refused, OpenError::Newer { found: 901, known } if known < 900), "{refused:?}");
    }
    assert_eq!(versions(&schema).await.last(), Some(&901));
}

#[tokio::test]
async fn a_schema_that_is_not_ours_is_refused() {
    let Some(schema) = empty("a_schema_that_is_not_ours_is_refused").await else { return };
    migrate(&schema.url()).await.unwrap();
    let altered = "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1";
    sqlx::query(altered).execute(&mut schema.connect().await).await.unwrap();
    assert!(matches!(migrate(&schema.url()).await, Err(OpenError::Altered(1))));
}

#[tokio::test]
async fn a_migration_that_fails_half_way_leaves_nothing() {
    let Some(schema) = empty("a_migration_that_fails_half_way_leaves_nothing").await else { return };
    // In the way of the first migration's last table.
    sqlx::query("CREATE TABLE pulse (mine INTEGER)").execute(&mut schema.connect().await).await.unwrap();
    assert!(matches!(migrate(&schema.url()).await, Err(OpenError::Database(_))));
    let tables = "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = current_schema()";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut schema.connect().await).await.unwrap();
    assert_eq!(tables, ["pulse"]);
}
