//! A connection that is not waited for beyond reason (I5): what the HTTP engine itself does not bound.
//!
//! The engine times the head of a connection's first request and a connection that idles. It times neither a later head that drips nor a reader
//! that takes no answer, and each of them would hold a connection, and an answer with it, for ever. So every read and write passes through here.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actors::clock::Clock;
use actors::limits::http as limits;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const REQUEST_MAX: Duration = Duration::from_secs(limits::REQUEST_SECONDS_MAX);
const UNREAD_MAX: Duration = Duration::from_secs(limits::ANSWER_UNREAD_SECONDS_MAX);

/// A connection with its two deadlines.
///
/// - From the first byte of a request to the first byte of an answer it takes at most [`limits::REQUEST_SECONDS_MAX`]: whatever is a whole request
///   is answered by then, so what is cut off is none. The same time counts from an answer on, for what had come of a request before it; a connection
///   that idles is closed by the engine sooner than that.
/// - A reader may keep answers waiting for [`limits::ANSWER_UNREAD_SECONDS_MAX`] in all; what it takes gives it time back, at
///   [`limits::ANSWER_BYTES_PER_SECOND_MIN`].
pub struct Connection<S> {
    stream: S,
    clock: Arc<dyn Clock>,
    /// When the request began to come that has not been answered yet, or when the last answer went.
    asked_at: Option<Duration>,
    /// Whether nothing has come since that answer.
    answered: bool,
    request_timer: Timer,
    /// Since when the reader takes nothing.
    unread_since: Option<Duration>,
    /// How long it kept us waiting before that, less what it got back.
    unread_before: Duration,
    unread_timer: Timer,
}

