//! Schedules against an implementation that looks at every minute there is.

use std::collections::BTreeSet;

use actors::clock::Timestamp;
use actors::schedule::Schedule;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

const ZONES: [&str; 7] =
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "Pacific/Apia"];
/// As far as every minute is looked at.
const DAYS: i64 = 4;

/// A field as its text and the numbers that it means.
fn field(least: u8, most: u8) -> impl Strategy<Value = (String, BTreeSet<u8>)> {
    let all: BTreeSet<u8> = (least..=most).collect();
    let single = (least..=most).prop_map(|number| (number.to_string(), BTreeSet::from([number])));
    let range = (least..=most, least..=most).prop_map(|(a, b)| {
        let (first, last) = (a.min(b), a.max(b));
        (format!("{first}-{last}"), (first..=last).collect())
    });
    let steps = (1..=most).prop_map(move |step| (format!("*/{step}"), (least..=most).step_by(step.into()).collect::<BTreeSet<_>>()));
    let list = (least..=most, least..=most).prop_map(|(a, b)| (format!("{a},{b}"), BTreeSet::from([a, b])));
    prop_oneof![3 => Just(("*".to_owned(), all)), 2 => single, 2 => range, 2 => steps, 1 => list]
}

type Fields = [(String, BTreeSet<u8>); 5];

fn fields() -> impl Strategy<Value = Fields> {
    (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6)).prop_map(|(a, b, c, d, e)| [a, b, c, d, e])
}

/// Whether a time of the wall clock is meant.
fn meant([minute, hour, day, month, weekday]: &Fields, wall: jiff::civil::DateTime) -> bool {
    let has = |(_, numbers): &(String, BTreeSet<u8>), number: i8| numbers.contains(&u8::try_from(number).unwrap());
    let (of_month, of_week) = (has(day, wall.day()), has(weekday, wall.weekday().to_sunday_zero_offset()));
    let either = !day.0.starts_with('*') && !weekday.0.starts_with('*');
    let on = if either { of_month || of_week } else { of_month && of_week };
    has(minute, wall.minute()) && has(hour, wall.hour()) && has(month, wall.month()) && on
}

/// Looks at every minute behind a moment: what the clock shows then, whether it has shown that before, and what it has just left out.
fn naive(fields: &Fields, zone: &TimeZone, from: jiff::Timestamp) -> Option<jiff::Timestamp> {
    let minute = SignedDuration::from_mins(1);
    let start = jiff::Timestamp::from_second(from.as_second().div_euclid(60) * 60).unwrap();
    for step in 1..=DAYS * 24 * 60 {
        let now = start + SignedDuration::from_mins(step);
        let (wall, before) = (zone.to_datetime(now), zone.to_datetime(now - minute));
        let shown_before = || (1..=180).any(|back| zone.to_datetime(now - SignedDuration::from_mins(back)) == wall);
        if meant(fields, wall) && (fields[1].0.starts_with('*') || !shown_before()) {
            return Some(now);
        }
        // Clocks went forward: every minute between is due now.
        let mut left_out = before + 1.minute();
        while left_out < wall {
            if meant(fields, left_out) {
                return Some(now);
            }
            left_out += 1.minute();
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_next_moment_is_the_one_that_looking_at_every_minute_finds(
        fields in fields(),
        zone in 0..ZONES.len(),
        // Of 2026, with days around changes of clocks somewhere more often.
        day in prop_oneof![0..365_i64, 65..70_i64, 86..90_i64, 92..96_i64, 275..279_i64, 295..300_i64, 303..306_i64],
        second in 0..86_400_i64,
    ) {
        let text = fields.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(" ");
        let from = jiff::Timestamp::from_second(1_767_225_600 + day * 86_400 + second).unwrap();
        let Ok(schedule) = Schedule::parse(&text, ZONES[zone]) else {
            // Only a day that no year has is refused.
            prop_assert!(fields[2].1.iter().all(|day| *day > 29), "{}", text);
            return Ok(());
        };
        let found = schedule.next_after(Timestamp::from_millis(from.as_millisecond()));
        match naive(&fields, &TimeZone::get(ZONES[zone]).unwrap(), from) {
            Some(expected) => prop_assert_eq!(found, Some(Timestamp::from_millis(expected.as_millisecond())), "{} in {}", text, ZONES[zone]),
            None => {
                let end = Timestamp::from_millis((from + SignedDuration::from_hours(DAYS * 24 - 1)).as_millisecond());
                prop_assert!(found.is_none_or(|found| found > end), "{} in {}: {:?}", text, ZONES[zone], found);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(cron in ".{0,40}", zone in ".{0,20}") {
        let _ = Schedule::parse(&cron, &zone);
        let _ = Schedule::parse(&cron, "UTC");
    }
}
