//! The operations of the platform as the page sees them: searched, described, and which of them the add-on may call.

use actors::addon::Addon;
use serde_json::{Value, json};

use super::client::{Answer, get};
use super::harness::Harness;

async fn ask(harness: &Harness, path: &str) -> Answer {
    harness.send(get(path).token(&harness.owner())).await
}

async fn list(harness: &Harness, query: &str) -> Value {
    let answer = ask(harness, &format!("/ui/operations?{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn ids(list: &Value) -> Vec<&str> {
    list["operations"].as_array().unwrap().iter().map(|operation| operation["operation_id"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn all_operations_are_listed_and_can_be_searched() {
    let harness = Harness::installed().await;
    let all = list(&harness, "").await;
    assert_eq!((&all["total"], all["tags"].as_array().unwrap().len()), (&json!(170), 28));
    assert_eq!(ids(&list(&harness, "tag=tag&method=get").await), ["getTags", "getTag"]);
    assert_eq!(ids(&list(&harness, "scope=invoice_write&method=DELETE").await), ["deleteInvoice", "deletePaymentById"]);
    assert!(ids(&list(&harness, "q=RECEIPT").await).contains(&"downloadFile"));
    assert_eq!(list(&harness, "q=there-is-no-such-thing").await["total"], 0);
    let odd = ask(&harness, "/ui/operations?method=HEAD").await;
    odd.refused(422, "invalid_fields");
    assert_eq!(odd.faults(), [("method".to_owned(), "invalid_value".to_owned())]);
}

#[actix_web::test]
async fn every_operation_can_be_described_with_what_is_filled_in_and_a_line_for_a_shell() {
    let harness = Harness::installed().await;
    for id in ids(&list(&harness, "").await) {
        let answer = ask(&harness, &format!("/ui/operations/{id}")).await;
        assert_eq!(answer.status, 200, "{id}: {answer:?}");
        let shown = answer.json();
        let line = shown["curl"].as_str().unwrap();
        assert!(line.starts_with("curl -X ") && line.contains("https://euc1.clockify.me/"), "{id}: {line}");
        assert!(line.contains("$CLOCKIFY_TOKEN") && !line.contains("eyJ"), "{id}: no token stands in it: {line}");
        for parameter in shown["parameters"].as_array().unwrap() {
            if parameter["name"] == "workspaceId" {
                assert_eq!(parameter["context"], json!(harness.home.workspace), "{id}");
            }
        }
    }
    let shown = ask(&harness, "/ui/operations/createTimeEntry").await.json();
    assert_eq!((&shown["host"], &shown["body"]["media"], &shown["body"]["required"]), (&json!("backend"), &json!("json"), &json!(true)));
    assert_eq!(shown["body"]["schema"]["properties"]["type"]["enum"], json!(["REGULAR", "BREAK"]));
    let list = ask(&harness, "/ui/operations/getTimeEntries").await.json();
    assert_eq!(list["parameters"][1]["name"], "userId");
    assert!(list["parameters"][1]["context"].is_string(), "the viewer's own id");
    assert_eq!(list["answer"]["paging"]["sizeMax"], 200);
    ask(&harness, "/ui/operations/getNothing").await.refused(404, "operation_not_found");
    ask(&harness, "/ui/operations/..%2Fdashboard").await.refused(404, "operation_not_found");
}

#[actix_web::test]
async fn each_add_on_says_what_it_may_not_call_and_why() {
    let studio = Harness::installed_as(Addon::ApiStudio).await;
    let all = list(&studio, "").await;
    for operation in all["operations"].as_array().unwrap() {
        let allowed = operation["allowed"] == true;
        assert_eq!(allowed, operation["refusal"].is_null(), "{operation}");
        assert!(!allowed || operation["method"] == "GET", "{operation}");
    }
    let why = |id: &str| all["operations"].as_array().unwrap().iter().find(|one| one["operation_id"] == id).unwrap()["refusal"].clone();
    assert_eq!(why("getTags"), Value::Null);
    assert!(why("createNewTag").as_str().unwrap().contains("GET calls only"));
    assert!(why("getInvoices").as_str().unwrap().contains("INVOICE_READ"));
    let webhook = Harness::installed().await;
    assert!(list(&webhook, "").await["operations"].as_array().unwrap().iter().all(|operation| operation["allowed"] == true));
}
