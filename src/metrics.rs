//! What is counted, for Prometheus: names `clockify_addons_*`, labels from fixed sets (I7).
//!
//! A label is an add-on, a run's state, a class of HTTP status or a pattern of the route table; never a workspace, an event type or
//! anything else that a request chooses. Counters of the hot path are found once, not by name each time.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actors::addon::Addon;
use actors::bootstrap::record::Status;
use actors::clock::{Clock, Timestamp};
use actors::flow::run::RunState;
use actors::limits::metrics::ROUTES_MAX;
use actors::port::observer::{Happening, Observer};
use dashmap::DashMap;
use prometheus::core::Collector;
use prometheus::{
    Error, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

/// Classes of status: no answer, 1xx to 5xx.
const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// How a bootstrap ends.
const ENDS: [Status; 4] = [Status::Complete, Status::CompleteWithWarnings, Status::Failed, Status::Cancelled];

/// Seconds: the hot path takes a fraction of a millisecond, a call to the platform up to half a minute.
const SECONDS: [f64; 14] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0];

/// All counters of a process.
pub struct Metrics {
    registry: Registry,
    clock: Arc<dyn Clock>,
    started_at: Timestamp,
    addons: BTreeMap<Addon, OfAddon>,
    routes: BTreeMap<Option<Addon>, DashMap<String, Route>>,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    uptime: Gauge,
    resident: IntGauge,
    descriptors: IntGauge,
    panics: IntGauge,
    actors: IntGauge,
    ready: IntGauge,
    watch: OnceLock<Watch>,
}

/// What is asked for when the counters are rendered.
pub struct Watch {
    /// How many actors are alive.
    pub actors: Box<dyn Fn() -> usize + Send + Sync>,
    /// Whether the service takes requests.
    pub ready: Box<dyn Fn() -> bool + Send + Sync>,
}

struct OfAddon {
    accepted: IntCounter,
    repeated: IntCounter,
    runs: [IntCounter; RunState::ALL.len()],
    calls: [IntCounter; CLASSES.len()],
    call_seconds: Histogram,
    web_calls: [IntCounter; CLASSES.len()],
    paused: IntCounter,
    bootstraps: [IntCounter; ENDS.len()],
    bootstrap_pages: IntCounter,
    bootstrap_entities: IntCounter,
    bootstraps_active: IntGauge,
    actors_started: IntCounter,
    actors_died: IntCounter,
    quarantined: IntCounter,
}

struct Route {
    answers: [IntCounter; CLASSES.len()],
    seconds: Histogram,
}

