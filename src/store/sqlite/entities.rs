//! The entity cache.

use actors::clock::Timestamp;
use actors::entity::{Entity, EntityChange, EntityId, EntityType, Listed, sort_key};
use actors::ids::Key;
use actors::limits::store::{ENTITY_CHANGES_MAX, NAMES_SEARCHED_MAX, PAGE_ROWS_MAX, PURGE_ROWS_MAX};
use actors::port::store::entities::{EntityFilter, Swept};
use actors::port::store::{Entities, Error, Page, Slice};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::super::columns::{columns_behind, key_columns};
use super::super::entity_rows::{EntityRow, Names, rows};
use super::super::failure::unreadable;
use super::erase::ENTITIES;
use super::flows::{WHOSE, stay};
use super::row::{about, json, key, time};
use super::script::{Prepared, Script};
use super::{Failure, Sqlite};

macro_rules! put {
    ($whose:literal) => {
        [
            "INSERT INTO entities (addon, workspace, stay, type, id, parent, name, sort, fetched_at, data)
            SELECT installations.addon, installations.workspace, installations.stay, new.column1, new.column2, new.column3, new.column4, new.column5,
                new.column6, new.column7 FROM (VALUES ",
            concat!(
                ") AS new CROSS JOIN installations ON installations.addon = ? AND installations.workspace = ? ",
                $whose,
                " WHERE true ON CONFLICT (stay, type, id) DO UPDATE SET parent = excluded.parent, name = excluded.name, sort = excluded.sort,
                fetched_at = excluded.fetched_at, data = excluded.data WHERE excluded.fetched_at >= entities.fetched_at"
            ),
        ]
    };
}
pub(super) const PUT: [&str; 2] = put!("");
pub(super) const PUT_OF_BOOTSTRAP: [&str; 2] = put!("CROSS JOIN bootstraps ON bootstraps.stay = installations.stay AND bootstraps.id = ?");
pub(super) const PUT_WIDTH: usize = 7;

/// Puts into a script what writes rows of an installation, as it is when it runs; of one that has this bootstrap, if it is one's.
pub(super) fn put(script: &mut Script, key: Key, bootstrap: Option<Uuid>, rows: Vec<EntityRow>) {
    let (addon, workspace) = key_columns(key);
    let mut left = rows.into_iter();
    while left.len() > 0 {
        let width = left.len().min(ENTITY_CHANGES_MAX);
        for EntityRow { kind, id, parent, name, sort, fetched_at, data } in left.by_ref().take(width) {
            script.bind(kind).bind(id).bind(parent).bind(name).bind(sort).bind(fetched_at).bind(data);
        }
        script.bind(addon).bind(workspace.clone());
        match bootstrap {
            None => script.statement(PUT, width, PUT_WIDTH),
            Some(id) => script.bind(id).statement(PUT_OF_BOOTSTRAP, width, PUT_WIDTH),
        };
    }
}

/// Whether the statements that write so many rows are kept: nearly all changes are full, or are a few.
pub(super) fn prepared(rows: usize) -> Prepared {
    if rows == ENTITY_CHANGES_MAX { Prepared::Kept } else { Prepared::if_few(rows) }
}

fn kind(row: &SqliteRow) -> Result<EntityType, Failure> {
    EntityType::parse(row.try_get("type")?).map_err(|_| unreadable("type"))
}

fn id(row: &SqliteRow) -> Result<EntityId, Failure> {
    EntityId::parse(row.try_get("id")?).map_err(|_| unreadable("id"))
}

fn listed(row: &SqliteRow) -> Result<Listed, Failure> {
    let parent: Option<&str> = row.try_get("parent")?;
    Ok(Listed {
        kind: kind(row)?,
        id: id(row)?,
        name: row.try_get::<Option<&str>, _>("name")?.map(Into::into),
        parent: parent.map(EntityId::parse).transpose().map_err(|_| unreadable("parent"))?,
        fetched_at: time(row, "fetched_at")?,
    })
}

fn entity(row: &SqliteRow) -> Result<Entity, Failure> {
    let Listed { kind, id, name, parent, fetched_at } = listed(row)?;
    Ok(Entity { kind, id, name, parent, data: json(row, "data")?, fetched_at })
}

macro_rules! stay {
    () => {
        "(SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)"
    };
}

pub(super) const ONE: &str = "SELECT entities.* FROM installations
    CROSS JOIN entities ON entities.stay = installations.stay AND entities.type = ?3 AND entities.id = ?4
    WHERE installations.addon = ?1 AND installations.workspace = ?2 AND entities.data IS NOT NULL";

pub(super) const COUNTS: &str = concat!(
    "SELECT type, count(*) AS entities FROM entities INDEXED BY entities_by_name WHERE sort IS NOT NULL AND stay = ",
    stay!(),
    " GROUP BY type ORDER BY type"
);

pub(super) const IDS: &str = concat!(
    "SELECT id FROM entities INDEXED BY entities_by_id WHERE type = ?3 AND id > ?4 AND fetched_at >= ?5 AND data IS NOT NULL AND stay = ",
    stay!(),
    " ORDER BY id LIMIT ?6"
);

pub(super) const SWEEP: &str = concat!(
    "SELECT number, id, fetched_at FROM entities INDEXED BY entities_by_id WHERE type = ?3 AND id > ?4 AND stay = ",
    stay!(),
    " ORDER BY id LIMIT ?5"
);

pub(super) const OLD: &str = concat!(
    "SELECT number FROM entities INDEXED BY entities_by_age WHERE stay = ",
    stay!(),
    " AND fetched_at < max(?3, ?4) AND (fetched_at < ?3 OR data IS NULL) LIMIT ?5"
);

/// Stays are sought one after the other, whatever the number of their entities.
pub(super) const KEYS: &str = "WITH RECURSIVE stays (stay) AS (
        SELECT min(stay) FROM entities
        UNION ALL
        SELECT (SELECT min(entities.stay) FROM entities WHERE entities.stay > stays.stay) FROM stays WHERE stays.stay IS NOT NULL
    )
    SELECT installations.addon, installations.workspace FROM stays CROSS JOIN installations ON installations.stay = stays.stay
    WHERE (installations.addon, installations.workspace) > (?1, ?2) AND EXISTS (
        SELECT 1 FROM entities INDEXED BY entities_by_age WHERE entities.stay = stays.stay AND entities.fetched_at < ?3
    ) ORDER BY installations.addon, installations.workspace LIMIT ?4";

