//! Cached entities over HTTP: listed, searched, shown, and found in the payload of an event.

use serde_json::json;

use super::bootstrap::{ended, script};
use super::client::{get, post};
use super::harness::Harness;

async fn read() -> Harness {
    let harness = Harness::installed().await;
    script(&harness);
    harness.send(post("/ui/bootstrap/trigger").token(&harness.owner())).await;
    ended(&harness).await;
    harness
}

#[actix_web::test]
async fn they_are_listed_by_type_and_name_and_searched() {
    let harness = read().await;
    let ask = |target: &str| harness.send(get(target.to_owned()).token(&harness.owner()));
    let all = ask("/ui/entities?type=tags").await.json();
    assert_eq!(all["pagination"]["total"], 2, "{all}");
    assert!(all["types"].as_array().unwrap().contains(&json!({"type": "tags", "count": 2})), "{all}");
    let names: Vec<_> = all["entities"].as_array().unwrap().iter().map(|entity| entity["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["Blue", "red"]);
    let found = ask("/ui/entities?q=BL").await.json();
    assert_eq!((&found["pagination"]["total"], &found["entities"][0]["id"]), (&json!(1), &json!("t2")), "{found}");
    assert_eq!(ask("/ui/entities?type=no/type").await.faults(), [("type".into(), "invalid_value".into())]);
}

#[actix_web::test]
async fn one_is_shown_with_all_that_the_platform_said() {
    let harness = read().await;
    let ask = |target: &str| harness.send(get(target.to_owned()).token(&harness.owner()));
    let tag = ask("/ui/entities/tags/t1").await.json();
    assert_eq!((&tag["type"], &tag["data"]), (&json!("tags"), &json!({"id": "t1", "name": "red"})), "{tag}");
    ask("/ui/entities/tags/t9").await.refused(404, "entity_not_found");
    ask("/ui/entities/clients/t1").await.refused(404, "entity_not_found");
}

#[actix_web::test]
async fn an_event_says_which_entities_it_names() {
    let harness = read().await;
    let payload = json!({"id": "e1", "description": "x", "tagIds": ["t1", "t9"], "project": {"id": "p1", "name": "Shop"}});
    let event = harness.deliver("NEW_TIME_ENTRY", &payload).await;
    let named = harness.send(get(format!("/ui/webhooks/{event}/entities")).token(&harness.owner())).await.json();
    assert_eq!(
        named["entities"],
        json!([
            {"type": "time-entries", "id": "e1", "name": "x", "path": "$.id", "cached": false},
            {"type": "projects", "id": "p1", "name": "Shop", "path": "$.project.id", "cached": false},
            {"type": "tags", "id": "t1", "name": "red", "path": "$.tagIds[0]", "cached": true},
            {"type": "tags", "id": "t9", "name": null, "path": "$.tagIds[1]", "cached": false},
        ])
    );
    let missing = get("/ui/webhooks/018f4e3a-0000-7000-8000-000000000000/entities").token(&harness.owner());
    harness.send(missing).await.refused(404, "webhook_not_found");
}
