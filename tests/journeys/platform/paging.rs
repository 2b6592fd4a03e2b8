//! Pages: their sizes, their ends, and a workspace that is large enough to need them.

use clockify_addons::sandbox::platform::crowd::Crowd;
use clockify_addons::sandbox::platform::fault::{Fault, Kind};
use serde_json::{Value, json};

use super::Stage;

#[actix_web::test]
async fn a_page_that_is_too_large_is_refused_and_each_list_has_its_own_bound() {
    let stage = Stage::set().await;
    stage.open();
    let policies = "~/time-off/policies";
    for (path, most) in [("~/tags", 5_000), ("~/time-entries/status/in-progress", 1_000), (policies, 200)] {
        let status = async |size: u32| stage.call("GET", &format!("{path}?page-size={size}"), None).await;
        assert_eq!(status(most).await.0, 200, "{path}");
        let (code, refusal) = status(most + 1).await;
        assert_eq!((code, refusal["code"].as_u64()), (400, Some(3001)), "{path}");
    }
    let (status, _) = stage.call("POST", "~/users/info", Some(json!({"page": 2, "pageSize": 1}))).await;
    assert_eq!(status, 200);
    assert_eq!(stage.call("POST", "~/users/info", Some(json!({"page": 0}))).await.0, 400);
}

#[actix_web::test]
async fn the_pages_of_a_large_workspace_are_all_of_it_once() {
    let stage = Stage::set().await;
    stage.open();
    let before = stage.call("GET", "~/clients", None).await.1.as_array().unwrap().len();
    stage.platform.populate(stage.installed.workspace, Crowd::LARGE).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for page in 1..=11 {
        let (_, last, list) = stage.call_with("GET", &format!("~/clients?page={page}&page-size=200"), None, &stage.token()).await;
        names.extend(list.as_array().unwrap().iter().map(|client| client["name"].as_str().unwrap().to_owned()));
        assert_eq!(last, Some((page == 11).to_string()), "page {page}");
    }
    assert_eq!(names.len(), 2_000 + before);
    let wrapped = stage.call("GET", "~/time-off/balance/policy/none?page-size=7", None).await;
    assert_eq!(wrapped.0, 400, "there is no such policy");
    let policy = stage.first("~/time-off/policies").await;
    let balances = stage.call("GET", &format!("~/time-off/balance/policy/{policy}?page-size=7"), None).await.1;
    assert_eq!((balances["balances"].as_array().unwrap().len(), &balances["count"]), (7, &json!(504)), "the count is of all pages");
}

#[actix_web::test]
async fn a_fault_can_name_the_operation_that_it_hits() {
    let stage = Stage::set().await;
    stage.platform.fault(Fault::of("createNewTag", Kind::Status { status: 500, code: None, retry_after: None })).unwrap();
    assert_eq!(stage.call("POST", "~/tags", Some(json!({"name": "a"}))).await.0, 500);
    assert_eq!(stage.call("GET", "~/tags", None).await.0, 200);
}

#[actix_web::test]
async fn the_gone_time_off_paths_and_what_addons_are_refused_can_be_had_as_documented() {
    let stage = Stage::set().await;
    stage.open();
    let path = format!("{}/pto/v1/workspaces/{}/policies", stage.platform.base_url(), stage.installed.workspace);
    let policies = async || {
        let mut response = stage.http.get(&path).insert_header(("X-Addon-Token", stage.token())).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    assert_eq!(policies().await.0, 404);
    assert_eq!(stage.call("GET", "/workspaces", None).await.0, 401);
    stage.platform.with(|world| (world.habits.pto_gone, world.habits.refuses_addons) = (false, false));
    assert_eq!(policies().await.1[0]["name"], "Holidays");
    assert_eq!(stage.call("GET", "/workspaces", None).await.1[0]["name"], "Lighthouse Studio");
    let (status, field) = stage.call("POST", "~/custom-fields", Some(json!({"name": "Place", "type": "TXT"}))).await;
    assert_eq!((status, field["status"].as_str()), (201, Some("VISIBLE")));
}
