//! The plan by examples, the machine by a small world that answers it: any interleaving of answers, crashes and cancels ends as it should.

mod world;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use self::world::{NOW, PROJECTS, World, catalogue, record};
use super::machine::{Effect, Input, Machine};
use super::page::Failure;
use super::record::{OperationStatus, Record, Status};
use crate::limits::bootstrap::{CALLS_MAX, LEFT_OUT_MAX};
use crate::settings::Settings;

fn names(record: &Record, status: OperationStatus) -> Vec<&str> {
    record.operations.iter().filter(|progress| progress.status == status).map(|progress| progress.operation.as_str()).collect()
}

#[test]
fn lists_of_the_workspace_come_first_and_what_is_not_read_says_why() {
    let operation = |id: &str, path: &str, more: serde_json::Value| {
        let mut operation =
            json!({"id": id, "method": "GET", "path": format!("/v1{path}"), "tag": "", "summary": "", "answer": {"list": ""}});
        operation.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        operation
    };
    let query = |name: &str, schema: serde_json::Value| json!([{"name": name, "in": "query", "required": true, "schema": schema}]);
    let catalogue = catalogue(json!([
        operation("old", "/workspaces/{workspaceId}/old", json!({"deprecated": true})),
        operation("file", "/workspaces/{workspaceId}/file", json!({"answer": {"file": true}})),
        operation("closed", "/workspaces/{workspaceId}/webhooks", json!({})),
        operation("scope", "/workspaces/{workspaceId}/scope", json!({"scope": "OTHER_READ"})),
        operation("heavy", "/workspaces/{workspaceId}/heavy", json!({"heavy": true})),
        operation("entries", "/workspaces/{workspaceId}/user/{userId}/time-entries", json!({"timeEntry": true})),
        operation("others", "/workspaces", json!({})),
        operation("user", "/user", json!({"answer": {}})),
        operation("deep", "/workspaces/{workspaceId}/projects/{projectId}/tasks/{taskId}", json!({})),
        operation("one", "/workspaces/{workspaceId}/tags/{id}", json!({"answer": {}})),
        operation("orphans", "/workspaces/{workspaceId}/things/{thingId}/parts", json!({})),
        operation("asks", "/workspaces/{workspaceId}/asks", json!({"parameters": query("what", json!({"type": "string"}))})),
        operation("flag", "/workspaces/{workspaceId}/flag", json!({"parameters": query("flag", json!({"type": "boolean"}))})),
        operation(
            "choice",
            "/workspaces/{workspaceId}/choice",
            json!({"parameters": query("choice", json!({"type": "string", "enum": ["A", "B"]}))})
        ),
        operation(
            "since",
            "/workspaces/{workspaceId}/since",
            json!({"parameters": query("start", json!({"type": "string", "format": "date"}))})
        ),
        operation("fields", "/workspaces/{workspaceId}/custom-fields", json!({})),
        operation("fieldsOfProject", "/workspaces/{workspaceId}/projects/{projectId}/custom-fields", json!({})),
    ]));
    let record = record(&catalogue, Settings { time_entry_days_back: 10, ..Settings::default() });
    let read = names(&record, OperationStatus::Pending);
    assert_eq!(read, ["choice", "fields", "flag", "getProjects", "getTags", "since", "user", "fieldsOfProject", "getTasks"]);
    let of = |id: &str| record.operations.iter().find(|progress| progress.operation == id).unwrap();
    for (id, reason) in [
        ("old", "deprecated"),
        ("file", "answers with a file"),
        ("closed", "the platform shows it to no add-on"),
        ("scope", "the add-on does not have the scope OTHER_READ"),
        ("heavy", "reports are not included by the settings"),
        ("entries", "time entries are not included by the settings"),
        ("others", "is not about the workspace"),
        ("deep", "is below more than one entity"),
        ("one", "describes one entity alone"),
        ("orphans", "needs things, which are not read"),
        ("asks", "needs a value for what"),
    ] {
        assert_eq!(of(id).skipped.as_deref(), Some(reason), "{id}");
    }
    assert_eq!(of("flag").query, [("flag".to_owned(), "false".to_owned())]);
    assert_eq!(of("choice").query, [("choice".to_owned(), "A".to_owned())]);
    assert_eq!(of("since").query, [("start".to_owned(), "2027-01-05".to_owned())]);
    assert!(of("since").partial && !of("flag").partial);
    assert_eq!((of("user").kind.as_str(), of("fieldsOfProject").kind.as_str()), ("user", "project-custom-fields"));
    assert!(of("fieldsOfProject").shared && !of("getTasks").shared);
}