/// Wants the key's two parameters and the type.
fn named(filter: &EntityFilter) -> String {
    let of_kind = if filter.kind.is_some() { "type = ?3" } else { "?3 IS NULL" };
    format!("FROM entities INDEXED BY entities_by_name WHERE sort IS NOT NULL AND stay = {} AND {of_kind}", stay!())
}

/// Wants the text and the id as well. Where there are more names than are looked at, the first of them are; to make out which costs as much again.
fn fitting(filter: &EntityFilter, names: Names) -> String {
    let named = named(filter);
    match (&filter.text, names) {
        (None, _) => format!("{named} AND ?4 IS NULL AND ?5 IS NULL"),
        (Some(_), Names::All) => format!("{named} AND (instr(sort, ?4) > 0 OR id = ?5)"),
        (Some(_), Names::First) => format!(
            "FROM (SELECT number, type, sort, id {named} ORDER BY type, sort, id LIMIT {NAMES_SEARCHED_MAX})
            WHERE instr(sort, ?4) > 0 OR id = ?5"
        ),
    }
}

/// How many names there are to be looked at.
pub(super) fn count_named(filter: &EntityFilter) -> String {
    format!("SELECT count(*) {}", named(filter))
}

pub(super) fn count(filter: &EntityFilter, names: Names) -> String {
    format!("SELECT count(*) {}", fitting(filter, names))
}

pub(super) fn page(filter: &EntityFilter, names: Names) -> String {
    format!(
        "SELECT entities.* FROM (SELECT number, type, sort, id {} ORDER BY type, sort, id LIMIT ?6 OFFSET ?7) AS page
        CROSS JOIN entities ON entities.number = page.number ORDER BY page.type, page.sort, page.id",
        fitting(filter, names)
    )
}

impl Sqlite {
    async fn one_entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Failure> {
        let query = about(ONE, key).bind(kind.as_str().to_owned()).bind(id.as_str().to_owned());
        query.fetch_optional(&self.readers).await?.as_ref().map(entity).transpose()
    }

