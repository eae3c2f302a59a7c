//! Frames that a connection's task corks: holds back until its turn ends, so that they leave in one write.
//!
//! This file depends on nothing else in the crate: `tests/tests/corked.rs` compiles it with loom's mutex and atomics.

use std::sync::PoisonError;

use super::sync::{AtomicBool, Mutex, Ordering};

/// The corked frames of one connection, encoded one behind the other.
///
/// Only the connection's task corks. Another sender first moves the corked frames to the outbox, as they were accepted
/// before. Two rules keep the order:
///
/// 1. The task corks only while the outbox is empty. A frame that another sender queues at the same time is not ordered
///    after the corked ones.
/// 2. Other senders look here before they queue, and hold the lock of the send path while they do. If a sender knows of
///    a corked frame, it learned of it by something that orders the store in [`push`](Self::push) before the load in
///    [`is_corked`](Self::is_corked).
#[derive(Debug)]
pub(crate) struct CorkedFrames {
    /// Whether `frames` may hold frames. Most senders find nothing corked, and do not take the mutex.
    is_corked: AtomicBool,
    frames: Mutex<Vec<u8>>,
}

impl CorkedFrames {
    pub(crate) fn new() -> Self {
        Self { is_corked: AtomicBool::new(false), frames: Mutex::new(Vec::new()) }
    }

    /// Calls `append` to add to the corked frames, and returns whether it did. If nothing is corked, it must. `spare`
    /// provides the buffer for the first frame of a turn, so that an idle connection owns none.
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

    /// Whether there are corked frames.
    #[inline]
    pub(crate) fn is_corked(&self) -> bool {
        self.is_corked.load(Ordering::Relaxed)
    }

    /// Takes the corked frames with their buffer. For the connection's task.
    pub(crate) fn uncork(&self) -> Vec<u8> {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_corked.store(false, Ordering::Relaxed);
        std::mem::take(&mut *frames)
    }

    /// Hands the corked frames to another sender, which holds the lock of the send path. Their buffer stays with the
    /// connection's task.
    #[inline]
    pub(crate) fn take(&self, hand_over: impl FnOnce(&[u8])) {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_corked.store(false, Ordering::Relaxed);
        hand_over(&frames);
        frames.clear();
    }
}
