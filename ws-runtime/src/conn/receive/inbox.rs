//! Messages that have arrived and wait for a handler to end.

use std::collections::VecDeque;

use crate::event::{Close, Received};
use crate::options::Options;

/// The inbox never holds less than this many bytes before reading stops.
const MIN_BYTES: usize = 256 * 1024;

/// The bounded queue between the socket and the handlers. While it is full, nothing is read from the socket, and TCP
/// slows the peer down.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    /// How the stream of messages ended. Reported once all messages before it are handled.
    end: Option<Box<Close>>,
}

#[derive(Debug)]
pub(in crate::conn) struct Waiting {
    pub(in crate::conn) message: Received<'static>,
    /// Whether it was passed to its handler as it was decoded, and must be awaited. It is not passed once more: a
    /// guard and a token of the `rate` are for one call.
    pub(in crate::conn) is_passed: bool,
    /// The peer wants it no more, and is told so in its turn.
    pub(super) is_cancelled: bool,
}

impl Inbox {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether nothing waits, neither a message nor the end.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.end.is_none()
    }

    /// Whether the limit is reached, for messages of up to `max_message` bytes.
    pub(super) fn is_full(&self, options: &Options, max_message: usize) -> bool {
        self.waiting.len() >= options.max_inbox || self.bytes >= max_message.max(MIN_BYTES)
    }

    pub(super) fn first(&self) -> Option<&Received<'static>> {
        self.waiting.front().map(|waiting| &waiting.message)
    }

    pub(super) fn push(&mut self, message: Received<'static>, is_passed: bool) {
        self.bytes += message.size();
        self.waiting.push_back(Waiting { message, is_passed, is_cancelled: false });
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.pop_front()?;
        self.bytes -= waiting.message.size();
        if self.waiting.is_empty() {
            // An idle connection holds no buffer.
            self.waiting = VecDeque::new();
        }
        Some(waiting)
    }

    /// Takes the first message for which this holds.
    pub(super) fn take(
        &mut self,
        mut which: impl FnMut(&Received<'static>) -> bool,
    ) -> Option<Received<'static>> {
        let at = self.waiting.iter().position(|waiting| !waiting.is_cancelled && which(&waiting.message))?;
        let Waiting { message, .. } = self.waiting.remove(at)?;
        self.bytes -= message.size();
        Some(message)
    }

    /// Cancels the first message for which this holds. It keeps its place, and the memory that it counts for.
    pub(super) fn cancel(&mut self, mut which: impl FnMut(&Received<'static>) -> bool) {
        let mut live = self.waiting.iter_mut().filter(|waiting| !waiting.is_cancelled);
        if let Some(waiting) = live.find(|waiting| which(&waiting.message)) {
            waiting.is_cancelled = true;
        }
    }

    /// Records how the stream of messages ended. The first call counts.
    pub(super) fn end(&mut self, close: Close) {
        self.end.get_or_insert_with(|| Box::new(close));
    }

    pub(super) fn take_end(&mut self) -> Option<Close> {
        self.end.take().map(|close| *close)
    }
}
