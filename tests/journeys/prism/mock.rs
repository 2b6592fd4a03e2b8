//! The mock in a process of its own: found, started on a free port of loopback, and asked what it has seen.

use std::io::{BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use super::super::running::patience;
use super::super::running::process::follow;

/// What it says last of all when it starts.
const LISTENS: &str = "Prism is listening on ";

/// What its answers hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// The description's examples: each page is the same for ever.
    Examples,
    /// Values invented to fit the types, the same in each run. Few of their ids can be ids, so that nothing tells a page from the next.
    Invented,
}

/// A running mock. It is killed when it is dropped.
pub struct Mock {
    /// Where it is.
    pub url: String,
    child: Child,
    lines: Receiver<String>,
    seen: Vec<(String, String)>,
}

impl Mock {
    /// Starts the mock of a description. `None`: it is not on this machine, and `claim` has been named as not checked; in CI that is a failure.
    pub fn start(claim: &str, description: &Path, answers: Answers) -> Option<Self> {
        let Some(program) = program() else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "neither PRISM_DIR nor npx has Prism, so nothing checks {claim}");
            // Not `eprintln!`, which the test harness swallows.
            let _ = writeln!(std::io::stderr(), "SKIPPED: {claim}: neither PRISM_DIR nor npx has Prism");
            return None;
        };
        let mut command = Command::new(program);
        command.args(["mock", "--host", "127.0.0.1", "--port", "0"]).arg(description).env_remove("NODE_ENV");
        if answers == Answers::Invented {
            command.args(["--dynamic", "--seed", "4711"]);
        }
        // A group of its own, so that what it starts ends with it.
        let mut child =
            command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("Prism starts");
        let lines = follow(BufReader::new(child.stdout.take().unwrap()));
        let mut mock = Self { url: String::new(), child, lines, seen: Vec::new() };
        mock.url = mock.listening();
        Some(mock)
    }

    fn listening(&self) -> String {
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(patience::LONG) {
                Ok(line) => match line.split_once(LISTENS) {
                    Some((_, url)) => return url.trim().to_owned(),
                    None => said.push(line),
                },
                Err(RecvTimeoutError::Timeout) => panic!("Prism does not listen; it said {said:#?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("Prism ended; it said {said:#?}"),
            }
        }
    }

    /// Methods and paths of the requests that it has said it received, in their order.
    pub fn seen(&mut self) -> &[(String, String)] {
        let received = self.lines.try_iter().filter(|line| line.ends_with("Request received"));
        let words = received.filter_map(|line| {
            let mut words = line.split_once("[HTTP SERVER] ")?.1.split_whitespace();
            Some((words.next()?.to_ascii_uppercase(), words.next()?.to_owned()))
        });
        self.seen.extend(words);
        &self.seen
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = Command::new("sh").args(["-c", "kill -KILL -\"$1\"", "sh", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// The mock's program: in the folder that `PRISM_DIR` names, or where `npx` has it already.
fn program() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("PRISM_DIR") {
        let program = Path::new(&folder).join("node_modules/.bin/prism");
        assert!(program.exists(), "PRISM_DIR has no {}", program.display());
        return Some(program);
    }
    let asked = ["--offline", "--no", "--package=@stoplight/prism-cli", "--call", "command -v prism"];
    let found = Command::new("npx").args(asked).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let path = String::from_utf8(found.stdout).ok()?;
    (found.status.success() && !path.trim().is_empty()).then(|| PathBuf::from(path.trim()))
}
