//! The entity cache.

use actors::clock::Timestamp;
use actors::entity::{Entity, EntityChange, EntityId, EntityType, Listed, sort_key};
use actors::ids::Key;
use actors::limits::store::{NAMES_SEARCHED_MAX, PAGE_ROWS_MAX, PURGE_ROWS_MAX};
use actors::port::store::entities::{EntityFilter, Swept};
use actors::port::store::{Entities, Error, Page, Slice};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::super::columns::columns_behind;
use super::super::entity_rows::{EntityRow, Names, rows};
use super::super::failure::unreadable;
use super::flows::stay;
use super::row::{about, json, key, text_if_any, time};
use super::{Failure, Postgres};

const UPSERT: &str = "INSERT INTO entities (addon, workspace, stay, type, id, parent, name, sort, fetched_at, data)
    SELECT $1, $2, $3, new.* FROM unnest($4::TEXT[], $5::TEXT[], $6::TEXT[], $7::BYTEA[], $8::BYTEA[], $9::BIGINT[], $10::TEXT[]) AS new
    ON CONFLICT (stay, type, id) DO UPDATE SET parent = excluded.parent, name = excluded.name, sort = excluded.sort,
    fetched_at = excluded.fetched_at, data = excluded.data WHERE excluded.fetched_at >= entities.fetched_at";

/// Writes rows of a stay.
pub(super) async fn put(connection: &mut PgConnection, key: Key, stay: i64, rows: Vec<EntityRow>) -> Result<(), Failure> {
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
    fn push(&mut self, row: EntityRow) {
        self.kinds.push(row.kind);
        self.ids.push(row.id);
        self.parents.push(row.parent);
        self.names.push(row.name.map(String::into_bytes));
        self.sorts.push(row.sort.map(String::into_bytes));
        self.times.push(row.fetched_at);
        self.data.push(row.data);
    }
}

fn kind(row: &PgRow) -> Result<EntityType, Failure> {
    EntityType::parse(row.try_get("type")?).map_err(|_| unreadable("type"))
}

fn id(row: &PgRow) -> Result<EntityId, Failure> {
    EntityId::parse(row.try_get("id")?).map_err(|_| unreadable("id"))
}

fn listed(row: &PgRow) -> Result<Listed, Failure> {
    let parent: Option<&str> = row.try_get("parent")?;
    Ok(Listed {
        kind: kind(row)?,
        id: id(row)?,
        name: text_if_any(row, "name")?,
        parent: parent.map(EntityId::parse).transpose().map_err(|_| unreadable("parent"))?,
        fetched_at: time(row, "fetched_at")?,
    })
}

fn entity(row: &PgRow) -> Result<Entity, Failure> {
    let Listed { kind, id, name, parent, fetched_at } = listed(row)?;
    Ok(Entity { kind, id, name, parent, data: json(row, "data")?, fetched_at })
}

macro_rules! stay {
    () => {
        "(SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)"
    };
}

const ONE: &str = "SELECT entities.* FROM installations
    JOIN entities ON entities.stay = installations.stay AND entities.type = $3 AND entities.id = $4
    WHERE installations.addon = $1 AND installations.workspace = $2 AND entities.data IS NOT NULL";

const COUNTS: &str =
    concat!("SELECT type, count(*) AS entities FROM entities WHERE sort IS NOT NULL AND stay = ", stay!(), " GROUP BY type ORDER BY type");

const IDS: &str = concat!(
    "SELECT id FROM entities WHERE type = $3 AND id > $4 AND fetched_at >= $5 AND data IS NOT NULL AND stay = ",
    stay!(),
    " ORDER BY id LIMIT $6"
);

const SWEEP: &str =
    concat!("SELECT id, fetched_at FROM entities WHERE type = $3 AND id > $4 AND stay = ", stay!(), " ORDER BY id LIMIT $5");

const OLD: &str = concat!(
    "SELECT type, id FROM entities WHERE stay = ",
    stay!(),
    " AND fetched_at < greatest($3, $4) AND (fetched_at < $3 OR data IS NULL) LIMIT $5"
);

const KEYS: &str = "SELECT addon, workspace FROM installations WHERE (addon, workspace) > ($1, $2)
    AND EXISTS (SELECT 1 FROM entities WHERE entities.stay = installations.stay AND entities.fetched_at < $3)
    ORDER BY addon, workspace LIMIT $4";

