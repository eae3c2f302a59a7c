//! Broadcasts that follow one another: encoded one behind the other, so that each receiver is written all of them from
//! the same place.

use std::sync::{Arc, PoisonError, RwLock};

use crate::wire::{self, FrameKind};

/// A batch is not made larger than this.
const MAX: usize = 64 * 1024;

/// Frames, encoded one behind the other. They are only ever added to.
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
    /// Adds a frame; `None` where there is no room for it.
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

    /// The same batch without its frames, or another, where some of them are still to be written.
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

    /// Takes in what follows; false where it does not follow, or is of another batch.
    pub(super) fn join(&mut self, next: &Self) -> bool {
        let follows = Arc::ptr_eq(&self.batch, &next.batch) && self.end == next.start;
        if follows {
            self.end = next.end;
        }
        follows
    }

    /// Forgets bytes at the front.
    pub(super) fn advance(&mut self, count: usize) {
        self.start = self.end.min(self.start.saturating_add(u32::try_from(count).unwrap_or(u32::MAX)));
    }

    /// Lends the bytes. Meanwhile others may read too, but nobody can add a frame.
    pub(super) fn read<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        let frames = self.batch.0.read().unwrap_or_else(PoisonError::into_inner);
        read(frames.get(self.range()).unwrap_or_default())
    }

    fn range(&self) -> std::ops::Range<usize> {
        // A batch is shorter than any address space.
        self.start as usize..self.end as usize
    }
}
