//! Messages to the runtime itself, which are handled as they are received, ahead of the inbox and of every handler:
//! names that begin with `$`, and answers to questions.

use super::ReceivePath;
use crate::Reject;
use crate::conn::Conn;
use crate::conn::beside::{BesideCalls, tell_cancelled};
use crate::conn::dispatch::tell;
use crate::conn::drive::Turn;
use crate::conn::send::{Bound, Phase};
use crate::event::{Close, ClosedBy, Failure, Received};
use crate::message::{self, Answer, Broken, Envelope, write};
use crate::wire::FrameKind;

/// The handler of these messages in the log.
const HANDLER: &str = "message";

impl ReceivePath {
    /// Handles a message if it is one to the runtime, unless the connection is closing. Returns whether it was one.
    #[inline]
    pub(super) fn takes_own(&mut self, message: &Envelope<'_>, turn: &mut Turn<'_>) -> bool {
        is_own(message, turn) && self.handle_own(message, turn)
    }

    /// Returns false if the message is broken: its dispatcher tells the peer so.
    #[inline(never)]
    fn handle_own(&mut self, message: &Envelope<'_>, turn: &mut Turn<'_>) -> bool {
        if turn.conn.phase() == Phase::Closing {
            return true;
        }
        let is_dollar = message.name().starts_with('$');
        match message.answer() {
            Ok(Some(answer)) if !is_dollar => answered(message, answer, turn),
            Ok(_) => match message.complete() {
                Ok(()) => self.handle_dollar(message, turn),
                Err(broken) => refuse(message, broken.into(), turn),
            },
            Err(_) => return false,
        }
        true
    }

    fn handle_dollar(&mut self, message: &Envelope<'_>, turn: &mut Turn<'_>) {
        let id = message.reply_to().id;
        match (message.name(), id) {
            ("$ping", id) => {
                if self.allows_ping(turn) {
                    let pong = |out: &mut Vec<u8>| {
                        write::pong(out, message.keys(), id);
                        Ok(())
                    };
                    // Fails only if the connection is closing or cut, or if far too much waits already.
                    let _ = message::with_text(pong, |text| {
                        turn.conn.send_message(FrameKind::Text, text, Bound::Pong)
                    });
                }
            }
            ("$cancel", Some(id)) => self.cancel(id, turn),
            ("$cancel", None) => {
                let reject = Reject::bad_request();
                refuse(message, reject.text("`$cancel` needs the id of the message that is cancelled"), turn);
            }
            // Never answered, or two peers of one kind could do that without end.
            ("$error" | "$pong", _) => {
                self.charge_ping(turn, "too many pings or `$error` messages");
            }
            _ => refuse(message, Reject::not_found().text("names that begin with `$` are reserved"), turn),
        }
    }

    /// Ends the call that answers this `id`. One that waits in the inbox does not begin.
    fn cancel(&mut self, id: &str, turn: &mut Turn<'_>) {
        if turn.beside.cancel(id, turn.conn) {
            return;
        }
        let Some(speech) = self.speech else { return };
        let is_wanted = |waiting: &Received<'static>| match waiting {
            // What does not run beside other handlers cannot be cancelled later either.
            Received::Named(named) => (speech.running)(named.name()).is_some() && named.id() == Some(id),
            Received::Utf8(_) | Received::Binary(_) | Received::Pong(_) => false,
        };
        if turn.conn.is_overfull() {
            // The peer is told in the message's turn. It would make room for the next one otherwise, whose reply
            // would wait too, without end.
            self.inbox.cancel(is_wanted);
        } else if let Some(message) = self.inbox.take(is_wanted) {
            self.tell_cancelled(&message, turn.conn);
        }
    }

    /// Tells the peer that a message has not begun, as it has cancelled it.
    pub(super) fn tell_cancelled(&self, message: &Received<'_>, conn: &Conn) {
        if let (Received::Named(named), Some(speech)) = (message, self.speech)
            && let Some(running) = (speech.running)(named.name())
        {
            tell_cancelled(conn, HANDLER, running, &named.address());
        }
    }

    /// Charges a ping, by either protocol. Ends the connection after too many.
    pub(super) fn allows_ping(&mut self, turn: &mut Turn<'_>) -> bool {
        self.charge_ping(turn, "too many pings")
    }

    /// Charges a message that costs as much as a ping. Ends the connection after too many, with this reason.
    fn charge_ping(&mut self, turn: &mut Turn<'_>, reason: &'static str) -> bool {
        let allowed = turn.deadlines.allows_ping(turn.now);
        if !allowed {
            self.end(Close::new(1008, reason, ClosedBy::Rate));
        }
        allowed
    }
}

#[inline]
fn is_own(message: &Envelope<'_>, turn: &Turn<'_>) -> bool {
    message.is_for_runtime()
        // Its number may stand behind its data. Where nothing was asked, the handler's dispatcher finds that.
        || turn.conn.has_asked() && message.complete() == Err(Broken::NoQuestion)
}

/// Refuses a message with the `id` of a call that runs, as the peer could not tell their replies apart. Returns
/// whether it has one.
pub(super) fn refuses_id(message: &Received<'_>, beside: &BesideCalls, conn: &Conn) -> bool {
    match message {
        Received::Named(named) if named.id().is_some_and(|id| beside.has_id(id)) => {
            let reject = Reject::bad_request().text("a call that still runs has the same id");
            tell(conn, HANDLER, named.keys(), named.reply_to(), Ok(Failure::from(reject)));
            true
        }
        Received::Named(_) | Received::Utf8(_) | Received::Binary(_) | Received::Pong(_) => false,
    }
}

fn answered(message: &Envelope<'_>, answer: Answer<'_>, turn: &Turn<'_>) {
    if !turn.conn.answered(answer) {
        refuse(message, Broken::NoQuestion.into(), turn);
    }
}

/// Tells the peer what is wrong, within its budget of mistakes.
#[cold]
fn refuse(message: &Envelope<'_>, reject: Reject, turn: &Turn<'_>) {
    tell(turn.conn, HANDLER, message.keys(), message.reply_to(), Ok(Failure::from(reject)));
}
