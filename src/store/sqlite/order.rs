//! From which end a part of a list is reached.

use std::fmt;

use actors::limits::store::PAGE_ROWS_MAX;
use actors::port::store::Slice;

/// The order in which the rows of a list are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// Newest first, as it is shown.
    Newest,
    /// Oldest first.
    Oldest,
}

impl Order {
    /// Both.
    #[cfg(test)]
    pub(super) const ALL: [Self; 2] = [Self::Newest, Self::Oldest];

    /// How a part of a list of `total` is reached from the end that is nearer, with its limit and its offset from there.
    pub(super) fn from_nearer_end(slice: Slice, total: u64) -> (Self, i64, i64) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let offset = u64::from(slice.offset);
        let rows = u64::from(slice.limit.min(PAGE_ROWS_MAX)).min(total.saturating_sub(offset));
        let behind = total.saturating_sub(offset).saturating_sub(rows);
        if behind < offset { (Self::Oldest, number(rows), number(behind)) } else { (Self::Newest, number(rows), number(offset)) }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Newest => "DESC",
            Self::Oldest => "ASC",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_the_same_from_either_end_and_never_skips_more_than_half() {
        let rows: Vec<u32> = (0..23).rev().collect();
        for (limit, offset) in (0..30).flat_map(|limit| (0..30).map(move |offset| (limit, offset))) {
            let (order, rows_wanted, skipped) = Order::from_nearer_end(Slice { limit, offset }, rows.len() as u64);
            let counted: Vec<u32> = if order == Order::Newest { rows.clone() } else { rows.iter().rev().copied().collect() };
            let mut part: Vec<u32> = counted.into_iter().skip(skipped as usize).take(rows_wanted as usize).collect();
            part.sort_by(|a, b| b.cmp(a));
            let wanted: Vec<u32> = rows.iter().skip(offset as usize).take(limit as usize).copied().collect();
            assert_eq!(part, wanted, "{limit} after {offset}");
            assert!(skipped as usize <= rows.len() / 2, "{limit} after {offset}");
        }
    }
}
