//! The option `rate`: how many messages of the peer are handled.

use std::time::Duration;

use super::ReceivePath;
use super::inbox::Waiting;
use super::own::refuses_id;
use crate::conn::Conn;
use crate::conn::beside::BesideCalls;
use crate::conn::drive::Moment;
use crate::event::Received;
use crate::message::{Bucket, Refill};

/// How many messages are left of the connection's `rate`. Boxed, as most servers have none.
#[derive(Debug, Default)]
pub(super) struct Pace(Option<Box<State>>);

#[derive(Debug, Default)]
struct State {
    bucket: Bucket,
    /// Whether the first message of the inbox has taken its token. It was passed to its handler before, which is to be
    /// awaited.
    first_has_token: bool,
    /// When there is a token for the first message of the inbox.
    resumes_at: Option<Moment>,
}

impl State {
    /// Takes a token for a message. If there is none: how long it takes until there is one.
    fn take(&mut self, rate: Refill, message: &Received<'_>, now: Moment) -> Result<(), Duration> {
        match message {
            Received::Utf8(_) | Received::Named(_) | Received::Binary(_) => {
                self.bucket.take(rate, now.micros() * 1000)
            }
            Received::Pong(_) => Ok(()),
        }
    }
}

impl ReceivePath {
    /// Takes a token for a message that has just arrived, if none waits before it. Without one the message waits too.
    #[inline]
    pub(super) fn is_allowed(&mut self, rate: Option<Refill>, message: &Received<'_>, now: Moment) -> bool {
        if !self.inbox.is_empty() {
            return false;
        }
        let Some(rate) = rate else { return true };
        let state = self.pace.0.get_or_insert_default();
        state.first_has_token = state.take(rate, message, now).is_ok();
        state.first_has_token
    }

    /// Takes a token for the first message that waits. Returns whether the message has to wait until there is one.
    #[inline]
    pub(in crate::conn) fn pauses(&mut self, rate: Option<Refill>, now: Moment) -> bool {
        let Some(rate) = rate else { return false };
        let Some(message) = self.inbox.first() else { return false };
        let state = self.pace.0.get_or_insert_default();
        if !state.first_has_token {
            match state.take(rate, message, now) {
                Ok(()) => state.first_has_token = true,
                Err(wait) => {
                    // Rounded up to the clock's resolution, or it would be too early.
                    state.resumes_at = Some(now.after(wait + Duration::from_micros(1)));
                    return true;
                }
            }
        }
        state.resumes_at = None;
        false
    }

    /// When handling goes on, if it pauses. A time that has passed is one of a connection that ends.
    pub(in crate::conn) fn resumes_at(&self, now: Moment) -> Option<Moment> {
        self.pace.0.as_ref()?.resumes_at.filter(|at| *at > now)
    }

    /// Takes the first message that waits and is to be handled. The peer is told why those before it are not.
    pub(in crate::conn) fn pop(&mut self, conn: &Conn, beside: &BesideCalls) -> Option<Waiting> {
        if let Some(state) = &mut self.pace.0 {
            state.first_has_token = false;
        }
        loop {
            let waiting = self.inbox.pop()?;
            if waiting.is_cancelled {
                self.tell_cancelled(&waiting.message, conn);
            } else if beside.is_empty() || !refuses_id(&waiting.message, beside, conn) {
                return Some(waiting);
            }
        }
    }
}
