//! A batch of broadcasts, encoded one behind the other in one buffer that all receivers share.

use std::sync::{Arc, PoisonError, RwLock};

use crate::wire::{self, FrameKind};

/// The largest size of a batch, unless a single frame is larger.
const MAX: usize = 64 * 1024;

/// Frames, encoded one behind the other. Frames are only added, never changed.
#[derive(Debug, Default)]
pub(super) struct Batch(RwLock<Vec<u8>>);

/// Some of the frames of a batch.
#[derive(Debug, Clone)]
pub(super) struct Part {
    batch: Arc<Batch>,
    start: u32,
    end: u32,
}

impl Batch {
    /// Adds a frame; `None` if there is no room for it.
    pub(super) fn push(self: &Arc<Self>, kind: FrameKind, payload: &[u8]) -> Option<Part> {
        let mut frames = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !frames.is_empty() && frames.len() + payload.len() > MAX {
            return None;
        }
        let start = frames.len();
        wire::append(kind, payload, &mut frames);
        let (start, end) = (u32::try_from(start).ok()?, u32::try_from(frames.len()).ok()?);
        Some(Part { batch: Arc::clone(self), start, end })
    }

    /// An empty batch: this one with its frames removed, or a new one if an outbox still uses them.
    pub(super) fn renew(self: Arc<Self>) -> Arc<Self> {
        let mut batch = self;
        match Arc::get_mut(&mut batch) {
            Some(unused) => {
                unused.0.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
                batch
            }
            None => Arc::default(),
        }
    }
}

impl Part {
    pub(super) fn len(&self) -> usize {
        self.range().len()
    }

    /// Extends this part by the next one. Returns false if that one belongs to another batch or does not follow
    /// directly.
    pub(super) fn join(&mut self, next: &Self) -> bool {
        let follows = Arc::ptr_eq(&self.batch, &next.batch) && self.end == next.start;
        if follows {
            self.end = next.end;
        }
        follows
    }

    /// Lends the bytes, under a read lock: no frame can be added meanwhile.
    pub(super) fn read<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        let frames = self.batch.0.read().unwrap_or_else(PoisonError::into_inner);
        read(frames.get(self.range()).unwrap_or_default())
    }

    fn range(&self) -> std::ops::Range<usize> {
        // A batch is shorter than any address space.
        self.start as usize..self.end as usize
    }
}
