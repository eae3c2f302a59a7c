//! What is measured. Each mode puts a server that is already running under one kind of load.

pub(crate) mod connects;
pub(crate) mod echo;
pub(crate) mod fanout;
pub(crate) mod flood;
pub(crate) mod honest;
pub(crate) mod idle;
pub(crate) mod storm;

use std::time::Duration;

/// How much of a load is measured: so many messages, unless the time is over first, as with slow servers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) messages: u64,
    pub(crate) time: Duration,
}

impl Amount {
    /// One burst.
    pub(crate) const ONCE: Self = Self { messages: 0, time: Duration::ZERO };

    /// What goes before a measurement, so that memory is mapped, buffers have grown and branches are learnt.
    pub(crate) fn warm_up(self) -> Self {
        Self { messages: self.messages / 5, time: self.time / 5 }
    }
}
