//! A workspace is read while parts fail: the process, the platform, the store. Everything is read, and little of it twice.

use std::collections::BTreeMap;
use std::time::Duration;

use actors::bootstrap::record::{Record, Status};
use actors::clock::{Clock, Timestamp};
use actors::entity::{Entity, EntityId, EntityType};
use actors::ids::Key;
use actors::installation::{Health, Status as Installed};
use actors::port::clockify::{ApiRequest, Method};
use actors::port::store::{Bootstraps, Entities, Installations};
use actors::testing::Scripted;
use actors::workspace::bootstrap::{Granted, Wish};
use actors::workspace::lifecycle::Change;
use serde_json::{Value, json};

use crate::stage::{Stage, addon_id, installation, play, tags_path};

const SECOND: Duration = Duration::from_secs(1);
const LATENCY: Duration = Duration::from_millis(100);
const PROJECTS: usize = 230;
const TASKS: usize = 20;
const TAGS: usize = 7;
/// Of projects and tags, and one of tasks for each project.
const PAGES: usize = PROJECTS / 50 + 1 + 1 + PROJECTS;
const EVERYTHING: u64 = (PROJECTS + PROJECTS * TASKS + TAGS) as u64;

fn entities(prefix: &str, from: usize, to: usize) -> Value {
    (from..to).map(|number| json!({"id": format!("{prefix}{number:03}"), "name": format!("{prefix} {number}")})).collect()
}

/// Answers as the platform would, after a while.
fn answer(request: &ApiRequest) -> Option<Scripted> {
    let number = |name: &str| request.query.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.parse::<usize>().ok());
    let (page, size) = (number("page").unwrap_or(1), number("page-size").unwrap_or(1_000));
    let part = |prefix: &str, count: usize| entities(prefix, ((page - 1) * size).min(count), (page * size).min(count));
    let segments: Vec<&str> = request.path.split('/').collect();
    let body = match segments.as_slice() {
        [.., "projects"] => part("p", PROJECTS),
        [.., "tags"] => entities("g", 0, TAGS),
        [.., "projects", project, "tasks"] => part(&format!("{project}t"), TASKS),
        _ => return None,
    };
    (request.method == Method::Get).then(|| Scripted::json(200, &body).after(LATENCY))
}

async fn read(stage: &Stage, key: Key) -> Granted {
    stage.clockify.rule(answer);
    stage.passing(stage.registry.bootstrap(key, Wish::Start)).await.unwrap()
}

async fn record(stage: &Stage, key: Key) -> Record {
    stage.store.bootstrap(key).await.unwrap().unwrap()
}

async fn status(stage: &Stage, key: Key) -> Status {
    record(stage, key).await.head.status
}

async fn count(stage: &Stage, key: Key) -> u64 {
    stage.store.entity_counts(key).await.unwrap().iter().map(|(_, count)| count).sum()
}

async fn known(stage: &Stage, key: Key, kind: &str, id: &str) -> Option<Entity> {
    stage.store.entity(key, &EntityType::parse(kind).unwrap(), &EntityId::parse(id).unwrap()).await.unwrap()
}

/// Lists were asked for at these moments.
fn reads(stage: &Stage) -> Vec<(Timestamp, String)> {
    let calls = stage.clockify.calls().into_iter().filter(|call| call.request.method == Method::Get);
    calls.map(|call| (call.at, format!("{} {:?}", call.request.path, call.request.query))).collect()
}

#[test]
fn a_workspace_is_read_at_nearly_the_whole_rate_and_never_above_it() {
    play(|stage| async move {
        let key = stage.install(1).await;
        read(&stage, key).await;
        stage.live(SECOND * 10).await;
        let record = record(&stage, key).await;
        assert_eq!((record.head.status, record.head.entities, record.last_error()), (Status::Complete, EVERYTHING, None));
        assert_eq!(count(&stage, key).await, EVERYTHING);
        let task = known(&stage, key, "tasks", "p007t003").await.unwrap();
        assert_eq!((task.name.as_deref(), task.parent.as_ref().map(EntityId::as_str)), (Some("p007t 3"), Some("p007")));
        let at: Vec<i64> = reads(&stage).iter().map(|(at, _)| at.millis()).collect();
        assert_eq!(at.len(), PAGES);
        // From the first list of tasks on there is enough to do, and after some it is known how quick the platform is.
        let busy = &at[100..];
        let seconds = (busy.last().unwrap() - busy[0]) as f64 / 1_000.0;
        assert!(busy.len() as f64 / seconds >= 47.5, "{} calls in {seconds} s", busy.len());
        assert!(at.iter().all(|start| at.iter().filter(|time| (*start..start + 1_000).contains(*time)).count() <= 50));
        assert!(stage.clockify.in_flight_peak() <= 32);
    });
}