/// What was learnt since it was found stays.
const REMOVE: &str = "DELETE FROM entities USING unnest($2::TEXT[], $3::TEXT[]) AS old (type, id)
    WHERE entities.stay = $1 AND entities.type = old.type AND entities.id = old.id
    AND (entities.fetched_at < $4 OR (entities.data IS NULL AND entities.fetched_at < $5))";

/// Wants the key's two parameters and the type.
fn named(filter: &EntityFilter) -> String {
    let of_kind = if filter.kind.is_some() { "type = $3" } else { "$3::TEXT IS NULL" };
    format!("FROM entities WHERE sort IS NOT NULL AND stay = {} AND {of_kind}", stay!())
}

/// Wants the text and the id as well. Where there are more names than are looked at, the first of them are; to make out which costs as much again.
fn fitting(filter: &EntityFilter, names: Names) -> String {
    let (named, found) = (named(filter), "position($4::BYTEA IN sort) > 0 OR convert_to(id, 'UTF8') = $5::BYTEA");
    match (&filter.text, names) {
        (None, _) => format!("{named} AND $4::BYTEA IS NULL AND $5::BYTEA IS NULL"),
        (Some(_), Names::All) => format!("{named} AND ({found})"),
        (Some(_), Names::First) => {
            format!("FROM (SELECT type, sort, id {named} ORDER BY type, sort, id LIMIT {NAMES_SEARCHED_MAX}) AS named WHERE {found}")
        }
    }
}

fn count(filter: &EntityFilter, names: Names) -> String {
    format!("SELECT count(*) {}", fitting(filter, names))
}

fn page(filter: &EntityFilter, names: Names) -> String {
    format!(
        "SELECT entities.* FROM (SELECT type, sort, id {} ORDER BY type, sort, id LIMIT $6 OFFSET $7) AS page
        CROSS JOIN LATERAL (
            SELECT * FROM entities WHERE entities.stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)
                AND entities.type = page.type AND entities.id = page.id LIMIT 1
        ) AS entities
        ORDER BY page.type, page.sort, page.id",
        fitting(filter, names)
    )
}

impl Postgres {
    async fn one_entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Failure> {
        let query = about(ONE, key).bind(kind.as_str().to_owned()).bind(id.as_str().to_owned());
        query.fetch_optional(&self.readers).await?.as_ref().map(entity).transpose()
    }

    async fn list_entities(&self, key: Key, filter: &EntityFilter, slice: Slice) -> Result<Page<Listed>, Failure> {
        let fitting = |sql: String| {
            let query = about(AssertSqlSafe(sql), key).bind(filter.kind.as_ref().map(|kind| kind.as_str().to_owned()));
            query
                .bind(filter.text.as_deref().map(|text| sort_key(text).into_owned().into_bytes()))
                .bind(filter.text.clone().map(String::into_bytes))
        };
        let mut reading = self.reading().await?;
        let names = match filter.text {
            None => Names::All,
            Some(_) => {
                let kind = filter.kind.as_ref().map(|kind| kind.as_str().to_owned());
                let named =
                    about(AssertSqlSafe(format!("SELECT count(*) {}", named(filter))), key).bind(kind).fetch_one(&mut *reading).await?;
                Names::of(named.try_get(0)?)
            }
        };
        let slice = Slice { limit: slice.limit.min(PAGE_ROWS_MAX), ..slice };
        let part = fitting(page(filter, names)).bind(i64::from(slice.limit)).bind(i64::from(slice.offset)).fetch_all(&mut *reading).await?;
        let items: Vec<_> = part.iter().map(listed).collect::<Result<_, _>>()?;
        let total = match slice.total(items.len()) {
            Some(total) => total,
            None => {
                let total: i64 = fitting(count(filter, names)).fetch_one(&mut *reading).await?.try_get(0)?;
                u64::try_from(total).unwrap_or(0)
            }
        };
        Ok(Page { total, items })
    }

    async fn count_entities(&self, key: Key) -> Result<Vec<(EntityType, u64)>, Failure> {
        let rows = about(COUNTS, key).fetch_all(&self.readers).await?;
        let count = |row: &PgRow| Ok((kind(row)?, u64::try_from(row.try_get::<i64, _>("entities")?).unwrap_or(0)));
        rows.iter().map(count).collect()
    }

    async fn ids_of(&self, key: Key, kind: &EntityType, since: Timestamp, after: &str, limit: u32) -> Result<Vec<EntityId>, Failure> {
        let query = about(IDS, key).bind(kind.as_str().to_owned()).bind(after.to_owned()).bind(since.millis()).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(id).collect()
    }

