//! A request body that knows whether awc has begun to send it, which is what tells "not reached" from "lost" (I4).

use std::cell::Cell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use awc::body::{BodySize, MessageBody};
use awc::http::Method;
use bytes::Bytes;

use super::Exchange;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Stage {
    /// No body to watch: nothing is known.
    #[default]
    Unknown,
    /// awc has the request and is waiting for a connection.
    Waiting,
    /// A connection was there; bytes may have been written.
    Begun,
}

/// How far an exchange came.
#[derive(Clone, Default)]
pub(super) struct Progress(Rc<Cell<Stage>>);

impl Progress {
    /// From here on, asking for the body means that there is a connection to write it to.
    pub(super) fn arm(&self) {
        // A second try must not hide that the first one may have written.
        if self.0.get() == Stage::Unknown {
            self.0.set(Stage::Waiting);
        }
    }

    /// True only if certainly no byte of the request was written.
    pub(super) fn nothing_sent(&self) -> bool {
        self.0.get() == Stage::Waiting
    }

    fn asked(&self) {
        if self.0.get() == Stage::Waiting {
            self.0.set(Stage::Begun);
        }
    }
}

/// The body of an exchange, watched.
pub(super) struct TrackedBody {
    bytes: Bytes,
    progress: Progress,
}

impl TrackedBody {
    /// None for a GET or DELETE without a body: an empty one would have to be announced by `Content-Length: 0`, which does not belong
    /// there, and such requests may be repeated anyway.
    pub(super) fn of(request: &Exchange, progress: &Progress) -> Option<Self> {
        let bytes = match &request.body {
            Some(bytes) => bytes.clone(),
            None if matches!(request.method, Method::POST | Method::PUT | Method::PATCH) => Bytes::new(),
            None => return None,
        };
        Some(Self { bytes, progress: progress.clone() })
    }
}

impl MessageBody for TrackedBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        // awc asks once more, before it writes the head, when it has a connection.
        self.progress.asked();
        BodySize::Sized(self.bytes.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.progress.asked();
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
    }
}
