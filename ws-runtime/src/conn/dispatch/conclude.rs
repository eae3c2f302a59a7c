//! What follows from how a handler ended: the connection goes on, its peer is told, or it closes.

use super::Dispatcher;
use super::call::{Panicked, Verdict, report};
use super::tell::tell;
use crate::Reject;
use crate::event::{Close, ClosedBy, Failure, Outcome, Received, Refusal, Route};
use crate::message::{Envelope, Keys, NO_REPLY_TO};

impl<R: Route> Dispatcher<R> {
    /// Ends the connection if its handler failed or was cancelled (`None`).
    pub(super) fn conclude(
        &self,
        name: &'static str,
        on_refusal: OnRefusal<'_, '_>,
        ended: Option<Result<Outcome, Panicked>>,
    ) -> Verdict {
        match ended {
            Some(Ok(Ok(()))) => Verdict::GoOn,
            Some(Ok(Err(failure))) => self.fail(name, on_refusal, Ok(failure)),
            Some(Err(panicked)) => self.fail(name, on_refusal, Err(panicked)),
            None => Verdict::End,
        }
    }

    /// Ends the connection after a failed handler, or does what [`OnRefusal`] says if the peer is told why.
    #[cold]
    pub(super) fn fail(
        &self,
        name: &'static str,
        on_refusal: OnRefusal<'_, '_>,
        failed: Result<Failure, Panicked>,
    ) -> Verdict {
        let close = match (on_refusal, &failed) {
            (OnRefusal::Reply(message), Ok(_)) => {
                let keys = R::ENVELOPE.unwrap_or(&Keys::DEFAULT);
                let to = message.map_or(NO_REPLY_TO, |message| {
                    // What refuses before the data is read knows the `id` only now. What is wrong with the message does
                    // not matter any more.
                    let _ = message.complete();
                    message.reply_to()
                });
                return tell(self.conn(), name, keys, to, failed);
            }
            // It is for another phase, in which `ready` has nothing to do.
            (OnRefusal::CloseWithStatus, Ok(failure)) if failure.is_of_phase() => None,
            (_, Ok(failure)) => match failure.refusal() {
                None => Some(Close::failed()),
                Some(Refusal::NoBinary) => {
                    Some(Close::new(1003, "binary messages are not taken here", ClosedBy::Refused))
                }
                Some(Refusal::Runtime(reject) | Refusal::Handler(reject)) => on_refusal.close(reject),
            },
            (_, Err(_)) => Some(Close::panic()),
        };
        report(self.conn(), name, failed.map(Err));
        let Some(close) = close else { return Verdict::GoOn };
        let mut send_path = self.conn().send_path();
        // A peer that `ready` did not let in gets nothing of what others sent.
        send_path.drop_held_back();
        send_path.push_close(close);
        Verdict::End
    }
}

/// What happens if an argument of a handler was refused, or if the handler itself refuses.
#[derive(Debug, Clone, Copy)]
pub(super) enum OnRefusal<'m, 'b> {
    /// The peer gets an error reply to this message, or to a text that is none, and the connection goes on.
    Reply(Option<&'m Envelope<'b>>),
    /// The connection closes with 1008, policy violation, for this cause.
    CloseWith1008(ClosedBy),
    /// The connection closes with 1013, try again later.
    CloseWith1013,
    /// The connection closes with 4000 and the status of the refusal.
    CloseWithStatus,
    /// The connection goes on.
    Continue,
}

impl<'m, 'b> OnRefusal<'m, 'b> {
    pub(super) fn of<R: Route>(message: &'m Received<'b>) -> Self {
        match message {
            Received::Named(message) => Self::Reply(Some(message)),
            Received::Utf8(_) if R::ENVELOPE.is_some() => Self::Reply(None),
            Received::Utf8(_) | Received::Binary(_) => Self::CloseWith1008(ClosedBy::Refused),
            Received::Pong(_) => Self::Continue,
        }
    }

    /// What happens if more messages come than the handler's `rate` allows.
    pub(super) fn of_rate(message: &'m Received<'b>) -> Self {
        match message {
            Received::Named(message) => Self::Reply(Some(message)),
            Received::Utf8(_) | Received::Binary(_) => Self::CloseWith1008(ClosedBy::Rate),
            Received::Pong(_) => Self::Continue,
        }
    }

    /// What happens if too many `blocking` handlers run.
    pub(super) fn of_full<R: Route>(message: &'m Received<'b>) -> Self {
        match Self::of::<R>(message) {
            Self::CloseWith1008(_) => Self::CloseWith1013,
            other @ (Self::Reply(_) | Self::CloseWith1013 | Self::CloseWithStatus | Self::Continue) => other,
        }
    }

    /// The close code and reason; `None` if the connection goes on.
    fn close(self, reject: &Reject) -> Option<Close> {
        match self {
            Self::CloseWith1008(by) => Some(Close::refused(1008, reject, by)),
            Self::CloseWith1013 => Some(Close::refused(1013, reject, ClosedBy::Refused)),
            Self::CloseWithStatus => {
                Some(Close::refused(4000 + reject.status().as_u16(), reject, ClosedBy::Refused))
            }
            Self::Reply(_) | Self::Continue => None,
        }
    }
}