impl Metrics {
    /// Registers everything; `clock` gives the time since the start.
    ///
    /// # Errors
    ///
    /// Only if two of the names below were the same.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let registry = Registry::new();
        let families = Families::new(&registry)?;
        let addons = Addon::ALL.into_iter().map(|addon| (addon, families.of(addon))).collect();
        let info =
            Opts::new("clockify_addons_build_info", "The version that runs; always 1.").const_label("version", env!("CARGO_PKG_VERSION"));
        add(&registry, IntGauge::with_opts(info)?)?.set(1);
        let gauge = |name: &str, help: &str| add(&registry, IntGauge::new(name, help)?);
        Ok(Self {
            addons,
            routes: Addon::ALL.into_iter().map(Some).chain([None]).map(|addon| (addon, DashMap::new())).collect(),
            requests: counters(&registry, "http_requests_total", "Requests answered.", &["addon", "route", "status"])?,
            request_seconds: histograms(&registry, "http_request_seconds", "Time to answer a request.", &["addon", "route"])?,
            uptime: add(&registry, Gauge::new("clockify_addons_uptime_seconds", "Time since the start.")?)?,
            resident: gauge("clockify_addons_process_resident_memory_bytes", "Memory of the process that is in RAM.")?,
            descriptors: gauge("clockify_addons_process_open_fds", "Open file descriptors.")?,
            panics: gauge("clockify_addons_panics", "Panics since the start; each was caught.")?,
            actors: gauge("clockify_addons_actors", "Workspaces that are in memory.")?,
            ready: gauge("clockify_addons_ready", "1 while requests are taken.")?,
            watch: OnceLock::new(),
            started_at: clock.now(),
            clock,
            registry,
        })
    }

    /// Says where to ask for what is not counted but looked at. The first one counts.
    pub fn watch(&self, watch: Watch) {
        let _ = self.watch.set(watch);
    }

    /// Counts an answered request. `route` is the pattern of the route table that matched; `addon` is known where the route belongs to one.
    pub fn request(&self, addon: Option<Addon>, route: Option<&str>, status: u16, elapsed: Duration) {
        let pattern = route.unwrap_or("none");
        let Some(routes) = self.routes.get(&addon) else { return };
        if let Some(route) = routes.get(pattern) {
            return route.count(status, elapsed);
        }
        // The route table is much smaller; this is what keeps a mistake in a caller from filling the memory.
        let pattern = if routes.len() < ROUTES_MAX { pattern } else { "other" };
        routes.entry(pattern.to_owned()).or_insert_with(|| self.route(addon, pattern)).count(status, elapsed);
    }

    fn route(&self, addon: Option<Addon>, pattern: &str) -> Route {
        let addon = addon.map_or("none", Addon::slug);
        Route {
            answers: CLASSES.map(|class| self.requests.with_label_values(&[addon, pattern, class])),
            seconds: self.request_seconds.with_label_values(&[addon, pattern]),
        }
    }

    /// Everything, in Prometheus' text format.
    pub fn render(&self) -> String {
        self.uptime.set(self.clock.now().since(self.started_at).as_secs_f64());
        self.panics.set(whole(crate::telemetry::panics()));
        if let Some(watch) = self.watch.get() {
            self.actors.set(whole((watch.actors)()));
            self.ready.set((watch.ready)().into());
        }
        if let Some(bytes) = resident_bytes() {
            self.resident.set(whole(bytes));
        }
        if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
            self.descriptors.set(whole(open.count()));
        }
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_else(|error| {
            log::error!("metrics cannot be rendered: {error}");
            String::new()
        })
    }
}

impl Route {
    fn count(&self, status: u16, elapsed: Duration) {
        if let Some(answers) = self.answers.get(class(status)) {
            answers.inc();
        }
        self.seconds.observe(elapsed.as_secs_f64());
    }
}

impl Observer for Metrics {
    fn observe(&self, addon: Addon, happening: Happening) {
        let Some(of) = self.addons.get(&addon) else { return };
        match happening {
            Happening::EventAccepted => of.accepted.inc(),
            Happening::EventRepeated => of.repeated.inc(),
            Happening::RunLeft(state) => {
                let known = RunState::ALL.iter().position(|one| *one == state);
                if let Some(counter) = known.and_then(|index| of.runs.get(index)) {
                    counter.inc();
                }
            }
            Happening::Call(status, elapsed) => {
                if let Some(counter) = of.calls.get(class(status)) {
                    counter.inc();
                }
                of.call_seconds.observe(elapsed.as_secs_f64());
            }
            Happening::WebCall(status) => {
                if let Some(counter) = of.web_calls.get(class(status)) {
                    counter.inc();
                }
            }
            Happening::BootstrapWorks => of.bootstraps_active.inc(),
            Happening::BootstrapRests => of.bootstraps_active.dec(),
            Happening::BootstrapPage(entities) => {
                of.bootstrap_pages.inc();
                of.bootstrap_entities.inc_by(entities as u64);
            }
            Happening::BootstrapEnded(status) => {
                let known = ENDS.iter().position(|end| *end == status);
                if let Some(counter) = known.and_then(|index| of.bootstraps.get(index)) {
                    counter.inc();
                }
            }
            Happening::FlowPaused => of.paused.inc(),
            Happening::ActorStarted => of.actors_started.inc(),
            Happening::ActorDied => of.actors_died.inc(),
            Happening::Quarantined => of.quarantined.inc(),
        }
    }
}

