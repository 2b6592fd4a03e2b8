//! kill -9 at random moments, under load, with the real program and the simulated platform.
//!
//! The platform sends an event until it has an acknowledgement and never again after it, so an event that was acknowledged and lost would be
//! missing at the end. `CRASH_SEED` repeats a failure's moments.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actors::clock::{Clock, SystemClock};
use actors::ids::WorkspaceId;
use clockify_addons::sandbox::authority::Authority;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::delivery::State;
use clockify_addons::sandbox::platform::fault::{Fault, Kind};
use clockify_addons::sandbox::platform::lifecycle::{Install, Installed};
use clockify_addons::sandbox::platform::workspace::{Shelf, text};
use serde_json::{Value, json};

use super::running::api::Api;
use super::running::patience::{self, LONG};
use super::running::process::{Process, Setting};

const ROUNDS: u64 = 20;
const WORKSPACES: usize = 3;
/// Events of each kind for each workspace in a round.
const EVENTS: u64 = 6;
/// A round lives this long at the most; a start takes a fifth of it.
const LIFE_MS: u64 = 400;
/// Time that the platform takes for a call.
const CALL_MS: u64 = 30;

/// A repeatable sequence of numbers, which shows its seed.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let given = std::env::var("CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| SystemClock::new().fresh_id().as_u64_pair().1);
        println!("CRASH_SEED={seed}");
        Self(seed)
    }

    /// Steele and others' splitmix64.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// A workspace with the add-on, and a client whose name a flow writes.
struct Tenant {
    installed: Installed,
    client: String,
}

struct Stage {
    platform: Platform,
    folder: tempfile::TempDir,
    tenants: Vec<Tenant>,
}

