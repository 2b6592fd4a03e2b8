//! `Download`: an explorer's call whose answer is handed on while it comes, for those that are too large to be held.
//!
//! The head decides before anything is handed on. Then the body goes, piece by piece, through a channel with little room ([`Arriving`]): a caller that
//! reads slowly makes the platform wait, and one that goes away ends the exchange. The reading stays on this thread, to which the client is bound, in
//! a task of its own; the call keeps its place, and its record is kept, until that has ended. What breaks off never looks complete.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use actix::{Context, Handler, Message, ResponseFuture};
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio::sync::mpsc;

use super::execute::{Admitted, Execute, Making, status_of};
use super::runner::ask::Unasked;
use super::{Error, Workspace};
use crate::call::KeptAnswer;
use crate::limits::explorer as limits;
use crate::port::clockify::{CallError, Head, Opened, Pieces};

/// Asks the workspace to make a call and to hand on what comes. It bounds time and size by itself, whatever the request says.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<Begun, Error>")]
pub struct Download(pub Execute);

/// How the answer begins.
#[derive(Debug)]
pub enum Begun {
    /// Its body follows.
    Arrives(Head, Arriving),
    /// A status of 400 or above; what was said about it is in the call's record.
    Refused(u16),
    /// There is none.
    Failed(CallError),
}

/// A body that is on its way from the workspace's thread. Dropping it ends the exchange.
#[derive(Debug)]
pub struct Arriving(mpsc::Receiver<Piece>);

/// What comes through the channel. Its closing says nothing, for that is also how a task ends that panics.
#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    /// The body is whole.
    End,
}

/// What came is not the whole body.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the answer broke off")]
pub struct BrokenOff;

impl Arriving {
    /// The next bytes. `None`: there are no more, and what came is the whole body.
    ///
    /// # Errors
    ///
    /// It is not, and no more will come.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        match self.0.recv().await {
            Some(Piece::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Piece::End) => Ok(None),
            None => Err(BrokenOff),
        }
    }
}

impl Handler<Download> for Workspace {
    type Result = ResponseFuture<Result<Begun, Error>>;

    fn handle(&mut self, Download(mut call): Download, _: &mut Context<Self>) -> Self::Result {
        let admitted = self.admit();
        Box::pin(async move {
            let admitted = admitted?;
            call.request.response_bytes_max = limits::DOWNLOAD_BYTES_MAX;
            let (making, installation) = (admitted.making(call), &admitted.installation);
            let token = making.call.token.as_ref().unwrap_or(&installation.token);
            match admitted.runner.open_with(&installation.urls, token, making.call.request.clone()).await {
                Ok(Opened { head, pieces }) if head.status >= 400 => {
                    let status = head.status;
                    refuse(admitted, making, head, pieces).await;
                    Ok(Begun::Refused(status))
                }
                Ok(Opened { head, pieces }) => {
                    let (sender, receiver) = mpsc::channel(limits::DOWNLOAD_PIECES_WAITING_MAX);
                    actix_rt::spawn(hand_on(admitted, making, head.clone(), pieces, sender));
                    Ok(Begun::Arrives(head, Arriving(receiver)))
                }
                Err(Unasked::NoRoom(wait)) => Err(Error::TooFast(wait)),
                Err(Unasked::Failed(error)) => {
                    admitted.keep(making, None, status_of(&error), Some(error.to_string())).await;
                    Ok(Begun::Failed(error))
                }
            }
        })
    }
}

/// Why not all of a body was handed on.
#[derive(thiserror::Error, Debug)]
enum Cut {
    #[error("{0}")]
    Failed(CallError),
    #[error("the caller did not take all of the answer")]
    CallerGone,
    #[error("answer lost: not complete within the time limit")]
    TooSlow,
}

/// Hands on what comes, keeps the record, and only then says that it was all.
async fn hand_on(admitted: Admitted, making: Making, head: Head, mut pieces: Box<dyn Pieces>, sender: mpsc::Sender<Piece>) {
    let mut first = First::default();
    let limit = admitted.env.clock.sleep(Duration::from_millis(limits::DOWNLOAD_MS_MAX));
    let outcome = match select(pin!(pass_on(&mut *pieces, &mut first, &sender)), limit).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Err(Cut::TooSlow),
    };
    // The exchange ends here, however long the store takes.
    drop(pieces);
    let error = outcome.as_ref().err().map(ToString::to_string);
    let answer = first.of(&head, outcome.is_ok());
    admitted.keep(making, Some(answer), Some(head.status), error).await;
    if outcome.is_ok() {
        // A caller that has gone by now misses nothing but this.
        let _ = sender.send(Piece::End).await;
    }
}

async fn pass_on(pieces: &mut dyn Pieces, first: &mut First, sender: &mpsc::Sender<Piece>) -> Result<(), Cut> {
    loop {
        let piece = match select(pin!(next(pieces)), pin!(sender.closed())).await {
            Either::Left((piece, _)) => piece.map_err(Cut::Failed)?,
            Either::Right(_) => return Err(Cut::CallerGone),
        };
        let Some(piece) = piece else { return Ok(()) };
        first.take(&piece);
        sender.send(Piece::Bytes(piece)).await.map_err(|_| Cut::CallerGone)?;
    }
}

/// Keeps the record of a refusal, with as much of its words as has room there.
async fn refuse(admitted: Admitted, making: Making, head: Head, mut pieces: Box<dyn Pieces>) {
    let mut first = First::default();
    let limit = admitted.env.clock.sleep(Duration::from_millis(limits::REFUSAL_MS_MAX));
    let reading = async {
        while first.has_room() {
            match next(&mut *pieces).await {
                Ok(Some(piece)) => first.take(&piece),
                ended => return ended.is_ok(),
            }
        }
        false
    };
    let whole = matches!(select(pin!(reading), limit).await, Either::Left((true, _)));
    drop(pieces);
    let answer = first.of(&head, whole);
    admitted.keep(making, Some(answer), Some(head.status), None).await;
}

/// The next piece; a panic becomes an error.
async fn next(pieces: &mut dyn Pieces) -> Result<Option<Bytes>, CallError> {
    let panicked = |_| Err(CallError::Lost("the call panicked".into()));
    AssertUnwindSafe(pieces.next()).catch_unwind().await.unwrap_or_else(panicked)
}

/// The first bytes of a body, for the record.
#[derive(Default)]
struct First {
    kept: BytesMut,
    /// Of all that came.
    bytes: usize,
}

impl First {
    fn has_room(&self) -> bool {
        self.kept.len() < limits::ANSWER_KEPT_BYTES_MAX
    }

    fn take(&mut self, piece: &[u8]) {
        let room = limits::ANSWER_KEPT_BYTES_MAX - self.kept.len();
        self.kept.extend_from_slice(piece.get(..room).unwrap_or(piece));
        self.bytes += piece.len();
    }

    fn of(self, head: &Head, whole: bool) -> KeptAnswer {
        KeptAnswer::beginning(head, &self.kept, if whole { self.bytes } else { self.bytes + 1 })
    }
}
