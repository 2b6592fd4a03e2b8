//! Where the part of a list lies that is asked for. What it skips is counted chapter by chapter along an index, so that only what is near is put in
//! order. Ids need not come in the order of the chapters, though nearly all of them do: where they do not, less is skipped.

use actors::port::store::Slice;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::{Failure, chapters};

/// A table that is written in chapters, as its lists see it.
pub(super) struct Listed {
    pub(super) table: &'static str,
    /// The index by chapter, workspace and id in which all that a filter asks for is told.
    pub(super) index: &'static str,
    /// What the filter asks for, after `AND`; its span of ids too.
    pub(super) fitting: String,
}

impl Listed {
    /// How many rows of a key fit, by chapter, the newest first, until so many are counted; with the first and the last id that the key has in each,
    /// whether they fit or not. The last row is of no chapter if all are counted. Wants the key's two parameters, the filter's, and how many to count.
    pub(super) fn counted(&self, rows_wanted: &str) -> String {
        let Self { table, index, fitting } = self;
        let within = |index: &str| {
            format!(
                "FROM {table} INDEXED BY {index} WHERE {table}.chapter = chapters.chapter
                AND {table}.stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)"
            )
        };
        let ids = within(&format!("{table}_by_stay"));
        format!(
            "{} SELECT newer, chapter, (SELECT min({table}.id) {ids}), (SELECT max({table}.id) {ids}) FROM chapters",
            chapters::counting(table, &format!("SELECT count(*) {} {fitting}", within(index)), rows_wanted)
        )
    }
}

/// A chapter of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Chapter {
    /// How many rows that fit are in newer ones.
    newer: u64,
    /// The first and the last id in it, of any row of the key.
    ids: Option<(Uuid, Uuid)>,
}

/// A list, counted by chapter, the newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Counted {
    chapters: Vec<Chapter>,
    /// How many rows fit in all that are here.
    pub(super) total: u64,
    /// Whether there are no further ones.
    whole: bool,
}

/// Where a part of a list is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Part {
    /// No row of it has an id before this one.
    pub(super) from: Uuid,
    /// All rows of it have ids before this one, and so have those that it skips.
    pub(super) to: Uuid,
    /// Rows at most.
    pub(super) limit: i64,
    /// How many rows of the span to skip, newest first.
    pub(super) offset: i64,
}

impl Part {
    /// A part of a list that is short, or comes in order: nothing is known of where it is.
    pub(super) fn of(slice: Slice) -> Self {
        Self { from: Uuid::nil(), to: Uuid::max(), limit: slice.limit.into(), offset: slice.offset.into() }
    }
}

