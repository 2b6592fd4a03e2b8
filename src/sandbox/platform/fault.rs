//! Faults on demand: what the simulated REST API does wrong, where, and how often.

use std::time::Duration;

use actors::limits::sandbox as limits;
use serde::{Deserialize, Serialize};

use super::glob;

/// What goes wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// Everything goes well, later.
    Slow {
        /// How much later, in milliseconds.
        ms: u64,
    },
    /// Another status.
    Status {
        /// Which.
        status: u16,
        /// The platform's code, in the body.
        #[serde(default)]
        code: Option<u32>,
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The connection closes without a byte of an answer.
    CutOff,
    /// The connection closes in the middle of the answer's body.
    CutShort,
    /// A well-formed answer that is far too large.
    Huge {
        /// How large, in bytes.
        bytes: u64,
    },
    /// No answer until [`super::Platform::release`]; then it goes on as usual.
    Hang,
}

/// A fault that waits for its request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// HTTP method; any by default.
    #[serde(default = "any")]
    pub method: String,
    /// Path below the base URL with `*` for one segment and `**` for the rest: `/v1/workspaces/*/tags/**`. Any by default.
    #[serde(default = "anywhere")]
    pub path: String,
    /// Only this operation of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// How many requests it hits; all by default.
    #[serde(default)]
    pub times: Option<u32>,
    /// Whether the request is carried out first, so that only the answer goes wrong.
    #[serde(default)]
    pub after: bool,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: Kind,
}

fn any() -> String {
    "*".into()
}

fn anywhere() -> String {
    "**".into()
}

impl Fault {
    /// A fault that hits every request of `method` (`*`: any) on `path`.
    pub fn new(method: &str, path: &str, kind: Kind) -> Self {
        Self { method: method.into(), path: path.into(), operation: None, times: None, after: false, kind }
    }

    /// A fault that hits every call of an operation of the catalogue.
    pub fn of(operation: &str, kind: Kind) -> Self {
        Self { operation: Some(operation.into()), ..Self::new("*", "**", kind) }
    }

    /// An answer with this status and nothing done.
    pub fn status(method: &str, path: &str, status: u16) -> Self {
        Self::new(method, path, Kind::Status { status, code: None, retry_after: None })
    }

    /// Only the next `times` requests.
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// The request is carried out; the answer goes wrong.
    pub fn after(self) -> Self {
        Self { after: true, ..self }
    }
}

/// A fault and its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Waiting {
    /// By which it is removed.
    pub id: u64,
    /// How many requests it has hit.
    pub hits: u64,
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
}

/// All faults, in the order in which they were set; the first that fits is taken.
#[derive(Default)]
pub struct Faults {
    waiting: Vec<Waiting>,
    last_id: u64,
}

impl Faults {
    /// Adds a fault and gives its number; nothing if too many wait already or its bounds are too large.
    pub fn add(&mut self, fault: Fault) -> Option<u64> {
        let bounded = match fault.kind {
            Kind::Huge { bytes } => bytes <= limits::HUGE_BYTES_MAX,
            Kind::Status { status, .. } => (200..=599).contains(&status),
            _ => true,
        };
        if self.waiting.len() >= limits::FAULTS_MAX {
            self.waiting.retain(|waiting| waiting.fault.times.is_none_or(|times| waiting.hits < u64::from(times)));
        }
        if self.waiting.len() >= limits::FAULTS_MAX || !bounded {
            return None;
        }
        self.last_id += 1;
        self.waiting.push(Waiting { id: self.last_id, hits: 0, fault });
        Some(self.last_id)
    }

    /// The fault that this request meets; `operation` is what it asks for, if that is known.
    pub fn meet(&mut self, method: &str, path: &str, operation: Option<&str>) -> Option<Fault> {
        let fits = |waiting: &Waiting| {
            let fault = &waiting.fault;
            (fault.method == "*" || fault.method.eq_ignore_ascii_case(method))
                && glob::fits(&fault.path, path)
                && fault.operation.as_deref().is_none_or(|wanted| operation == Some(wanted))
                && fault.times.is_none_or(|times| waiting.hits < u64::from(times))
        };
        let met = self.waiting.iter_mut().find(|waiting| fits(waiting))?;
        met.hits += 1;
        Some(met.fault.clone())
    }

    /// Those that are there, the used up ones included.
    pub fn all(&self) -> Vec<Waiting> {
        self.waiting.clone()
    }

    /// Removes one. `false`: there is none with this number.
    pub fn remove(&mut self, id: u64) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.id != id);
        self.waiting.len() < before
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }
}

impl Kind {
    /// How long it keeps a request waiting.
    pub(super) fn delay(&self) -> Option<Duration> {
        match self {
            Self::Slow { ms } => Some(Duration::from_millis(*ms)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_as_often_as_it_says_and_then_the_next_one_has_its_turn() {
        let mut faults = Faults::default();
        faults.add(Fault::status("PUT", "/v1/workspaces/*/tags/*", 503).times(2)).unwrap();
        let last = faults.add(Fault::status("*", "/v1/**", 500)).unwrap();
        let path = "/api/v1/workspaces/a/tags/b";
        let status = |faults: &mut Faults, method: &str| match faults.meet(method, path, Some("getTag")).map(|fault| fault.kind) {
            Some(Kind::Status { status, .. }) => Some(status),
            _ => None,
        };
        assert_eq!([status(&mut faults, "GET"), status(&mut faults, "put")], [Some(500), Some(503)]);
        assert_eq!([status(&mut faults, "PUT"), status(&mut faults, "PUT")], [Some(503), Some(500)]);
        assert!(faults.remove(last) && !faults.remove(last));
        assert_eq!(status(&mut faults, "PUT"), None);
    }

    #[test]
    fn a_fault_of_an_operation_hits_that_operation_alone() {
        let mut faults = Faults::default();
        faults.add(Fault::of("createNewTag", Kind::CutOff)).unwrap();
        let mut met = |operation: Option<&str>| faults.meet("POST", "/api/v1/workspaces/a/tags", operation).is_some();
        assert_eq!([met(Some("createNewTag")), met(Some("getTags")), met(None)], [true, false, false]);
    }

    #[test]
    fn it_is_read_from_json_with_sane_defaults() {
        let fault: Fault = serde_json::from_str(r#"{"path": "/v1/**", "kind": "status", "status": 429, "retry_after": 2}"#).unwrap();
        assert_eq!(fault, Fault::new("*", "/v1/**", Kind::Status { status: 429, code: None, retry_after: Some(2) }));
        let fault: Fault = serde_json::from_str(r#"{"operation": "getTags", "kind": "slow", "ms": 20}"#).unwrap();
        assert_eq!(fault, Fault::of("getTags", Kind::Slow { ms: 20 }));
    }
}
