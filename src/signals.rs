//! SIGTERM and SIGINT ask the service to stop; a second one ends it where it stands, which loses nothing that was acknowledged (I1).

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a service.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over from the system, whose default is to end the process at once.
    ///
    /// # Errors
    ///
    /// The system does not let go of them.
    pub fn take() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one and says its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
