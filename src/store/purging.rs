//! The task that removes what uninstalls leave, again and again until nothing is left, and who waits for that. What there is to remove, and how,
//! is the backend's.

use std::sync::Arc;
use std::time::Duration;

use actors::clock::Clock;
use actors::limits::store::PURGE_PAUSE_MS;
use actors::port::store::Error;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What a backend removes.
pub(super) trait Purge: Send + Sync + 'static {
    /// Removes all that is there, in pieces between which others write.
    fn purge(&self) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Counts uninstalls, so that the task begins again.
pub(super) struct Uninstalls(watch::Sender<u64>);

impl Uninstalls {
    /// There may be rows to remove: also after an error, behind which the transaction may have been done.
    pub(super) fn note(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    pub(super) fn count(&self) -> u64 {
        *self.0.borrow()
    }
}

/// The task. It ends when this is dropped.
pub(super) struct Purging {
    /// Of how many uninstalls nothing is left.
    purged: watch::Receiver<Option<u64>>,
    task: AbortHandle,
}

impl Purging {
    /// Starts it, with what an earlier process left.
    pub(super) fn start(purger: impl Purge, clock: Arc<dyn Clock>) -> (Self, Uninstalls) {
        let (uninstalls, begun) = watch::channel(0);
        let (done, purged) = watch::channel(None);
        let task = tokio::spawn(run(purger, clock, begun, done)).abort_handle();
        (Self { purged, task }, Uninstalls(uninstalls))
    }

    /// Waits until nothing is left of so many uninstalls. `false`: it ended before.
    pub(super) async fn done(&self, uninstalls: u64) -> bool {
        self.purged.clone().wait_for(|purged| purged.is_some_and(|purged| purged >= uninstalls)).await.is_ok()
    }

    pub(super) fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for Purging {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn run(purger: impl Purge, clock: Arc<dyn Clock>, mut uninstalls: watch::Receiver<u64>, done: watch::Sender<Option<u64>>) {
    loop {
        let seen = *uninstalls.borrow_and_update();
        match purger.purge().await {
            Ok(()) => {
                done.send_replace(Some(seen));
                if uninstalls.changed().await.is_err() {
                    return;
                }
            }
            Err(error) => {
                log::debug!("what was uninstalled cannot be removed yet: {error}");
                clock.sleep(Duration::from_millis(PURGE_PAUSE_MS)).await;
            }
        }
    }
}