/// Is looked at when it ends and not when what it was set for does, so that one serves many requests.
#[derive(Default)]
struct Timer(Option<BoxFuture<'static, ()>>);

impl Timer {
    /// Whether the time until `end` is over; if not, the task is woken no later than then.
    fn is_over(&mut self, end: Duration, clock: &dyn Clock, cx: &mut Context<'_>) -> bool {
        loop {
            let rest = end.saturating_sub(clock.elapsed());
            if rest.is_zero() {
                return true;
            }
            if self.0.get_or_insert_with(|| clock.sleep(rest)).as_mut().poll(cx).is_pending() {
                return false;
            }
            self.0 = None;
        }
    }
}

impl<S> Connection<S> {
    /// Around a stream that has just been accepted.
    pub fn new(stream: S, clock: Arc<dyn Clock>) -> Self {
        Self {
            stream,
            clock,
            asked_at: None,
            answered: false,
            request_timer: Timer::default(),
            unread_since: None,
            unread_before: Duration::ZERO,
            unread_timer: Timer::default(),
        }
    }

    fn is_never_whole(&mut self, cx: &mut Context<'_>) -> bool {
        self.asked_at.is_some_and(|asked_at| self.request_timer.is_over(asked_at + REQUEST_MAX, &*self.clock, cx))
    }

    fn is_never_read(&mut self, cx: &mut Context<'_>) -> bool {
        let since = *self.unread_since.get_or_insert_with(|| self.clock.elapsed());
        self.unread_timer.is_over((since + UNREAD_MAX).saturating_sub(self.unread_before), &*self.clock, cx)
    }

    fn has_taken(&mut self, bytes: usize) {
        (self.asked_at, self.answered) = (Some(self.clock.elapsed()), true);
        if let Some(since) = self.unread_since.take() {
            self.unread_before += self.clock.elapsed().saturating_sub(since);
        }
        if !self.unread_before.is_zero() {
            let back = bytes as u64 * 1_000 / limits::ANSWER_BYTES_PER_SECOND_MIN;
            self.unread_before = self.unread_before.saturating_sub(Duration::from_millis(back));
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if read.is_pending() && this.is_never_whole(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if buf.filled().len() > before && (this.asked_at.is_none() || this.answered) {
            (this.asked_at, this.answered) = (Some(this.clock.elapsed()), false);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        match Pin::new(&mut this.stream).poll_write(cx, buf) {
            Poll::Ready(Ok(bytes)) => {
                this.has_taken(bytes);
                Poll::Ready(Ok(bytes))
            }
            Poll::Pending if this.is_never_read(cx) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            other => other,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::task::Waker;

    use actors::clock::Timestamp;
    use actors::testing::ManualClock;

    use super::*;

    /// A stream that does what it is told: so many bytes, or nothing.
    struct Told(VecDeque<Option<usize>>);

    impl AsyncRead for Told {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let Some(Some(bytes)) = self.0.pop_front() else { return Poll::Pending };
            buf.put_slice(&vec![b'x'; bytes]);
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Told {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            self.0.pop_front().flatten().map_or(Poll::Pending, |bytes| Poll::Ready(Ok(bytes)))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    struct Stage {
        clock: ManualClock,
        connection: Connection<Told>,
    }

    impl Stage {
        fn new() -> Self {
            let clock = ManualClock::new(Timestamp::from_seconds(0));
            Self { connection: Connection::new(Told(VecDeque::new()), Arc::new(clock.clone())), clock }
        }

        /// What comes of an attempt after so many seconds; whether the connection lives on.
        fn read(&mut self, seconds: u64, does: Option<usize>) -> bool {
            self.clock.advance(Duration::from_secs(seconds));
            self.connection.stream.0.push_back(does);
            let mut space = [0; 64];
            let read = Pin::new(&mut self.connection).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut space));
            !matches!(read, Poll::Ready(Err(_)))
        }

        fn write(&mut self, seconds: u64, does: Option<usize>) -> bool {
            self.clock.advance(Duration::from_secs(seconds));
            self.connection.stream.0.push_back(does);
            let written = Pin::new(&mut self.connection).poll_write(&mut Context::from_waker(Waker::noop()), b"answer");
            !matches!(written, Poll::Ready(Err(_)))
        }
    }

    const REQUEST: u64 = limits::REQUEST_SECONDS_MAX;
    const UNREAD: u64 = limits::ANSWER_UNREAD_SECONDS_MAX;

    #[test]
    fn who_says_nothing_may_idle_and_who_begins_a_request_must_end_it() {
        let mut stage = Stage::new();
        assert!(stage.read(10 * REQUEST, None), "the engine times what idles");
        assert!(stage.read(0, Some(1)) && stage.read(0, None));
        assert!(stage.read(REQUEST - 1, Some(1)) && stage.read(0, None), "a drip wins no time");
        assert!(!stage.read(1, None));
    }

    #[test]
    fn an_answer_ends_the_time_of_its_request_and_the_next_has_its_own() {
        let mut stage = Stage::new();
        for _ in 0..3 {
            assert!(stage.read(REQUEST - 1, Some(1)) && stage.read(REQUEST - 1, None) && stage.write(0, Some(6)));
            assert!(stage.read(REQUEST - 1, None));
        }
    }

    #[test]
    fn what_came_of_a_request_before_an_answer_does_not_stay_for_ever() {
        let mut stage = Stage::new();
        assert!(stage.read(0, Some(64)) && stage.write(0, Some(6)) && stage.read(REQUEST - 1, None));
        assert!(!stage.read(1, None));
    }

    #[test]
    fn a_reader_that_takes_nothing_is_given_up_and_one_that_pauses_is_not() {
        let mut stage = Stage::new();
        assert!(stage.write(0, None) && stage.write(UNREAD - 1, None) && stage.write(0, Some(6)));
        let bytes = limits::ANSWER_BYTES_PER_SECOND_MIN * UNREAD;
        assert!(stage.write(0, Some(usize::try_from(bytes).unwrap())));
        assert!(stage.write(0, None) && stage.write(UNREAD - 1, None));
        assert!(!stage.write(1, None));
    }

    #[test]
    fn a_drip_does_not_keep_a_connection_and_a_modem_does() {
        let mut stage = Stage::new();
        let drips = (0..100).take_while(|_| stage.write(1, None) && stage.write(4, Some(1))).count();
        assert!(drips < 10, "{drips}");
        let mut stage = Stage::new();
        let enough = usize::try_from(limits::ANSWER_BYTES_PER_SECOND_MIN * 5).unwrap();
        assert!((0..1_000).all(|_| stage.write(1, None) && stage.write(4, Some(enough))));
    }
}
