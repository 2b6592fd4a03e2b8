//! The program as an operator meets it: commands, configuration, start and stop.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Output;

use awc::http::Method;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::fault::{Fault, Kind};
use clockify_addons::sandbox::platform::lifecycle::{Install, Installed};
use clockify_addons::sandbox::platform::world::Hook;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use super::running::api::Api;
use super::running::patience::{self, LONG};
use super::running::process::{Process, Setting};
use super::webhook::{flow, last_run, platform, project};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn failed(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    text(&output.stderr)
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

/// Posts a delivery as the platform would. 0: no answer.
async fn deliver(url: &str, hook: &Hook, body: &Value) -> u16 {
    let client = awc::Client::builder().timeout(LONG).finish();
    let request = client
        .post(format!("{url}{}", hook.path))
        .force_close()
        .insert_header(("Clockify-Signature", hook.token.expose()))
        .insert_header(("Clockify-Webhook-Event-Type", hook.event.as_str()));
    request.send_json(body).await.map_or(0, |answer| answer.status().as_u16())
}

fn hook(platform: &Platform, installed: &Installed, event: &str) -> Hook {
    platform.installation(installed.addon_id).unwrap().hooks.into_iter().find(|hook| hook.event == event).unwrap()
}

#[actix_web::test]
async fn it_serves_is_well_and_ends_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let setting = Setting::quiet(folder.path());
    for signal in ["TERM", "INT"] {
        let mut process = setting.serve(folder.path());
        process.line("ready");
        let own = setting.clone().with("UNIVERSAL_WEBHOOK_PORT", &process.port().to_string());
        done(&own.run(folder.path(), &["healthcheck"]));
        let api = Api::anonymous(&process.url());
        for path in ["/healthz", "/health", "/livez", "/ready", "/manifest", "/metrics", "/universal-webhook/healthz"] {
            assert_eq!(api.status(path).await, 200, "{path}");
        }
        assert_eq!(api.get("/manifest").await["baseUrl"], format!("http://localhost:{}", process.port()));
        process.signal(signal);
        assert_eq!(process.ended().await.code(), Some(0), "{signal}");
        assert!(failed(&own.run(folder.path(), &["healthcheck"]), 1).contains("does not answer"));
    }
}

#[test]
fn everything_that_is_invalid_is_named_at_once_and_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "LOG_FORMAT=loud\nno value\n").unwrap();
    let bad = Setting::quiet(folder.path())
        .with("UNIVERSAL_WEBHOOK_PORT", "s3cret")
        .with("ENCRYPTION_KEY", "s3cret")
        .with("DATABASE_URL", "mysql://u:s3cret@h/d")
        .with("CLOCKIFY_PUBLIC_KEY", "-----BEGIN PUBLIC KEY----- s3cret")
        .with("UW_BOOTSTRAP_MAX_RPS", "0")
        .with("AN_UNKNOWN_NAME", "s3cret");
    for command in ["serve", "migrate", "config", "healthcheck"] {
        let said = failed(&bad.run(folder.path(), &[command]), 2);
        for name in [
            "UNIVERSAL_WEBHOOK_PORT",
            "ENCRYPTION_KEY",
            "DATABASE_URL",
            "CLOCKIFY_PUBLIC_KEY",
            "UW_BOOTSTRAP_MAX_RPS",
            "LOG_FORMAT",
            ".env line 2",
        ] {
            assert!(said.contains(&format!("  {name}: ")), "{command}: {name} is not in {said}");
        }
        assert!(!said.contains("s3cret") && !said.contains("AN_UNKNOWN_NAME"), "{said}");
    }
    assert!(!folder.path().join("service.db").exists());
    let unchecked = Setting::quiet(folder.path())
        .with("HOST", "0.0.0.0")
        .with("LOG_FORMAT", "json")
        .with("UNIVERSAL_WEBHOOK_REQUIRE_SIGNATURE_VERIFICATION", "false");
    assert!(failed(&unchecked.run(folder.path(), &["serve"]), 2).contains("UNIVERSAL_WEBHOOK_REQUIRE_SIGNATURE_VERIFICATION: "));
    assert!(failed(&Setting::default().run(folder.path(), &["sing"]), 2).contains("sing"));
}

