//! What has arrived and waits for the handler before it.

use std::collections::VecDeque;

use crate::event::Close;
use crate::options::Options;
use crate::wire::Incoming;

/// The inbox never holds less than this many bytes before reading stops.
const MIN_BYTES: usize = 256 * 1024;

/// The bounded queue between the socket and the handlers. While it is full nothing is read: TCP pushes back.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    waiting: VecDeque<Incoming<'static>>,
    bytes: usize,
    /// How the stream of messages ended; told once all before it are handled.
    end: Option<Box<Close>>,
}

impl Inbox {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether nothing waits, not even the end.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.end.is_none()
    }

    /// Whether as much waits as may, where a message may be of `max_message` bytes.
    #[inline]
    pub(super) fn is_full(&self, options: &Options, max_message: usize) -> bool {
        if self.waiting.is_empty() {
            return false;
        }
        self.waiting.len() >= options.max_inbox || self.bytes >= max_message.max(MIN_BYTES)
    }

    pub(super) fn push(&mut self, incoming: Incoming<'static>) {
        self.bytes += size(&incoming);
        self.waiting.push_back(incoming);
    }

    pub(super) fn pop(&mut self) -> Option<Incoming<'static>> {
        let incoming = self.waiting.pop_front()?;
        self.bytes -= size(&incoming);
        if self.waiting.is_empty() {
            // An idle connection holds no buffer.
            self.waiting = VecDeque::new();
        }
        Some(incoming)
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, close: Close) {
        self.end.get_or_insert_with(|| Box::new(close));
    }

    pub(super) fn take_end(&mut self) -> Option<Close> {
        self.end.take().map(|close| *close)
    }
}

fn size(incoming: &Incoming<'_>) -> usize {
    match incoming {
        Incoming::Text(text) => text.as_str().len(),
        Incoming::Binary(data) | Incoming::Ping(data) | Incoming::Pong(data) => data.as_slice().len(),
        Incoming::Close(_) => 0,
    }
}
