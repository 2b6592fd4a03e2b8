//! The service as a process of its own: started, asked, measured, stopped.

use std::fs;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::connection::{Connection, request};

/// The longest wait for anything here.
const WAIT_SECONDS_MAX: u64 = 180;

/// The running service.
pub struct Process {
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to the first 200 of `/ready`.
    pub ready_after: Duration,
    child: Child,
}

impl Process {
    /// Starts the binary on a database in `folder`, which trusts `public_key` and calls `api`.
    pub async fn start(folder: &Path, public_key: &str, api: SocketAddr) -> Self {
        let database = format!("sqlite://{}", folder.join("road.db").display());
        Self::start_on(&database, folder, public_key, api).await
    }

    /// The same on any database.
    pub async fn start_on(database: &str, folder: &Path, public_key: &str, api: SocketAddr) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let key = folder.join("platform.pem");
        fs::write(&key, public_key).unwrap();
        let log = File::options().create(true).append(true).open(folder.join("service.log")).unwrap();
        let begun = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_clockify-addons"))
            .arg("serve")
            .current_dir(folder)
            .env_clear()
            .env("HOST", "127.0.0.1")
            .env("ADDONS", "universal-webhook")
            .env("UNIVERSAL_WEBHOOK_PORT", address.port().to_string())
            .env("DATABASE_URL", database)
            .env("CLOCKIFY_PUBLIC_KEY", &key)
            .env("CLOCKIFY_API_BASES", format!("http://{api}/api"))
            .env("OUTBOUND_ALLOW_CIDRS", "127.0.0.0/8")
            .env("UW_BOOTSTRAP_ON_INSTALL", "false")
            .env("UW_BOOTSTRAP_MAX_RPS", "50")
            .env("UW_BOOTSTRAP_MAX_PAGES", "10000")
            .env("LOG_LEVEL", "ERROR")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut process = Self { address, ready_after: Duration::ZERO, child };
        let mut ready = false;
        while !ready {
            if begun.elapsed().as_secs() > WAIT_SECONDS_MAX || process.child.try_wait().unwrap().is_some() {
                panic!("the service did not get ready: {}", fs::read_to_string(folder.join("service.log")).unwrap());
            }
            ready = matches!(process.get("/ready").await, Some((200, _)));
            if !ready {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        process.ready_after = begun.elapsed();
        process
    }

    /// An answer on a fresh connection. `None` where there is none.
    pub async fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut connection = Connection::open(self.address).await.ok()?;
        let status = connection.exchange(&request("GET", path, &[], "")).await.ok()?;
        Some((status, connection.body()))
    }

    /// Memory in RAM, in bytes.
    pub fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most memory in RAM so far, in bytes.
    pub fn resident_peak(&self) -> u64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> u64 {
        let status = self.file("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }

    /// What the system says of the process.
    pub fn file(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap()
    }

    /// A counter's value.
    pub async fn counter(&self, line: &str) -> u64 {
        let (_, text) = self.get("/metrics").await.unwrap();
        let value = text.lines().find_map(|found| found.strip_prefix(line)?.trim().parse::<f64>().ok());
        value.map_or(0, |value| value as u64)
    }

    /// Asks it to stop, and waits.
    pub async fn stop(mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        until("the service stops", || self.child.try_wait().unwrap().is_some()).await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits for a condition, with a bound.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed().as_secs() < WAIT_SECONDS_MAX, "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
