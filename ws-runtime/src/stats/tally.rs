//! What the task of a connection has counted in this turn, before it is added up.

use std::cell::Cell;

use super::counters::Counters;

thread_local! {
    /// The messages of the connection whose task runs on this thread, since they were added up last.
    ///
    /// Plain cells without a destructor: a message is counted by two instructions, and a connection owns no memory for
    /// it.
    static TALLY: Tally = const { Tally { received: OneWay::zero(), sent: OneWay::zero() } };
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
    text: Cell<u32>,
    binary: Cell<u32>,
    bytes: Cell<u64>,
}

impl Tally {
    #[inline]
    fn is_empty(&self) -> bool {
        let Self { received, sent } = self;
        received.text.get() | received.binary.get() | sent.text.get() | sent.binary.get() == 0
    }

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
    const fn zero() -> Self {
        Self { text: Cell::new(0), binary: Cell::new(0), bytes: Cell::new(0) }
    }

    #[inline]
    pub(super) fn text(&self) -> u32 {
        self.text.get()
    }

    #[inline]
    pub(super) fn binary(&self) -> u32 {
        self.binary.get()
    }

    #[inline]
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Two instructions, as the cells differ in size: of two of one size the compiler makes a vector, which takes six.
    #[inline]
    fn add(&self, messages: &Cell<u32>, bytes: usize) {
        messages.set(messages.get().wrapping_add(1));
        self.bytes.set(self.bytes.get().wrapping_add(bytes as u64));
    }

    #[inline]
    fn clear(&self) {
        self.text.set(0);
        self.binary.set(0);
        self.bytes.set(0);
    }

    fn take(&self) -> Self {
        let taken = Self { text: self.text.clone(), binary: self.binary.clone(), bytes: self.bytes.clone() };
        self.clear();
        taken
    }

    fn set(&self, to: &Self) {
        self.text.set(to.text.get());
        self.binary.set(to.binary.get());
        self.bytes.set(to.bytes.get());
    }
}

/// Counts a text message that the connection whose task runs has received.
#[inline]
pub(crate) fn received_text(bytes: usize) {
    TALLY.with(|tally| tally.received.add(&tally.received.text, bytes));
}

/// The same of a binary message.
#[inline]
pub(crate) fn received_binary(bytes: usize) {
    TALLY.with(|tally| tally.received.add(&tally.received.binary, bytes));
}

/// Counts a text message that the connection whose task runs has sent.
#[inline]
pub(crate) fn sent_text(bytes: usize) {
    TALLY.with(|tally| tally.sent.add(&tally.sent.text, bytes));
}

/// The same of a binary message.
#[inline]
pub(crate) fn sent_binary(bytes: usize) {
    TALLY.with(|tally| tally.sent.add(&tally.sent.binary, bytes));
}

/// Adds up what the connection whose task runs has counted. It is of the route with this number.
#[inline]
pub(crate) fn add_up(counters: &Counters, route: usize) {
    TALLY.with(|tally| {
        if !tally.is_empty() {
            counters.traffic.add(route, tally);
            tally.received.clear();
            tally.sent.clear();
        }
    });
}
