//! What a workspace that is read whole costs the others: the same webhooks of theirs, without that and beside it, in turn, each time to a fresh service,
//! and the medians.

use std::time::{Duration, Instant};

use super::api::Api;
use super::connection::Connection;
use super::load::{Outcome, Until, paced};
use super::measure::{folder, megabytes, milliseconds, words};
use super::plan::Plan;
use super::process::Process;
use super::report::{Report, median};
use super::workspaces::Platform;

/// The workspace that is read; the others' numbers follow.
const READ: usize = 0;
/// Connections of the others.
const CONNECTIONS: usize = 16;
/// How others send: as people and their timers do, and as fast as they are answered, when the machine has no time left for anybody. The pause after each
/// answer, and webhooks for each second of the plan.
const PACES: [(&str, Duration, usize); 2] = [("with pauses", Duration::from_millis(10), 1_000), ("without a pause", Duration::ZERO, 8_000)];
/// How long a reading may take in all.
const READING_MAX: Duration = Duration::from_secs(1_800);

/// What came of one service's life.
struct Done {
    /// By pace.
    accepted: Vec<Outcome>,
    /// Memory at most, in bytes, when the last webhook was answered.
    peak: u64,
}

/// Measures both, as often as the plan says.
pub async fn measure(plan: &Plan, report: &mut Report) {
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for number in 1..=plan.rounds {
        alone.push(round(false, false, plan, report).await);
        beside.push(round(true, number == plan.rounds, plan, report).await);
    }
    for (index, (how, ..)) in PACES.iter().enumerate() {
        let p99 = |rounds: &[Done]| median(rounds.iter().map(|done| done.accepted[index].percentile(0.99)).collect());
        let rate = |rounds: &[Done]| median(rounds.iter().map(|done| done.accepted[index].rate()).collect());
        let line = |rounds: &[Done]| format!("{:.0}/s, p99 {:.2} ms", rate(rounds), p99(rounds));
        report.add(format!("webhooks {how}, nothing else"), line(&alone), "");
        report.add(format!("webhooks {how}, beside a bootstrap"), line(&beside), "p99 as without it");
    }
    let peak = |rounds: &[Done]| median(rounds.iter().map(|done| done.peak as f64).collect()) as u64;
    report.add("memory at most, nothing else", megabytes(peak(&alone)), "");
    report.add("memory at most, beside a bootstrap", megabytes(peak(&beside)), "as without it");
}

async fn round(reads: bool, to_its_end: bool, plan: &Plan, report: &mut Report) -> Done {
    let (folder, api) = (folder(), Api::with_tags(Some(plan.entities)));
    let platform = Platform::new(api.address);
    let service = Process::start(folder.path(), &platform.public_key(), api.address).await;
    platform.install(service.address, READ, plan.workspaces).await;
    let deliveries = platform.deliveries(READ + 1, plan.workspaces - 1);
    let begun = Instant::now();
    if reads {
        ask(&service, &platform, "POST", "/ui/bootstrap/trigger").await;
    }
    let (mut accepted, mut sent) = (Vec::new(), 0);
    for (how, pause, rate) in PACES {
        let (first, count) = (sent, rate * plan.load.as_secs() as usize);
        let written = deliveries.clone();
        let outcome = paced(service.address, CONNECTIONS, Until::Sent(count), pause, move |n, into| written.write(first + n, into)).await;
        println!("  {how}, {}: {}", if reads { "beside a bootstrap" } else { "nothing else" }, words(&outcome));
        sent += count;
        accepted.push(outcome);
    }
    let peak = service.resident_peak();
    if reads && state(&service, &platform).await.contains("\"finished_at\":\"") {
        println!("  the bootstrap was over before the webhooks were: more entities are needed");
    }
    if to_its_end {
        let seconds = read(&service, &platform, begun).await.as_secs_f64();
        let state = state(&service, &platform).await;
        let calls = state.split("\"calls\":").nth(1).and_then(|rest| rest.split(',').next()?.parse::<f64>().ok()).unwrap_or(0.0);
        report.add(format!("{} entities read", plan.entities), format!("{seconds:.0} s, {:.1} calls/s", calls / seconds), "47.5 calls/s");
        for (what, path) in [("first page of them", "/ui/entities?type=tags"), ("search in them", "/ui/entities?type=tags&q=number+99999")]
        {
            report.add(format!("  {what}"), milliseconds(ask(&service, &platform, "GET", path).await.1), "");
        }
        report.add("  memory at most", megabytes(service.resident_peak()), "");
        report.add("  database", megabytes(std::fs::metadata(folder.path().join("road.db")).unwrap().len()), "");
    }
    service.stop().await;
    Done { accepted, peak }
}

/// Waits until the bootstrap has ended; how long it took.
async fn read(service: &Process, platform: &Platform, begun: Instant) -> Duration {
    while state(service, platform).await.contains("\"finished_at\":null") {
        assert!(begun.elapsed() < READING_MAX, "the bootstrap did not end");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    begun.elapsed()
}

async fn state(service: &Process, platform: &Platform) -> String {
    ask(service, platform, "GET", "/ui/bootstrap/state").await.0
}

/// Asks as the owner of the workspace that is read; the answer, and how long it took.
async fn ask(service: &Process, platform: &Platform, method: &str, path: &str) -> (String, Duration) {
    let mut connection = Connection::open(service.address).await.unwrap();
    let begun = Instant::now();
    let status = connection.exchange(&platform.of_owner(method, path, READ)).await.unwrap();
    assert!((200..300).contains(&status), "{method} {path}: {status}");
    (connection.body(), begun.elapsed())
}
