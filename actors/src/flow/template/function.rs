//! What may be made of a value before it is filled in: one function, typed, with literal arguments, and never more than one for a value.
//!
//! `$.webhook.timeInterval.start | round_minutes 15` is that time at the nearest quarter of an hour; `15 down` and `15 up` are the one before
//! and the one after. The offset that the time is written with counts. It comes out as the platform writes times, in whole seconds of UTC.

use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Offset;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use serde_json::Value;

use crate::flow::run::Reason;

/// A function with its arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Function {
    /// A time at a full so many minutes of its hour.
    RoundMinutes {
        /// One of [`DIVISORS`].
        minutes: i64,
        /// Which of the two that it lies between.
        mode: RoundMode,
    },
}

/// Minutes that an hour consists of a whole number of times: others would begin anew in every hour.
const DIVISORS: [i64; 12] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60];

/// The words in which functions are explained.
const KNOWN: &str =
    "expected round_minutes with 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60, and up or down behind it if not to the nearest";

impl Function {
    /// Divides a reference into its path and the function behind `|`, which no path has outside brackets.
    ///
    /// # Errors
    ///
    /// Words for what is no function, with its position in `text`.
    pub fn split(text: &str) -> Result<(&str, Option<Self>), String> {
        let Some((path, call)) = bar(text).and_then(|at| text.split_at_checked(at)) else { return Ok((text, None)) };
        let call = call.strip_prefix('|').unwrap_or_default();
        let words: Vec<&str> = call.split_whitespace().collect();
        let (minutes, mode) = match words.as_slice() {
            ["round_minutes", minutes] => (minutes, Some(RoundMode::HalfExpand)),
            ["round_minutes", minutes, "up"] => (minutes, Some(RoundMode::Ceil)),
            ["round_minutes", minutes, "down"] => (minutes, Some(RoundMode::Floor)),
            _ => (&"", None),
        };
        let minutes = DIVISORS.into_iter().find(|divisor| divisor.to_string() == *minutes);
        match (minutes, mode) {
            (Some(minutes), Some(mode)) => Ok((path, Some(Self::RoundMinutes { minutes, mode }))),
            _ => Err(format!("at character {}: {KNOWN}", path.chars().count() + 1)),
        }
    }

    /// What becomes of a value.
    ///
    /// # Errors
    ///
    /// It is none of those that the function takes.
    pub fn of(self, value: &Value) -> Result<Value, Reason> {
        let Self::RoundMinutes { minutes, mode } = self;
        let rounded = value.as_str().and_then(|text| rounded(text, minutes, mode));
        rounded
            .map(Value::String)
            .ok_or_else(|| Reason::new("not_a_time", "round_minutes takes a time such as 2026-11-23T16:32:34Z, and found none"))
    }
}

/// Where the first `|` stands that is in no bracket and no text.
fn bar(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') => depth = depth.saturating_sub(1),
            (None, '|') if depth == 0 => return Some(at),
            (None, _) => {}
        }
    }
    None
}

fn rounded(text: &str, minutes: i64, mode: RoundMode) -> Option<String> {
    const PARSER: DateTimeParser = DateTimeParser::new();
    let moment: Timestamp = PARSER.parse_timestamp(text).ok()?;
    let offset = PARSER.parse_pieces(text).ok()?.to_numeric_offset().unwrap_or(Offset::UTC);
    // An hour begins where its offset says: half an hour later in Kolkata.
    let shift = jiff::SignedDuration::from_secs(i64::from(offset.seconds()));
    let local = moment.checked_add(shift).ok()?;
    let local = local.round(TimestampRound::new().smallest(Unit::Minute).increment(minutes).mode(mode)).ok()?;
    Some(format!("{:.0}", local.checked_sub(shift).ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn round(call: &str, time: &str) -> Option<String> {
        let (path, function) = Function::split(call).unwrap();
        assert_eq!(path.trim(), "$.a");
        function.unwrap().of(&json!(time)).ok().map(|value| value.as_str().unwrap().to_owned())
    }

    #[test]
    fn a_time_goes_to_the_nearest_the_former_or_the_next() {
        for (call, time, expected) in [
            ("$.a | round_minutes 15", "2026-11-23T16:07:29Z", "2026-11-23T16:00:00Z"),
            ("$.a | round_minutes 15", "2026-11-23T16:07:30Z", "2026-11-23T16:15:00Z"),
            ("$.a|round_minutes 15 down", "2026-11-23T16:14:59.999Z", "2026-11-23T16:00:00Z"),
            ("$.a | round_minutes  15  up ", "2026-11-23T16:00:00.001Z", "2026-11-23T16:15:00Z"),
            ("$.a | round_minutes 15 up", "2026-11-23T16:15:00Z", "2026-11-23T16:15:00Z"),
            ("$.a | round_minutes 15 down", "2026-11-23T16:15:00Z", "2026-11-23T16:15:00Z"),
            ("$.a | round_minutes 60", "2026-12-31T23:30:00Z", "2027-01-01T00:00:00Z"),
            ("$.a | round_minutes 60", "2024-02-28T23:59:59Z", "2024-02-29T00:00:00Z"),
            ("$.a | round_minutes 1", "2026-11-23T16:07:29Z", "2026-11-23T16:07:00Z"),
            ("$.a | round_minutes 20 down", "1969-12-31T23:59:00Z", "1969-12-31T23:40:00Z"),
            // The clock that the time is written by counts: 21:00 and 22:00 in Kolkata.
            ("$.a | round_minutes 60 down", "2026-11-23T21:40:00+05:30", "2026-11-23T15:30:00Z"),
            ("$.a | round_minutes 60 up", "2026-11-23T21:40:00+05:30", "2026-11-23T16:30:00Z"),
            ("$.a | round_minutes 30", "2026-11-23T21:40:00-03:30", "2026-11-24T01:00:00Z"),
        ] {
            assert_eq!(round(call, time).as_deref(), Some(expected), "{call} {time}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_and_nothing_overflows() {
        for time in ["", "16:07", "2026-11-23", "2026-11-23T16:07:00", "now", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            let out = round("$.a | round_minutes 15 up", time);
            assert!(out.is_none(), "{time}: {out:?}");
        }
        let (_, function) = Function::split("$.a | round_minutes 15").unwrap();
        for value in [json!(null), json!(1_800_000_000), json!(true), json!(["2026-11-23T16:07:00Z"]), json!({})] {
            assert_eq!(function.unwrap().of(&value).unwrap_err().code, "not_a_time", "{value}");
        }
    }

    #[test]
    fn what_is_no_function_is_refused_with_its_position_and_bars_of_paths_are_theirs() {
        for call in [
            "",
            " ",
            " round",
            " round_minutes",
            " round_minutes 7",
            " round_minutes 015",
            " round_minutes -15",
            " round_minutes 0",
            " round_minutes 15 sideways",
            " round_minutes 15 up up",
            " round_minutes 15 | round_minutes 30",
            "| round_minutes 15",
            " upper",
        ] {
            let words = Function::split(&format!("$.ä |{call}")).unwrap_err();
            assert!(words.starts_with("at character 5: expected round_minutes"), "{call}: {words}");
        }
        for path in ["$.a", "$.a[?@.x == 1 || @.y == '|']", "$['a|b']", "$[\"a\\\"|\"]"] {
            assert_eq!(Function::split(path), Ok((path, None)));
        }
    }
}
