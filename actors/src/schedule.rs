//! Schedules: a cron expression of five fields in a time zone, and the moments at which it is due.
//!
//! The wall clock of the zone counts. A time that a day leaves out when clocks go forward is due at the moment of the change; a time that a day
//! has twice is due the first time, unless the field of hours begins with `*`: then it goes on through both.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::limits::schedule as limits;

/// When a flow runs by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Sent", into = "Sent")]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
    sent: Sent,
}

/// As it is stored and shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Sent {
    cron: String,
    time_zone: String,
}

/// Why a text is no schedule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The cron expression, and what is wrong with it.
    #[error("{0}")]
    Cron(String),
    /// The time zone.
    #[error("expected the name of a time zone, such as Europe/Berlin or UTC")]
    TimeZone,
}

/// Five fields: minute, hour, day of the month, month, day of the week. Each is a set of bits.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether the field of hours begins with `*`.
    any_hour: bool,
    /// Whether both fields of days say something: then either will do, as everywhere.
    either_day: bool,
}

/// What a field may hold.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const MINUTE: Field = Field { name: "minute", least: 0, most: 59, names: &[] };
const HOUR: Field = Field { name: "hour", least: 0, most: 23, names: &[] };
const DAY: Field = Field { name: "day of the month", least: 1, most: 31, names: &[] };
const MONTH: Field = Field { name: "month", least: 1, most: 12, names: &MONTHS };
const WEEKDAY: Field = Field { name: "day of the week", least: 0, most: 7, names: &WEEKDAYS };

impl Field {
    /// The bits of `*`, `*/2`, `1-5`, `10-50/10`, `3`, `mon-fri`, or several of them with commas.
    fn read(&self, text: &str) -> Result<u64, String> {
        let mut bits = 0;
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => {
                    let step = step.parse::<u32>().ok().filter(|step| (1..=self.most).contains(step));
                    (range, step.ok_or_else(|| self.wrong(part))?)
                }
                None => (part, 1),
            };
            let (first, last) = match range.split_once('-') {
                _ if range == "*" => (self.least, self.most),
                Some((first, last)) => (self.number(first, part)?, self.number(last, part)?),
                None if part.contains('/') => (self.number(range, part)?, self.most),
                None => (self.number(range, part)?, self.number(range, part)?),
            };
            if first > last {
                return Err(self.wrong(part));
            }
            (first..=last).step_by(step as usize).for_each(|number| bits |= 1 << number);
        }
        Ok(bits)
    }

    fn number(&self, text: &str, part: &str) -> Result<u32, String> {
        let named = self.names.iter().position(|name| text.eq_ignore_ascii_case(name));
        let named = named.and_then(|place| u32::try_from(place).ok()).map(|place| place + self.least);
        let plain = || text.parse().ok().filter(|_| text.len() <= 2 && text.bytes().all(|digit| digit.is_ascii_digit()));
        named.or_else(plain).filter(|number| (self.least..=self.most).contains(number)).ok_or_else(|| self.wrong(part))
    }

    fn wrong(&self, part: &str) -> String {
        let shown: String = part.chars().take(limits::PART_SHOWN_CHARS_MAX).collect();
        format!("{shown:?} is no {}: expected {} to {}, *, ranges, lists and steps", self.name, self.least, self.most)
    }
}

impl Cron {
    fn parse(text: &str) -> Result<Self, String> {
        if text.len() > limits::CRON_BYTES_MAX {
            return Err(format!("at most {} bytes", limits::CRON_BYTES_MAX));
        }
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err("expected five fields: minute, hour, day of the month, month, day of the week".to_owned());
        };
        let weekdays = WEEKDAY.read(weekday)?;
        let cron = Self {
            minutes: MINUTE.read(minute)?,
            hours: HOUR.read(hour)?,
            days: DAY.read(day)?,
            months: MONTH.read(month)?,
            // Sunday is 0 and 7.
            weekdays: (weekdays | (weekdays >> 7)) & 0x7f,
            any_hour: hour.starts_with('*'),
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        let longest = |month: &u32| cron.months & (1 << month) != 0 && cron.days & ((2 << days_of(*month)) - 1) != 0;
        if !cron.either_day && !(1..=12).any(|month| longest(&month)) {
            return Err("there is no such day in any year".to_owned());
        }
        Ok(cron)
    }

    fn is_on(&self, date: Date) -> bool {
        let has = |bits: u64, number: i8| bits & (1 << number) != 0;
        let (day, weekday) = (has(self.days, date.day()), has(self.weekdays, date.weekday().to_sunday_zero_offset()));
        has(self.months, date.month()) && if self.either_day { day || weekday } else { day && weekday }
    }
}

