//! Whether there is room for one more frame, and what happens if there is none.

use super::{Bound, Phase, SendPath};
use crate::conn::SendError;
use crate::event::Close;
use crate::options::Slow;

impl SendPath {
    /// Checks whether one more frame of this size may be queued.
    #[inline]
    pub(super) fn check_room(&mut self, size: usize, bound: Bound) -> Result<(), SendError> {
        if self.is_open() && self.fits(size) { Ok(()) } else { self.make_room(size, bound) }
    }

    /// Makes room for one more frame, or says why it may not be queued.
    #[cold]
    fn make_room(&mut self, size: usize, bound: Bound) -> Result<(), SendError> {
        match self.phase {
            Phase::Ready | Phase::Finishing => {}
            Phase::Opening => return Err(SendError::NotReady),
            Phase::Closing | Phase::Gone => return Err(SendError::Gone),
        }
        if !self.is_within_limit(size) && !self.blocked {
            // It may be full only because writing was deferred by a cork.
            self.write_now();
            if !self.is_open() {
                return Err(SendError::Gone);
            }
        }
        if !self.account(size) {
            return Err(SendError::Slow { max: self.limit });
        }
        if self.is_within_limit(size) {
            return Ok(());
        }
        let full = SendError::Full { max: self.limit };
        if bound == Bound::Try {
            self.miss();
            return Err(full);
        }
        if self.drops_oldest() && self.drop_oldest(size) {
            return Ok(());
        }
        match bound {
            Bound::Peer => return Ok(()),
            Bound::Pong if self.outbox.len() <= self.limit.saturating_mul(2) => return Ok(()),
            Bound::Pong | Bound::Try => return Err(full),
            Bound::Outbox | Bound::Question => {}
        }
        self.lose(1);
        match self.slow {
            Slow::DropNewest | Slow::DropOldest => {
                self.miss();
                Err(full)
            }
            Slow::Close => {
                self.cut(Close::slow());
                Err(SendError::Slow { max: self.limit })
            }
        }
    }

    /// Drops the oldest messages until one of this size fits. Returns false, and drops none, if it would not fit then
    /// either.
    fn drop_oldest(&mut self, size: usize) -> bool {
        let held_back = self.held_back.as_ref().map_or(0, |held_back| held_back.droppable());
        let waiting = self.outbox.len() + self.held_back_len();
        let least = waiting.saturating_sub(self.outbox.droppable() + held_back);
        if least > 0 && least.saturating_add(size) > self.limit {
            return false;
        }
        let was_overfull = self.is_overfull();
        let most = self.limit.saturating_sub(size);
        let mut dropped = self.outbox.drop_oldest(most.saturating_sub(self.held_back_len()));
        if let Some(held_back) = &mut self.held_back {
            dropped += held_back.drop_oldest(most.saturating_sub(self.outbox.len()));
        }
        self.lose(dropped);
        if dropped > 0 {
            self.miss();
        }
        if was_overfull && !self.is_overfull() {
            // The messages of the peer are handled again.
            self.wake();
        }
        true
    }

    /// Whether a frame of this size may be queued without another look. An empty outbox takes one of any size.
    #[inline]
    fn fits(&self, size: usize) -> bool {
        let waiting = self.waiting();
        waiting == 0 || waiting.saturating_add(size) <= self.mark
    }

    fn is_within_limit(&self, size: usize) -> bool {
        let waiting = self.waiting();
        waiting == 0 || waiting.saturating_add(size) <= self.limit
    }

    /// How many bytes wait here, also those that are held back.
    #[inline]
    pub(super) fn waiting(&self) -> usize {
        self.outbox.len().saturating_add(self.held_back_len())
    }
}