    /// Rows of a sweep: id, time.
    async fn rows_of(&self, key: Key, kind: &EntityType, after: &str, rows: u32) -> Result<Vec<(EntityId, i64)>, Failure> {
        let query = about(SWEEP, key).bind(kind.as_str().to_owned()).bind(after.to_owned()).bind(i64::from(rows));
        let row = |row: &PgRow| Ok((id(row)?, row.try_get("fetched_at")?));
        query.fetch_all(&self.readers).await?.iter().map(row).collect()
    }

    async fn remove_entities(&self, key: Key, places: Vec<(String, String)>, (before, gone): (i64, i64)) -> Result<u32, Error> {
        if places.is_empty() {
            return Ok(0);
        }
        let (kinds, ids): (Vec<String>, Vec<String>) = places.into_iter().unzip();
        self.transact(move |connection| {
            Box::pin(async move {
                let Some(stay) = stay(connection, key).await? else { return Ok(0) };
                let query = sqlx::query(REMOVE).bind(stay).bind(kinds).bind(ids).bind(before).bind(gone);
                Ok(u32::try_from(query.execute(connection).await?.rows_affected()).unwrap_or(u32::MAX))
            })
        })
        .await
    }

    async fn old_entities(&self, key: Key, before: i64, gone_before: i64, rows_max: u32) -> Result<Vec<(String, String)>, Failure> {
        let rows = about(OLD, key).bind(before).bind(gone_before).bind(i64::from(rows_max)).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((row.try_get("type")?, row.try_get("id")?))).collect()
    }

    async fn keys_with_old_entities(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Failure> {
        let (addon, workspace) = columns_behind(after);
        let query = sqlx::query(KEYS).bind(addon).bind(workspace).bind(before.millis()).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(key).collect()
    }
}

async fn change(connection: &mut PgConnection, key: Key, rows: Vec<EntityRow>) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    put(connection, key, stay, rows).await?;
    Ok(true)
}

#[async_trait]
impl Entities for Postgres {
    async fn entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Error> {
        Ok(self.one_entity(key, kind, id).await?)
    }

    async fn change_entities(&self, key: Key, changes: &[EntityChange]) -> Result<bool, Error> {
        let rows = rows(changes)?;
        self.transact_later(move |connection| Box::pin(change(connection, key, rows))).await
    }

    async fn entities(&self, key: Key, filter: &EntityFilter, slice: Slice) -> Result<Page<Listed>, Error> {
        Ok(self.list_entities(key, filter, slice).await?)
    }

    async fn entity_counts(&self, key: Key) -> Result<Vec<(EntityType, u64)>, Error> {
        Ok(self.count_entities(key).await?)
    }

    async fn entity_ids(
        &self,
        key: Key,
        kind: &EntityType,
        since: Timestamp,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<Vec<EntityId>, Error> {
        Ok(self.ids_of(key, kind, since, after.map_or("", EntityId::as_str), limit).await?)
    }

    async fn sweep_entities(
        &self,
        key: Key,
        kind: &EntityType,
        before: Timestamp,
        after: Option<&EntityId>,
        rows: u32,
    ) -> Result<Swept, Error> {
        let found = self.rows_of(key, kind, after.map_or("", EntityId::as_str), rows).await?;
        let after = found.last().filter(|_| found.len() == rows as usize).map(|(id, _)| id.clone());
        let before = before.millis();
        let old = found.into_iter().filter(|(_, at)| *at < before).map(|(id, _)| (kind.as_str().to_owned(), id.as_str().to_owned()));
        let (old, mut removed): (Vec<_>, u32) = (old.collect(), 0);
        for places in old.chunks(PURGE_ROWS_MAX as usize) {
            removed += self.remove_entities(key, places.to_vec(), (before, before)).await?;
        }
        Ok(Swept { removed, after })
    }

    async fn expire_entities(&self, key: Key, before: Option<Timestamp>, gone_before: Timestamp, rows_max: u32) -> Result<u32, Error> {
        let (before, gone) = (before.map_or(i64::MIN, Timestamp::millis), gone_before.millis());
        let places = self.old_entities(key, before, gone, rows_max).await?;
        self.remove_entities(key, places, (before, gone)).await
    }

    async fn keys_with_entities_before(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        Ok(self.keys_with_old_entities(before, after, limit).await?)
    }
}
