//! Waiting for a condition, within a bound.

use std::time::Duration;

use actors::clock::{Clock, SystemClock};

/// How long anything may take that takes a moment on an idle machine: builds and other tests may share it.
pub const LONG: Duration = Duration::from_secs(60);

/// Asks again and again until `ask` has an answer; fails with `what` when it has none in time.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let clock = SystemClock::new();
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            clock.sleep(Duration::from_millis(10)).await;
        }
    };
    match tokio::time::timeout(LONG, asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("{what}: not within {LONG:?}"),
    }
}