impl Counted {
    /// Reads what [`Listed::counted`] gives.
    pub(super) fn read(rows: &[SqliteRow]) -> Result<Self, Failure> {
        let (mut chapters, mut total, mut whole) = (Vec::with_capacity(rows.len()), 0, false);
        for row in rows {
            total = u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0);
            whole = row.try_get::<Option<i64>, _>(1)?.is_none();
            let ids: (Option<Uuid>, Option<Uuid>) = (row.try_get(2)?, row.try_get(3)?);
            chapters.push(Chapter { newer: total, ids: ids.0.zip(ids.1) });
        }
        Ok(Self { chapters, total, whole })
    }

    /// Where a part is.
    pub(super) fn part(&self, slice: Slice) -> Part {
        let part = Part::of(slice);
        let (limit, offset) = (u64::from(slice.limit), u64::from(slice.offset));
        let (to, skipped) = self.skipped(offset);
        Part { from: self.reached(offset + limit), to, offset: part.offset.saturating_sub_unsigned(skipped), ..part }
    }

    /// The id from which on there are so many rows at least, or all of them.
    fn reached(&self, rows: u64) -> Uuid {
        let enough = self.chapters.iter().position(|chapter| chapter.newer >= rows).unwrap_or(0);
        let firsts = self.chapters.iter().take(enough).filter_map(|chapter| chapter.ids).map(|(first, _)| first);
        firsts.min().unwrap_or(Uuid::nil())
    }

    /// An id, and how many rows that fit have it or a later one: not more than asked for.
    fn skipped(&self, rows: u64) -> (Uuid, u64) {
        let mut found = (Uuid::max(), 0);
        if !self.whole {
            return found;
        }
        // What is the last of the older ones, for each.
        let mut older = Vec::with_capacity(self.chapters.len());
        for chapter in self.chapters.iter().rev() {
            older.push(chapter.ids.map(|(_, last)| last).max(older.last().copied().flatten()));
        }
        let mut first: Option<Uuid> = None;
        for (chapter, older) in self.chapters.iter().zip(older.into_iter().rev()) {
            if chapter.newer > rows {
                break;
            }
            if let Some(first) = first.filter(|first| older.is_none_or(|last| last < *first)) {
                found = (first, chapter.newer);
            }
            first = [first, chapter.ids.map(|(first, _)| first)].into_iter().flatten().min();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the statement gives for chapters of ids, oldest first, of which some fit.
    fn counted(chapters: &[Vec<(u128, bool)>], rows_wanted: u64) -> Counted {
        let (mut seen, mut newer, mut whole) = (Vec::new(), 0, true);
        for chapter in chapters.iter().rev() {
            let ids = chapter.iter().map(|(id, _)| Uuid::from_u128(*id));
            seen.push(Chapter { newer, ids: ids.clone().min().zip(ids.max()) });
            if newer >= rows_wanted {
                whole = false;
                break;
            }
            newer += chapter.iter().filter(|(_, fits)| *fits).count() as u64;
        }
        if whole {
            seen.push(Chapter { newer, ids: None });
        }
        Counted { chapters: seen, total: newer, whole }
    }

    /// The rows that fit, newest first.
    fn fitting(chapters: &[Vec<(u128, bool)>]) -> Vec<Uuid> {
        let mut all: Vec<Uuid> = chapters.iter().flatten().filter(|(_, fits)| *fits).map(|(id, _)| Uuid::from_u128(*id)).collect();
        all.sort_by(|a, b| b.cmp(a));
        all
    }

    fn rows_of(part: Part, all: &[Uuid]) -> Vec<Uuid> {
        let within = all.iter().copied().filter(|id| part.from <= *id && *id < part.to);
        within.skip(part.offset as usize).take(part.limit as usize).collect()
    }

    fn chapters() -> impl Strategy<Value = Vec<Vec<(u128, bool)>>> {
        // Ids are nearly in order: each is its place, and a jump that is mostly none.
        let jump = prop_oneof![8 => Just(0_i32), 1 => -12..12_i32];
        prop::collection::vec(prop::collection::vec((jump, prop::bool::weighted(0.7)), 0..8), 0..12).prop_map(|chapters| {
            let mut place = 100_u128;
            let mut id = |jump: i32| {
                place += 1;
                // Behind the place, so that no two are the same.
                ((place as i64 + i64::from(jump)) as u128) << 64 | place
            };
            chapters.into_iter().map(|chapter| chapter.into_iter().map(|(jump, fits)| (id(jump), fits)).collect()).collect()
        })
    }

    proptest! {
        #[test]
        fn a_part_is_what_the_whole_list_has_there(chapters in chapters(), limit in 0..20_u32, offset in 0..80_u32) {
            let (all, counted) = (fitting(&chapters), counted(&chapters, u64::MAX));
            prop_assert_eq!(counted.total, all.len() as u64);
            let wanted: Vec<Uuid> = all.iter().copied().skip(offset as usize).take(limit as usize).collect();
            prop_assert_eq!(rows_of(counted.part(Slice { limit, offset }), &all), wanted);
        }

        #[test]
        fn what_is_counted_in_part_has_the_newest(chapters in chapters(), rows in 0..40_u32) {
            let (all, counted) = (fitting(&chapters), counted(&chapters, u64::from(rows)));
            let wanted: Vec<Uuid> = all.iter().copied().take(rows as usize).collect();
            prop_assert!(counted.total >= wanted.len() as u64);
            prop_assert_eq!(rows_of(counted.part(Slice { limit: rows, offset: 0 }), &all), wanted);
        }
    }

    #[test]
    fn chapters_in_order_are_skipped_and_not_read() {
        let chapters: Vec<Vec<_>> = (0..10_u128).map(|chapter| (0..10).map(|row| (chapter * 10 + row, true)).collect()).collect();
        let part = counted(&chapters, u64::MAX).part(Slice { limit: 5, offset: 32 });
        assert_eq!(part, Part { from: Uuid::from_u128(60), to: Uuid::from_u128(70), limit: 5, offset: 2 });
    }

    #[test]
    fn chapters_that_overlap_are_read_together() {
        let chapters = vec![vec![(1, true), (2, true)], vec![(3, true), (6, true)], vec![(5, true), (7, true)]];
        let part = counted(&chapters, u64::MAX).part(Slice { limit: 1, offset: 2 });
        assert_eq!(part, Part { from: Uuid::from_u128(3), to: Uuid::max(), limit: 1, offset: 2 });
        assert_eq!(rows_of(part, &fitting(&chapters)), [Uuid::from_u128(5)]);
    }
}
