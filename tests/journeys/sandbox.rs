//! The first thing that a newcomer runs, as they run it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::app::Running;
use super::database::Database;
use super::running::api::Api;
use super::running::patience;
use super::running::process::Setting;

/// What the story names, in this order.
const STEPS: [&str; 12] = [
    "Clockify in a box",
    "1 install",
    "50 webhooks, 30 scopes",
    "2 flow",
    "3 event",
    "NEW_TIME_ENTRY sent to /webhooks/clockify/new-time-entry, signed; answered 200",
    "4 stored",
    "5 matched",
    "6 calls",
    "PUT ",
    "7 run",
    "SUCCEEDED",
];

fn in_order(text: &str, parts: &[&str]) {
    parts.iter().fold(text, |rest, part| {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} does not stand in its place in:\n{text}"));
        &rest[at + part.len()..]
    });
}

fn left_behind(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn setting(folder: &Path) -> Setting {
    Setting::default().with("TMPDIR", folder.to_str().unwrap())
}

#[test]
fn once_tells_the_whole_story_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output = setting(folder.path()).run(folder.path(), &["sandbox", "--once", "--port", "0"]);
    let (said, complained) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said}\n{complained}");
    in_order(&said, &STEPS);
    assert!(!said.contains('\x1b'), "no colours where nobody sees them");
    assert!(!said.contains("eyJ"), "no token is printed");
    assert_eq!(complained, "");
    assert_eq!(left_behind(folder.path()), [""; 0]);
}

#[test]
fn any_of_the_add_ons_can_play_the_story_in_a_large_workspace_too() {
    let folder = tempfile::tempdir().unwrap();
    let with_slug =
        |slug: &str| setting(folder.path()).run(folder.path(), &["sandbox", "--once", "--port", "0", "--seed", "large", "--addon", slug]);
    for (slug, words) in [("api-studio", "12 webhooks, 12 scopes"), ("clockify-addon", "NEW_TIME_ENTRY sent to /webhooks/time/new, signed")]
    {
        let output = with_slug(slug);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{slug}: {said}");
        in_order(&said, &[words, "SUCCEEDED"]);
    }
    assert_eq!(with_slug("nothing").status.code(), Some(2));
}

#[tokio::test]
async fn the_key_for_a_server_stays_out_of_the_folder_where_it_is_tried_and_opens_it_again() {
    let (temporary, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(database) = Database::schema("the_key_for_a_server_stays_out_of_the_folder_where_it_is_tried").await else { return };
    let again = ["sandbox", "--once", "--port", "0", "--database", database.url()];
    for _ in 0..2 {
        let output = setting(temporary.path()).run(here.path(), &again);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        assert_eq!(left_behind(here.path()), [""; 0]);
    }
    let kept = temporary.path().join("clockify-addons-sandbox");
    assert_eq!((left_behind(temporary.path()), left_behind(&kept)), (vec!["clockify-addons-sandbox".into()], vec!["server.key".into()]));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&kept.join("server.key"))), (0o700, 0o600));
}

#[test]
fn a_database_that_was_asked_for_stays_and_can_be_used_again() {
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let url = format!("sqlite://{}/kept.db", kept.path().display());
    for _ in 0..2 {
        let output = setting(folder.path()).run(folder.path(), &["sandbox", "--once", "--port", "0", "--database", &url]);
        assert!(output.status.success(), "{output:?}");
    }
    assert!(left_behind(kept.path()).contains(&"kept.db".to_owned()));
    assert_eq!(left_behind(folder.path()), [""; 0]);
}

#[test]
fn once_says_why_it_did_not_work_and_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = setting(folder.path()).run(folder.path(), &["sandbox", "--once", "--port", &port]);
    let complained = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{complained}");
    in_order(&complained, &["--port", "cannot listen on 127.0.0.1"]);
    assert_eq!(left_behind(folder.path()), [""; 0]);
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[actix_web::test]
async fn it_serves_until_ctrl_c_and_its_commands_can_be_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockify-addons"));
    command.args(["sandbox", "--port", "0"]).env_clear().env("TMPDIR", folder.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut running = Ended(command.spawn().unwrap());
    let mut said = String::new();
    let mut lines = BufReader::new(running.0.stdout.take().unwrap());
    while !said.contains("Ctrl-C") {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "it ended: {said}");
    }
    in_order(&said, &STEPS);
    let url_of = |name: &str| said.lines().find(|line| line.trim_start().starts_with(name)).unwrap().split_whitespace().nth(1).unwrap();
    let clockify = Api::anonymous(url_of("platform"));
    assert_eq!(clockify.get("/sandbox").await["installations"][0]["status"], "ACTIVE");
    let fired = clockify.post("/sandbox/events/NEW_TIME_ENTRY", &serde_json::Value::Null).await;
    assert_eq!(fired["deliveries"].as_array().unwrap().len(), 3, "each of the three add-ons is told");
    assert_eq!(Api::anonymous(url_of("add-on")).status("/ready").await, 200);
    assert!(Command::new("sh").args(["-c", "kill -INT $0", &running.0.id().to_string()]).status().unwrap().success());
    let status = patience::until("the sandbox ends", async || running.0.try_wait().unwrap()).await;
    assert!(status.success());
    assert_eq!(left_behind(folder.path()), [""; 0]);
}

#[actix_web::test]
async fn nothing_of_it_runs_under_serve() {
    let folder = tempfile::tempdir().unwrap();
    let service = Running::start(&Setting::quiet(folder.path())).await;
    let api = Api::anonymous(&service.url);
    for path in ["/sandbox", "/sandbox/requests", "/sandbox/user-tokens", "/universal-webhook/sandbox", "/api/v1/user"] {
        assert_eq!(api.status(path).await, 404, "{path}");
    }
    service.stop().await;
}