#[test]
fn killed_at_ten_moments_it_goes_on_and_repeats_only_what_was_under_way() {
    play(|mut stage| async move {
        let key = stage.install(1).await;
        read(&stage, key).await;
        for round in 0..10_u64 {
            stage.clock.run_for(Duration::from_millis(70 + 113 * (round * 7 % 5))).await;
            stage.restart().await;
            stage.passing(stage.registry.sweep()).await.unwrap();
        }
        stage.live(SECOND * 20).await;
        assert_eq!((status(&stage, key).await, count(&stage, key).await), (Status::Complete, EVERYTHING));
        let mut pages: BTreeMap<String, usize> = BTreeMap::new();
        reads(&stage).into_iter().for_each(|(_, page)| *pages.entry(page).or_default() += 1);
        assert_eq!(pages.len(), PAGES);
        // A hundred milliseconds under way at fifty a second: five pages, and one whose call begins.
        let repeated: usize = pages.values().map(|times| times - 1).sum();
        assert!(repeated <= 10 * 6, "{repeated}");
    });
}

#[test]
fn two_who_begin_it_at_once_begin_one() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.clockify.rule(answer);
        let both = async { tokio::join!(stage.registry.bootstrap(key, Wish::Start), stage.registry.bootstrap(key, Wish::Start)) };
        let (first, second) = stage.passing(both).await;
        assert!(matches!((first, second), (Ok(Granted::Scheduled(_)), Ok(Granted::Running(_)))));
        stage.live(SECOND * 10).await;
        assert_eq!(reads(&stage).len(), PAGES);
    });
}

#[test]
fn an_installation_that_wants_it_is_read_even_if_the_process_dies_at_once() {
    play(|mut stage| async move {
        stage.clockify.rule(answer);
        let key = stage.install(1).await;
        stage.live(SECOND * 10).await;
        assert_eq!((status(&stage, key).await, reads(&stage).len()), (Status::Disabled, 0));
        assert!(matches!(stage.passing(stage.registry.bootstrap(key, Wish::Visit)).await, Ok(Granted::Nothing(Some(_)))));

        let wanting = crate::stage::key(2);
        let mut asked = installation(wanting, 2, stage.clock.now());
        asked.settings.insert("run_on_install".into(), true.into());
        stage.registry.lifecycle(wanting, Change::Install(Box::new(asked)), stage.proof(2)).await.unwrap();
        stage.restart().await;
        assert!(status(&stage, wanting).await.unfinished());
        stage.live(SECOND * 10).await;
        assert_eq!(status(&stage, wanting).await, Status::Complete);
    });
}

#[test]
fn it_pauses_while_the_add_on_is_switched_off_and_goes_on_at_the_next_page() {
    play(|stage| async move {
        let key = stage.install(1).await;
        read(&stage, key).await;
        stage.clock.run_for(SECOND).await;
        let switch = |to| stage.registry.lifecycle(key, Change::Status(addon_id(1), to), stage.proof(1));
        stage.passing(switch(Installed::Inactive)).await.unwrap();
        stage.clock.run_for(SECOND).await;
        let paused = record(&stage, key).await;
        assert_eq!((paused.head.status, paused.last_error().is_some()), (Status::Paused, true));
        let so_far = reads(&stage).len();
        stage.live(SECOND * 60).await;
        assert_eq!(reads(&stage).len(), so_far, "nothing is read meanwhile");
        stage.passing(switch(Installed::Active)).await.unwrap();
        stage.live(SECOND * 10).await;
        assert_eq!((status(&stage, key).await, reads(&stage).len()), (Status::Complete, PAGES));
    });
}

#[test]
fn an_uninstall_stops_it_and_leaves_nothing() {
    play(|stage| async move {
        let key = stage.install(1).await;
        read(&stage, key).await;
        stage.clock.run_for(SECOND).await;
        stage.passing(stage.registry.lifecycle(key, Change::Delete(addon_id(1)), stage.proof(1))).await.unwrap();
        let so_far = reads(&stage).len();
        stage.live(SECOND * 60).await;
        assert_eq!((reads(&stage).len(), count(&stage, key).await), (so_far, 0));
        assert_eq!(stage.store.bootstrap(key).await, Ok(None));
    });
}