    async fn list_entities(&self, key: Key, filter: &EntityFilter, slice: Slice) -> Result<Page<Listed>, Failure> {
        let fitting = |sql: String| {
            let query = about(AssertSqlSafe(sql), key).bind(filter.kind.as_ref().map(|kind| kind.as_str().to_owned()));
            query.bind(filter.text.as_deref().map(|text| sort_key(text).into_owned())).bind(filter.text.clone())
        };
        let mut reading = self.reading().await?;
        let names = match filter.text {
            None => Names::All,
            Some(_) => {
                let kind = filter.kind.as_ref().map(|kind| kind.as_str().to_owned());
                let named = about(AssertSqlSafe(count_named(filter)), key).bind(kind).fetch_one(&mut *reading).await?;
                Names::of(named.try_get(0)?)
            }
        };
        let slice = Slice { limit: slice.limit.min(PAGE_ROWS_MAX), ..slice };
        let part = fitting(page(filter, names)).bind(slice.limit).bind(slice.offset).fetch_all(&mut *reading).await?;
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
        let count = |row: &SqliteRow| Ok((kind(row)?, u64::try_from(row.try_get::<i64, _>("entities")?).unwrap_or(0)));
        rows.iter().map(count).collect()
    }

    async fn ids_of(&self, key: Key, kind: &EntityType, since: Timestamp, after: &str, limit: u32) -> Result<Vec<EntityId>, Failure> {
        let query = about(IDS, key).bind(kind.as_str().to_owned()).bind(after.to_owned()).bind(since.millis()).bind(limit);
        query.fetch_all(&self.readers).await?.iter().map(id).collect()
    }

    /// Rows of a sweep: number, id, time.
    async fn rows_of(&self, key: Key, kind: &EntityType, after: &str, rows: u32) -> Result<Vec<(i64, EntityId, i64)>, Failure> {
        let query = about(SWEEP, key).bind(kind.as_str().to_owned()).bind(after.to_owned()).bind(rows);
        let row = |row: &SqliteRow| Ok((row.try_get("number")?, id(row)?, row.try_get("fetched_at")?));
        query.fetch_all(&self.readers).await?.iter().map(row).collect()
    }

    async fn remove_entities(&self, key: Key, numbers: Vec<i64>, loose: String) -> Result<u32, Error> {
        if numbers.is_empty() {
            return Ok(0);
        }
        self.transact(move |connection| {
            Box::pin(async move {
                let Some(stay) = stay(connection, key).await? else { return Ok(0) };
                ENTITIES.erase_found(connection, stay, numbers, &loose).await
            })
        })
        .await
    }

    async fn old_entities(&self, key: Key, before: i64, gone_before: i64, rows_max: u32) -> Result<Vec<i64>, Failure> {
        let rows = about(OLD, key).bind(before).bind(gone_before).bind(rows_max).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn keys_with_old_entities(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Failure> {
        let (addon, workspace) = columns_behind(after);
        let query = sqlx::query(KEYS).bind(addon).bind(workspace).bind(before.millis()).bind(limit);
        query.fetch_all(&self.readers).await?.iter().map(key).collect()
    }
}

#[async_trait]
impl Entities for Sqlite {
    async fn entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Error> {
        Ok(self.one_entity(key, kind, id).await?)
    }

    async fn change_entities(&self, key: Key, changes: &[EntityChange]) -> Result<bool, Error> {
        let rows = rows(changes)?;
        let (mut script, prepared) = (Script::new(rows.len()), prepared(rows.len()));
        let (addon, workspace) = key_columns(key);
        let whose = script.bind(addon).bind(workspace).statement([WHOSE, ""], 0, 0);
        put(&mut script, key, None, rows);
        self.write(script, prepared, move |told| told.get(whose).is_some_and(|whose| !whose.rows.is_empty())).await
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
        let after = found.last().filter(|_| found.len() == rows as usize).map(|(_, id, _)| id.clone());
        let before = before.millis();
        let old: Vec<i64> = found.into_iter().filter(|(_, _, at)| *at < before).map(|(number, ..)| number).collect();
        let mut removed = 0;
        for numbers in old.chunks(PURGE_ROWS_MAX as usize) {
            removed += self.remove_entities(key, numbers.to_vec(), format!("fetched_at < {before}")).await?;
        }
        Ok(Swept { removed, after })
    }

    async fn expire_entities(&self, key: Key, before: Option<Timestamp>, gone_before: Timestamp, rows_max: u32) -> Result<u32, Error> {
        let (before, gone) = (before.map_or(i64::MIN, Timestamp::millis), gone_before.millis());
        let numbers = self.old_entities(key, before, gone, rows_max).await?;
        self.remove_entities(key, numbers, format!("(fetched_at < {before} OR (data IS NULL AND fetched_at < {gone}))")).await
    }

    async fn keys_with_entities_before(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        Ok(self.keys_with_old_entities(before, after, limit).await?)
    }
}
