//! The real program in a process of its own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use clockify_addons::sandbox::platform::Platform;
use serde_json::Value;

use super::patience;

/// What the program is started with.
#[derive(Clone, Default)]
pub struct Setting {
    variables: BTreeMap<String, String>,
}

impl Setting {
    /// Universal Webhook on a free port of loopback, with its database in `folder`. It reads no workspace unless it is asked to.
    pub fn quiet(folder: &Path) -> Self {
        Self::default()
            .with("HOST", "127.0.0.1")
            .with("ADDONS", "universal-webhook")
            .with("API_STUDIO_PORT", "0")
            .with("CLOCKIFY_ADDON_PORT", "0")
            .with("UNIVERSAL_WEBHOOK_PORT", "0")
            .with("DATABASE_URL", &format!("sqlite://{}/service.db", folder.display()))
            .with("API_STUDIO_BOOTSTRAP_ON_INSTALL", "false")
            .with("UW_BOOTSTRAP_ON_INSTALL", "false")
            .with("AUTO_BOOTSTRAP_ON_INSTALL", "false")
            .with("HTTP_WORKERS", "1")
            .with("WORKSPACE_ARBITERS", "1")
    }

    /// One that belongs to a simulated platform.
    pub fn of(platform: &Platform, folder: &Path) -> Self {
        Self::quiet(folder)
            .with("CLOCKIFY_PUBLIC_KEY", &platform.authority().public_pem().unwrap())
            .with("CLOCKIFY_API_BASES", &platform.api_bases().join(","))
    }

    /// All three add-ons.
    pub fn with_all(self) -> Self {
        self.with("ADDONS", "api-studio,universal-webhook,clockify-addon")
    }

    /// One more variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The variables, for a service in this process.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clockify-addons"));
        command.args(arguments).env_clear().envs(&self.variables).current_dir(folder).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        self.command(folder, arguments).output().unwrap()
    }

    /// Starts the service. It may not be ready yet, but it listens.
    pub fn serve(&self, folder: &Path) -> Process {
        let mut child = self.command(folder, &["serve"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = follow(BufReader::new(child.stderr.take().unwrap()));
        let mut process = Process { child, lines, said: Vec::new(), port: 0 };
        let listening = process.line("listening");
        process.port = listening["address"].as_str().and_then(|address| address.rsplit(':').next()?.parse().ok()).unwrap();
        process
    }
}

/// Reads a stream's lines on a thread of their own, so that the writer never waits.
pub fn follow(lines: impl BufRead + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || lines.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
    receiver
}

/// A running service. It is killed when it is dropped.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
    port: u16,
}

impl Process {
    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is reached.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits for the log line with this message, and gives it.
    pub fn line(&mut self, message: &str) -> Value {
        loop {
            let line = match self.lines.recv_timeout(patience::LONG) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => panic!("it does not say {message:?}; it said {:#?}", self.said),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended without saying {message:?}; it said {:#?}", self.said),
            };
            let record: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("not a JSON line ({error}): {line}"));
            self.said.push(line);
            if record["message"] == message {
                return record;
            }
        }
    }

    /// Everything that it has said so far.
    pub fn said(&mut self) -> &[String] {
        self.said.extend(self.lines.try_iter());
        &self.said
    }

    /// Sends a signal, by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        let done = Command::new("sh").args(["-c", "kill -\"$1\" \"$2\"", "sh", name, &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// Ends it in the hardest way there is.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> ExitStatus {
        patience::until("the process ends", async || self.child.try_wait().unwrap()).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
