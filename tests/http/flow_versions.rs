//! Versions of a flow: shown, gone back to, and never lost between two who change it at once.

use serde_json::{Value, json};

use super::client::{Answer, Request, get, post, request};
use super::flows::{created, definition};
use super::harness::{Harness, grant};

async fn ask(harness: &Harness, request: Request) -> Answer {
    harness.send(request.token(&harness.owner())).await
}

async fn put(harness: &Harness, id: &str, name: &str) -> Value {
    let answer = ask(harness, request("PUT", format!("/ui/flows/{id}")).json(&definition(name))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[actix_web::test]
async fn a_former_version_is_shown_and_becomes_the_newest_one_again() {
    let harness = Harness::installed().await;
    let id = created(&harness, &definition("first")).await;
    put(&harness, &id, "second").await;
    put(&harness, &id, "third").await;
    let list = ask(&harness, get(format!("/ui/flows/{id}/versions"))).await.json();
    let names: Vec<_> = list["versions"].as_array().unwrap().iter().map(|line| (line["version"].clone(), line["name"].clone())).collect();
    assert_eq!(names, [(json!(3), json!("third")), (json!(2), json!("second")), (json!(1), json!("first"))]);
    assert_eq!((&list["pagination"]["total"], &list["flow_id"]), (&json!(3), &json!(id)));
    let first = ask(&harness, get(format!("/ui/flows/{id}/versions/1"))).await.json();
    assert_eq!((&first["name"], &first["actions"][0]["operation_id"]), (&json!("first"), &json!("getTag")));
    let restored = ask(&harness, post(format!("/ui/flows/{id}/versions/1/restore"))).await.json();
    assert_eq!((&restored["status"], &restored["version"], &restored["name"]), (&json!("restored"), &json!(4), &json!("first")));
    assert_eq!(ask(&harness, get(format!("/ui/flows/{id}"))).await.json()["name"], "first");
    for odd in ["5", "0", "x", "-1", "99999999999"] {
        ask(&harness, get(format!("/ui/flows/{id}/versions/{odd}"))).await.refused(404, "version_not_found");
        ask(&harness, post(format!("/ui/flows/{id}/versions/{odd}/restore"))).await.refused(404, "version_not_found");
    }
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    let stranger = harness.user(&other, "OWNER");
    harness.send(get(format!("/ui/flows/{id}/versions")).token(&stranger)).await.refused(404, "flow_not_found");
    harness.send(get(format!("/ui/flows/{id}/versions/1")).token(&stranger)).await.refused(404, "flow_not_found");
}

#[actix_web::test]
async fn who_changes_an_old_version_learns_of_it() {
    let harness = Harness::installed().await;
    let id = created(&harness, &definition("first")).await;
    let put = async |if_match: &str, name: &str| {
        ask(&harness, request("PUT", format!("/ui/flows/{id}")).header("if-match", if_match).json(&definition(name))).await
    };
    assert_eq!(put("1", "second").await.json()["version"], 2);
    let late = put("\"1\"", "late").await;
    late.refused(409, "version_conflict");
    assert!(late.json()["error"]["message"].as_str().unwrap().contains("version is 2"), "{late:?}");
    assert_eq!(ask(&harness, get(format!("/ui/flows/{id}"))).await.json()["name"], "second");
    assert_eq!(put("W/\"2\"", "third").await.json()["version"], 3);
    assert_eq!(put("*", "fourth").await.json()["version"], 4);
    put("soon", "x").await.refused(400, "malformed_request");
}

#[actix_web::test]
async fn a_flow_is_switched_and_copied() {
    let harness = Harness::installed().await;
    let id = created(&harness, &definition("x")).await;
    let on = ask(&harness, post(format!("/ui/flows/{id}/enable"))).await.json();
    assert_eq!((&on["status"], &on["version"]), (&json!("enabled"), &json!(1)), "it was on");
    let off = ask(&harness, post(format!("/ui/flows/{id}/disable"))).await.json();
    assert_eq!((&off["status"], &off["version"], &off["enabled"]), (&json!("disabled"), &json!(2), &json!(false)));
    harness.deliver("NEW_PROJECT", &json!({"id": "1", "billable": true})).await;
    assert_eq!(harness.stored(harness.home.workspace).await.2, 0, "it is off");
    let on = ask(&harness, post(format!("/ui/flows/{id}/enable"))).await.json();
    assert_eq!((&on["version"], &on["enabled"]), (&json!(3), &json!(true)));

    let copy = ask(&harness, post(format!("/ui/flows/{id}/duplicate"))).await;
    assert_eq!((copy.status, &copy.json()["name"], &copy.json()["enabled"]), (201, &json!("x (copy)"), &json!(false)));
    assert_ne!(copy.json()["id"], json!(id));
    assert_eq!(copy.json()["actions"], on["actions"]);
    let long = created(&harness, &definition(&"ü".repeat(255))).await;
    let copy = ask(&harness, post(format!("/ui/flows/{long}/duplicate"))).await.json();
    assert_eq!(copy["name"].as_str().unwrap().chars().count(), 255);
    for change in ["enable", "disable", "duplicate"] {
        ask(&harness, post(format!("/ui/flows/01900000-0000-7000-8000-000000000000/{change}"))).await.refused(404, "flow_not_found");
    }
}