impl Stage {
    /// Installs the add-on in each workspace, with a flow that may repeat its call and one that may not.
    async fn set(workspaces: usize) -> Self {
        let platform = Platform::start(Authority::generate().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap();
        platform.with(|world| {
            (world.habits.redelivery_ms, world.habits.delivery_tries) = (50, 100_000);
            // A new process does not know what the killed one called within this second. What a 429 does is another story.
            world.habits.requests_per_second = 10_000;
        });
        let stage = Self { folder: tempfile::tempdir().unwrap(), tenants: Vec::new(), platform };
        let mut process = stage.start();
        process.line("ready");
        let mut tenants = Vec::new();
        for number in 0..workspaces {
            let workspace = if number == 0 { stage.platform.workspace().unwrap() } else { stage.platform.add_workspace().unwrap() };
            let install = Install { workspace: Some(workspace), ..Install::of(&process.url()) };
            let installed = stage.platform.install(install).await.unwrap();
            let client =
                stage.platform.with(|world| text(world.workspaces[&workspace].all(Shelf::Clients).next().unwrap(), "id").to_owned());
            let api = stage.api(&process, &installed);
            api.post("/ui/flows", &repeatable(&client)).await;
            api.post("/ui/flows", &unrepeatable()).await;
            tenants.push(Tenant { installed, client });
        }
        process.signal("TERM");
        assert!(process.ended().await.success());
        Self { tenants, ..stage }
    }

    /// Every process listens where the first one did, because that is where the platform sends its events.
    fn start(&self) -> Process {
        let setting = Setting::of(&self.platform, self.folder.path());
        let port = self.tenants.first().map_or("0", |tenant| tenant.installed.base_url.rsplit(':').next().unwrap());
        setting.with("UNIVERSAL_WEBHOOK_PORT", port).serve(self.folder.path())
    }

    fn api(&self, process: &Process, installed: &Installed) -> Api {
        Api::of(&process.url(), self.platform.user_token(installed.addon_id, "OWNER").unwrap())
    }

    /// Fires one event of each kind; `number` is in their names and ids.
    fn fire(&self, workspace: WorkspaceId, number: u64) {
        let event = |kind: &str| json!({"id": format!("64b641568b07987035{number:06}"), "name": format!("{kind} {number}")});
        self.platform.fire_with(workspace, "NEW_PROJECT", event("put")).unwrap();
        self.platform.fire_with(workspace, "NEW_TAG", event("post")).unwrap();
    }

    /// Waits until everything has been delivered and every run has ended.
    async fn quiet(&self, process: &Process) {
        let delivered =
            self.platform.until(LONG, |world| world.deliveries.all().iter().all(|delivery| delivery.state == State::Delivered)).await;
        assert!(delivered, "the platform gets rid of its events");
        for tenant in &self.tenants {
            let api = self.api(process, &tenant.installed);
            patience::until("every run ends", async || {
                for state in ["QUEUED", "RUNNING", "WAITING"] {
                    if api.get(&format!("/ui/runs?limit=1&status={state}")).await["pagination"]["total"] != 0 {
                        return None;
                    }
                }
                Some(())
            })
            .await;
        }
    }

    /// How often the platform was asked by `method` to use this name. A 429 says that nothing was done.
    fn asked(&self, workspace: WorkspaceId, method: &str) -> BTreeMap<String, usize> {
        let mut names = BTreeMap::new();
        for seen in self.platform.requests() {
            let ours = seen.path.contains(&workspace.to_string()) && seen.method == method && seen.status != Some(429);
            let body: Option<Value> = serde_json::from_str(&seen.body).ok().filter(|_| ours);
            if let Some(name) = body.as_ref().and_then(|body| body["name"].as_str()) {
                *names.entry(name.to_owned()).or_default() += 1;
            }
        }
        names
    }
}

fn repeatable(client: &str) -> Value {
    json!({
        "name": "may repeat",
        "trigger_event_types": ["NEW_PROJECT"],
        "actions": [{
            "type": "CLOCKIFY_API",
            "operation_id": "updateClient",
            "params": {"path": {"id": client}, "body": {"name": "{{ $.webhook.name }}"}},
        }],
    })
}

fn unrepeatable() -> Value {
    json!({
        "name": "may not repeat",
        "trigger_event_types": ["NEW_TAG"],
        "actions": [{"type": "CLOCKIFY_API", "operation_id": "createClient", "params": {"body": {"name": "{{ $.webhook.name }}"}}}],
    })
}

#[actix_web::test]
async fn twenty_kills_lose_no_event_and_no_run_and_repeat_only_what_may_be_repeated() {
    let mut chance = Chance::new();
    let clock = SystemClock::new();
    let stage = Stage::set(WORKSPACES).await;
    // A call takes as long as over a network, so that many are under way whenever the kill comes.
    stage.platform.fault(Fault::new("*", "/v1/workspaces/*/clients/**", Kind::Slow { ms: CALL_MS }).after()).unwrap();
    stage.platform.fault(Fault::new("*", "/v1/workspaces/*/clients", Kind::Slow { ms: CALL_MS }).after()).unwrap();
    let mut fired = 0;
    for round in 0..ROUNDS {
        let process = stage.start();
        for _ in 0..EVENTS {
            for tenant in &stage.tenants {
                stage.fire(tenant.installed.workspace, fired);
            }
            fired += 1;
        }
        let life = chance.below(LIFE_MS);
        clock.sleep(Duration::from_millis(life)).await;
        process.kill();
        println!("round {round}: killed after {life} ms");
    }

    let mut process = stage.start();
    process.line("ready");
    stage.quiet(&process).await;
    let mut uncertain = 0;
    for tenant in &stage.tenants {
        uncertain += check(&stage, &process, tenant, fired).await;
    }
    println!("{fired} events of each kind in {WORKSPACES} workspaces, {uncertain} runs uncertain");
    assert!(uncertain > 0, "no kill met a call under way: this has shown less than it says");
}

/// One workspace afterwards. Gives the number of uncertain runs.
async fn check(stage: &Stage, process: &Process, tenant: &Tenant, fired: u64) -> usize {
    let (api, workspace) = (stage.api(process, &tenant.installed), tenant.installed.workspace);
    let (puts, posts) = (stage.asked(workspace, "PUT"), stage.asked(workspace, "POST"));
    let mut uncertain = 0;
    for (event_type, kind, entity) in [("NEW_PROJECT", "put", "project"), ("NEW_TAG", "post", "tag")] {
        let events = api.all(&format!("/ui/webhooks?event_type={event_type}"), "webhooks").await;
        let found: BTreeMap<&str, &str> =
            events.iter().map(|event| (event["id"].as_str().unwrap(), event["entity"].as_str().unwrap())).collect();
        let expected: BTreeSet<String> = (0..fired).map(|number| format!("{entity}:64b641568b07987035{number:06}")).collect();
        assert_eq!(found.len(), expected.len(), "{event_type}: each event once");
        assert_eq!(found.values().map(|entity| (*entity).to_owned()).collect::<BTreeSet<_>>(), expected, "{event_type}: none is missing");
        let runs: Vec<Value> = api.all("/ui/runs", "runs").await.into_iter().filter(|run| run["event_type"] == event_type).collect();
        let of_events: BTreeSet<&str> = runs.iter().map(|run| run["webhook_log_id"].as_str().unwrap()).collect();
        assert_eq!((runs.len(), of_events.len()), (found.len(), found.len()), "{event_type}: each event has one run");
        for run in &runs {
            let number = found[run["webhook_log_id"].as_str().unwrap()].rsplit("8b07987035").next().unwrap().parse::<u64>().unwrap();
            let name = format!("{kind} {number}");
            let (put, post) = (puts.get(&name).copied().unwrap_or(0), posts.get(&name).copied().unwrap_or(0));
            match (kind, run["status"].as_str().unwrap()) {
                ("put", "SUCCEEDED") => assert!(put >= 1, "{name}: said to be done, never asked for"),
                ("post", "SUCCEEDED") => assert_eq!(post, 1, "{name}: done once"),
                ("post", "UNCERTAIN") => {
                    assert!(post <= 1, "{name}: not repeated");
                    uncertain += 1;
                }
                (_, status) => panic!("{name}: {status} {run}"),
            }
        }
    }
    uncertain
}

#[actix_web::test]
async fn a_post_that_is_under_way_at_a_kill_is_uncertain_and_not_sent_again_and_a_put_is() {
    let stage = Stage::set(1).await;
    let tenant = &stage.tenants[0];
    let workspace = tenant.installed.workspace;
    stage.platform.fault(Fault::new("POST", "/v1/workspaces/*/clients", Kind::Hang)).unwrap();
    stage.platform.fault(Fault::new("PUT", &format!("/v1/workspaces/*/clients/{}", tenant.client), Kind::Hang)).unwrap();
    let process = stage.start();
    stage.fire(workspace, 7);
    let hangs = |method: &str| stage.asked(workspace, method).values().sum::<usize>() == 1;
    assert!(stage.platform.until(LONG, |_| true).await);
    patience::until("both calls are under way", async || (hangs("POST") && hangs("PUT")).then_some(())).await;
    process.kill();
    stage.platform.clear_faults();

    let mut process = stage.start();
    process.line("ready");
    stage.quiet(&process).await;
    let runs = stage.api(&process, &tenant.installed).all("/ui/runs", "runs").await;
    let states: BTreeMap<&str, &str> =
        runs.iter().map(|run| (run["event_type"].as_str().unwrap(), run["status"].as_str().unwrap())).collect();
    assert_eq!(states, BTreeMap::from([("NEW_PROJECT", "SUCCEEDED"), ("NEW_TAG", "UNCERTAIN")]));
    assert_eq!(stage.asked(workspace, "POST"), BTreeMap::from([("post 7".to_owned(), 1)]));
    assert_eq!(stage.asked(workspace, "PUT"), BTreeMap::from([("put 7".to_owned(), 2)]));
}

#[actix_web::test]
async fn a_stop_under_load_loses_nothing_that_was_acknowledged() {
    let stage = Stage::set(1).await;
    let workspace = stage.tenants[0].installed.workspace;
    let mut process = stage.start();
    for number in 0..80 {
        stage.fire(workspace, number);
    }
    let acknowledged = |world: &clockify_addons::sandbox::platform::world::World| {
        world.deliveries.all().iter().filter(|delivery| delivery.state == State::Delivered).count()
    };
    assert!(stage.platform.until(LONG, |world| acknowledged(world) > 20).await);
    process.signal("TERM");
    assert_eq!(process.ended().await.code(), Some(0));
    let before = stage.platform.with(|world| acknowledged(world));
    let kept = events_on_disk(&stage).await;
    assert!(kept >= before, "{before} acknowledged, {kept} kept");
    let mut process = stage.start();
    process.line("ready");
    stage.quiet(&process).await;
    check(&stage, &process, &stage.tenants[0], 80).await;
}

async fn events_on_disk(stage: &Stage) -> usize {
    use sqlx::{Connection, Row};
    let url = format!("sqlite://{}/service.db", stage.folder.path().display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let count: i64 = sqlx::query("SELECT count(*) FROM events").fetch_one(&mut connection).await.unwrap().get(0);
    usize::try_from(count).unwrap()
}
