//! The sandbox as its own process, and a browser at its page.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use super::driver::{Browser, LOOK, WITHIN};
use super::wire;

pub struct Stage {
    sandbox: Child,
    /// The simulated platform's port.
    pub platform: u16,
    pub browser: Browser,
    _folder: tempfile::TempDir,
    /// Held, so that it may go on saying things.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Stage {
    /// The sandbox with its three add-ons, and the browser at the shell with the universal one. `None`: there is no browser.
    pub fn set() -> Option<Self> {
        Self::set_at("?addon=universal-webhook")
    }

    /// The same with a query for the shell.
    pub fn set_at(query: &str) -> Option<Self> {
        let browser = Browser::open(1280, 900)?;
        let folder = tempfile::tempdir().unwrap();
        let mut sandbox = Command::new(env!("CARGO_BIN_EXE_clockify-addons"))
            .args(["sandbox", "--port", "0", "--platform-port", "0", "--plain"])
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(sandbox.stdout.take().unwrap()).lines();
        let mut lines = said.by_ref().map_while(Result::ok);
        let origin = |line: &String| {
            line.trim().strip_prefix("platform")?.trim().strip_prefix("http://127.0.0.1:")?.split_whitespace().next()?.parse().ok()
        };
        let platform = lines.by_ref().find_map(|line| origin(&line)).expect("the sandbox says where it is");
        // The story is over when it says how to end.
        assert!(lines.any(|line| line.contains("Ctrl-C")), "the sandbox is ready");
        let stage = Self { sandbox, platform, browser, _folder: folder, _said: said };
        stage.browser.go(&format!("http://127.0.0.1:{platform}/{query}"));
        stage.browser.enter_frame("iframe");
        Some(stage)
    }

    /// Something of the sandbox's control surface.
    pub fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        wire::json(self.platform, method, &format!("/sandbox{path}"), body)
    }

    /// Fires an event with a payload from the workspace, or with this one.
    pub fn fire(&self, event: &str, payload: Option<&Value>) {
        self.control("POST", &format!("/events/{event}"), payload);
    }

    /// What the shell knows: installations, and the workspace's data.
    pub fn view(&self) -> Value {
        self.control("GET", "/view", None)
    }

    /// The universal add-on's installation.
    pub fn installation(&self) -> Value {
        let view = self.view();
        let service = &view["offers"].as_array().unwrap().iter().find(|offer| offer["slug"] == "universal-webhook").unwrap()["service"];
        view["installations"].as_array().unwrap().iter().find(|one| one["base_url"] == *service).unwrap().clone()
    }

    /// The port of the universal add-on.
    pub fn addon(&self) -> u16 {
        self.installation()["base_url"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Calls the add-on as the workspace's owner.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let token = self.control("POST", "/user-tokens", Some(&json!({"addon_id": self.installation()["addon_id"]})));
        let body = body.map(Value::to_string);
        let headers = [("content-type", "application/json"), ("x-addon-token", token.as_str().unwrap())];
        let answer = wire::send(self.addon(), method, path, &headers, body.as_deref());
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// The id of the first of a list, as soon as there is one.
    pub fn first(&self, path: &str, list: &str) -> String {
        let begun = Instant::now();
        loop {
            let answer = self.ask("GET", path, None);
            if let Some(id) = answer[list][0]["id"].as_str() {
                return id.to_owned();
            }
            assert!(begun.elapsed() < WITHIN, "{path} stays empty");
            std::thread::sleep(LOOK);
        }
    }

    /// Opens a part of the page by its address.
    #[track_caller]
    pub fn open(&self, hash: &str) {
        self.browser.script("window.location.hash = arguments[0]", json!([hash]));
        // Which page is shown, the page itself says, once it is there.
        let there =
            "const main = document.querySelector('main'); return main?.querySelector('h1') && main.dataset.shown === '#' + arguments[0]";
        self.browser.until(there, json!([hash]));
    }

    /// Parts that the add-on has, by the tabs.
    pub fn parts(&self) -> Vec<String> {
        let tabs = self.browser.until("return [...document.querySelectorAll('.tabs a')].map((tab) => tab.dataset.page)", json!([]));
        tabs.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// Clicks something in the shell and comes back into the frame.
    #[track_caller]
    pub fn in_shell(&self, act: impl FnOnce(&Browser)) {
        self.browser.leave_frame();
        act(&self.browser);
        self.browser.enter_frame("iframe");
    }

    /// At the end of each story: the browser has complained about nothing and asked nobody else.
    #[track_caller]
    pub fn nothing_was_wrong(&self) {
        // The preview of a flow that is not finished is answered with what it lacks, and browsers note every refusal.
        let unfinished = |line: &String| line.contains("/ui/flows/dry-run - Failed to load resource") && line.contains("422");
        let complaints: Vec<String> = self.browser.console().into_iter().filter(|line| !unfinished(line)).collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
        self.nobody_else_was_asked();
    }

    #[track_caller]
    pub fn nobody_else_was_asked(&self) {
        let own = |url: &String| {
            ["http://127.0.0.1:", "blob:http://127.0.0.1:", "data:", "chrome:", "about:"].iter().any(|start| url.starts_with(start))
        };
        let others: Vec<String> = self.browser.requests().into_iter().filter(|url| !own(url)).collect();
        assert!(others.is_empty(), "{others:#?}");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.sandbox.kill();
        let _ = self.sandbox.wait();
    }
}
