//! What has arrived and waits for the handler before it.

use std::collections::VecDeque;

use crate::event::Close;
use crate::wire::Incoming;

/// The inbox never holds less than this many bytes before reading stops.
const MIN_BYTES: usize = 256 * 1024;

/// The bounded queue between the socket and the handlers. While it is full nothing is read: TCP pushes back.
#[derive(Debug)]
pub(super) struct Inbox {
    waiting: VecDeque<Incoming<'static>>,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
    /// How the stream of messages ended; told once all before it are handled.
    end: Option<Close>,
}

impl Inbox {
    pub(super) fn new(max_messages: usize, max_message: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            bytes: 0,
            max_messages,
            max_bytes: max_message.max(MIN_BYTES),
            end: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= self.max_messages || self.bytes >= self.max_bytes
    }

    pub(super) fn push(&mut self, incoming: Incoming<'static>) {
        self.bytes += size(&incoming);
        self.waiting.push_back(incoming);
    }

    pub(super) fn pop(&mut self) -> Option<Incoming<'static>> {
        let incoming = self.waiting.pop_front()?;
        self.bytes -= size(&incoming);
        if self.waiting.is_empty() && self.waiting.capacity() > self.max_messages {
            self.waiting = VecDeque::new();
        }
        Some(incoming)
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, close: Close) {
        self.end.get_or_insert(close);
    }

    pub(super) fn take_end(&mut self) -> Option<Close> {
        self.end.take()
    }
}

fn size(incoming: &Incoming<'_>) -> usize {
    match incoming {
        Incoming::Text(text) => text.as_str().len(),
        Incoming::Binary(data) | Incoming::Ping(data) | Incoming::Pong(data) => data.as_slice().len(),
        Incoming::Close(_) => 0,
    }
}
