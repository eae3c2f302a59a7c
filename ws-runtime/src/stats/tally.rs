//! What the task of a connection has counted in this turn, before it is added up.

use std::cell::Cell;

use super::counters::Counters;

thread_local! {
    /// The messages of the connection whose task runs on this thread, since they were added up last.
    ///
    /// Plain cells without a destructor: a message is counted by two instructions, and a connection owns no memory for
    /// it.
    static TALLY: Tally = const { Tally::ZERO };
}

/// What was counted and not added up.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(super) received: OneWay,
    pub(super) sent: OneWay,
}

/// The messages of one direction.
#[derive(Debug)]
pub(super) struct OneWay {
    /// The text messages, and times 2^32 the binary ones: one look tells whether there are any.
    messages: Cell<u64>,
    bytes: Cell<u64>,
}

const TEXT: u64 = 1;
const BINARY: u64 = 1 << 32;

impl Tally {
    const ZERO: Self = Self { received: OneWay::ZERO, sent: OneWay::ZERO };

    /// Takes what this thread has counted: the task of another connection runs inside of a handler.
    #[cold]
    pub(crate) fn take() -> Self {
        TALLY.with(|tally| Self { received: tally.received.take(), sent: tally.sent.take() })
    }

    /// Goes on with what was taken.
    #[cold]
    pub(crate) fn restore(self) {
        TALLY.with(|tally| {
            tally.received.set(&self.received);
            tally.sent.set(&self.sent);
        });
    }
}

impl OneWay {
    const ZERO: Self = Self { messages: Cell::new(0), bytes: Cell::new(0) };

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.messages.get() == 0
    }

    #[inline]
    pub(super) fn text(&self) -> u64 {
        self.messages.get() % BINARY
    }

    #[inline]
    pub(super) fn binary(&self) -> u64 {
        self.messages.get() / BINARY
    }

    #[inline]
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    #[inline]
    fn add(&self, message: u64, bytes: usize) {
        self.messages.set(self.messages.get().wrapping_add(message));
        self.bytes.set(self.bytes.get().wrapping_add(bytes as u64));
    }

    #[inline]
    fn clear(&self) {
        self.messages.set(0);
        self.bytes.set(0);
    }

    fn take(&self) -> Self {
        Self { messages: self.messages.take().into(), bytes: self.bytes.take().into() }
    }

    fn set(&self, to: &Self) {
        self.messages.set(to.messages.get());
        self.bytes.set(to.bytes.get());
    }
}

/// Counts a text message that the connection whose task runs has received.
#[inline]
pub(crate) fn received_text(bytes: usize) {
    TALLY.with(|tally| tally.received.add(TEXT, bytes));
}

/// The same of a binary message.
#[inline]
pub(crate) fn received_binary(bytes: usize) {
    TALLY.with(|tally| tally.received.add(BINARY, bytes));
}

/// Counts a text message that the connection whose task runs has sent.
#[inline]
pub(crate) fn sent_text(bytes: usize) {
    TALLY.with(|tally| tally.sent.add(TEXT, bytes));
}

/// The same of a binary message.
#[inline]
pub(crate) fn sent_binary(bytes: usize) {
    TALLY.with(|tally| tally.sent.add(BINARY, bytes));
}

/// Adds up what the connection whose task runs has counted. It is of the route with this number.
#[inline]
pub(crate) fn add_up(counters: &Counters, route: usize) {
    TALLY.with(|tally| {
        if !tally.received.is_empty() || !tally.sent.is_empty() {
            counters.traffic.add(route, tally);
            tally.received.clear();
            tally.sent.clear();
        }
    });
}
