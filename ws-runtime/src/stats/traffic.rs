//! Messages and bytes in one direction.

use std::ops::AddAssign;

use super::counter::Counter;
use super::tally::OneWay;

/// What went in one direction: messages and control frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Text messages.
    pub text: u64,
    /// Binary messages.
    pub binary: u64,
    /// Pings.
    pub pings: u64,
    /// Pongs.
    pub pongs: u64,
    /// Close frames.
    pub closes: u64,
    /// The payload of the messages, in bytes: without headers, and as it is without compression.
    pub bytes: u64,
}

impl Traffic {
    /// The text and the binary messages.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.text.wrapping_add(self.binary)
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        let Self { text, binary, pings, pongs, closes, bytes } = self;
        *text = text.wrapping_add(more.text);
        *binary = binary.wrapping_add(more.binary);
        *pings = pings.wrapping_add(more.pings);
        *pongs = pongs.wrapping_add(more.pongs);
        *closes = closes.wrapping_add(more.closes);
        *bytes = bytes.wrapping_add(more.bytes);
    }
}

/// Which way messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Received,
    Sent,
}

/// The kind of a message or a control frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Binary,
    Ping,
    Pong,
    Close,
}

/// The counts behind a [`Traffic`].
#[derive(Debug, Default)]
pub(super) struct TrafficCounters {
    text: Counter,
    binary: Counter,
    pings: Counter,
    pongs: Counter,
    closes: Counter,
    bytes: Counter,
}

impl TrafficCounters {
    /// Counts so many messages of this kind, of `bytes` in all.
    pub(super) fn count(&self, kind: Kind, count: u64, bytes: u64) {
        let counter = match kind {
            Kind::Text => &self.text,
            Kind::Binary => &self.binary,
            Kind::Ping => return self.pings.add(count),
            Kind::Pong => return self.pongs.add(count),
            Kind::Close => return self.closes.add(count),
        };
        counter.add(count);
        self.bytes.add(bytes);
    }

    #[inline]
    pub(super) fn add(&self, tally: &OneWay) {
        // Mostly, a connection sends one kind. An addition that is locked costs more than the look.
        if tally.text() > 0 {
            self.text.add(tally.text().into());
        }
        if tally.binary() > 0 {
            self.binary.add(tally.binary().into());
        }
        if tally.bytes() > 0 {
            self.bytes.add(tally.bytes());
        }
    }

    pub(super) fn get(&self) -> Traffic {
        Traffic {
            text: self.text.get(),
            binary: self.binary.get(),
            pings: self.pings.get(),
            pongs: self.pongs.get(),
            closes: self.closes.get(),
            bytes: self.bytes.get(),
        }
    }
}