#[test]
fn a_platform_that_wants_fewer_calls_or_is_away_is_waited_for() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let projects = format!("/v1/workspaces/{}/projects", key.workspace);
        stage.clockify.once(Method::Get, &projects, Scripted::too_many(Some(SECOND * 3)));
        stage.clockify.once(Method::Get, &tags_path(key), Scripted::status(503)).once(Method::Get, &tags_path(key), Scripted::refused());
        stage.clockify.once(Method::Get, &format!("{projects}/p003/tasks"), Scripted::status(500));
        stage.clockify.once(Method::Get, &format!("{projects}/p004/tasks"), Scripted::Panic);
        stage.clockify.once(Method::Get, &format!("{projects}/p005/tasks"), Scripted::status(404));
        stage.clockify.once(Method::Get, &format!("{projects}/p006/tasks"), Scripted::huge(9 << 20));
        read(&stage, key).await;
        stage.live(SECOND * 2).await;
        assert_eq!(status(&stage, key).await, Status::Running);
        stage.live(SECOND * 60).await;
        let record = record(&stage, key).await;
        // The tasks of a project that has been deleted meanwhile are not missed.
        assert_eq!((record.head.status, record.head.entities), (Status::Complete, EVERYTHING - TASKS as u64), "{:?}", record.last_error());
    });
}

#[test]
fn what_the_add_on_may_not_read_is_said_and_can_be_read_again() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.clockify.once(Method::Get, &tags_path(key), Scripted::json(403, &json!({"message": "No scope", "code": 403})));
        read(&stage, key).await;
        stage.live(SECOND * 10).await;
        let refused = record(&stage, key).await;
        assert_eq!(refused.head.status, Status::CompleteWithWarnings);
        assert_eq!(refused.last_error().as_deref(), Some("getTags: the platform answered with status 403: No scope"));
        let again = stage.passing(stage.registry.bootstrap(key, Wish::Retry(Some("getTags".into())))).await;
        assert!(matches!(again, Ok(Granted::Scheduled(_))), "{again:?}");
        stage.live(SECOND * 5).await;
        assert_eq!((status(&stage, key).await, count(&stage, key).await), (Status::Complete, EVERYTHING));
        assert!(matches!(stage.passing(stage.registry.bootstrap(key, Wish::Retry(None))).await, Ok(Granted::Nothing(_))));
    });
}

#[test]
fn a_dead_token_breaks_the_installation_as_a_run_does() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.clockify.rule(|_| Some(Scripted::json(401, &json!({"message": "Token is not valid", "code": 4017}))));
        stage.passing(stage.registry.bootstrap(key, Wish::Start)).await.unwrap();
        stage.live(SECOND * 60).await;
        assert_eq!(status(&stage, key).await, Status::Running, "a fresh token needs some seconds");
        stage.live(SECOND * 120).await;
        assert_eq!(status(&stage, key).await, Status::Paused);
        assert!(matches!(stage.store.installation(key).await.unwrap().unwrap().health, Health::Broken { .. }));
    });
}

#[test]
fn a_store_that_fails_costs_a_pause_and_no_entity() {
    play(|stage| async move {
        let key = stage.install(1).await;
        read(&stage, key).await;
        stage.clock.run_for(SECOND).await;
        stage.store.set_unavailable(true);
        stage.clock.run_for(SECOND * 5).await;
        stage.store.set_unavailable(false);
        stage.live(SECOND * 60).await;
        assert_eq!((status(&stage, key).await, count(&stage, key).await), (Status::Complete, EVERYTHING));
    });
}

#[test]
fn a_cancel_ends_it_and_a_new_one_sweeps_what_has_vanished() {
    play(|stage| async move {
        let key = stage.install(1).await;
        read(&stage, key).await;
        stage.clock.run_for(SECOND).await;
        let cancelled = stage.passing(stage.registry.bootstrap(key, Wish::Cancel)).await;
        assert!(matches!(cancelled, Ok(Granted::Cancelled(_))), "{cancelled:?}");
        let so_far = reads(&stage).len();
        stage.live(SECOND * 10).await;
        assert_eq!((status(&stage, key).await, reads(&stage).len()), (Status::Cancelled, so_far));
        assert!(count(&stage, key).await > 0, "what was read stays");

        read(&stage, key).await;
        stage.live(SECOND * 10).await;
        stage.clockify.always(Method::Get, &tags_path(key), Scripted::json(200, &entities("g", 2, TAGS)));
        read(&stage, key).await;
        stage.live(SECOND * 10).await;
        assert_eq!((status(&stage, key).await, count(&stage, key).await), (Status::Complete, EVERYTHING - 2));
        assert_eq!(known(&stage, key, "tags", "g000").await, None);
        assert!(known(&stage, key, "tags", "g002").await.is_some());
    });
}