/// The families whose members are found once for each add-on.
struct Families {
    events: IntCounterVec,
    runs: IntCounterVec,
    calls: IntCounterVec,
    call_seconds: HistogramVec,
    web_calls: IntCounterVec,
    paused: IntCounterVec,
    bootstraps: IntCounterVec,
    bootstrap_pages: IntCounterVec,
    bootstrap_entities: IntCounterVec,
    bootstraps_active: IntGaugeVec,
    lives: IntCounterVec,
}

impl Families {
    fn new(registry: &Registry) -> Result<Self, Error> {
        Ok(Self {
            events: counters(registry, "events_total", "Events: stored, or recognised as sent again.", &["addon", "outcome"])?,
            runs: counters(registry, "runs_total", "Runs that ended or were put aside, by state.", &["addon", "state"])?,
            calls: counters(registry, "calls_total", "Calls to the platform, by the answer's status.", &["addon", "status"])?,
            call_seconds: histograms(registry, "call_seconds", "Time of a call to the platform.", &["addon"])?,
            web_calls: counters(
                registry,
                "web_calls_total",
                "Calls of other servers by flows, by the answer's status.",
                &["addon", "status"],
            )?,
            paused: counters(registry, "flows_paused_total", "Flows that were paused because they failed again and again.", &["addon"])?,
            bootstraps: counters(registry, "bootstrap_runs_total", "Bootstraps that ended, by how they did.", &["addon", "outcome"])?,
            bootstrap_pages: counters(registry, "bootstrap_pages_total", "Pages that bootstraps read.", &["addon"])?,
            bootstrap_entities: counters(registry, "bootstrap_entities_total", "Entities on those pages.", &["addon"])?,
            bootstraps_active: add(
                registry,
                IntGaugeVec::new(Opts::new("clockify_addons_bootstrap_active", "Workspaces that are being read now."), &["addon"])?,
            )?,
            lives: counters(registry, "actor_lives_total", "Turns in the lives of workspaces' actors.", &["addon", "turn"])?,
        })
    }

    fn of(&self, addon: Addon) -> OfAddon {
        let slug = addon.slug();
        OfAddon {
            accepted: self.events.with_label_values(&[slug, "accepted"]),
            repeated: self.events.with_label_values(&[slug, "repeated"]),
            runs: RunState::ALL.map(|state| self.runs.with_label_values(&[slug, &state.as_str().to_ascii_lowercase()])),
            calls: CLASSES.map(|class| self.calls.with_label_values(&[slug, class])),
            call_seconds: self.call_seconds.with_label_values(&[slug]),
            web_calls: CLASSES.map(|class| self.web_calls.with_label_values(&[slug, class])),
            paused: self.paused.with_label_values(&[slug]),
            bootstraps: ENDS.map(|end| self.bootstraps.with_label_values(&[slug, &end.as_str().to_ascii_lowercase()])),
            bootstrap_pages: self.bootstrap_pages.with_label_values(&[slug]),
            bootstrap_entities: self.bootstrap_entities.with_label_values(&[slug]),
            bootstraps_active: self.bootstraps_active.with_label_values(&[slug]),
            actors_started: self.lives.with_label_values(&[slug, "started"]),
            actors_died: self.lives.with_label_values(&[slug, "died"]),
            quarantined: self.lives.with_label_values(&[slug, "quarantined"]),
        }
    }
}

fn add<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C, Error> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, Error> {
    add(registry, IntCounterVec::new(Opts::new(format!("clockify_addons_{name}"), help), labels)?)
}

