//! What is written changes what is read: papers, plans and time off keep the platform's rules.

use actors::clock::Clock;
use clockify_addons::sandbox::platform::workspace::wire_time;
use serde_json::{Value, json};

use super::{SOON, Stage};

const FORM: &str = "multipart/form-data; boundary=x";

impl Stage {
    async fn opened() -> Self {
        let stage = Self::set().await;
        stage.open();
        stage
    }

    async fn make(&self, path: &str, body: Value) -> Value {
        let (status, made) = self.call("POST", path, Some(body)).await;
        assert!((200..=201).contains(&status), "{path}: {status} {made}");
        made
    }

    async fn owner(&self) -> String {
        self.platform.with(|world| world.workspaces[&self.installed.workspace].owner().unwrap().to_owned())
    }

    /// A request with a form, or any other body: status, media type and bytes.
    async fn raw(&self, method: &str, path: &str, body: Option<&str>) -> (u16, String, Vec<u8>) {
        let url = format!("{}/api/v1{}", self.platform.base_url(), path.replace('~', &format!("/workspaces/{}", self.installed.workspace)));
        let request = self.http.request(method.parse().unwrap(), url).insert_header(("X-Addon-Token", self.token()));
        let mut response = match body {
            Some(body) => request.insert_header(("Content-Type", FORM)).send_body(body.to_owned()).await.unwrap(),
            None => request.send().await.unwrap(),
        };
        let media = response.headers().get("content-type").map_or("", |media| media.to_str().unwrap()).to_owned();
        (response.status().as_u16(), media, response.body().await.unwrap().to_vec())
    }
}

fn id(entity: &Value) -> &str {
    entity["id"].as_str().unwrap_or_else(|| panic!("{entity}"))
}

#[actix_web::test]
async fn an_expense_is_written_as_a_form_in_units_and_read_in_hundredths_with_its_receipt() {
    let stage = Stage::opened().await;
    let (user, project) = (stage.owner().await, stage.first("~/projects").await);
    let category =
        stage.make("~/expenses/categories", json!({"name": "Miles", "hasUnitPrice": true, "priceInCents": 30, "unit": "mile"})).await;
    let field = |name: &str, value: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let date = field("date", "2026-11-23T00:00:00Z");
    let fields =
        [field("amount", "12"), field("categoryId", id(&category)), field("projectId", &project), field("userId", &user), date].concat();
    let file =
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r.png\"\r\nContent-Type: image/png\r\n\r\npicture\r\n--x--\r\n";
    let (status, _, made) = stage.raw("POST", "~/expenses", Some(&format!("{fields}{file}"))).await;
    let made: Value = serde_json::from_slice(&made).unwrap();
    assert_eq!((status, &made["total"], &made["quantity"]), (201, &json!(360.0), &json!(12.0)), "{made}");
    let receipt = format!("~/expenses/{}/files/{}", id(&made), made["fileId"].as_str().unwrap());
    assert_eq!(stage.raw("GET", &receipt, None).await, (200, "image/png".to_owned(), b"picture".to_vec()));
    let change = [field("changeFields", "NOTES"), field("notes", "there and back"), field("amount", "1"), "--x--\r\n".to_owned()].concat();
    assert_eq!(stage.raw("PUT", &format!("~/expenses/{}", id(&made)), Some(&change)).await.0, 200);
    let read = stage.call("GET", &format!("~/expenses/{}", id(&made)), None).await.1;
    assert_eq!((&read["notes"], &read["total"]), (&json!("there and back"), &json!(360.0)), "only what changeFields names is changed");
    let (status, refusal) = stage.call("POST", "~/expenses", Some(json!({"amount": 1}))).await;
    assert_eq!((status, refusal["code"].as_u64()), (400, Some(3002)), "JSON is not a form");
}