#[test]
fn settings_bring_in_reports_and_time_entries_of_their_days() {
    let parameters = json!([{"name": "start", "in": "query"}, {"name": "end", "in": "query"}]);
    let catalogue = catalogue(json!([
        {"id": "heavy", "method": "GET", "path": "/v1/workspaces/{workspaceId}/heavy", "tag": "", "summary": "", "heavy": true, "answer": {"list": ""}},
        {"id": "entries", "method": "GET", "path": "/v1/workspaces/{workspaceId}/time-entries/status/in-progress", "tag": "", "summary": "",
            "timeEntry": true, "answer": {"list": ""}, "parameters": parameters},
    ]));
    let settings = Settings { include_heavy_endpoints: true, include_time_entries: true, time_entry_days_back: 1, ..Settings::default() };
    let record = record(&catalogue, settings);
    assert!(names(&record, OperationStatus::Skipped).is_empty());
    let entries = record.operations.iter().find(|progress| progress.operation == "entries").unwrap();
    assert_eq!(entries.kind.as_str(), "time-entries");
    assert_eq!(entries.query, [("start".to_owned(), (NOW - Duration::from_secs(86_400)).to_string()), ("end".to_owned(), NOW.to_string())]);
}

#[test]
fn everything_is_read_once_and_swept() {
    let mut world = World::new();
    world.run();
    assert_eq!(world.status(), Status::Complete);
    assert_eq!(world.machine.record().head.entities, world.entities());
    assert!(world.kept.values().all(|times| *times == 1));
    assert_eq!(world.machine.record().head.swept.len(), 3);
    assert_eq!(world.stored, *world.machine.record());
    assert_eq!(world.machine.record().progress(), (3, 3));
    assert_eq!(world.machine.record().last_error(), None);
}

#[test]
fn a_list_with_more_pages_than_are_read_is_cut_and_says_so() {
    let mut world = World::new();
    world.pages.insert(("getProjects".into(), None), vec![50, 50, 50, 50]);
    world.run();
    assert_eq!(world.status(), Status::CompleteWithWarnings);
    let error = world.machine.record().last_error().unwrap();
    assert_eq!(error, "Bootstrap truncated due to max page cap (3) for operations: getProjects");
    // Neither the projects nor what is below them: nobody knows what has vanished.
    assert_eq!(world.machine.record().head.swept.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(), ["tags"]);
}

#[test]
fn a_page_that_begins_as_the_one_before_ends_its_list() {
    let mut world = World::new();
    let projects = world.of("getProjects");
    world.begin_all();
    for _ in 0..2 {
        let read = Input::Read { operation: projects, parent: None, entities: 50, items: 50, first: Some("same".into()), last: None };
        world.step(read);
    }
    let progress = &world.machine.record().operations[projects];
    assert_eq!((progress.status, progress.entities, progress.pages), (OperationStatus::Complete, 50, 2));
}

#[test]
fn the_platforms_word_about_the_last_page_counts_more_than_its_size() {
    for (items, last, over) in
        [(50, Some(true), true), (20, Some(false), false), (0, Some(false), true), (20, None, true), (50, None, false)]
    {
        let mut world = World::new();
        let projects = world.of("getProjects");
        world.begin_all();
        world.step(Input::Read { operation: projects, parent: None, entities: items, items, first: None, last });
        assert_eq!(world.machine.record().operations[projects].status.over(), over, "{items} {last:?}");
    }
}

#[test]
fn too_large_a_page_is_asked_for_in_halves_that_begin_where_it_did() {
    let mut world = World::new();
    let projects = world.of("getProjects");
    world.begin_all();
    world.step(Input::Read { operation: projects, parent: None, entities: 50, items: 50, first: None, last: None });
    world.begin_all();
    world.step(Input::Failed { operation: projects, parent: None, failure: Failure::TooLarge });
    let (_, lane) = world.machine.lane(projects, None).unwrap();
    assert_eq!((lane.page, lane.size), (3, 25));
}