fn histograms(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<HistogramVec, Error> {
    let opts = HistogramOpts::new(format!("clockify_addons_{name}"), help).buckets(SECONDS.to_vec());
    add(registry, HistogramVec::new(opts, labels)?)
}

/// Index into [`CLASSES`]; 0 where there was no answer, or none that HTTP knows.
fn class(status: u16) -> usize {
    let hundreds = usize::from(status / 100);
    if hundreds < CLASSES.len() { hundreds } else { 0 }
}

fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Linux says it in kilobytes; elsewhere nobody does.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::clock::SystemClock;

    fn metrics() -> Metrics {
        Metrics::new(Arc::new(SystemClock::new())).unwrap()
    }

    #[test]
    fn what_happens_is_counted_under_fixed_labels() {
        let metrics = metrics();
        let addon = Addon::UniversalWebhook;
        metrics.observe(addon, Happening::EventAccepted);
        metrics.observe(addon, Happening::RunLeft(RunState::Uncertain));
        metrics.observe(addon, Happening::Call(503, Duration::from_millis(3)));
        metrics.observe(addon, Happening::Call(0, Duration::from_millis(3)));
        metrics.observe(addon, Happening::WebCall(404));
        metrics.observe(addon, Happening::FlowPaused);
        for happening in [Happening::BootstrapWorks, Happening::BootstrapWorks, Happening::BootstrapRests] {
            metrics.observe(addon, happening);
        }
        for entities in [200, 7] {
            metrics.observe(addon, Happening::BootstrapPage(entities));
        }
        metrics.observe(addon, Happening::BootstrapEnded(Status::CompleteWithWarnings));
        metrics.request(Some(addon), Some("/webhooks/clockify/{event}"), 200, Duration::from_micros(300));
        metrics.request(None, None, 404, Duration::ZERO);
        metrics.watch(Watch { actors: Box::new(|| 7), ready: Box::new(|| true) });
        let text = metrics.render();
        for line in [
            r#"clockify_addons_events_total{addon="universal-webhook",outcome="accepted"} 1"#,
            r#"clockify_addons_runs_total{addon="universal-webhook",state="uncertain"} 1"#,
            r#"clockify_addons_runs_total{addon="universal-webhook",state="failed"} 0"#,
            r#"clockify_addons_calls_total{addon="universal-webhook",status="5xx"} 1"#,
            r#"clockify_addons_calls_total{addon="universal-webhook",status="none"} 1"#,
            r#"clockify_addons_web_calls_total{addon="universal-webhook",status="4xx"} 1"#,
            r#"clockify_addons_bootstrap_active{addon="universal-webhook"} 1"#,
            r#"clockify_addons_bootstrap_pages_total{addon="universal-webhook"} 2"#,
            r#"clockify_addons_bootstrap_entities_total{addon="universal-webhook"} 207"#,
            r#"clockify_addons_bootstrap_runs_total{addon="universal-webhook",outcome="complete_with_warnings"} 1"#,
            r#"clockify_addons_bootstrap_runs_total{addon="universal-webhook",outcome="failed"} 0"#,
            r#"clockify_addons_flows_paused_total{addon="universal-webhook"} 1"#,
            r#"clockify_addons_http_requests_total{addon="universal-webhook",route="/webhooks/clockify/{event}",status="2xx"} 1"#,
            r#"clockify_addons_http_requests_total{addon="none",route="none",status="4xx"} 1"#,
            "clockify_addons_actors 7",
            "clockify_addons_ready 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let resident = text.lines().find_map(|line| line.strip_prefix("clockify_addons_process_resident_memory_bytes ")).unwrap();
        assert!(resident.parse::<f64>().unwrap() > 1e6, "{resident}");
    }

    #[test]
    fn routes_are_bounded_whatever_a_caller_passes() {
        let metrics = metrics();
        for n in 0..ROUTES_MAX * 2 {
            metrics.request(None, Some(&format!("/odd/{n}")), 200, Duration::ZERO);
        }
        assert_eq!(metrics.routes[&None].len(), ROUTES_MAX + 1);
        assert!(metrics.render().contains(r#"route="other",status="2xx"} 256"#));
    }
}