#[test]
fn the_effective_configuration_is_shown_with_its_sources_and_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let key = done(&Setting::default().run(folder.path(), &["keygen"])).trim().to_owned();
    std::fs::write(folder.path().join(".env"), format!("LOG_LEVEL=DEBUG\nENCRYPTION_KEY={key}\nHOST=10.9.8.7\n")).unwrap();
    let setting = Setting::default().with("HOST", "127.0.0.1").with("METRICS_TOKEN", "s3cret-token");
    let shown = done(&setting.run(folder.path(), &["config"]));
    for line in [
        "HOST=127.0.0.1  # environment",
        "LOG_LEVEL=DEBUG  # .env",
        "ENCRYPTION_KEY=[secret]  # .env",
        "METRICS_TOKEN=[secret]  # environment",
        "UNIVERSAL_WEBHOOK_PORT=8001  # default",
        "ENCRYPTION_KEY_PREVIOUS=  # not set",
    ] {
        assert!(shown.lines().any(|found| found == line), "{line} is not in\n{shown}");
    }
    assert!(!shown.contains(&key) && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn the_manifest_is_printed_as_it_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let setting = Setting::default().with("PUBLIC_URL", "https://addons.example.com").with("UW_ENABLE_FLOWS", "false");
    let manifest: Value = serde_json::from_str(&done(&setting.run(folder.path(), &["manifest", "universal-webhook"]))).unwrap();
    assert_eq!(manifest["baseUrl"], "https://addons.example.com/universal-webhook");
    assert_eq!(manifest["webhooks"].as_array().unwrap().len(), 50);
    let old = setting.run(folder.path(), &["manifest", "universal-webhook", "--schema-version", "1.3"]);
    let old: Value = serde_json::from_str(&done(&old)).unwrap();
    assert_eq!((&old["schemaVersion"], old["webhooks"].as_array().unwrap().len()), (&json!("1.3"), 22));
    assert!(failed(&setting.run(folder.path(), &["manifest", "nothing"]), 2).contains("universal-webhook"));
    assert!(failed(&setting.run(folder.path(), &["manifest", "universal-webhook", "--schema-version", "2"]), 2).contains("1.6"));
}

#[test]
fn the_schema_can_be_brought_up_to_date_without_serving() {
    let folder = tempfile::tempdir().unwrap();
    let setting = Setting::quiet(folder.path());
    for _ in 0..2 {
        done(&setting.run(folder.path(), &["migrate"]));
    }
    assert!(folder.path().join("service.db").exists());
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Setting::quiet(folder.path()).with("UNIVERSAL_WEBHOOK_PORT", &port).run(folder.path(), &["serve"]);
    assert!(failed(&output, 1).contains(&format!("universal-webhook cannot listen on 127.0.0.1:{port}")));
}

#[actix_web::test]
async fn before_the_store_is_open_every_request_is_told_to_come_back() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let setting = Setting::of(&platform, folder.path());
    done(&setting.run(folder.path(), &["migrate"]));
    let mut other = SqliteConnection::connect(&format!("sqlite://{}/service.db", folder.path().display())).await.unwrap();
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();

    let mut process = setting.serve(folder.path());
    let api = Api::anonymous(&process.url());
    patience::until("an answer", async || (api.status("/livez").await == 200).then_some(())).await;
    for path in ["/ready", "/healthz", "/manifest", "/nothing", "/universal-webhook/ready"] {
        let (status, body) = api.call(Method::GET, path, None).await.unwrap();
        assert_eq!((status, &body["error"]["code"]), (503, &json!("not_ready")), "{path}");
    }
    let mut raw = TcpStream::connect(("127.0.0.1", process.port())).unwrap();
    assert!(exchange(&mut raw, "/ready").contains("\r\nretry-after: "));
    for path in ["/webhooks/clockify/new-project", "/lifecycle/installed"] {
        assert_eq!(api.call(Method::POST, path, Some(&project(1))).await.unwrap().0, 503, "{path}");
    }

    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    process.line("ready");
    api.ready().await;
}

#[actix_web::test]
async fn a_second_process_waits_for_the_database_and_goes_on_where_the_first_one_died() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let setting = Setting::of(&platform, folder.path());
    let mut first = setting.serve(folder.path());
    first.line("ready");
    let installed = platform.install(Install::of(&first.url())).await.unwrap();
    let mut second = setting.serve(folder.path());
    second.line("another process serves this database: waiting until it ends");
    assert_eq!(Api::anonymous(&second.url()).status("/ready").await, 503);
    assert_eq!(Api::anonymous(&first.url()).status("/ready").await, 200);
    first.kill();
    second.line("ready");
    let api = Api::of(&second.url(), platform.user_token(installed.addon_id, "OWNER").unwrap());
    assert_eq!(api.status("/ui/dashboard").await, 200);
}