#[test]
fn a_list_that_the_platform_does_not_read_is_left_out_and_the_others_are_read() {
    let mut world = World::new();
    let tasks = world.of("getTasks");
    world.run_with(|parent| {
        parent.filter(|project| project.as_str() == "p007").map(|_| Failure::LeftOut { reason: "not of this workspace".into() })
    });
    let (status, record) = (world.status(), world.machine.record());
    assert_eq!((status, record.operations[tasks].status), (Status::CompleteWithWarnings, OperationStatus::Complete));
    assert_eq!((record.operations[tasks].lists, record.operations[tasks].left_out), (PROJECTS as u64, 1));
    assert_eq!(record.last_error().unwrap(), "getTasks: not of this workspace (below p007)");
    // Nobody knows which of those tasks have vanished.
    assert!(record.head.swept.iter().all(|kind| kind.as_str() != "tasks"));
}

#[test]
fn an_operation_of_which_every_list_is_left_out_fails_and_is_not_asked_for_all_of_them() {
    let mut world = World::new();
    let tasks = world.of("getTasks");
    let mut asked = 0;
    world.found = 1_000;
    world.run_with(|parent| {
        asked += usize::from(parent.is_some());
        parent.map(|_| Failure::LeftOut { reason: "no such list".into() })
    });
    assert_eq!(world.status(), Status::CompleteWithWarnings);
    assert_eq!(world.machine.record().operations[tasks].status, OperationStatus::Failed);
    let least = usize::try_from(LEFT_OUT_MAX).unwrap();
    assert!((least..least + CALLS_MAX).contains(&asked), "{asked}: those, and what was under way then");
    world.found = PROJECTS;
    // And again, if an admin wants.
    world.step(Input::Retry(None));
    world.run();
    assert_eq!((world.status(), world.machine.record().last_error()), (Status::Complete, None));
}

#[test]
fn failures_are_what_they_are() {
    let again = Failure::Again { reason: "x".into() };
    let mut world = World::new();
    let (tags, projects) = (world.of("getTags"), world.of("getProjects"));
    // Tried again, a bounded number of times.
    for tried in 1..=5 {
        world.begin_all();
        assert!(world.doing.contains(&Effect::Call { operation: tags, parent: None }), "{tried}");
        world.doing.retain(|effect| *effect != Effect::Call { operation: tags, parent: None });
        world.step(Input::Failed { operation: tags, parent: None, failure: again.clone() });
        world.begin_all();
        assert!(!world.doing.contains(&Effect::Call { operation: tags, parent: None }));
        world.now = world.now + Duration::from_secs(60);
    }
    assert_eq!(world.machine.record().operations[tags].status, OperationStatus::Failed);
    // Not allowed: once is enough. What is below is not read then.
    world.step(Input::Failed { operation: projects, parent: None, failure: Failure::Refused { reason: "no scope".into() } });
    world.doing.clear();
    world.run();
    assert_eq!(world.status(), Status::CompleteWithWarnings);
    assert_eq!(world.machine.record().last_error().unwrap(), "getProjects: no scope; getTags: x");
    // And again, if an admin wants.
    world.step(Input::Retry(Some("getTags".into())));
    world.run();
    assert_eq!(world.machine.record().operations[tags].status, OperationStatus::Complete);
    world.step(Input::Retry(None));
    world.run();
    assert_eq!((world.status(), world.machine.record().last_error()), (Status::Complete, None));
    assert_eq!(
        world.machine.record().operations.iter().map(|progress| progress.entities).sum::<u64>(),
        world.machine.record().head.entities
    );
}

#[test]
fn a_platform_that_is_not_there_is_waited_for_and_given_up_after_a_day() {
    let later = Failure::Later { asked: None, reason: "not there".into() };
    let mut world = World::new();
    let tags = world.of("getTags");
    let mut rounds = 0;
    while world.status() == Status::Running {
        world.doing.clear();
        let machine = std::mem::replace(&mut world.machine, Machine::new(world.stored.clone()));
        world.machine = machine;
        world.machine.give_back(tags, &None);
        world.step(Input::Failed { operation: tags, parent: None, failure: later.clone() });
        rounds += 1;
        if let Some(due) = world.machine.due() {
            assert!(world.machine.next(world.now).is_none());
            world.now = due;
        }
        assert!(rounds < 10_000);
    }
    assert_eq!((world.status(), world.machine.record().last_error().unwrap().starts_with("not there")), (Status::Failed, true));
    assert!(world.now.since(NOW) >= Duration::from_secs(86_400));
}

