//! Drives a workspace's runs.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use super::Environment;
use super::status::Snapshot;
use crate::clock::Timestamp;
use crate::flow::compiled::Compiled;
use crate::flow::run::Run;
use crate::ids::{FlowId, Key};
use crate::installation::Installation;
use crate::port::clockify::Clockify;
use crate::port::store::receipt::Pending;

/// The runner.
pub struct Runner;

#[allow(missing_docs, unused_variables)]
impl Runner {
    pub fn new(key: Key, env: Arc<Environment>, clockify: Rc<dyn Clockify>) -> Rc<Self> {
        Rc::new(Self)
    }
    pub fn adopt(&self, installation: Arc<Installation>, flows: &[Arc<Compiled>], concurrency: usize, works: bool) {}
    pub fn close(&self) {}
    pub fn hold(&self) {}
    pub fn expect(&self, pending: Pending, runs: Vec<Run>, payload: Option<Bytes>) {}
    pub fn echoes(&self, flow: FlowId, entity: Option<&Arc<str>>, now: Timestamp) -> bool {
        false
    }
    pub fn idle(&self) -> bool {
        true
    }
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::default()
    }
}
