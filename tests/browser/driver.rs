//! A browser, driven by the WebDriver protocol through chromedriver: what a person sees and clicks, and what the browser says about it.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::wire;

/// How long anything may take to appear.
pub const WITHIN: Duration = Duration::from_secs(20);
pub const LOOK: Duration = Duration::from_millis(50);
/// Drivers that are started for one browser at the most.
const STARTS_MAX: usize = 5;
/// As WebDriver writes these keys.
pub const TAB: char = '\u{e004}';
pub const ENTER: char = '\u{e007}';
pub const ESCAPE: char = '\u{e00c}';
const SHIFT: char = '\u{e008}';
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
    /// Held, so that it may go on saying things.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Browser {
    /// A fresh browser with a window of this size. `None`: there is none on this machine.
    pub fn open(width: u32, height: u32) -> Option<Self> {
        let (driver, port, said) = match Self::started() {
            Ok(started) => started,
            Err(error) => {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "chromedriver cannot be started: {error}");
                eprintln!("SKIPPED: {}: there is no chromedriver", std::thread::current().name().unwrap_or_default());
                return None;
            }
        };
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            "--disable-dev-shm-usage".into(),
            "--hide-scrollbars".into(),
            "--force-prefers-reduced-motion".into(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let made = wire::json(port, "POST", "/session", Some(&wanted));
        let session = made["value"]["sessionId"].as_str().unwrap().to_owned();
        Some(Self { driver, port, session, _profile: profile, _said: said })
    }

    /// A driver that listens. It takes one free port twice, for both families of addresses, and ends where another driver was faster with the
    /// second: then another one is started.
    fn started() -> std::io::Result<(Child, u16, Lines<BufReader<ChildStdout>>)> {
        for _ in 0..STARTS_MAX {
            let mut driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
            let mut said = BufReader::new(driver.stdout.take().unwrap()).lines();
            let listens = |line: String| line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok();
            if let Some(port) = said.by_ref().map_while(Result::ok).find_map(listens) {
                return Ok((driver, port, said));
            }
            driver.wait()?;
        }
        Err(std::io::Error::other("it ends before it listens"))
    }

    fn call(&self, method: &str, path: &str, body: Value) -> Result<Value, String> {
        let (path, body) = (format!("/session/{}{path}", self.session), body.to_string());
        let answer = wire::send(self.port, method, &path, &[("content-type", "application/json")], (method == "POST").then_some(&body));
        let value: Value = serde_json::from_str(&answer.body).unwrap();
        if answer.status == 200 {
            Ok(value["value"].clone())
        } else {
            Err(format!("{path}: {}", value["value"]["message"].as_str().unwrap_or_default()))
        }
    }

    pub fn go(&self, url: &str) {
        self.call("POST", "/url", json!({"url": url})).unwrap();
    }

    /// Runs a function's body in the frame that is looked at.
    pub fn script(&self, body: &str, arguments: Value) -> Value {
        self.call("POST", "/execute/sync", json!({"script": body, "args": arguments})).unwrap_or_else(|error| panic!("{body}\n{error}"))
    }

    /// Waits until a function's body gives something that counts as true.
    #[track_caller]
    pub fn until(&self, body: &str, arguments: Value) -> Value {
        let begun = Instant::now();
        loop {
            let seen = self.call("POST", "/execute/sync", json!({"script": body, "args": arguments}));
            match seen {
                Ok(value) if !matches!(value, Value::Null | Value::Bool(false)) && value != json!("") => return value,
                seen => assert!(
                    begun.elapsed() < WITHIN,
                    "did not happen: {body} {arguments}\n{seen:?}\n{}\n{:?}",
                    self.page_text(),
                    self.console()
                ),
            }
            std::thread::sleep(LOOK);
        }
    }

    fn page_text(&self) -> String {
        let text = self.call("POST", "/execute/sync", json!({"script": "return document.body.innerText", "args": []}));
        text.map_or_else(|error| error, |text| text.as_str().unwrap_or_default().chars().take(2_000).collect())
    }

    /// Looks into a frame from here on.
    #[track_caller]
    pub fn enter_frame(&self, css: &str) {
        let frame = self.until("return document.querySelector(arguments[0])", json!([css]));
        self.call("POST", "/frame", json!({"id": frame})).unwrap();
    }

    /// Looks at the whole page again.
    pub fn leave_frame(&self) {
        self.call("POST", "/frame", json!({"id": null})).unwrap();
    }

    /// Clicks as a mouse does what `find` gives, once it is there.
    #[track_caller]
    fn click_found(&self, find: &str, arguments: Value) {
        let begun = Instant::now();
        loop {
            std::thread::sleep(LOOK);
            let found = self.until(find, arguments.clone());
            // A sticky head would lie over what is scrolled to the edge.
            let _ =
                self.call("POST", "/execute/sync", json!({"script": "arguments[0].scrollIntoView({block: 'center'})", "args": [found]}));
            let clicked = self.call("POST", &format!("/element/{}/click", found[ELEMENT].as_str().unwrap()), json!({}));
            match clicked {
                Ok(_) => return,
                Err(error) => assert!(begun.elapsed() < WITHIN, "{find} {arguments}: {error}"),
            }
        }
    }

    #[track_caller]
    pub fn click(&self, css: &str) {
        self.click_found("return document.querySelector(arguments[0])", json!([css]));
    }

    /// Clicks the button, link or summary with exactly this text; in an open dialog if there is one.
    #[track_caller]
    pub fn press(&self, label: &str) {
        let find = "const root = [...document.querySelectorAll('dialog[open]')].pop() ?? document;
            return [...root.querySelectorAll('button, a, summary')].find((one) => one.innerText.trim() === arguments[0] && one.checkVisibility())";
        self.click_found(find, json!([label]));
    }

    /// Writes into a field, replacing what is there.
    #[track_caller]
    pub fn write(&self, css: &str, text: &str) {
        let found = self.until("return document.querySelector(arguments[0])", json!([css]));
        let element = found[ELEMENT].as_str().unwrap();
        self.call("POST", &format!("/element/{element}/clear"), json!({})).unwrap();
        self.call("POST", &format!("/element/{element}/value"), json!({"text": text})).unwrap();
    }

    /// Chooses in a list.
    #[track_caller]
    pub fn choose(&self, css: &str, value: &str) {
        let choose = "const list = document.querySelector(arguments[0]);
            if (!list || ![...list.options].some((option) => option.value === arguments[1])) return false;
            list.value = arguments[1]; list.dispatchEvent(new Event('change', {bubbles: true})); return true";
        self.until(choose, json!([css, value]));
    }

    /// Presses keys, wherever the focus is.
    pub fn keys(&self, keys: &str) {
        let actions: Vec<Value> =
            keys.chars().flat_map(|key| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]).collect();
        self.call("POST", "/actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})).unwrap();
    }

    /// Presses keys while Shift is held.
    pub fn shifted(&self, key: char) {
        let actions: Vec<Value> = [("keyDown", SHIFT), ("keyDown", key), ("keyUp", key), ("keyUp", SHIFT)]
            .map(|(kind, key)| json!({"type": kind, "value": key}))
            .into();
        self.call("POST", "/actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})).unwrap();
    }

    /// Waits until a text can be seen.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.until("return document.body.innerText.includes(arguments[0])", json!([text]));
    }

    /// Sizes the window.
    pub fn size(&self, width: u32, height: u32) {
        self.call("POST", "/window/rect", json!({"width": width, "height": height})).unwrap();
    }

    /// What the browser complains about since the last time: errors, refusals of the content policy.
    pub fn console(&self) -> Vec<String> {
        let lines = self.call("POST", "/se/log", json!({"type": "browser"})).unwrap();
        let severe = lines.as_array().unwrap().iter().filter(|line| line["level"] == "SEVERE" || line["source"] == "security");
        severe.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Addresses that the browser has asked for since the last time.
    pub fn requests(&self) -> Vec<String> {
        let lines = self.call("POST", "/se/log", json!({"type": "performance"})).unwrap();
        let messages = lines.as_array().unwrap().iter().filter_map(|line| serde_json::from_str::<Value>(line["message"].as_str()?).ok());
        let sent = messages.filter(|message| message["message"]["method"] == "Network.requestWillBeSent");
        sent.map(|message| message["message"]["params"]["request"]["url"].as_str().unwrap().to_owned()).collect()
    }

    /// A picture of the window.
    pub fn picture(&self, to: &Path) {
        let picture = self.call("GET", "/screenshot", Value::Null).unwrap();
        std::fs::write(to, STANDARD.decode(picture.as_str().unwrap()).unwrap()).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.call("DELETE", "", Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