#[test]
fn a_refused_token_pauses_only_after_its_grace_and_a_new_one_goes_on() {
    let mut world = World::new();
    let tags = world.of("getTags");
    let refused = || Input::Failed { operation: tags, parent: None, failure: Failure::TokenRefused };
    assert!(!world.machine.step(refused(), NOW).token_dead);
    let changed = world.machine.step(refused(), NOW + Duration::from_secs(121));
    assert!(changed.token_dead && world.status() == Status::Paused);
    assert_eq!(world.machine.next(NOW + Duration::from_secs(300)), None);
    world.machine.step(Input::Resume, NOW);
    world.run();
    assert_eq!(world.status(), Status::Complete);
}

#[derive(Clone, Debug)]
enum Move {
    Answer(usize),
    Fail(usize, u8),
    Crash,
    Pause,
    Cancel,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        60 => any::<usize>().prop_map(Move::Answer),
        10 => (any::<usize>(), 0..5_u8).prop_map(|(which, how)| Move::Fail(which, how)),
        4 => Just(Move::Crash),
        2 => Just(Move::Pause),
        1 => Just(Move::Cancel),
    ];
    prop::collection::vec(one, 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever happens in whatever order: it ends, no page that was stored is asked for again, and without a cancel nothing is left out.
    #[test]
    fn any_interleaving_ends_and_repeats_only_what_was_under_way(moves in moves()) {
        let mut world = World::new();
        let mut unread = false;
        for next in moves {
            world.begin_all();
            let pick = |world: &mut World, which: usize| {
                let count = world.doing.len();
                (count > 0).then(|| world.doing.remove(which % count))
            };
            match next {
                Move::Answer(which) => {
                    if let Some(effect) = pick(&mut world, which) {
                        world.answer(effect, None);
                    }
                }
                Move::Fail(which, how) => {
                    if let Some(effect) = pick(&mut world, which) {
                        let failure = match how {
                            0 => Failure::Later { asked: Some(Duration::from_secs(1)), reason: "later".into() },
                            1 => Failure::Again { reason: "again".into() },
                            2 => Failure::TooLarge,
                            3 => Failure::Unreadable { reason: "unreadable".into() },
                            _ => Failure::Refused { reason: "refused".into() },
                        };
                        unread |= how > 0 && matches!(effect, Effect::Call { .. });
                        world.answer(effect, Some(failure));
                    }
                }
                Move::Crash => world.crash(),
                Move::Pause => {
                    world.step(Input::Pause("inactive".into()));
                    world.step(Input::Resume);
                }
                Move::Cancel => {
                    world.step(Input::Cancel);
                    unread = true;
                }
            }
            world.now = world.now + Duration::from_millis(200);
        }
        world.run();
        prop_assert!(!world.status().unfinished());
        prop_assert_eq!(&world.stored, world.machine.record());
        prop_assert!(world.kept.values().all(|times| *times == 1) || unread);
        if !unread {
            prop_assert_eq!(world.status(), Status::Complete);
            prop_assert_eq!(world.machine.record().head.entities, world.entities());
        }
        prop_assert!(world.machine.record().operations.iter().all(|progress| progress.lanes.len() <= crate::limits::bootstrap::LANES_MAX));
    }
}

#[test]
fn an_estimate_counts_what_is_below_what_was_found() {
    let mut world = World::new();
    assert_eq!(world.machine.record().time_left(1), Some(Duration::from_secs(2)));
    world.begin_all();
    let projects = world.of("getProjects");
    world.step(Input::Read { operation: projects, parent: None, entities: 40, items: 40, first: None, last: None });
    assert_eq!(world.machine.record().calls_left(), 41);
    assert_eq!(world.machine.record().time_left(20), Some(Duration::from_secs(3)));
    assert!(world.catalogue.get("getProjects").is_some());
}