/// Days of a month in its longest year.
const fn days_of(month: u32) -> u32 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Schedule {
    /// Reads a cron expression of five fields and the name of a time zone.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn parse(cron: &str, time_zone: &str) -> Result<Self, Refused> {
        let sent = Sent { cron: cron.to_owned(), time_zone: time_zone.to_owned() };
        let fits = time_zone.len() <= limits::TIME_ZONE_BYTES_MAX;
        let zone = fits.then(|| TimeZone::get(time_zone).ok()).flatten().ok_or(Refused::TimeZone)?;
        Ok(Self { cron: Cron::parse(cron).map_err(Refused::Cron)?, zone, sent })
    }

    /// The cron expression.
    pub fn cron(&self) -> &str {
        &self.sent.cron
    }

    /// The name of the time zone.
    pub fn time_zone(&self) -> &str {
        &self.sent.time_zone
    }

    /// The first moment behind another one at which it is due. `None`: there is none in the next years.
    pub fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        let from = jiff::Timestamp::from_millisecond(moment.millis()).ok()?;
        // A change of clocks may move what is due across midnight.
        let mut date = self.zone.to_datetime(from).date().yesterday().ok()?;
        for _ in 0..limits::DAYS_SEARCHED_MAX {
            if self.cron.is_on(date)
                && let Some(due) = self.due_on(date, from)
            {
                return Some(Timestamp::from_millis(due.as_millisecond()));
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The first moment on a day, behind another one.
    fn due_on(&self, date: Date, from: jiff::Timestamp) -> Option<jiff::Timestamp> {
        let mut first: Option<jiff::Timestamp> = None;
        for hour in (0..24_i8).filter(|hour| self.cron.hours & (1 << hour) != 0) {
            for minute in (0..60_i8).filter(|minute| self.cron.minutes & (1 << minute) != 0) {
                let due = self.moments(date.at(hour, minute, 0, 0)).into_iter().flatten().find(|due| *due > from);
                first = [first, due].into_iter().flatten().min();
            }
            // Later hours are later, but for the one that comes twice.
            if first.is_some() && !self.cron.any_hour {
                break;
            }
        }
        first
    }

    /// When a time of the wall clock is.
    fn moments(&self, wall: DateTime) -> [Option<jiff::Timestamp>; 2] {
        match self.zone.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => [offset.to_timestamp(wall).ok(), None],
            AmbiguousOffset::Fold { before, after } => {
                [before.to_timestamp(wall).ok(), after.to_timestamp(wall).ok().filter(|_| self.cron.any_hour)]
            }
            // Read by the clock of before, it lies behind the change: the last change before that is the one.
            AmbiguousOffset::Gap { before, .. } => {
                let behind = before.to_timestamp(wall).ok().and_then(|behind| behind.checked_add(jiff::SignedDuration::from_nanos(1)).ok());
                [behind.and_then(|behind| self.zone.preceding(behind).next()).map(|change| change.timestamp()), None]
            }
        }
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.sent == other.sent
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.sent.cron, self.sent.time_zone)
    }
}

impl TryFrom<Sent> for Schedule {
    type Error = Refused;

    fn try_from(sent: Sent) -> Result<Self, Refused> {
        Self::parse(&sent.cron, &sent.time_zone)
    }
}

impl From<Schedule> for Sent {
    fn from(schedule: Schedule) -> Self {
        schedule.sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(cron: &str, zone: &str, after: &str, times: usize) -> Vec<String> {
        let schedule = Schedule::parse(cron, zone).unwrap();
        let mut moment = Timestamp::parse(after).unwrap();
        let next = |_| {
            moment = schedule.next_after(moment).unwrap();
            moment.to_string().replace(":00.000Z", "Z")
        };
        (0..times).map(next).collect()
    }

    #[test]
    fn fields_mean_what_they_mean_everywhere() {
        for (cron, after, expected) in [
            ("* * * * *", "2026-01-31T23:59:30Z", ["2026-02-01T00:00Z", "2026-02-01T00:01Z"]),
            ("*/20 9-10 * * *", "2026-01-01T10:20:00Z", ["2026-01-01T10:40Z", "2026-01-02T09:00Z"]),
            ("30 8 * * mon-FRI", "2026-01-02T08:30:00Z", ["2026-01-05T08:30Z", "2026-01-06T08:30Z"]),
            ("0 0 29 2 *", "2026-01-01T00:00:00Z", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]),
            ("0 12 1,15 * *", "2026-01-01T12:00:00Z", ["2026-01-15T12:00Z", "2026-02-01T12:00Z"]),
            ("0 12 13 * 5", "2026-02-01T00:00:00Z", ["2026-02-06T12:00Z", "2026-02-13T12:00Z"]),
            ("5/25 0 * jan 7", "2026-01-01T00:00:00Z", ["2026-01-04T00:05Z", "2026-01-04T00:30Z"]),
        ] {
            assert_eq!(due(cron, "UTC", after, 2), expected, "{cron}");
        }
        assert_eq!(due("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1), ["2104-02-29T00:00Z"], "1900 and 2100 are no leap years");
    }

    #[test]
    fn a_time_that_a_day_leaves_out_is_due_at_the_change_and_one_that_it_has_twice_once() {
        // Clocks go from 02:00 to 03:00 on 29 March 2026, which is 01:00 UTC, and back from 03:00 to 02:00 on 25 October.
        assert_eq!(due("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2), ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]);
        assert_eq!(due("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2), ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]);
        assert_eq!(
            due("30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 3),
            ["2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z"]
        );
        assert_eq!(due("0 9 * * *", "America/New_York", "2026-03-07T20:00:00Z", 2), ["2026-03-08T13:00Z", "2026-03-09T13:00Z"]);
    }

    #[test]
    fn what_is_no_schedule_is_refused_in_words() {
        for cron in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "1,,2 * * * *",
            "-1 * * * *",
            "+1 * * * *",
            "x * * * *",
            "* * * foo *",
            "@daily",
            "0 0 30 2 *",
            "0 0 31 4,6 *",
            &"*,".repeat(200),
        ] {
            assert!(matches!(Schedule::parse(cron, "UTC"), Err(Refused::Cron(_))), "{cron}");
        }
        for zone in ["", "Mars/Olympus", "workspace", "../../etc/passwd", &"x".repeat(1_000)] {
            assert_eq!(Schedule::parse("* * * * *", zone), Err(Refused::TimeZone), "{zone}");
        }
    }
}
