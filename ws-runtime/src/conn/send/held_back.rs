//! What other tasks send before `ready` has ended: it is held back, and queued behind what `ready` sends.

use super::outbox::Outbox;
use super::{Queue, SendPath};

impl SendPath {
    /// Whether what other tasks send is held back.
    pub(super) fn holds_back(&self) -> bool {
        self.held_back.is_some()
    }

    /// Where a task queues what it sends. `is_own` tells whether it is the connection's own.
    pub(in crate::conn) fn queue_for(&self, is_own: impl FnOnce() -> bool) -> Queue {
        if self.holds_back() && !is_own() { Queue::HeldBack } else { Queue::Outbox }
    }

    /// Queues what was held back: `ready` has ended, and its reply is queued.
    pub(in crate::conn) fn release(&mut self) {
        if let Some(held_back) = self.held_back.take() {
            self.outbox.append(*held_back);
        }
    }

    /// Drops what was held back: `ready` has failed.
    pub(in crate::conn) fn drop_held_back(&mut self) {
        if let Some(mut held_back) = self.held_back.take() {
            self.lose(held_back.messages());
            held_back.clear();
            self.outbox.append(*held_back);
        }
    }

    /// The outbox that is meant.
    pub(super) fn queue_mut(&mut self, queue: Queue) -> &mut Outbox {
        match (queue, &mut self.held_back) {
            (Queue::HeldBack, Some(held_back)) => held_back,
            (Queue::HeldBack, None) | (Queue::Outbox, _) => &mut self.outbox,
        }
    }

    /// How many bytes are held back.
    #[inline]
    pub(super) fn held_back_len(&self) -> usize {
        self.held_back.as_ref().map_or(0, |held_back| held_back.len())
    }
}
