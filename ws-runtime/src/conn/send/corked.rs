//! Frames that a connection's task corks: it holds them back until its turn ends, so that they leave in one write.
//!
//! This file stands by itself: `tests/tests/corked.rs` runs it under loom, with loom's mutex and atomics for those of std.

use std::sync::PoisonError;

use super::sync::{AtomicBool, Mutex, Ordering};

/// The corked frames of one connection, encoded one behind the other.
///
/// Only the connection's task corks. Whoever else sends to the connection first takes what is corked: it was accepted
/// before. Two rules keep the order:
///
/// 1. The task corks only while nothing is queued behind the lock of the write side; what is queued meanwhile is from
///    senders that nothing orders after the corked frames.
/// 2. Others look here, with that lock held, before they queue. One who was told of a corked frame was told by something
///    that orders the store in [`push`](Self::push) before the load in [`take`](Self::take).
#[derive(Debug)]
pub(crate) struct CorkedFrames {
    /// Whether `frames` is worth a look. Most who send find nothing corked and leave the mutex alone.
    is_corked: AtomicBool,
    frames: Mutex<Vec<u8>>,
}

impl CorkedFrames {
    pub(crate) fn new() -> Self {
        Self { is_corked: AtomicBool::new(false), frames: Mutex::new(Vec::new()) }
    }

    /// Has `append` add to the corked frames, and returns whether it did; with nothing corked it has to. `spare` lends room
    /// for the first of a turn, so that an idle connection owns none.
    #[inline]
    pub(crate) fn push(
        &self,
        spare: impl FnOnce() -> Vec<u8>,
        append: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> bool {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if frames.is_empty() {
            if frames.capacity() == 0 {
                *frames = spare();
            }
            self.is_corked.store(true, Ordering::Relaxed);
        }
        append(&mut frames)
    }

    /// Whether the task has corked frames that nobody has taken.
    #[inline]
    pub(crate) fn is_corked(&self) -> bool {
        self.is_corked.load(Ordering::Relaxed)
    }

    /// Takes the corked frames and their room: for the connection's task.
    pub(crate) fn uncork(&self) -> Vec<u8> {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_corked.store(false, Ordering::Relaxed);
        std::mem::take(&mut *frames)
    }

    /// Hands the corked frames, if there are any, to somebody else, who holds the lock of the write side. Their room stays
    /// for the connection's task.
    #[inline]
    pub(crate) fn take(&self, hand_over: impl FnOnce(&[u8])) {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_corked.store(false, Ordering::Relaxed);
        hand_over(&frames);
        frames.clear();
    }
}
