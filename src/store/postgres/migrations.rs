//! The schema's versions, embedded, applied in one transaction under a lock that excludes every other process.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Connection, PgConnection, SqlSafeStr};

use super::super::OpenError;

fn migrator() -> Migrator {
    let migrations = [
        (1, "store", include_str!("../../../migrations/postgres/0001_store.sql")),
        (2, "subscriptions", include_str!("../../../migrations/postgres/0002_subscriptions.sql")),
        (3, "calls", include_str!("../../../migrations/postgres/0003_calls.sql")),
        (4, "entities", include_str!("../../../migrations/postgres/0004_entities.sql")),
        (5, "flows", include_str!("../../../migrations/postgres/0005_flows.sql")),
        (6, "run_lists", include_str!("../../../migrations/postgres/0006_run_lists.sql")),
        (7, "activities", include_str!("../../../migrations/postgres/0007_activities.sql")),
    ];
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(migrations.into_iter().map(migration).collect());
    migrator.set_locking(false);
    migrator
}

/// Of the schema, until the end of the transaction; the number is this project's alone.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1836017711, hashtext(current_schema()::TEXT))";

/// Applies what is missing. All of it or nothing; who comes second waits and finds it done.
pub(super) async fn run(connection: &mut PgConnection) -> Result<(), OpenError> {
    let migrator = migrator();
    let known = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
    let mut transaction = connection.begin().await?;
    sqlx::query(LOCK).execute(&mut *transaction).await?;
    match migrator.run_direct(None, &mut *transaction, false).await {
        Ok(()) => Ok(transaction.commit().await?),
        Err(MigrateError::VersionMissing(missing)) => {
            let found = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut *transaction).await?;
            Err(if found > known { OpenError::Newer { found, known } } else { OpenError::Altered(missing) })
        }
        Err(MigrateError::VersionMismatch(altered)) => Err(OpenError::Altered(altered)),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(error.into()),
        Err(other) => Err(OpenError::Migration(Box::new(other))),
    }
}
