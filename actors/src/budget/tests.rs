//! Of the budget: what a second holds, who goes first, what a refusal costs.

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + millis)
}

/// A call that is answered within the millisecond in which it is let go.
fn call(budget: &mut Budget, priority: Priority, now: i64) -> Result<(), Duration> {
    let mut ticket = budget.ticket(priority);
    let taken = budget.take(&mut ticket, at(now));
    match taken {
        Ok(()) => budget.answered(ticket, at(now)),
        Err(_) => budget.lost(&mut ticket, at(now)),
    }
    taken
}

/// Makes as many calls as it can for `millis`, asking again exactly when told to.
fn greedy(budget: &mut Budget, from: i64, millis: i64) -> Vec<i64> {
    let (mut now, mut made) = (from, Vec::new());
    while now < from + millis {
        match call(budget, Priority::Flow, now) {
            Ok(()) => made.push(now),
            Err(wait) => now += i64::try_from(wait.as_millis()).unwrap(),
        }
    }
    made
}

#[test]
fn no_second_ever_has_more_than_fifty_calls_and_nearly_all_are_used() {
    let made = greedy(&mut Budget::default(), 0, 60_000);
    for start in &made {
        let within = made.iter().filter(|time| (*start..start + 1_000).contains(*time)).count();
        assert!(within <= 50, "{within} calls in the second from {start}");
    }
    assert!(made.len() >= 60 * 50 * 95 / 100, "{}", made.len());
}

#[test]
fn a_429_pauses_and_halves_the_rate_which_is_gained_back_within_seconds() {
    let mut budget = Budget::default();
    budget.slow_down(Some(Duration::from_secs(3)), at(0));
    let made = greedy(&mut budget, 0, 3_900);
    // Four are regained by then, and the last place is kept for the more urgent.
    assert_eq!((made.first(), made.len()), (Some(&3_000), 24 + 4));
    assert_eq!([3_000, 4_000, 5_500, 7_999, 8_000].map(|now| budget.rate(at(now))), [25, 30, 37, 49, 50]);
}

#[test]
fn refusals_that_come_together_lower_the_rate_once_and_later_ones_again_down_to_a_bound() {
    let mut budget = Budget::default();
    (0..8).for_each(|call| budget.slow_down(Some(Duration::from_secs(1)), at(call * 10)));
    assert_eq!(budget.rate(at(100)), 25);
    budget.slow_down(Some(Duration::from_secs(1)), at(1_100));
    assert_eq!(budget.rate(at(1_200)), 12);
    (2..9).for_each(|call| budget.slow_down(Some(Duration::from_secs(1)), at(call * 1_100)));
    assert_eq!(budget.rate(at(8_900)), 5);
}

#[test]
fn a_pause_that_the_platform_does_not_name_is_a_second_and_the_longest_is_an_hour() {
    let mut budget = Budget::default();
    budget.slow_down(None, at(0));
    assert_eq!(call(&mut budget, Priority::Explorer, 10), Err(Duration::from_millis(990)));
    budget.slow_down(Some(Duration::from_secs(86_400)), at(500));
    assert_eq!(call(&mut budget, Priority::Explorer, 500), Err(Duration::from_secs(3_600)));
}

#[test]
fn those_behind_leave_room_for_the_more_urgent() {
    let mut budget = Budget::default();
    for _ in 0..49 {
        call(&mut budget, Priority::Flow, 0).unwrap();
    }
    assert!(call(&mut budget, Priority::Bootstrap, 1).is_err(), "the last place");
    assert!(call(&mut budget, Priority::Flow, 1).is_err(), "the last place");
    assert!(call(&mut budget, Priority::Explorer, 1).is_ok());

    let [mut person, mut run] = [Priority::Explorer, Priority::Flow].map(|priority| budget.ticket(priority));
    assert!(budget.take(&mut run, at(2)).is_err() && budget.take(&mut person, at(3)).is_err());
    let free_at = 1_003;
    assert!(budget.take(&mut run, at(free_at - 1)).is_err());
    assert!(budget.take(&mut run, at(free_at)).is_ok(), "there is room for both");
    assert!(budget.take(&mut person, at(free_at)).is_ok());
}

#[test]
fn who_has_waited_goes_before_who_comes_later_and_who_has_gone_away_is_not_waited_for() {
    let mut budget = Budget::default();
    let mut under_way: Vec<Ticket> = (0..50).map(|_| budget.ticket(Priority::Explorer)).collect();
    under_way.iter_mut().for_each(|ticket| budget.take(ticket, at(0)).unwrap());
    let [mut first, mut second] = [(); 2].map(|()| budget.ticket(Priority::Explorer));
    assert!(budget.take(&mut first, at(1)).is_err() && budget.take(&mut second, at(2)).is_err());
    budget.answered(under_way.pop().unwrap(), at(10));
    assert!(budget.take(&mut second, at(1_020)).is_err(), "the one place is the first one's");
    budget.lost(&mut first, at(1_020));
    assert!(budget.take(&mut second, at(1_020)).is_ok());
}

#[test]
fn a_clock_that_went_back_does_not_lock_the_budget() {
    let mut budget = Budget::default();
    greedy(&mut budget, 3_600_000, 10);
    assert!(call(&mut budget, Priority::Flow, 0).is_ok());
    let mut ticket = budget.ticket(Priority::Bootstrap);
    budget.take_evenly(&mut ticket, 1, at(3_600_000)).unwrap();
    budget.answered(ticket, at(3_600_000));
    let mut next = budget.ticket(Priority::Bootstrap);
    assert!(budget.take_evenly(&mut next, 1, at(0)).unwrap_err() <= Duration::from_millis(1_020));
}