/// A service with the add-on installed and a flow whose call hangs; one run is under way.
async fn with_a_hanging_call(platform: &Platform, setting: &Setting, folder: &std::path::Path) -> (Process, Api, Installed) {
    let mut process = setting.serve(folder);
    process.line("ready");
    let installed = platform.install(Install::of(&process.url())).await.unwrap();
    let api = Api::of(&process.url(), platform.user_token(installed.addon_id, "OWNER").unwrap());
    api.post("/ui/flows", &flow()).await;
    platform.fault(Fault::new("POST", "/v1/workspaces/*/clients", Kind::Hang)).unwrap();
    platform.fire_with(installed.workspace, "NEW_PROJECT", project(1)).unwrap();
    let called = platform.until(LONG, |world| world.journal.all().iter().any(|seen| seen.method == "POST" && seen.status.is_none())).await;
    assert!(called, "the flow calls");
    (process, api, installed)
}

#[actix_web::test]
async fn a_stop_refuses_new_work_and_lets_the_call_under_way_end() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let setting = Setting::of(&platform, folder.path());
    let (mut process, _, installed) = with_a_hanging_call(&platform, &setting, folder.path()).await;
    let mut kept = TcpStream::connect(("127.0.0.1", process.port())).unwrap();
    kept.set_read_timeout(Some(LONG)).unwrap();
    assert!(exchange(&mut kept, "/livez").starts_with("HTTP/1.1 200"));

    process.signal("TERM");
    process.line("stopping");
    let hook = hook(&platform, &installed, "NEW_PROJECT");
    assert_eq!(deliver(&process.url(), &hook, &project(2)).await, 503, "a new connection while it stops");
    assert!(exchange(&mut kept, "/ready").starts_with("HTTP/1.1 503"), "a kept connection while it stops");
    assert!(exchange(&mut kept, "/livez").starts_with("HTTP/1.1 200"), "it lives all the same");
    platform.clear_faults();
    assert_eq!(process.ended().await.code(), Some(0));

    let mut process = setting.serve(folder.path());
    process.line("ready");
    let api = Api::of(&process.url(), platform.user_token(installed.addon_id, "OWNER").unwrap());
    last_run(&api, "SUCCEEDED").await;
    let called = platform.requests().iter().filter(|seen| seen.fits("POST", "/api/v1/workspaces/*/clients")).count();
    assert_eq!(called, 1, "what had ended is not done again");
    assert_eq!(api.get("/ui/webhooks").await["pagination"]["total"], 1, "what was refused is not kept");
}

/// One request on a connection that stays open; nothing if it is closed.
fn exchange(stream: &mut TcpStream, path: &str) -> String {
    let mut answer = [0; 4096];
    if write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").is_err() {
        return String::new();
    }
    stream.read(&mut answer).map(|length| text(&answer[..length])).unwrap_or_default()
}

#[actix_web::test]
async fn a_call_that_never_ends_does_not_hold_the_stop_and_is_uncertain_afterwards() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let setting = Setting::of(&platform, folder.path());
    let (mut process, _, installed) = with_a_hanging_call(&platform, &setting, folder.path()).await;
    process.signal("TERM");
    assert_eq!(process.ended().await.code(), Some(0), "the bound ends the wait");
    platform.clear_faults();
    let mut process = setting.serve(folder.path());
    process.line("ready");
    let api = Api::of(&process.url(), platform.user_token(installed.addon_id, "OWNER").unwrap());
    last_run(&api, "UNCERTAIN").await;
    let _ = process.said();
}

#[actix_web::test]
async fn no_log_line_and_no_metric_holds_a_token() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let setting = Setting::of(&platform, folder.path()).with("LOG_LEVEL", "TRACE").with("METRICS_TOKEN", "s3cret-of-metrics");
    let mut process = setting.serve(folder.path());
    process.line("ready");
    let installed = platform.install(Install::of(&process.url())).await.unwrap();
    let user = platform.user_token(installed.addon_id, "OWNER").unwrap();
    let api = Api::of(&process.url(), user.clone());
    api.post("/ui/flows", &flow()).await;
    platform.fire_with(installed.workspace, "NEW_PROJECT", project(1)).unwrap();
    last_run(&api, "SUCCEEDED").await;
    assert_eq!(api.status(&format!("/ui/dashboard?auth_token={}", user.expose())).await, 200);
    assert_eq!(api.status("/metrics").await, 401);
    process.signal("TERM");
    assert_eq!(process.ended().await.code(), Some(0));

    let installation = platform.installation(installed.addon_id).unwrap_or_else(|| panic!("the installation is gone"));
    let mut secrets = vec![user, installation.token];
    secrets.extend(installation.hooks.into_iter().map(|hook| hook.token));
    let said = process.said().join("\n");
    for secret in secrets {
        // The signature alone is what makes a token one.
        let signature = secret.expose().rsplit('.').next().unwrap();
        assert!(!said.contains(signature), "a token is in the log");
    }
    assert!(!said.contains("s3cret-of-metrics"));
    assert!(said.contains("\"level\":\"TRACE\"") || said.contains("\"level\":\"DEBUG\""), "the finest level is on");
}
