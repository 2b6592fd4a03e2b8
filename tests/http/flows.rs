//! Flows over the page's API: the reference's shapes, every fault by its field, nobody else's flows.

use actors::port::clockify::Method;
use actors::testing::Scripted;
use serde_json::{Value, json};

use super::client::{Answer, Request, get, post, request};
use super::harness::{Harness, grant};

pub fn definition(name: &str) -> Value {
    json!({
        "name": name,
        "trigger_event_types": ["NEW_PROJECT"],
        "conditions": {"type": "ALL", "rules": [{"field": "$.billable", "operator": "==", "value": true}]},
        "actions": [{"type": "CLOCKIFY_API", "operation_id": "getTag", "params": {"path": {"id": "$.webhook.tagId"}}}],
    })
}

async fn ask(harness: &Harness, request: Request) -> Answer {
    harness.send(request.token(&harness.owner())).await
}

/// Creates a flow and gives its id.
pub async fn created(harness: &Harness, definition: &Value) -> String {
    let answer = ask(harness, post("/ui/flows").json(definition)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_flow_is_created_shown_replaced_listed_and_deleted() {
    let harness = Harness::installed().await;
    let made = ask(&harness, post("/ui/flows").json(&definition("first"))).await.json();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!((&made["name"], &made["enabled"], &made["version"]), (&json!("first"), &json!(true), &json!(1)));
    assert_eq!(made["workspace_id"], json!(harness.home.workspace));
    let shown = ask(&harness, get(format!("/ui/flows/{id}"))).await.json();
    assert_eq!(shown, made, "what POST gives is the whole flow");
    assert_eq!(shown["conditions"], definition("")["conditions"]);
    assert_eq!(shown["actions"][0]["params"], json!({"path": {"id": "$.webhook.tagId"}}));

    harness.clock.advance(std::time::Duration::from_secs(60));
    let mut next = definition("renamed");
    next["enabled"] = json!(false);
    next["workspace_id"] = json!(harness.home.workspace);
    next.as_object_mut().unwrap().remove("conditions");
    let replaced = ask(&harness, request("PUT", format!("/ui/flows/{id}")).json(&next)).await.json();
    assert_eq!((&replaced["status"], &replaced["id"], &replaced["version"]), (&json!("updated"), &json!(id), &json!(2)));
    assert_eq!((&replaced["name"], replaced.get("conditions")), (&json!("renamed"), None), "a replacement leaves nothing of the old");
    assert_eq!(replaced["created_at"], made["created_at"]);
    assert_ne!(replaced["updated_at"], made["updated_at"]);

    created(&harness, &definition("second")).await;
    let list = ask(&harness, get("/ui/flows")).await.json();
    assert_eq!((&list["total"], &list["enabled"], &list["summary"]), (&json!(2), &json!(1), &json!("2 flows, 1 enabled")));
    assert_eq!(list["workspace_id"], json!(harness.home.workspace));
    let names: Vec<_> = list["flows"].as_array().unwrap().iter().map(|flow| flow["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["second", "renamed"], "newest first");
    assert_eq!(list["flows"][1]["trigger_source"], "CLOCKIFY");
    assert!(list["flows"][0].get("actions").is_none() && list["flows"][0].get("conditions").is_none());

    let deleted = ask(&harness, request("DELETE", format!("/ui/flows/{id}"))).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({"status": "deleted", "id": id})));
    ask(&harness, get(format!("/ui/flows/{id}"))).await.refused(404, "flow_not_found");
    ask(&harness, request("DELETE", format!("/ui/flows/{id}"))).await.refused(404, "flow_not_found");
    ask(&harness, request("PUT", format!("/ui/flows/{id}")).json(&definition("x"))).await.refused(404, "flow_not_found");
}

#[actix_web::test]
async fn a_definition_that_could_not_run_is_refused_field_by_field_and_not_stored() {
    let harness = Harness::installed().await;
    let id = created(&harness, &definition("sound")).await;
    let before = harness.stored(harness.home.workspace).await;
    let with = |field: &str, value: Value| {
        let mut sent = definition("x");
        sent[field] = value;
        sent
    };
    let call = |operation: &str, params: Value| with("actions", json!([{"operation_id": operation, "params": params}]));
    for (sent, field, code) in [
        (json!([]), "", "invalid_type"),
        (with("name", json!("")), "name", "required"),
        (with("name", json!("n".repeat(256))), "name", "too_long"),
        (with("colour", json!("red")), "colour", "unknown_field"),
        (with("enabled", json!("yes")), "enabled", "invalid_type"),
        (with("trigger_event_types", json!(["PROJECT_CREATED"])), "trigger_event_types[0]", "unknown_event_type"),
        (with("trigger_source", json!("MARS")), "trigger_source", "invalid_value"),
        (with("actions", json!([])), "actions", "out_of_range"),
        (with("conditions", json!({"rules": [{"field": "$.a", "operator": "~"}]})), "conditions.rules[0].operator", "unknown_operator"),
    ] {
        for request in [post("/ui/flows"), request("PUT", format!("/ui/flows/{id}"))] {
            let answer = ask(&harness, request.json(&sent)).await;
            answer.refused(422, "invalid_fields");
            assert!(answer.faults().contains(&(field.into(), code.into())), "{sent}: {:?}", answer.faults());
        }
    }
    // What only compiling finds: paths, patterns, operations and their parameters.
    for (sent, field) in [
        (with("conditions", json!({"rules": [{"field": "$..a..b", "operator": "exists"}]})), "conditions.rules[0].field"),
        (with("conditions", json!({"rules": [{"field": "$.a", "operator": "matches", "value": "("}]})), "conditions.rules[0].value"),
        (call("launchRockets", json!({})), "actions[0].operation_id"),
        (call("getTag", json!({})), "actions[0].params.path.id"),
        (call("getTag", json!({"path": {"id": "..", "workspaceId": "5b641568b07987035750505e"}})), "actions[0].params.path"),
    ] {
        let answer = ask(&harness, post("/ui/flows").json(&sent)).await;
        answer.refused(422, "invalid_fields");
        assert!(answer.faults().iter().any(|(found, _)| found.starts_with(field)), "{sent}: {:?}", answer.faults());
    }
    let mut many = definition("");
    many["trigger_event_types"] = json!(["X", "Y"]);
    many["actions"] = json!([{"type": "EXPLODE"}]);
    let answer = ask(&harness, post("/ui/flows").json(&many)).await;
    assert_eq!(answer.faults().len(), 4, "all at once: {:?}", answer.faults());
    assert_eq!(harness.stored(harness.home.workspace).await, before);
}

#[actix_web::test]
async fn a_flow_belongs_to_the_tokens_workspace_whatever_the_body_says() {
    let harness = Harness::installed().await;
    let other = grant('2');
    for stated in [json!(other.workspace), json!(""), json!(7), json!([harness.home.workspace])] {
        let mut sent = definition("x");
        sent["workspace_id"] = stated;
        ask(&harness, post("/ui/flows").json(&sent)).await.refused(403, "workspace_mismatch");
    }
    assert_eq!(harness.stored(harness.home.workspace).await.3, Vec::<String>::new());
    assert_eq!(harness.stored(other.workspace).await.3, Vec::<String>::new());
}

#[actix_web::test]
async fn another_workspaces_flow_does_not_exist() {
    let harness = Harness::installed().await;
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    let id = created(&harness, &definition("mine")).await;
    let before = harness.stored(harness.home.workspace).await;
    let stranger = harness.user(&other, "OWNER");
    for request in [
        get(format!("/ui/flows/{id}")),
        request("DELETE", format!("/ui/flows/{id}")),
        request("PUT", format!("/ui/flows/{id}")).json(&definition("theirs")),
    ] {
        harness.send(request.token(&stranger)).await.refused(404, "flow_not_found");
    }
    assert_eq!(harness.send(get("/ui/flows").token(&stranger)).await.json()["total"], 0);
    let executions = harness.send(get(format!("/ui/flows/{id}/executions")).token(&stranger)).await;
    assert_eq!((executions.status, &executions.json()["total"]), (200, &json!(0)));
    assert_eq!(harness.stored(harness.home.workspace).await, before);
}

#[actix_web::test]
async fn what_is_no_id_names_no_flow() {
    let harness = Harness::installed().await;
    for id in ["1", "x", "01900000-0000-7000-8000-000000000000", "01900000-0000-7000-8000-00000000000g", "%27%20OR%201=1", "..%2f..", "%00"]
    {
        ask(&harness, get(format!("/ui/flows/{id}"))).await.refused(404, "flow_not_found");
    }
}

#[actix_web::test]
async fn a_workspace_has_a_bounded_number_of_flows() {
    let harness = Harness::installed().await;
    for n in 0..actors::limits::flow::FLOWS_MAX {
        created(&harness, &definition(&n.to_string())).await;
    }
    ask(&harness, post("/ui/flows").json(&definition("one more"))).await.refused(409, "too_many_flows");
}

#[actix_web::test]
async fn a_saved_flow_is_what_the_next_event_finds() {
    let harness = Harness::installed().await;
    let id = created(&harness, &definition("x")).await;
    let runs = async || harness.stored(harness.home.workspace).await.2;
    harness.deliver("NEW_PROJECT", &json!({"id": "1", "billable": false})).await;
    assert_eq!(runs().await, 0);
    harness.deliver("NEW_PROJECT", &json!({"id": "2", "billable": true})).await;
    assert_eq!(runs().await, 1);
    let mut off = definition("x");
    off["enabled"] = json!(false);
    assert_eq!(ask(&harness, request("PUT", format!("/ui/flows/{id}")).json(&off)).await.status, 200);
    harness.deliver("NEW_PROJECT", &json!({"id": "3", "billable": true})).await;
    assert_eq!(runs().await, 1);
}

#[actix_web::test]
async fn a_schedule_is_checked_and_says_when_it_is_due_next() {
    let harness = Harness::installed().await;
    let mut hourly = definition("hourly");
    hourly["trigger_source"] = json!("SCHEDULE");
    hourly["schedule"] = json!({"cron": "30 9 * * *", "time_zone": "Europe/Berlin"});
    hourly.as_object_mut().unwrap().remove("trigger_event_types");
    hourly.as_object_mut().unwrap().remove("conditions");
    let made = ask(&harness, post("/ui/flows").json(&hourly)).await;
    assert_eq!(made.status, 200, "{made:?}");
    // It is nine o'clock in Berlin, on 15 January 2027.
    assert_eq!((&made.json()["schedule"], &made.json()["next_run_at"]), (&hourly["schedule"], &json!("2027-01-15T08:30:00.000Z")));
    let listed = ask(&harness, get("/ui/flows")).await.json();
    assert_eq!(listed["flows"][0]["next_run_at"], "2027-01-15T08:30:00.000Z");
    let plain = ask(&harness, post("/ui/flows").json(&definition("plain"))).await.json();
    assert!(plain.get("schedule").is_none() && plain.get("next_run_at").is_none());

    let with = |schedule: Value| {
        let mut sent = hourly.clone();
        sent["schedule"] = schedule;
        sent
    };
    let mut of_events = definition("x");
    of_events["schedule"] = hourly["schedule"].clone();
    let mut with_types = hourly.clone();
    with_types["trigger_event_types"] = json!(["NEW_TAG"]);
    for (sent, field, code) in [
        (with(Value::Null), "schedule", "required"),
        (with(json!("* * * * *")), "schedule", "invalid_type"),
        (with(json!({"time_zone": "UTC"})), "schedule.cron", "required"),
        (with(json!({"cron": "* * * *"})), "schedule.cron", "invalid_cron"),
        (with(json!({"cron": "* * * * *", "time_zone": "Mars"})), "schedule.time_zone", "unknown_time_zone"),
        (with(json!({"cron": "* * * * *", "time_zone": 1})), "schedule.time_zone", "unknown_time_zone"),
        (with(json!({"cron": "* * * * *", "every": 1})), "schedule.every", "unknown_field"),
        (of_events, "schedule", "not_applicable"),
        (with_types, "trigger_event_types", "not_applicable"),
    ] {
        let answer = ask(&harness, post("/ui/flows").json(&sent)).await;
        answer.refused(422, "invalid_fields");
        assert!(answer.faults().contains(&(field.into(), code.into())), "{sent}: {:?}", answer.faults());
    }
}

/// What the platform says of the person who asks.
fn person(harness: &Harness, zone: &Value) {
    let answer = Scripted::json(200, &json!({"id": "c00000000000000000000001", "settings": {"weekStart": "MONDAY", "timeZone": zone}}));
    harness.clockify.always(Method::Get, "/v1/user", answer);
}

#[actix_web::test]
async fn a_schedule_that_names_no_time_zone_gets_that_of_the_person_who_saves_it() {
    let harness = Harness::installed().await;
    person(&harness, &json!("America/New_York"));
    let mut flow = definition("daily");
    flow["trigger_source"] = json!("SCHEDULE");
    flow.as_object_mut().unwrap().remove("trigger_event_types");
    flow.as_object_mut().unwrap().remove("conditions");
    let zone = |answer: &Answer| answer.json()["schedule"]["time_zone"].clone();
    for open in
        [json!({"cron": "0 9 * * *"}), json!({"cron": "0 9 * * *", "time_zone": null}), json!({"cron": "0 9 * * *", "time_zone": ""})]
    {
        flow["schedule"] = open;
        let made = ask(&harness, post("/ui/flows").json(&flow)).await;
        assert_eq!((made.status, zone(&made)), (200, json!("America/New_York")), "{made:?}");
        assert_eq!(made.json()["next_run_at"], "2027-01-15T14:00:00.000Z");
    }
    let calls = harness.clockify.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.token.expose() == harness.owner()), "the viewer's own token asks, for nobody else's settings");

    let id = ask(&harness, post("/ui/flows").json(&flow)).await.json()["id"].as_str().unwrap().to_owned();
    flow["schedule"] = json!({"cron": "0 9 * * *", "time_zone": "Asia/Kolkata"});
    let before = harness.clockify.calls().len();
    let named = ask(&harness, request("PUT", format!("/ui/flows/{id}")).json(&flow)).await;
    assert_eq!((zone(&named), harness.clockify.calls().len()), (json!("Asia/Kolkata"), before), "who names one is not asked about");
    flow["schedule"] = json!({"cron": "0 9 * * *"});
    assert_eq!(zone(&ask(&harness, request("PUT", format!("/ui/flows/{id}")).json(&flow)).await), "America/New_York");

    let document = json!({"format": "clockify-addons/flows", "version": 1, "flows": [flow]});
    let imported = ask(&harness, post("/ui/flow-import").json(&document)).await.json()["created"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(zone(&ask(&harness, get(format!("/ui/flows/{imported}"))).await), "America/New_York");
    let begun = ask(&harness, post("/ui/flow-templates/stop-forgotten-timers").json(&json!({}))).await;
    assert_eq!((begun.status, zone(&begun)), (201, json!("America/New_York")), "{begun:?}");
}

#[actix_web::test]
async fn where_the_platform_says_no_time_zone_a_schedule_goes_by_utc() {
    let harness = Harness::installed().await;
    let mut flow = definition("daily");
    flow["trigger_source"] = json!("SCHEDULE");
    flow["schedule"] = json!({"cron": "0 9 * * *"});
    flow.as_object_mut().unwrap().remove("trigger_event_types");
    flow.as_object_mut().unwrap().remove("conditions");
    let saved = async || ask(&harness, post("/ui/flows").json(&flow)).await.json()["schedule"]["time_zone"].clone();
    for odd in [json!(null), json!(""), json!("Mars/Olympus"), json!(7), json!("../etc/passwd"), json!("x".repeat(100_000))] {
        person(&harness, &odd);
        assert_eq!(saved().await, "UTC", "{odd:.20}");
    }
    for answer in
        [Scripted::status(401), Scripted::status(503), Scripted::body(200, "<p>"), Scripted::refused(), Scripted::lost(), Scripted::Panic]
    {
        harness.clockify.always(Method::Get, "/v1/user", answer);
        assert_eq!(saved().await, "UTC");
    }
}
