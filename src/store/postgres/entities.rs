//! The entity cache.

use actors::entity::{Entity, EntityChange, EntityId, EntityType};
use actors::ids::Key;
use actors::port::store::{Entities, Error};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::super::entity_rows::{EntityRow, rows};
use super::super::failure::unreadable;
use super::flows::stay;
use super::row::{about, json, text_if_any, time};
use super::{Failure, Postgres};

const UPSERT: &str = "INSERT INTO entities (addon, workspace, stay, type, id, parent, name, sort, fetched_at, data)
    SELECT $1, $2, $3, new.* FROM unnest($4::TEXT[], $5::TEXT[], $6::TEXT[], $7::BYTEA[], $8::BYTEA[], $9::BIGINT[], $10::TEXT[]) AS new
    ON CONFLICT (stay, type, id) DO UPDATE SET parent = excluded.parent, name = excluded.name, sort = excluded.sort,
    fetched_at = excluded.fetched_at, data = excluded.data WHERE excluded.fetched_at >= entities.fetched_at";

/// Writes changes of a stay.
pub(super) async fn put(connection: &mut PgConnection, key: Key, stay: i64, changes: &[EntityChange]) -> Result<(), Failure> {
    let rows = rows(changes)?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut columns = Columns::default();
    rows.into_iter().for_each(|row| columns.push(row));
    let Columns { kinds, ids, parents, names, sorts, times, data } = columns;
    let query = about(UPSERT, key).bind(stay).bind(kinds).bind(ids).bind(parents).bind(names).bind(sorts).bind(times).bind(data);
    query.execute(connection).await?;
    Ok(())
}

/// Rows turned into an array for each column.
#[derive(Default)]
struct Columns {
    kinds: Vec<String>,
    ids: Vec<String>,
    parents: Vec<Option<String>>,
    names: Vec<Option<Vec<u8>>>,
    sorts: Vec<Option<Vec<u8>>>,
    times: Vec<i64>,
    data: Vec<Option<String>>,
}

impl Columns {
    fn push(&mut self, row: EntityRow<'_>) {
        self.kinds.push(row.kind.to_owned());
        self.ids.push(row.id.to_owned());
        self.parents.push(row.parent.map(str::to_owned));
        self.names.push(row.name.map(|name| name.as_bytes().to_vec()));
        self.sorts.push(row.sort.map(|sort| sort.as_bytes().to_vec()));
        self.times.push(row.fetched_at);
        self.data.push(row.data);
    }
}

fn entity(row: &PgRow) -> Result<Entity, Failure> {
    let parent: Option<&str> = row.try_get("parent")?;
    Ok(Entity {
        kind: EntityType::parse(row.try_get("type")?).map_err(|_| unreadable("type"))?,
        id: EntityId::parse(row.try_get("id")?).map_err(|_| unreadable("id"))?,
        name: text_if_any(row, "name")?,
        parent: parent.map(EntityId::parse).transpose().map_err(|_| unreadable("parent"))?,
        data: json(row, "data")?,
        fetched_at: time(row, "fetched_at")?,
    })
}

const ONE: &str = "SELECT entities.* FROM installations
    JOIN entities ON entities.stay = installations.stay AND entities.type = $3 AND entities.id = $4
    WHERE installations.addon = $1 AND installations.workspace = $2 AND entities.data IS NOT NULL";

impl Postgres {
    async fn one_entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Failure> {
        let query = about(ONE, key).bind(kind.as_str()).bind(id.as_str());
        query.fetch_optional(&self.readers).await?.as_ref().map(entity).transpose()
    }
}

async fn change(connection: &mut PgConnection, key: Key, changes: Vec<EntityChange>) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    put(connection, key, stay, &changes).await?;
    Ok(true)
}

#[async_trait]
impl Entities for Postgres {
    async fn entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Error> {
        Ok(self.one_entity(key, kind, id).await?)
    }

    async fn change_entities(&self, key: Key, changes: &[EntityChange]) -> Result<bool, Error> {
        let changes = changes.to_vec();
        self.transact(move |connection| Box::pin(change(connection, key, changes))).await
    }
}