#[actix_web::test]
async fn a_members_custom_value_is_read_with_them() {
    let stage = Stage::opened().await;
    let (user, field) = (stage.owner().await, stage.first("~/custom-fields").await);
    let (status, _) = stage.call("PUT", &format!("~/users/{user}/custom-field/{field}/value"), Some(json!({"value": "T-1"}))).await;
    assert_eq!(status, 201);
    let users = stage.call("GET", "~/users?include-roles=false", None).await.1;
    let found = users.as_array().unwrap().iter().find(|one| one["id"] == user.as_str()).unwrap();
    assert_eq!(found["customFields"][0]["value"], "T-1");
    let profile = stage.call("GET", &format!("~/member-profile/{user}"), None).await.1;
    assert_eq!(
        (&profile["userCustomFieldValues"][0]["value"], &profile["userCustomFieldValues"][0]["name"]),
        (&json!("T-1"), &json!("Ticket"))
    );
}

#[actix_web::test]
async fn a_paid_invoice_says_so_and_exports_as_a_document() {
    let stage = Stage::opened().await;
    let invoice = stage.call("GET", "~/invoices", None).await.1["invoices"][0].clone();
    let path = format!("~/invoices/{}", id(&invoice));
    let half = json!({"amount": 60_000, "paymentDate": "2026-11-23T00:00:00Z"});
    let paid = stage.make(&format!("{path}/payments"), half.clone()).await;
    assert_eq!((&paid["status"], &paid["balance"]), (&json!("PARTIALLY_PAID"), &json!(60_000)));
    let paid = stage.make(&format!("{path}/payments"), half).await;
    assert_eq!((&paid["status"], &paid["balance"]), (&json!("PAID"), &json!(0)));
    let payment = stage.call("GET", &format!("{path}/payments"), None).await.1[0].clone();
    let again = stage.call("DELETE", &format!("{path}/payments/{}", id(&payment)), None).await.1;
    assert_eq!((&again["status"], &again["paid"]), (&json!("PARTIALLY_PAID"), &json!(60_000)));
    let (status, media, bytes) = stage.raw("GET", &format!("{path}/export?userLocale=en"), None).await;
    assert_eq!((status, media.as_str()), (200, "application/pdf"));
    assert!(bytes.starts_with(b"%PDF-") && bytes.ends_with(b"%%EOF\n"));
    let number = invoice["number"].clone();
    let twin = json!({"number": number, "clientId": invoice["clientId"], "currency": "EUR", "issuedDate": "2026-11-01T00:00:00Z", "dueDate": "2026-11-01T00:00:00Z"});
    assert_eq!(stage.call("POST", "~/invoices", Some(twin)).await.0, 400, "the number is taken");
}

#[actix_web::test]
async fn what_is_approved_is_locked_until_the_approval_is_withdrawn() {
    let stage = Stage::opened().await;
    let user = stage.owner().await;
    let entry = json!({"start": "2026-11-18T08:00:00Z", "end": "2026-11-18T09:00:00Z", "billable": true});
    let entry = stage.make(&format!("~/user/{user}/time-entries"), entry).await;
    let week = json!({"period": "WEEKLY", "periodStart": "2026-11-16T00:00:00Z"});
    let request = stage.make(&format!("~/approval-requests/users/{user}"), week.clone()).await;
    assert_eq!(stage.call("POST", &format!("~/approval-requests/users/{user}"), Some(week)).await.0, 400, "it is submitted already");
    let (path, state) = (format!("~/approval-requests/{}", id(&request)), |state: &str| Some(json!({"state": state})));
    assert_eq!(stage.call("PATCH", &path, state("APPROVED")).await.0, 200);
    let details = stage.call("GET", "~/approval-requests?status=APPROVED", None).await.1;
    assert_eq!((&details[0]["approvedTime"], &details[0]["billableAmount"]), (&json!("PT1H"), &json!(5_000.0)), "{details}");
    let (status, refusal) = stage.call("DELETE", &format!("~/time-entries/{}", id(&entry)), None).await;
    assert_eq!((status, refusal["code"].as_u64()), (403, Some(4005)));
    assert_eq!(stage.call("PATCH", &path, state("WITHDRAWN_APPROVAL")).await.0, 200);
    assert_eq!(stage.call("DELETE", &format!("~/time-entries/{}", id(&entry)), None).await.0, 204);
}