#[test]
fn webhooks_keep_what_was_read_fresh_and_an_older_page_does_not_undo_them() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.clockify.rule(answer);
        let delivery = |event: &str, id: &str, name: &str| {
            let mut delivery = crate::stage::delivery(id, &json!({"id": id, "name": name, "workspaceId": key.workspace}));
            delivery.event_type = actors::event::EventType::parse(event).unwrap();
            let slug = event.to_ascii_lowercase().replace('_', "-");
            if let actors::workspace::deliver::Sender::Clockify { path, .. } = &mut delivery.sender {
                *path = format!("/webhooks/clockify/{slug}");
            }
            delivery
        };
        let mut with_paths = installation(key, 1, stage.clock.now());
        let token = with_paths.webhooks[0].hash;
        let paths = ["new-tag", "tag-deleted", "tag-updated"];
        let register = |path| actors::installation::WebhookToken { path: format!("/webhooks/clockify/{path}"), hash: token };
        with_paths.webhooks = paths.map(register).into_iter().collect();
        stage.passing(stage.registry.lifecycle(key, Change::Install(Box::new(with_paths)), stage.proof(2))).await.unwrap();

        // Without a cache nothing is kept.
        stage.passing(stage.registry.deliver(key, delivery("NEW_TAG", "g900", "early"))).await.unwrap();
        stage.clock.run_for(SECOND).await;
        assert_eq!(known(&stage, key, "tags", "g900").await, None);

        let tags = tags_path(key);
        stage.clockify.once(Method::Get, &tags, Scripted::json(200, &entities("g", 0, TAGS)).held());
        read(&stage, key).await;
        stage.clock.run_for(SECOND).await;
        // The list of tags has been asked for and has not come when these are told.
        for told in [delivery("TAG_UPDATED", "g001", "renamed"), delivery("TAG_DELETED", "g002", "x"), delivery("NEW_TAG", "g901", "new")] {
            stage.passing(stage.registry.deliver(key, told)).await.unwrap();
        }
        stage.clock.run_for(SECOND).await;
        stage.clockify.release();
        stage.live(SECOND * 10).await;
        assert_eq!(status(&stage, key).await, Status::Complete);
        assert_eq!(known(&stage, key, "tags", "g001").await.unwrap().name.as_deref(), Some("renamed"));
        assert_eq!(known(&stage, key, "tags", "g002").await, None);
        assert_eq!(known(&stage, key, "tags", "g901").await.unwrap().name.as_deref(), Some("new"));
        assert_eq!(known(&stage, key, "tags", "g000").await.unwrap().name.as_deref(), Some("g 0"));
    });
}

#[test]
fn old_entities_go_by_the_settings() {
    play(|stage| async move {
        let key = stage.install(1).await;
        read(&stage, key).await;
        stage.live(SECOND * 10).await;
        stage.clock.jump(6 * 86_400_000);
        stage.passing(stage.registry.tidy()).await.unwrap();
        assert_eq!(count(&stage, key).await, EVERYTHING);
        stage.clock.jump(2 * 86_400_000);
        let removed = stage.passing(stage.registry.tidy()).await.unwrap();
        assert_eq!((removed, count(&stage, key).await), (EVERYTHING, 0));
    });
}

#[test]
fn a_snapshot_is_taken_anew_before_its_entities_go_where_the_settings_want_one() {
    play(|stage| async move {
        stage.clockify.rule(answer);
        let day = |days: i64| days * 86_400_000;
        let (unwanted, wanting, stopped) = (stage.install(1).await, crate::stage::key(2), crate::stage::key(3));
        for (number, key) in [(2, wanting), (3, stopped)] {
            let mut asked = installation(key, number, stage.clock.now());
            asked.settings.insert("run_on_install".into(), true.into());
            asked.settings.insert("cache_ttl_days".into(), 4.into());
            stage.passing(stage.registry.lifecycle(key, Change::Install(Box::new(asked)), stage.proof(number))).await.unwrap();
        }
        read(&stage, unwanted).await;
        stage.live(SECOND * 10).await;
        // It has read everything, and is stopped when it begins once more.
        stage.passing(stage.registry.bootstrap(stopped, Wish::Start)).await.unwrap();
        stage.passing(stage.registry.bootstrap(stopped, Wish::Cancel)).await.unwrap();
        let first = record(&stage, wanting).await.head;
        assert_eq!(first.status, Status::Complete);

        stage.clock.jump(day(3) - 60_000);
        stage.passing(stage.registry.tidy()).await.unwrap();
        assert_eq!(record(&stage, wanting).await.head.id, first.id, "it is fresh for three quarters of the time");
        stage.clock.jump(120_000);
        let others = [record(&stage, unwanted).await, record(&stage, stopped).await];
        stage.passing(stage.registry.tidy()).await.unwrap();
        stage.live(SECOND * 10).await;
        let second = record(&stage, wanting).await.head;
        assert_eq!((second.id != first.id, second.status, second.entities), (true, Status::Complete, EVERYTHING));
        stage.passing(stage.registry.tidy()).await.unwrap();
        assert_eq!(record(&stage, wanting).await.head, second, "once");
        assert_eq!([record(&stage, unwanted).await, record(&stage, stopped).await], others);

        stage.clock.jump(day(2));
        stage.passing(stage.registry.tidy()).await.unwrap();
        assert_eq!((count(&stage, wanting).await, count(&stage, stopped).await), (EVERYTHING, 0), "those that were seen again stay");
    });
}
