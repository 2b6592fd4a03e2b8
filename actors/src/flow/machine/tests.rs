//! Claims about [`super::settle`] and [`super::recover`], case by case.

use super::*;
use crate::addon::Addon;
use crate::event::EventType;
use crate::ids::{Key, WorkspaceId};

fn run() -> Run {
    let clock = crate::clock::SystemClock::new();
    use crate::clock::Clock;
    Run {
        id: clock.fresh_id().into(),
        key: Key { addon: Addon::UniversalWebhook, workspace: WorkspaceId::parse("5b641568b07987035750505e").unwrap() },
        flow: clock.fresh_id().into(),
        flow_version: 1,
        event: clock.fresh_id().into(),
        event_type: EventType::parse("NEW_TIME_ENTRY").unwrap(),
        entity: None,
        state: RunState::Queued,
        steps: Vec::new(),
        due_at: None,
        reason: None,
        replay_of: None,
        created_at: at(0),
        started_at: None,
        finished_at: None,
        dismissed_at: None,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

fn answer(status: u16, body: &str) -> Tried {
    Tried::Answered(ApiResponse {
        status,
        retry_after: None,
        last_page: None,
        content_type: None,
        headers: Vec::new(),
        body: bytes::Bytes::copy_from_slice(body.as_bytes()),
    })
}

fn heard(status: u16, expected: bool) -> Tried {
    Tried::Heard(Heard { status, retry_after: None, expected, data: Value::Null, words: "no".into() })
}

/// A run in the middle of its first step, `seconds` after that began.
fn tried(tried: Tried, repeatable: bool, attempts: u32, seconds: i64) -> (Run, Next, Sign) {
    let mut run = run();
    run.state = RunState::Running;
    run.steps.push(Step {
        index: 0,
        each: None,
        action: "CLOCKIFY_API".into(),
        state: StepState::Begun,
        attempts,
        first_try_at: at(0),
        duration_ms: 0,
        repeatable,
        request: None,
        status: None,
        data: None,
        error: None,
    });
    let (next, sign) = settle(&mut run, tried, &Retry::default(), at(seconds), Duration::from_millis(5), 0.0);
    (run, next, sign)
}

#[test]
fn each_answer_leads_where_the_rules_say() {
    use RunState::{Failed, Running, Uncertain, Waiting};
    let lost = || Tried::Unanswered(CallError::Lost("cut off".into()));
    let table: Vec<(Tried, bool, RunState, Sign)> = vec![
        (answer(200, "{}"), false, Running, Sign::Well),
        (answer(204, ""), true, Running, Sign::Well),
        (answer(429, ""), false, Waiting, Sign::Slow(None)),
        (answer(503, ""), false, Waiting, Sign::Down),
        (answer(500, ""), true, Waiting, Sign::Silent),
        (answer(500, ""), false, Uncertain, Sign::Silent),
        (answer(502, ""), false, Uncertain, Sign::Silent),
        (answer(400, r#"{"message":"no","code":501}"#), true, Failed, Sign::Well),
        (answer(401, r#"{"message":"no","code":1000}"#), true, Failed, Sign::Well),
        (answer(401, r#"{"message":"no","code":4017}"#), true, Waiting, Sign::Silent),
        (answer(403, ""), true, Failed, Sign::Well),
        (answer(302, ""), true, Failed, Sign::Well),
        (lost(), true, Waiting, Sign::Down),
        (lost(), false, Uncertain, Sign::Down),
        (Tried::Unanswered(CallError::NotReached("refused".into())), false, Waiting, Sign::Down),
        (Tried::Unanswered(CallError::TooLarge { status: 200, bytes_max: 1 }), false, Failed, Sign::Well),
        (Tried::Unanswered(CallError::TooLarge { status: 500, bytes_max: 1 }), false, Uncertain, Sign::Silent),
        (Tried::Unanswered(CallError::NotAllowed), true, Failed, Sign::Silent),
        (Tried::Panicked, true, Failed, Sign::Silent),
        (Tried::Examined(true), true, RunState::Stopped, Sign::Silent),
        (Tried::Examined(false), true, Running, Sign::Silent),
        (heard(200, true), false, Running, Sign::Silent),
        (heard(404, true), false, Running, Sign::Silent),
        (heard(200, false), true, Failed, Sign::Silent),
        (heard(302, false), true, Failed, Sign::Silent),
        (heard(401, false), true, Failed, Sign::Silent),
        (heard(429, false), false, Waiting, Sign::Silent),
        (heard(503, false), false, Waiting, Sign::Silent),
        (heard(500, false), true, Waiting, Sign::Silent),
        (heard(500, false), false, Uncertain, Sign::Silent),
        (Tried::Unheard(CallError::Lost("cut off".into())), false, Uncertain, Sign::Silent),
        (Tried::Unheard(CallError::Lost("cut off".into())), true, Waiting, Sign::Silent),
        (Tried::Unheard(CallError::NotReached("refused".into())), false, Waiting, Sign::Silent),
        (Tried::Unheard(CallError::NotAllowed), false, Failed, Sign::Silent),
    ];
    for (what, repeatable, state, sign) in table {
        let (run, next, seen) = tried(what.clone(), repeatable, 1, 1);
        assert_eq!((run.state, seen), (state, sign), "{what:?} repeatable={repeatable}");
        assert_eq!(next == Next::End, state.finished(), "{what:?}");
        assert_eq!(run.finished_at.is_some(), state.finished(), "{what:?}");
        assert_eq!(run.due_at.is_some(), state == Waiting, "{what:?}");
    }
}

#[test]
fn tries_without_effect_end_by_time_alone_and_others_by_number_too() {
    assert_eq!(tried(answer(503, ""), false, 4_000, 86_399).0.state, RunState::Waiting);
    assert_eq!(tried(answer(503, ""), false, 2, 86_400).0.state, RunState::Failed);
    assert_eq!(tried(answer(500, ""), true, 39, 10).0.state, RunState::Waiting);
    assert_eq!(tried(answer(500, ""), true, 40, 10).0.state, RunState::Failed);
}

#[test]
fn a_refused_token_is_tried_again_for_a_while_and_then_parks_the_run() {
    let (run, next, _) = tried(answer(401, r#"{"code":4017}"#), true, 1, 1);
    assert_eq!((next, run.due_at), (Next::Wait(Duration::from_secs(2)), Some(at(3))));
    let (run, next, sign) = tried(answer(401, r#"{"code":4017}"#), true, 9, 121);
    assert_eq!((run.state, run.due_at, next, sign), (RunState::Waiting, None, Next::Park, Sign::TokenRefused));
}

#[test]
fn a_cut_off_try_is_repeated_only_if_that_is_safe() {
    for (repeatable, state) in [(true, RunState::Running), (false, RunState::Uncertain)] {
        let (mut run, ..) = tried(answer(200, ""), repeatable, 1, 0);
        run.state = RunState::Running;
        run.steps[0].state = StepState::Begun;
        recover(&mut run, at(60));
        assert_eq!(run.state, state);
        assert_eq!(next(&run, &[None]), if repeatable { Next::Try(Place { index: 0, each: None }) } else { Next::End });
    }
}

#[test]
fn a_run_begins_nothing_more_when_its_time_is_over() {
    let limit = i64::try_from(limits::RUN_SECONDS_MAX).unwrap();
    let mut run = run();
    assert!(!overdue(&run, at(2 * limit)), "a run that has only waited in line has all its time");
    run.started_at = Some(at(0));
    assert!(!overdue(&run, at(limit - 1)) && overdue(&run, at(limit)));
}

#[test]
fn answers_are_kept_as_what_they_are() {
    for (body, data) in [("", Value::Null), (r#"{"a":[1]}"#, serde_json::json!({"a": [1]})), ("<html>", Value::from("<html>"))] {
        assert_eq!(tried(answer(200, body), true, 1, 0).0.steps[0].data, Some(data));
    }
}
