//! The measurements, one function each.

use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::api::Api;
use super::floor::Floor;
use super::load::{Outcome, Until, run};
use super::plan::Plan;
use super::process::{Process, until};
use super::report::Report;
use super::workspaces::Platform;

pub const SUCCEEDED: &str = "clockify_addons_runs_total{addon=\"universal-webhook\",state=\"succeeded\"}";
/// Connections of the loads, and what is to be reached with each.
const LOADS: [(usize, &str); 3] = [(1, "p50 under 0.4 ms"), (16, ""), (64, "35,000/s and a third of the floor, p99 under 5 ms")];

/// A folder on the disk that is built on, not in memory.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap()
}

/// Bytes, in words.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// A time, in words.
pub fn milliseconds(duration: Duration) -> String {
    format!("{:.0} ms", duration.as_secs_f64() * 1_000.0)
}

/// Start and memory with nothing in the store.
pub async fn empty(report: &mut Report) {
    let (folder, api) = (folder(), Api::start());
    let platform = Platform::new(api.address);
    let first = Process::start(folder.path(), &platform.public_key(), api.address).await;
    report.add("ready, store made", milliseconds(first.ready_after), "");
    first.stop().await;
    let service = Process::start(folder.path(), &platform.public_key(), api.address).await;
    report.add("ready, store empty", milliseconds(service.ready_after), "200 ms");
    report.add("memory, idle", megabytes(service.resident()), "30 MB");
    service.stop().await;
}

/// Signed webhooks that are durable before they are answered, beside what nginx makes of the same requests.
pub async fn accepting(plan: &Plan, report: &mut Report) {
    let (folder, api) = (folder(), Api::start());
    let platform = Platform::new(api.address);
    let service = Process::start(folder.path(), &platform.public_key(), api.address).await;
    let (count, rate) = platform.install(service.address, 0, plan.workspaces).await;
    report.add(format!("{count} installs, 16 connections"), format!("{rate:.0}/s"), "");
    let deliveries = platform.deliveries(0, plan.workspaces);
    let mut sent = 0;
    for (connections, to_reach) in LOADS {
        let (written, first) = (deliveries.clone(), sent);
        let outcome = run(service.address, connections, Until::Passed(plan.load), move |n, into| written.write(first + n, into)).await;
        sent += outcome.answers.values().sum::<usize>() + connections;
        report.add(format!("webhooks, {connections} connections"), words(&outcome), to_reach);
        if let Some(floor) = Floor::start(folder.path()).await {
            let deliveries = deliveries.clone();
            let bare = run(floor.address, connections, Until::Passed(plan.load), move |n, into| deliveries.write(n, into)).await;
            report.add(format!("  nginx, {connections} connections"), words(&bare), format!("ratio {:.2}", outcome.rate() / bare.rate()));
        } else {
            report.add(format!("  nginx, {connections} connections"), "SKIP: nginx is not installed", "");
        }
    }
    report.add("memory after that", megabytes(service.resident()), "");
    service.stop().await;
}

/// A load's outcome, in words.
pub fn words(outcome: &Outcome) -> String {
    format!("{:.0}/s, p50 {:.2} ms, p99 {:.2} ms{}", outcome.rate(), outcome.percentile(0.5), outcome.percentile(0.99), outcome.others())
}

/// Flows from the webhook to the recorded end of the run.
pub async fn flows(plan: &Plan, report: &mut Report) {
    let (folder, api) = (folder(), Api::start());
    let platform = Platform::new(api.address);
    let service = Process::start(folder.path(), &platform.public_key(), api.address).await;
    platform.install(service.address, 0, plan.flow_workspaces).await;
    platform.add_flow(service.address, 0, plan.flow_workspaces).await;
    let deliveries = platform.deliveries(0, plan.flow_workspaces);
    let begun = Instant::now();
    let accepted = run(service.address, 64, Until::Sent(plan.events), move |n, into| deliveries.write(n, into)).await;
    assert!(accepted.others().is_empty(), "accepting{}", accepted.others());
    until("every flow has made its call", || api.written() >= plan.events).await;
    let called = begun.elapsed();
    while service.counter(SUCCEEDED).await < plan.events as u64 {
        assert!(begun.elapsed().as_secs() < 180, "runs did not end");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let ended = begun.elapsed();
    report.add(
        format!("flows, {} events, {} workspaces", plan.events, plan.flow_workspaces),
        format!("{:.0}/s", plan.events as f64 / ended.as_secs_f64()),
        "8,000/s; the platform allows these workspaces 25,000/s",
    );
    report.add("  of that: accepted, called", format!("after {}, {}", milliseconds(accepted.elapsed), milliseconds(called)), "");
    report.add("  calls beyond one for each event", (api.written() - plan.events).to_string(), "0 without a crash");
    service.stop().await;
}

/// Memory and start with many workspaces installed.
pub async fn many_installations(plan: &Plan, report: &mut Report) {
    let (folder, api) = (folder(), Api::start());
    let platform = Platform::new(api.address);
    let service = Process::start(folder.path(), &platform.public_key(), api.address).await;
    let (count, rate) = platform.install(service.address, 0, plan.installed).await;
    report.add(format!("{count} installs, 16 connections"), format!("{rate:.0}/s"), "");
    report.add(format!("memory, {count} installed and in memory"), megabytes(service.resident()), "250 MB for 100,000");
    service.stop().await;
    let service = Process::start(folder.path(), &platform.public_key(), api.address).await;
    report.add(format!("ready, {count} installed"), milliseconds(service.ready_after), "2,000 ms for 100,000");
    report.add(format!("memory, {count} installed, after a restart"), megabytes(service.resident()), "250 MB for 100,000");
    service.stop().await;
}
