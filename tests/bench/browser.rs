//! The dashboard in a browser: from the navigation until its figures stand there. Skipped, and said so, where there is no chromedriver.

use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::connection::{Connection, request};
use super::process::Process;
use super::report::{Report, median};
use super::workspaces::Platform;

const LOOK: Duration = Duration::from_millis(20);
const LOOKS_MAX: usize = 1_000;
/// Notes the moment at which the dashboard's figures have been painted.
const WATCH: &str = "window.usable = null;
    new MutationObserver((_, watch) => {
        if (!document.querySelector('.tiles')) return;
        watch.disconnect();
        requestAnimationFrame(() => { const painted = new MessageChannel(); painted.port1.onmessage = () => { window.usable = performance.now(); };
            painted.port2.postMessage(0); });
    }).observe(document, {childList: true, subtree: true});";
const READ: &str = "if (!window.usable) return null;
    const paint = performance.getEntriesByType('paint').find((entry) => entry.name === 'first-contentful-paint');
    const all = performance.getEntriesByType('resource').filter((entry) => entry.responseEnd <= window.usable);
    const calls = all.filter((entry) => entry.initiatorType === 'fetch');
    return [paint ? paint.startTime : 0, window.usable, calls.length, all.length - calls.length, ...calls.map((entry) => `${new URL(entry.name).pathname.split('/').slice(-2).join('/')}${new URL(entry.name).search} ${Math.round(entry.startTime)}-${Math.round(entry.responseEnd)}`)];";

/// Opens the dashboard some times, first with an empty cache.
pub async fn measure(service: &Process, platform: &Platform, rounds: usize, report: &mut Report) {
    let Some(browser) = Browser::open().await else {
        report.add("dashboard in a browser", "SKIP: there is no chromedriver", "");
        return;
    };
    browser.watch().await;
    let mut seen = Vec::new();
    for _ in 0..=rounds {
        browser.call("POST", "/url", &json!({"url": "about:blank"})).await;
        let url = format!("http://{}/ui?auth_token={}", service.address, platform.owner(0));
        browser.call("POST", "/url", &json!({"url": url})).await;
        seen.push(browser.usable().await);
    }
    let first = seen.remove(0);
    let line = |index: usize| {
        let later = median(seen.iter().map(|figures| figures[index].as_f64().unwrap()).collect());
        format!("{later:.0} ms, first {:.0} ms", first[index].as_f64().unwrap())
    };
    report.add(format!("dashboard in a browser, median of {rounds}: something to see"), line(0), "");
    report.add("  usable: its figures stand there", line(1), "300 ms");
    let last = seen.last().unwrap_or(&first);
    let calls: Vec<&str> = last.iter().skip(4).filter_map(Value::as_str).collect();
    report.add("  calls until then, and files", format!("{} and {}", last[2], last[3]), "");
    calls.iter().for_each(|call| println!("    {call}"));
}

struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    _profile: tempfile::TempDir,
    /// Held, so that it may go on saying things.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Browser {
    async fn open() -> Option<Self> {
        let mut driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut said = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse::<u16>().ok());
        let address = SocketAddr::from(([127, 0, 0, 1], port.unwrap()));
        let profile = tempfile::tempdir().unwrap();
        let own = format!("--user-data-dir={}", profile.path().display());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            &own,
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}});
        let made = send(address, "POST", "/session", &wanted).await;
        let session = made["value"]["sessionId"].as_str().unwrap().to_owned();
        Some(Self { driver, address, session, _profile: profile, _said: said })
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        send(self.address, method, &format!("/session/{}{path}", self.session), body).await["value"].take()
    }

    /// Has every page watched from its beginning.
    async fn watch(&self) {
        let command = json!({"cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": WATCH}});
        self.call("POST", "/goog/cdp/execute", &command).await;
    }

    /// First paint, the moment of use, how many calls and files there were until then, and the calls with when they began and ended.
    async fn usable(&self) -> Vec<Value> {
        for _ in 0..LOOKS_MAX {
            let seen = self.call("POST", "/execute/sync", &json!({"script": READ, "args": []})).await;
            if let Value::Array(figures) = seen {
                return figures;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("the dashboard does not appear");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

async fn send(address: SocketAddr, method: &str, path: &str, body: &Value) -> Value {
    let mut connection = Connection::open(address).await.unwrap();
    let request = request(method, path, &[("Content-Type", "application/json")], &body.to_string());
    let status = connection.exchange(&request).await.unwrap();
    assert_eq!(status, 200, "{path}: {}", connection.body());
    serde_json::from_str(&connection.body()).unwrap()
}
