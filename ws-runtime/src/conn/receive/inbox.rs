//! Messages that have arrived and wait for a handler to end.

use std::collections::VecDeque;

use crate::event::{Close, Received};
use crate::options::Options;

/// The inbox never holds less than this many bytes before reading stops.
const MIN_BYTES: usize = 256 * 1024;

/// What has arrived and is not handled: the bounded queue between the socket and the handlers. While it is full, nothing
/// is read from the socket, and TCP slows the peer down.
///
/// `None` as long as nothing waits, so that an idle connection holds no memory for it.
#[derive(Debug)]
pub(super) struct Inbox(Option<Box<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    /// Received but not decoded: read before the 101, or left because the inbox or the outbox was full or the budget
    /// used up.
    unread: Vec<u8>,
    waiting: VecDeque<Waiting>,
    /// The sizes of the messages that wait.
    bytes: usize,
    /// How the stream of messages ended. Reported once all messages before it are handled.
    end: Option<Close>,
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
    /// With bytes that were received before.
    pub(super) fn new(unread: Vec<u8>) -> Self {
        let mut inbox = Self(None);
        inbox.set_unread(unread);
        inbox
    }

    /// Whether nothing waits, neither bytes, messages nor the end.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    /// Whether no message waits.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|contents| contents.waiting.is_empty())
    }

    /// Whether the limit is reached, for messages of up to `max_message` bytes.
    pub(super) fn is_full(&self, options: &Options, max_message: usize) -> bool {
        self.0.as_ref().is_some_and(|contents| {
            contents.waiting.len() >= options.max_inbox || contents.bytes >= max_message.max(MIN_BYTES)
        })
    }

    /// Whether bytes wait that were not decoded.
    #[inline]
    pub(super) fn has_unread(&self) -> bool {
        self.0.as_ref().is_some_and(|contents| !contents.unread.is_empty())
    }

    /// Keeps bytes that are decoded later.
    pub(super) fn set_unread(&mut self, unread: Vec<u8>) {
        if !unread.is_empty() {
            self.0.get_or_insert_default().unread = unread;
        }
    }

    /// Takes the bytes that were not decoded.
    pub(super) fn take_unread(&mut self) -> Vec<u8> {
        let unread = self.0.as_mut().map(|contents| std::mem::take(&mut contents.unread));
        self.end_if_idle();
        unread.unwrap_or_default()
    }

    pub(super) fn first(&self) -> Option<&Received<'static>> {
        self.0.as_ref()?.waiting.front().map(|waiting| &waiting.message)
    }

    pub(super) fn push(&mut self, message: Received<'static>, is_passed: bool) {
        let contents = self.0.get_or_insert_default();
        contents.bytes += message.size();
        contents.waiting.push_back(Waiting { message, is_passed, is_cancelled: false });
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let contents = self.0.as_mut()?;
        let waiting = contents.waiting.pop_front()?;
        contents.bytes -= waiting.message.size();
        self.end_if_idle();
        Some(waiting)
    }

    /// Takes the first message for which this holds.
    pub(super) fn take(
        &mut self,
        mut which: impl FnMut(&Received<'static>) -> bool,
    ) -> Option<Received<'static>> {
        let contents = self.0.as_mut()?;
        let is_it = |waiting: &Waiting| !waiting.is_cancelled && which(&waiting.message);
        let at = contents.waiting.iter().position(is_it)?;
        let Waiting { message, .. } = contents.waiting.remove(at)?;
        contents.bytes -= message.size();
        self.end_if_idle();
        Some(message)
    }

    /// Cancels the first message for which this holds. It keeps its place, and the memory that it counts for.
    pub(super) fn cancel(&mut self, mut which: impl FnMut(&Received<'static>) -> bool) {
        let Some(contents) = &mut self.0 else { return };
        let mut live = contents.waiting.iter_mut().filter(|waiting| !waiting.is_cancelled);
        if let Some(waiting) = live.find(|waiting| which(&waiting.message)) {
            waiting.is_cancelled = true;
        }
    }

    /// Records how the stream of messages ended. The first call counts.
    pub(super) fn end(&mut self, close: Close) {
        self.0.get_or_insert_default().end.get_or_insert(close);
    }

    pub(super) fn take_end(&mut self) -> Option<Close> {
        let end = self.0.as_mut()?.end.take();
        self.end_if_idle();
        end
    }

    fn end_if_idle(&mut self) {
        let is_idle = |Contents { unread, waiting, bytes: _, end }: &Contents| {
            unread.is_empty() && waiting.is_empty() && end.is_none()
        };
        if self.0.as_deref().is_some_and(is_idle) {
            self.0 = None;
        }
    }
}