#[actix_web::test]
async fn approved_time_off_is_taken_off_the_balance_and_given_back_when_it_is_withdrawn() {
    let stage = Stage::opened().await;
    let (user, policy) = (stage.owner().await, stage.first("~/time-off/policies").await);
    let balance = async || stage.call("GET", &format!("~/time-off/balance/user/{user}"), None).await.1["balances"][0]["balance"].as_f64();
    let asked = json!({"timeOffPeriod": {"period": {"start": "2026-12-21", "end": "2026-12-23", "days": 3}}});
    let request = stage.make(&format!("~/time-off/policies/{policy}/users/{user}/requests"), asked).await;
    assert_eq!((balance().await, &request["status"]["statusType"]), (Some(24.0), &json!("PENDING")));
    let path = format!("~/time-off/policies/{policy}/requests/{}", id(&request));
    assert_eq!(stage.call("PATCH", &path, Some(json!({"status": "APPROVED"}))).await.0, 200);
    assert_eq!(balance().await, Some(21.0));
    let found = stage.make("~/time-off/requests", json!({"users": [user], "statuses": ["APPROVED"]})).await;
    assert_eq!((&found["count"], &found["requests"][0]["balance"]), (&json!(1), &json!(21.0)));
    assert_eq!(stage.call("DELETE", &path, None).await.0, 200);
    assert_eq!(balance().await, Some(24.0));
    let change = json!({"userIds": [user], "value": -30, "note": "Unpaid"});
    assert_eq!(stage.call("PATCH", &format!("~/time-off/balance/policy/{policy}"), Some(change)).await.0, 204);
    let asked = json!({"timeOffPeriod": {"period": {"start": "2026-12-21", "days": 1}}});
    let (status, refusal) = stage.call("POST", &format!("~/time-off/policies/{policy}/users/{user}/requests"), Some(asked)).await;
    assert_eq!((status, refusal["code"].as_u64()), (400, Some(501)), "the balance is too small");
}

#[actix_web::test]
async fn a_series_of_assignments_is_changed_from_one_on_and_counted_by_day() {
    let stage = Stage::opened().await;
    let user = stage.owner().await;
    let project = stage.make("~/projects", json!({"name": "Planned"})).await;
    let project = id(&project);
    let (start, end) = ("2026-11-23T00:00:00Z", "2026-11-23T23:59:59Z");
    let asked = json!({
        "userId": user, "projectId": project, "start": start, "end": end, "hoursPerDay": 3, "recurringAssignment": {"repeat": true, "weeks": 3},
    });
    let made = stage.make("~/scheduling/assignments/recurring", asked).await;
    let weeks: Vec<&Value> = made.as_array().unwrap().iter().map(|one| &one["period"]["start"]).collect();
    assert_eq!(weeks, ["2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z"]);
    let total = async |query: &str| {
        stage.call("GET", &format!("~/scheduling/assignments/projects/totals/{project}?{query}"), None).await.1["totalHours"].as_f64()
    };
    assert_eq!(total("start=2026-11-30T00:00:00Z&end=2026-12-08T00:00:00Z").await, Some(6.0));
    let second = format!("~/scheduling/assignments/recurring/{}?seriesUpdateOption=THIS_AND_FOLLOWING", id(&made[1]));
    let gone = stage.call("DELETE", &second, None).await.1;
    assert_eq!(gone.as_array().unwrap().len(), 2);
    assert_eq!(total("start=2026-11-23T00:00:00Z&end=2026-12-08T00:00:00Z").await, Some(3.0));
}

#[actix_web::test]
async fn the_feeds_tell_what_was_made_changed_and_deleted() {
    let (stage, clock) = Stage::held().await;
    stage.open();
    let user = stage.owner().await;
    let now = || wire_time(clock.now());
    let start = now();
    let (first, second) =
        (stage.make("~/time-entries", json!({})).await, stage.make(&format!("~/user/{user}/time-entries"), json!({})).await);
    clock.advance(std::time::Duration::from_secs(60));
    let later = now();
    let put = json!({"start": "2026-09-21T10:00:00Z", "end": "2026-09-21T11:00:00Z"});
    assert_eq!(stage.call("PUT", &format!("~/time-entries/{}", id(&first)), Some(put)).await.0, 200);
    assert_eq!(stage.call("DELETE", &format!("~/time-entries/{}", id(&second)), None).await.0, 204);
    let feed = async |name: &str, since: &str| {
        stage.call("GET", &format!("~/entities/{name}?type=TIME_ENTRY&start={since}&limit=100"), None).await.1
    };
    let created = feed("created", &start).await;
    assert!(created.as_array().unwrap().iter().any(|entry| entry["id"] == first["id"]), "{created}");
    assert_eq!(feed("updated", &later).await[0]["id"], first["id"]);
    assert_eq!(feed("updated", &start).await, json!([]), "made in the same range");
    assert_eq!(feed("deleted", &later).await["response"][0]["document"]["id"], second["id"]);
}

