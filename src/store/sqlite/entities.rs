//! The entity cache.

use actors::entity::{Entity, EntityChange, EntityId, EntityType};
use actors::ids::Key;
use actors::port::store::{Entities, Error};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::super::entity_rows::{EntityRow, rows};
use super::super::failure::unreadable;
use super::flows::stay;
use super::row::{about, columns, json, time};
use super::{Failure, Sqlite};

/// Rows of one statement. Few sizes, so that each statement is prepared once.
const WIDTHS: [usize; 3] = [64, 8, 1];

fn upsert(width: usize) -> String {
    let values = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; width].join(", ");
    format!(
        "INSERT INTO entities (addon, workspace, stay, type, id, parent, name, sort, fetched_at, data) VALUES {values}
        ON CONFLICT (stay, type, id) DO UPDATE SET parent = excluded.parent, name = excluded.name, sort = excluded.sort,
        fetched_at = excluded.fetched_at, data = excluded.data WHERE excluded.fetched_at >= entities.fetched_at"
    )
}

/// Writes changes of a stay.
pub(super) async fn put(connection: &mut SqliteConnection, key: Key, stay: i64, changes: &[EntityChange]) -> Result<(), Failure> {
    let (addon, workspace) = columns(key);
    let mut left = rows(changes)?;
    for width in WIDTHS {
        while left.len() >= width {
            let rest = left.split_off(width);
            let mut query = sqlx::query(AssertSqlSafe(upsert(width)));
            for EntityRow { kind, id, parent, name, sort, fetched_at, data } in std::mem::replace(&mut left, rest) {
                query = query.bind(addon).bind(workspace.clone()).bind(stay).bind(kind.to_owned()).bind(id.to_owned());
                query = query.bind(parent.map(str::to_owned)).bind(name.map(str::to_owned)).bind(sort.map(String::from));
                query = query.bind(fetched_at).bind(data);
            }
            query.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

fn entity(row: &SqliteRow) -> Result<Entity, Failure> {
    let parent: Option<&str> = row.try_get("parent")?;
    Ok(Entity {
        kind: EntityType::parse(row.try_get("type")?).map_err(|_| unreadable("type"))?,
        id: EntityId::parse(row.try_get("id")?).map_err(|_| unreadable("id"))?,
        name: row.try_get::<Option<&str>, _>("name")?.map(Into::into),
        parent: parent.map(EntityId::parse).transpose().map_err(|_| unreadable("parent"))?,
        data: json(row, "data")?,
        fetched_at: time(row, "fetched_at")?,
    })
}

pub(super) const ONE: &str = "SELECT entities.* FROM installations
    CROSS JOIN entities ON entities.stay = installations.stay AND entities.type = ?3 AND entities.id = ?4
    WHERE installations.addon = ?1 AND installations.workspace = ?2 AND entities.data IS NOT NULL";

impl Sqlite {
    async fn one_entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Failure> {
        let query = about(ONE, key).bind(kind.as_str().to_owned()).bind(id.as_str().to_owned());
        query.fetch_optional(&self.readers).await?.as_ref().map(entity).transpose()
    }
}

async fn change(connection: &mut SqliteConnection, key: Key, changes: Vec<EntityChange>) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    put(connection, key, stay, &changes).await?;
    Ok(true)
}

#[async_trait]
impl Entities for Sqlite {
    async fn entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Error> {
        Ok(self.one_entity(key, kind, id).await?)
    }

    async fn change_entities(&self, key: Key, changes: &[EntityChange]) -> Result<bool, Error> {
        let changes = changes.to_vec();
        self.transact(move |connection| Box::pin(change(connection, key, changes))).await
    }
}
