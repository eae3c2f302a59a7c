//! The option `rate`: how many messages of the peer are handled.

use std::time::Duration;

use super::ReceivePath;
use crate::conn::drive::Moment;
use crate::event::Received;
use crate::message::{Bucket, Refill};

/// How many messages are left of the connection's `rate`.
#[derive(Debug, Default)]
pub(super) struct Pace {
    bucket: Bucket,
    /// Whether the first message of the inbox has taken its token. It was passed to its handler before, which is to be
    /// awaited.
    first_has_token: bool,
}

impl Pace {
    /// Takes a token for a message. If there is none: how long it takes until there is one.
    fn take(&mut self, rate: Option<Refill>, message: &Received<'_>, now: Moment) -> Result<(), Duration> {
        match (rate, message) {
            (None, _) | (Some(_), Received::Pong(_)) => Ok(()),
            (Some(rate), Received::Utf8(_) | Received::Named(_) | Received::Binary(_)) => {
                self.bucket.take(rate, now.micros() * 1000)
            }
        }
    }
}

impl ReceivePath {
    /// Takes a token for a message that has just arrived, if none waits before it. Without one the message waits too.
    #[inline]
    pub(super) fn is_allowed(&mut self, rate: Option<Refill>, message: &Received<'_>, now: Moment) -> bool {
        self.inbox.is_empty() && self.pace.take(rate, message, now).is_ok()
    }

    /// Adds a message to the inbox.
    pub(super) fn keep(&mut self, message: Received<'static>, has_token: bool) {
        if self.inbox.is_empty() {
            self.pace.first_has_token = has_token;
        }
        self.inbox.push(message);
    }

    /// Takes a token for the first message that waits. If there is none: when there is one.
    #[inline]
    pub(in crate::conn) fn paused_until(&mut self, rate: Option<Refill>, now: Moment) -> Option<Moment> {
        let rate = Some(rate?);
        let message = self.inbox.first()?;
        if self.pace.first_has_token {
            return None;
        }
        match self.pace.take(rate, message, now) {
            Ok(()) => {
                self.pace.first_has_token = true;
                None
            }
            // Rounded up to the clock's resolution, or it would be too early.
            Err(wait) => Some(now.after(wait + Duration::from_micros(1))),
        }
    }

    /// Takes the first message that waits.
    pub(in crate::conn) fn pop(&mut self) -> Option<Received<'static>> {
        self.pace.first_has_token = false;
        self.inbox.pop()
    }
}