#[actix_web::test]
async fn a_report_counts_seconds_and_a_shared_one_is_read_again_or_as_a_table() {
    let stage = Stage::opened().await;
    let user = stage.owner().await;
    let entry = json!({"start": "2026-11-18T08:00:00Z", "end": "2026-11-18T09:30:00Z", "billable": true, "description": "d"});
    stage.make(&format!("~/user/{user}/time-entries"), entry).await;
    let base = format!("{}/report/v1/workspaces/{}", stage.platform.base_url(), stage.installed.workspace);
    let send = async |method: &str, url: &str, body: Value| {
        let request = stage.http.request(method.parse().unwrap(), url).insert_header(("X-Addon-Token", stage.token()));
        let mut response = request.send_json(&body).await.unwrap();
        (response.status().as_u16(), String::from_utf8(response.body().await.unwrap().to_vec()).unwrap())
    };
    let range = json!({"dateRangeStart": "2026-11-18T00:00:00.000", "dateRangeEnd": "2026-11-18T23:59:59.000", "detailedFilter": {}, "summaryFilter": {"groups": ["USER"]}});
    let report = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let detailed = report(send("POST", &format!("{base}/reports/detailed"), range.clone()).await.1);
    assert_eq!(detailed["timeentries"][0]["timeInterval"]["duration"], 5_400);
    let summary = report(send("POST", &format!("{base}/reports/summary"), range.clone()).await.1);
    assert_eq!((&summary["totals"][0]["totalTime"], &summary["groupOne"][0]["name"]), (&json!(5_400), &json!("Olivia Owner")));
    let weekly = json!({"dateRangeStart": "2026-11-18T00:00:00Z", "dateRangeEnd": "2026-11-19T00:00:00Z", "weeklyFilter": {}});
    assert_eq!(send("POST", &format!("{base}/reports/weekly"), weekly).await.0, 400, "a week has seven days");
    let shared = report(send("POST", &format!("{base}/shared-reports"), json!({"name": "s", "type": "DETAILED", "filter": range})).await.1);
    let url = format!("{}/report/v1/shared-reports/{}", stage.platform.base_url(), id(&shared));
    assert_eq!(report(send("GET", &url, json!({})).await.1)["timeentries"], detailed["timeentries"]);
    let (_, table) = send("GET", &format!("{url}?exportType=CSV"), json!({})).await;
    assert_eq!(table.lines().count(), 2, "{table}");
}

#[actix_web::test]
async fn an_addons_own_change_of_its_settings_is_told_to_it() {
    let stage = Stage::opened().await;
    let url = format!("{}/api/addon/workspaces/{}/settings", stage.platform.base_url(), stage.installed.workspace);
    stage.platform.with(|world| {
        let installation = world.installations.get_mut(&stage.installed.addon_id).unwrap();
        installation.settings = json!({"tabs": [{"id": "t", "settings": [{"id": "own", "name": "Own", "value": 1}]}]});
        installation.lifecycle.insert("SETTINGS_UPDATED".into(), "/lifecycle/settings-updated".into());
    });
    let request = stage.http.patch(url).insert_header(("X-Addon-Token", stage.token()));
    assert_eq!(request.send_json(&json!([{"id": "own", "value": 2}])).await.unwrap().status(), 200);
    let told = || stage.addon.calls("/lifecycle/settings-updated");
    // The call is noted by the add-on before it is answered, and its answer wakes nobody here.
    let waited = tokio::time::timeout(SOON, async {
        while told().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap();
    assert_eq!(told()[0].body["settings"], json!([{"id": "own", "name": "Own", "value": 2}]));
}
