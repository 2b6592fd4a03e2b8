//! Every list of the page with every filter, one request after the other.

use std::time::{Duration, Instant};

use super::connection::Connection;
use super::filled::{Filled, SOURCE, TYPES};
use super::process::Process;
use super::report::Report;
use super::workspaces::Platform;

const LIST: &str = "p50 below 100 ms";

/// Asks for each of them so many times.
pub async fn measure(service: &Process, platform: &Platform, filled: &Filled, rounds: usize, report: &mut Report) {
    for path in paths(filled) {
        let mut connection = Connection::open(service.address).await.unwrap();
        let mut took = Vec::with_capacity(rounds);
        let (mut first, mut before) = (Duration::ZERO, 0);
        for round in 0..=rounds {
            let request = platform.of_owner("GET", &path, 0);
            let begun = Instant::now();
            let status = connection.exchange(&request).await.unwrap();
            let elapsed = begun.elapsed();
            assert_eq!(status, 200, "{path}: {}", connection.body());
            if round == 0 {
                (first, before) = (elapsed, ticks(service));
            } else {
                took.push(elapsed);
            }
        }
        let cpu = (ticks(service) - before) as f64 * 10.0 / rounds as f64;
        let here = format!("{}, {cpu:.1} ms", figures(&mut took, first));
        report.add(format!("{path}, {} there", total(&connection.body())), here, LIST);
    }
}

/// Time that the service has spent on processors, in hundredths of a second: what a busy machine does not make longer. A database server's is not in it.
fn ticks(service: &Process) -> u64 {
    let stat = service.file("stat");
    // Behind the name, which may hold anything: user time is the twelfth, system time the thirteenth.
    let times = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    times.map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

/// Median, the slowest but one in a hundred, and the first.
fn figures(took: &mut [Duration], first: Duration) -> String {
    took.sort();
    let at = |share: f64| took[((took.len() as f64 * share) as usize).min(took.len() - 1)].as_secs_f64() * 1_000.0;
    format!("{:.1} ms, {:.1} ms, {:.1} ms", at(0.5), at(0.99), first.as_secs_f64() * 1_000.0)
}

/// How many the answer says that there are.
fn total(body: &str) -> String {
    let total = body.split("\"pagination\":{\"total\":").nth(1).and_then(|rest| rest.split([',', '}']).next());
    total.unwrap_or("-").to_owned()
}

fn paths(filled: &Filled) -> Vec<String> {
    let Filled { flows: [flow, ..], event, middle } = filled;
    let deep = "offset=99900";
    let entity = |number: usize| format!("entity=time_entry:{number:024x}");
    let mut paths = Vec::new();
    let mut of = |list: &str, queries: &[String]| {
        paths.extend(queries.iter().map(|query| format!("{list}{}{query}", if query.is_empty() { "" } else { "?" })));
    };
    let texts = |given: &[&str]| given.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    of("/ui/webhooks", &texts(&["", "limit=100", "offset=50000", deep, "source=CLOCKIFY", "source=CUSTOM", "source=FLOW"]));
    of("/ui/webhooks", &TYPES.map(|name| format!("event_type={name}")));
    of("/ui/webhooks", &[format!("source=CUSTOM&custom_source={SOURCE}"), format!("from={middle}"), format!("to={middle}")]);
    of("/ui/webhooks", &[entity(24_990), entity(5), entity(99_999), format!("event_type={}&{}", TYPES[1], entity(24_000))]);
    of("/ui/webhooks", &texts(&["run_status=FAILED", "run_status=UNCERTAIN", "run_status=SUCCEEDED", "run_status=WAITING"]));
    of(
        "/ui/webhooks",
        &texts(&["text=number+99900", "text=number+7", "text=nowhere", "text=nowhere&run_status=FAILED&event_type=NEW_TIME_ENTRY"]),
    );
    of("/ui/runs", &texts(&["", "limit=100", deep, "attention=true", "status=SUCCEEDED", "status=FAILED", "status=UNCERTAIN"]));
    of("/ui/runs", &texts(&["status=CANCELLED", "status=STOPPED", "status=WAITING", "status=QUEUED", "status=RUNNING"]));
    of("/ui/runs", &[format!("flow_id={flow}"), format!("flow_id={flow}&status=FAILED"), format!("flow_id={flow}&attention=true")]);
    of(
        "/ui/runs",
        &[format!("event_id={event}"), format!("from={middle}"), format!("to={middle}"), format!("from={middle}&status=STOPPED")],
    );
    of("/ui/runs", &TYPES.map(|name| format!("event_type={name}")));
    of("/ui/runs", &[format!("event_type={}&status=FAILED", TYPES[1])]);
    of(&format!("/ui/flows/{flow}/executions"), &texts(&["", "offset=33000"]));
    of("/ui/entities", &texts(&["", "type=tags", deep, "type=tags&offset=59000", "q=number+99999", "q=nowhere", "q=name"]));
    of("/ui/entities", &texts(&["type=tags&q=nowhere", "type=clients&q=number+1", "q=0000000000000000000004d2"]));
    of("/ui/api-calls", &texts(&["", "offset=1900", "operation_id=createTag", "method=POST", "as=addon", "outcome=failed"]));
    of("/ui/api-calls", &[format!("from={middle}")]);
    of("/ui/activity", &texts(&["", "offset=1900"]));
    for path in ["/ui/dashboard", "/ui/flows", "/ui/about", "/ui/subscriptions", "/ui/bootstrap/state"] {
        of(path, &texts(&[""]));
    }
    paths
}
